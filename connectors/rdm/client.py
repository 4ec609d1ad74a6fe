"""Ask GakuNin RDM or OSF: projects and wikis of its API, folders and files of its file server."""

import asyncio
import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

import httpx2
from pydantic import SecretStr

from connectors.problems import SourceFileUnreadable
from connectors.rdm.addresses import AddressRefused, below
from connectors.rdm.budget import RequestBudget
from connectors.rdm.download import Downloaded, Wanted, download
from connectors.rdm.paging import MAX_ELEMENTS, ListReading, Page, page_in
from connectors.rdm.problems import (
    RdmGone,
    RdmRequestRefused,
    RdmTokenRefused,
    RdmUnavailable,
    Role,
)
from connectors.rdm.replies import JsonObject, Reply, object_in, problem_of
from connectors.rdm.retry import REAL_TIME, REPEATED, Passing, Timing, persist
from connectors.rdm.settings import InstanceName, RdmSettings
from connectors.rdm.wire import Wire, authorization, whole_body

# From 2.11 on a node says which permissions one has oneself, not only what everybody may.
_API_FORM: Final = "application/vnd.api+json;version=2.20"
_SENDABLE_TOKEN: Final = re.compile(r"[!-~]+")
_TEXTS: Final = frozenset({"", "text/markdown", "text/plain"})
_NO_PARAMS: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class RdmClient:
    """One instance, whoever asks: its connections, and how many files are fetched at once."""

    name: InstanceName
    settings: RdmSettings
    wire: Wire
    slots: asyncio.Semaphore

    def session(self, token: SecretStr | None, budget: RequestBudget) -> "RdmSession":
        """Return what asks for one account; without a token, for the public. Costs nothing.

        Raises:
            RdmTokenRefused: no instance gives out such a token, and none can be sent it.
        """
        if token is not None and not _SENDABLE_TOKEN.fullmatch(token.get_secret_value()):
            raise RdmTokenRefused(self.name)
        return RdmSession(client=self, token=token, budget=budget)


@asynccontextmanager
async def open_rdm(
    settings: RdmSettings, name: InstanceName, *, timing: Timing = REAL_TIME
) -> AsyncGenerator[RdmClient]:
    """Open the connections to an instance; nothing of the environment, such as a proxy, is used."""
    async with httpx2.AsyncHTTPTransport(trust_env=False) as transport:
        yield RdmClient(
            name=name,
            settings=settings,
            wire=Wire(transport=transport, settings=settings, timing=timing),
            slots=asyncio.Semaphore(settings.downloads_at_once),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RdmSession:
    """What one token may ask of an instance. What fails in passing is tried again.

    Each method raises, beside what it says itself:
        RdmUnavailable: no answer, or none that can be the instance's own.
        RdmTokenRefused: the API does not accept the token.
        RdmForbidden, RdmGone: it is private, unknown or deleted.
        RdmRequestRefused: the request is not taken.
        RdmBudgetSpent: the token may ask the API and the web server no more today.
    """

    client: RdmClient
    token: SecretStr | None
    budget: RequestBudget

    async def get_document(self, path: str, params: Mapping[str, str] = _NO_PARAMS) -> JsonObject:
        """Return a document of API v2; `path` is relative to it, such as `nodes/abc12/`."""
        return await self._document("API", path, params)

    async def get_items(
        self, path: str, params: Mapping[str, str] = _NO_PARAMS
    ) -> AsyncGenerator[JsonObject]:
        """Yield every element of a list of API v2, each once, in order, after reading all pages.

        A list that changed between its pages is read again: none of its elements is missed.
        """
        before: frozenset[str] | None = None
        for _ in range(self.client.settings.tries):
            reading = await self._read_list(path, params)
            if reading.is_settled(before):
                for element in reading.elements.values():
                    yield element
                return
            before = frozenset(reading.elements)
        raise self._unavailable("API", "a list kept changing while it was read")

    async def get_bytes(self, path: str, *, limit: int) -> bytes:
        """Return what API v2 gives as it is, such as the text of a wiki page.

        Raises:
            RdmUnavailable: also where it has more than `limit` bytes, or is no plain text: a login
                page, say.
        """
        reply = await self._get("API", path, _NO_PARAMS, limit=limit, form="*/*")
        if reply.media_type not in _TEXTS:
            raise self._unavailable("API", "something else instead of text")
        return reply.body

    async def get_web(self, path: str) -> JsonObject:
        """Return a document of the web server's API, such as `api/v1/project/abc12/…`."""
        return await self._document("web server", path, _NO_PARAMS)

    async def list_folder(
        self, node: str, provider: str, path: str, *, next_token: str | None = None
    ) -> JsonObject:
        """Return what the file server says of a folder; `path` begins and ends with `/`.

        RDM's tells of some storages only a part (S3: 1,000 files), and a token to ask for the next.
        """
        if not path.endswith("/"):
            raise self._refused("file server", "the path of a folder ends with `/`")
        async with self.client.slots:
            params = _NO_PARAMS if next_token is None else {"next_token": next_token}
            return await self._document("file server", _stored(node, provider, path), params)

    async def download(  # noqa: PLR0913 - a file, where to, and what is known of it beforehand
        self,
        node: str,
        provider: str,
        path: str,
        target: Path,
        *,
        size: int | None,
        sha256: str | None,
        version: str | None,
        limit: int,
    ) -> Downloaded:
        """Write a file's content to `target`, where nothing is yet; on failure there is nothing.

        `version` asks for that one, so that it cannot change on the way.

        Raises:
            SourceFileProblem: only this, and only about this file.
        """
        params = {} if version is None else {"version": version}
        try:
            url = self._address("file server", _stored(node, provider, path), params)
        except AddressRefused as error:
            raise SourceFileUnreadable(reason=str(error)) from error
        is_pinned = version is not None
        wanted = Wanted(url=url, size=size, sha256=sha256, is_pinned=is_pinned, limit=limit)
        async with self.client.slots:
            return await download(self.client.wire, self.token, wanted, target)

    async def _read_list(self, path: str, params: Mapping[str, str]) -> ListReading:
        reading = ListReading()
        while True:
            page = await self._page(path, params, reading.pages + 1)
            if page is None:
                reading.is_cut = True
                return reading
            brought_something = reading.add(page)
            if not page.has_next:
                return reading
            if not brought_something or len(reading.elements) > MAX_ELEMENTS:
                raise self._unavailable("API", "a list has no end")

    async def _page(self, path: str, params: Mapping[str, str], number: int) -> Page | None:
        """Return a page; None where a list that has become shorter does not reach it any more."""
        size = str(self.client.settings.page_size)
        try:
            document = await self.get_document(
                path, {**params, "page": str(number), "page[size]": size}
            )
        except RdmGone:
            if number == 1:
                raise
            return None
        page = page_in(document)
        if page is None:
            raise self._unavailable("API", "a list in another form")
        return page

    async def _document(self, role: Role, path: str, params: Mapping[str, str]) -> JsonObject:
        limit = self.client.settings.max_answer_bytes
        form = _API_FORM if role == "API" else "application/json"
        reply = await self._get(role, path, params, limit=limit, form=form)
        document = object_in(reply.body)
        if document is None:
            raise self._unavailable(role, "an answer that is no JSON object")
        return document

    async def _get(
        self, role: Role, path: str, params: Mapping[str, str], *, limit: int, form: str
    ) -> Reply:
        settings = self.client.settings
        try:
            url = self._address(role, path, params)
        except AddressRefused as error:
            raise self._refused(role, str(error)) from error
        headers = {"Accept": form, "Accept-Encoding": "gzip", **authorization(self.token)}

        async def attempt() -> Reply:
            if role != "file server":
                await self.budget.take()
            return await self._reply(role, url, headers, limit)

        try:
            reply = await persist(
                attempt,
                tries=settings.tries,
                deadline_s=settings.request_deadline_s,
                timing=self.client.wire.timing,
            )
        except Passing as failure:
            raise RdmUnavailable(
                self.client.name, role, reason=failure.reason, retry_after_s=failure.told_s
            ) from failure
        if reply.status != 200:
            raise problem_of(reply, self.client.name, role, has_token=self.token is not None)
        return reply

    async def _reply(
        self, role: Role, url: httpx2.URL, headers: Mapping[str, str], limit: int
    ) -> Reply:
        async with self.client.wire.get(url, headers) as response:
            if response.status_code in REPEATED:
                raise self.client.wire.busy(response)
            body = await whole_body(response, limit=limit)
        if body is None:
            raise self._unavailable(role, f"an answer of more than {limit:,} bytes")
        media_type = response.headers.get("content-type", "").partition(";")[0]
        return Reply(response.status_code, body, media_type.strip().lower())

    def _address(self, role: Role, path: str, params: Mapping[str, str]) -> httpx2.URL:
        settings = self.client.settings
        base = {
            "API": settings.api_url,
            "web server": settings.web_url,
            "file server": settings.files_url,
        }[role]
        return below(base, path, params)

    def _unavailable(self, role: Role, reason: str) -> RdmUnavailable:
        return RdmUnavailable(self.client.name, role, reason=reason)

    def _refused(self, role: Role, reason: str) -> RdmRequestRefused:
        return RdmRequestRefused(self.client.name, role, reason=reason)


def _stored(node: str, provider: str, path: str) -> str:
    return f"v1/resources/{node}/providers/{provider}{path}"
