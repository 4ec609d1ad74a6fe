"""Fetch a file from the file server: resumed after a cut, and checked against its listing."""

from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx2
from pydantic import SecretStr

from connectors.problems import (
    SourceFileChanged,
    SourceFileTooLarge,
    SourceFileUnavailable,
    SourceFileUnreadable,
)
from connectors.rdm.addresses import AddressRefused, is_same_origin, redirected
from connectors.rdm.partial import PartialFile, open_partial
from connectors.rdm.replies import is_own_error
from connectors.rdm.retry import REPEATED, Passing, persist
from connectors.rdm.wire import Wire, authorization, whole_body

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS: Final = 5
_LONGEST_ERROR: Final = 2**16


@dataclass(frozen=True, slots=True)
class Downloaded:
    """A file that lies on this machine's disk, whole."""

    sha256: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A file to fetch, as it was listed."""

    url: httpx2.URL
    size: int | None
    sha256: str | None
    is_pinned: bool
    """Whether the address names the version, so that the content behind it stays the same."""
    limit: int


async def download(wire: Wire, token: SecretStr | None, wanted: Wanted, target: Path) -> Downloaded:
    """Write the file to `target`, where nothing is yet; if that fails, nothing is there.

    Raises:
        SourceFileTooLarge: it is over the limit; no more of it than that was read.
        SourceFileChanged: it is no longer there.
        SourceFileUnreadable: the file server does not hand it out to this account.
        SourceFileUnavailable: it cannot be had now, or not as it was listed.
    """
    if wanted.size is not None and wanted.size > wanted.limit:
        raise SourceFileTooLarge(size=wanted.size, limit=wanted.limit)
    try:
        with open_partial(target) as partial:
            return await persist(
                _Download(wire=wire, token=token, wanted=wanted, partial=partial).attempt,
                tries=wire.settings.tries,
                deadline_s=wire.settings.download_deadline_s,
                timing=wire.timing,
            )
    except Passing as failure:
        raise SourceFileUnavailable(reason=failure.reason) from failure
    except AddressRefused as error:
        raise SourceFileUnavailable(reason=str(error)) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class _Download:
    wire: Wire
    token: SecretStr | None
    wanted: Wanted
    partial: PartialFile

    async def attempt(self) -> Downloaded:
        """Fetch what is missing.

        Raises:
            Passing: the next attempt may go on from what is there.
        """
        if not self._may_go_on():
            self.partial.restart({})
        async with self._answer(self.partial.size) as response:
            if response.status_code not in {200, 206}:
                raise await self._failure(response)
            self._place(response)
            await self._receive(response)
        return self._finished()

    def _may_go_on(self) -> bool:
        """Tell whether a mixture of two versions would be noticed."""
        return (
            self.wanted.sha256 is not None or self.wanted.is_pinned or self.partial.has_validators
        )

    @asynccontextmanager
    async def _answer(self, begin: int) -> AsyncGenerator[httpx2.Response]:
        """Give the answer that is no redirect; only the file server itself sees the token."""
        url = self.wanted.url
        headers = {"Accept": "*/*", "Accept-Encoding": "identity"}
        if begin:
            headers["Range"] = f"bytes={begin}-"
        for _ in range(_MOST_REDIRECTS + 1):
            shown = authorization(self.token) if self._is_own(url) else {}
            async with self.wire.get(url, headers | shown) as response:
                if response.status_code not in _REDIRECTS:
                    yield response
                    return
                await whole_body(response, limit=_LONGEST_ERROR)  # so that it can be used again
                url = redirected(url, response.headers.get("location"), self.wire.settings)
        raise AddressRefused(f"it is sent on more than {_MOST_REDIRECTS} times")

    def _is_own(self, url: httpx2.URL) -> bool:
        return is_same_origin(url, self.wanted.url)

    def _place(self, response: httpx2.Response) -> None:
        """Make ready for the body: behind what is there, or in its place."""
        if response.status_code == 200:
            self.partial.restart(response.headers)
        elif self.partial.joins(response.headers, size=self.wanted.size):
            self.partial.is_joined = True
        else:
            self.partial.restart({})
            raise Passing("it sent another part than the one asked for")

    async def _receive(self, response: httpx2.Response) -> None:
        most = self.wanted.limit if self.wanted.size is None else self.wanted.size
        told = int(response.headers.get("content-length", "0"))
        if self.partial.size + told > most:
            raise self._too_long(self.partial.size + told)
        async with aclosing(response.aiter_raw()) as blocks:
            async for block in blocks:
                if self.partial.size + len(block) > most:
                    raise self._too_long(self.partial.size + len(block))
                self.partial.add(block)
        if self.wanted.size is None and not _says_its_end(response):
            raise Passing("nothing says where the file ends")

    def _too_long(self, size: int) -> SourceFileTooLarge | SourceFileUnavailable:
        if self.wanted.size is None:
            return SourceFileTooLarge(size=size, limit=self.wanted.limit)
        return SourceFileUnavailable(
            reason=f"it has more than the {self.wanted.size:,} bytes that it was listed with"
        )

    def _finished(self) -> Downloaded:
        size, digest = self.partial.size, self.partial.sha256
        if self.wanted.size is not None and size < self.wanted.size:
            raise Passing(f"it ended after {size:,} of {self.wanted.size:,} bytes")
        if self.wanted.sha256 not in {None, digest}:
            if not self.partial.is_joined:
                raise SourceFileUnavailable(reason="its SHA-256 is not that of the listing")
            self.partial.restart({})
            raise Passing("its parts are not of one file")
        return Downloaded(sha256=digest, size=size)

    async def _failure(self, response: httpx2.Response) -> Exception:
        """Return what another status than 200 and 206 means.

        A refusal by storage is one of its signed address, which the next try gets anew.
        """
        status = response.status_code
        if status in REPEATED:
            return self.wire.busy(response)
        if status == 416:
            self.partial.restart({})
            return Passing("it does not go on where it was cut")
        if not self._is_own(response.request.url):
            return Passing(f"its storage answered HTTP {status}")
        body = await whole_body(response, limit=_LONGEST_ERROR)
        if body is None or not is_own_error("file server", body):
            return SourceFileUnavailable(reason=f"HTTP {status}, not from the file server itself")
        return _told(status)


def _told(status: int) -> Exception:
    if status in {404, 410}:
        return SourceFileChanged()
    if status == 403:
        return SourceFileUnreadable(reason="RDM's file server refuses it to this account")
    return SourceFileUnavailable(reason=f"HTTP {status}")


def _says_its_end(response: httpx2.Response) -> bool:
    return "content-length" in response.headers or "transfer-encoding" in response.headers
