"""Addresses that may be asked: made below those of the settings, or allowed as a redirect."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, urlencode

import httpx2
from pydantic import AnyHttpUrl

from connectors.rdm.settings import RdmSettings

_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_UPWARDS: Final = frozenset({".", ".."})
_SHOWN_HOST: Final = 100


class AddressRefused(Exception):
    """Says, without secrets, why nothing is sent to an address."""


def below(base: AnyHttpUrl, path: str, params: Mapping[str, str]) -> httpx2.URL:
    """Return the address of `path`, not yet encoded, below `base`.

    Raises:
        AddressRefused: it would lie somewhere else, or nobody takes it.
    """
    segments = path.split("/")
    if _UPWARDS & set(segments):
        raise AddressRefused("its path leads out of its folder")
    encoded = "/".join(quote(segment, safe="", errors="surrogatepass") for segment in segments)
    query = f"?{urlencode(params)}" if params else ""
    try:
        return httpx2.URL(f"{str(base).rstrip('/')}/{encoded}{query}")
    except httpx2.InvalidURL as error:
        raise AddressRefused("its path is too long") from error


def redirected(current: httpx2.URL, location: str | None, settings: RdmSettings) -> httpx2.URL:
    """Return where a download is sent on to, if it may be.

    That is to `https`, without credentials in the address, on the file server's own host or one of
    `storage_hosts`. Where the file server itself is asked without TLS, as in a test, `http` is
    allowed to it and on this machine.

    Raises:
        AddressRefused
    """
    target = _joined(current, location)
    files = httpx2.URL(str(settings.files_url))
    host = _host(target)
    if target.userinfo:
        raise AddressRefused("it is sent on to an address with credentials in it")
    if host != _host(files) and not _is_among(host, settings.storage_hosts):
        raise AddressRefused(f"it is sent on to {host[:_SHOWN_HOST]}, not among `storage_hosts`")
    is_plain = target.scheme == files.scheme == "http"
    if target.scheme != "https" and not (
        is_plain and (is_same_origin(target, files) or host in _LOOPBACK)
    ):
        raise AddressRefused("it is sent on to an address without TLS")
    return target


def is_same_origin(one: httpx2.URL, other: httpx2.URL) -> bool:
    """Tell whether two addresses have scheme, host and port in common."""
    return _origin(one) == _origin(other)


def _joined(current: httpx2.URL, location: str | None) -> httpx2.URL:
    if location is None:
        raise AddressRefused("it is sent on to nowhere")
    try:
        target = current.join(location)
        _host(target).encode("idna")  # as the resolver will; the library leaves such hosts alone
    except (httpx2.InvalidURL, ValueError) as error:
        raise AddressRefused("it is sent on to what is no address") from error
    if target.port is not None and not 0 < target.port < 2**16:
        raise AddressRefused("it is sent on to what is no address")
    return target


def _is_among(host: str, allowed: tuple[str, ...]) -> bool:
    return any(
        host.endswith(entry.lower()) if entry.startswith(".") else host == entry.lower()
        for entry in allowed
    )


def _host(url: httpx2.URL) -> str:
    return url.raw_host.decode("ascii").lower()


def _origin(url: httpx2.URL) -> tuple[str, str, int | None]:
    return url.scheme, _host(url), url.port or {"http": 80, "https": 443}.get(url.scheme)
