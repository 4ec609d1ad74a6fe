import logging
import traceback
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from connectors.problems import SourceFileUnavailable
from tests.connectors.rdm.scripted import (
    CONTENT,
    SIZE,
    TOKEN,
    WHOLE,
    asking,
    content_of,
    cut_after,
    fetch,
    part,
    reply,
)
from tests.servers.loopback import Exchange, Handler, Received, serve_loopback

SIGNED = "/bucket/key?X-Amz-Signature=5ec4e7"
GOOD = reply(200, CONTENT)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "5f0"


def _to(location: str, status: int = 302) -> Handler:
    return reply(status, b"moved", {"location": location, "set-cookie": "osf=1; Path=/"})


@asynccontextmanager
async def _storage(*answers: Handler) -> AsyncGenerator[tuple[str, list[Received]]]:
    """Serve on another port of this machine; the last answer goes on for ever."""
    requests: list[Received] = []

    async def play(received: Received, exchange: Exchange) -> None:
        requests.append(received)
        await answers[min(len(requests), len(answers)) - 1](received, exchange)

    async with serve_loopback(play) as url:
        yield f"{url}{SIGNED}", requests


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_download_is_followed_to_storage(status: int, target: Path) -> None:
    async with _storage(GOOD) as (signed, _), asking(_to(signed, status)) as it:
        assert await fetch(it, target) == WHOLE
    assert content_of(target) == CONTENT


async def test_storage_sees_neither_token_nor_cookies(target: Path) -> None:
    async with _storage(GOOD) as (signed, seen), asking(_to(signed)) as it:
        await fetch(it, target)
    assert seen[0].path == SIGNED
    assert {"authorization", "cookie"}.isdisjoint(seen[0].headers)
    assert "cookie" not in it.requests[0].headers


async def test_the_token_is_shown_again_where_storage_sends_back_to_the_file_server(
    target: Path,
) -> None:
    async with asking(_to("/v1/elsewhere"), GOOD) as it:
        await fetch(it, target)
    assert [request.headers.get("authorization") for request in it.requests] == [
        f"Bearer {TOKEN.get_secret_value()}"
    ] * 2
    assert "cookie" not in it.requests[1].headers


async def test_a_cut_download_goes_on_with_a_new_signature(target: Path) -> None:
    answers = [cut_after(CONTENT[:5], of=SIZE), part(CONTENT, 5)]
    async with _storage(*answers) as (signed, seen), asking(_to(signed)) as it:
        assert await fetch(it, target) == WHOLE
    assert [request.headers.get("range") for request in seen] == [None, "bytes=5-"]
    assert len(it.requests) == 2


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
async def test_a_signature_that_storage_refuses_is_asked_for_anew(
    status: int, target: Path
) -> None:
    refused = reply(status, b"<Error><Code>AccessDenied</Code></Error>")
    async with _storage(refused, GOOD) as (signed, _), asking(_to(signed)) as it:
        assert await fetch(it, target) == WHOLE
    assert len(it.requests) == 2


@pytest.mark.parametrize("status", [403, 404, 410])
async def test_storage_never_says_that_a_file_is_gone(status: int, target: Path) -> None:
    own_form = reply(status, b'{"code": 404, "message": "no"}')
    async with _storage(own_form) as (signed, _), asking(_to(signed)) as it:
        with pytest.raises(SourceFileUnavailable, match=f"storage answered HTTP {status}"):
            await fetch(it, target)


async def test_five_redirects_are_followed(target: Path) -> None:
    async with asking(*[_to("/next")] * 5, GOOD) as it:
        assert await fetch(it, target) == WHOLE


@pytest.mark.parametrize("location", ["/next", "", "?again"])
async def test_a_loop_of_redirects_ends(location: str, target: Path) -> None:
    async with asking(_to(location)) as it:
        with pytest.raises(SourceFileUnavailable, match="more than 5 times"):
            await fetch(it, target)
    assert len(it.requests) == 6


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("https://evil.example/a", "not among"),
        ("http://localhost:1/a", "not among"),
        ("http://[::1]:1/a", "not among"),
        ("https://user:5ec4e7@127.0.0.1/a", "credentials"),
        ("ftp://127.0.0.1/a", "without TLS"),
        ("http://127.0.0.1:port/", "no address"),
        ("javascript:alert(1)", "not among"),
    ],
)
async def test_a_redirect_to_elsewhere_is_not_followed(
    location: str, reason: str, target: Path
) -> None:
    async with asking(_to(location)) as it:
        with pytest.raises(SourceFileUnavailable, match=reason) as caught:
            await fetch(it, target)
    assert "5ec4e7" not in "".join(traceback.format_exception(caught.value))
    assert (len(it.requests), content_of(target)) == (1, None)


async def test_a_redirect_to_nowhere_is_not_followed(target: Path) -> None:
    async with asking(reply(302)) as it:
        with pytest.raises(SourceFileUnavailable, match="nowhere"):
            await fetch(it, target)


async def test_the_second_redirect_is_looked_at_like_the_first(target: Path) -> None:
    away = _to("https://evil.example/a")
    async with _storage(away) as (signed, _), asking(_to(signed)) as it:
        with pytest.raises(SourceFileUnavailable, match="evil"):
            await fetch(it, target)


async def test_a_signed_address_is_never_logged(
    caplog: pytest.LogCaptureFixture, target: Path
) -> None:
    caplog.set_level(logging.DEBUG)
    async with _storage(reply(403)) as (signed, _), asking(_to(signed)) as it:
        with pytest.raises(SourceFileUnavailable) as caught:
            await fetch(it, target)
    shown = [caplog.text, *traceback.format_exception(caught.value)]
    assert all("5ec4e7" not in text for text in shown)
