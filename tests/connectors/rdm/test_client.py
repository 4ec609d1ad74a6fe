import asyncio
import gzip
import logging
import traceback

import pytest
from pydantic import AnyHttpUrl, SecretStr

from connectors.rdm.client import open_rdm
from connectors.rdm.problems import RdmRequestRefused, RdmTokenRefused, RdmUnavailable
from tests.connectors.rdm.scripted import (
    TOKEN,
    CountedBudget,
    Crowd,
    asking,
    cut_after,
    drip,
    endless,
    hang_up,
    json_reply,
    reply,
    settings_at,
    stall,
)
from tests.servers.loopback import Exchange, Handler, HungUp, Received, serve_loopback

OK = json_reply({"data": []})
GZIP = {"content-encoding": "gzip"}


async def test_the_api_is_asked_in_its_own_form_with_the_token() -> None:
    async with asking(OK) as it:
        await it.session.get_document("nodes/abc12/", {"filter[root]": "abc12"})
    (request,) = it.requests
    assert request.path == "/v2/nodes/abc12/?filter%5Broot%5D=abc12"
    assert request.headers["accept"] == "application/vnd.api+json;version=2.20"
    assert request.headers["authorization"] == "Bearer osf-personal-token"


async def test_without_a_token_nobody_is_named() -> None:
    async with asking(OK, token=None) as it:
        await it.session.get_document("nodes/")
    assert "authorization" not in it.requests[0].headers


async def test_text_comes_as_it_is() -> None:
    async with asking(reply(200, "# 手順\r\n".encode())) as it:
        assert await it.session.get_bytes("wikis/w1/content/", limit=100) == "# 手順\r\n".encode()
    assert (it.paths, it.requests[0].headers["accept"]) == (["/v2/wikis/w1/content/"], "*/*")


@pytest.mark.parametrize("media_type", ["text/html; charset=utf-8", "application/json"])
async def test_what_is_no_text_is_not_taken_for_one(media_type: str) -> None:
    login = reply(200, b"<p>Log in", {"content-type": media_type})
    async with asking(login) as it:
        with pytest.raises(RdmUnavailable, match="instead of text"):
            await it.session.get_bytes("wikis/w1/content/", limit=100)


async def test_the_web_server_is_asked_beside_the_api() -> None:
    async with asking(json_reply({"data": 1})) as it:
        assert await it.session.get_web("api/v1/project/abc12/metadata/project") == {"data": 1}
    assert it.paths == ["/api/v1/project/abc12/metadata/project"]


@pytest.mark.parametrize(
    ("folder", "path"),
    [
        ("/", "/"),
        ("/実験/", "/%E5%AE%9F%E9%A8%93/"),
        ("/100% #1 ?/a;b&c+d/", "/100%25%20%231%20%3F/a%3Bb%26c%2Bd/"),
        ("/a//b/", "/a//b/"),
        ("/nul\0\r\n/", "/nul%00%0D%0A/"),
        ("/\ud800/", "/%ED%A0%80/"),
        ("/...//.hidden/", "/...//.hidden/"),
    ],
)
async def test_each_part_of_a_path_is_sent_as_it_is_named(folder: str, path: str) -> None:
    async with asking(OK) as it:
        await it.session.list_folder("abc12", "googledrive", folder)
    assert it.paths == [f"/v1/resources/abc12/providers/googledrive{path}"]


@pytest.mark.parametrize(
    ("provider", "folder"),
    [
        ("osfstorage", "/../../zzz99/providers/osfstorage/"),
        ("osfstorage", "/a/./"),
        ("../../zzz99/providers/osfstorage", "/"),
        ("osfstorage", f"/{'名' * 100_000}/"),
        ("osfstorage", "/file.txt"),
    ],
    ids=["upwards", "dot", "provider", "100 kB", "file"],
)
async def test_a_path_that_leads_elsewhere_is_not_asked(provider: str, folder: str) -> None:
    async with asking(OK) as it:
        with pytest.raises(RdmRequestRefused):
            await it.session.list_folder("abc12", provider, folder)
    assert it.requests == []


async def test_only_the_api_and_the_web_server_are_counted() -> None:
    async with asking(OK) as it:
        await it.session.list_folder("abc12", "osfstorage", "/")
        assert it.budget.taken == 0
        await it.session.get_document("users/me/")
        await it.session.get_web("api/v1/project/abc12/metadata/project")
    assert it.budget.taken == 2


async def test_each_repetition_is_counted_too() -> None:
    async with asking(reply(503), OK) as it:
        await it.session.get_document("users/me/")
    assert it.budget.taken == 2


async def test_a_connection_that_was_dropped_is_made_again() -> None:
    async with asking(hang_up, cut_after(b'{"data', of=50), OK) as it:
        assert await it.session.get_document("users/me/") == {"data": []}


async def test_a_server_that_is_not_there_is_unavailable() -> None:
    async with serve_loopback(OK) as url:
        pass
    async with open_rdm(settings_at(url, {"tries": 1}), "osf") as client:
        with pytest.raises(RdmUnavailable, match=r"OSF's API .* no connection"):
            await client.session(None, CountedBudget()).get_document("users/me/")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (hang_up, "broke off"),
        (cut_after(b'{"data": [', of=11), "broke off"),
        (stall, "fell silent"),
        (drip, r"longer than 0\.2 s"),
        (endless, "more than 65,536 bytes"),
        (reply(200, gzip.compress(b" " * 2**20), GZIP), "more than 65,536 bytes"),
        (reply(200, b"no gzip", GZIP), "cannot be unpacked"),
        (reply(200, b""), "no JSON object"),
        (reply(200, b'{"data": [{"id": "abc'), "no JSON object"),
        (reply(200, b"<html>"), "no JSON object"),
        (reply(200, b"[]"), "no JSON object"),
        (reply(200, b"null"), "no JSON object"),
        (reply(200, b"\xff\xfe\xfd"), "no JSON object"),
        (reply(200, b"[" * 60_000), "no JSON object"),
        (reply(200, b'{"data": ' + b"9" * 5_000 + b"}"), "no JSON object"),
        (reply(204), "HTTP 204"),
    ],
    ids=[
        *("hung up", "cut", "stalled", "dripping", "endless", "gzip bomb", "no gzip", "empty"),
        *("half", "html", "array", "null", "no text", "deep", "long number", "no content"),
    ],
)
async def test_an_answer_that_is_none_is_unavailable(answer: Handler, reason: str) -> None:
    short = {
        "tries": 1,
        "max_answer_bytes": 2**16,
        "read_timeout_s": 0.1,
        "request_deadline_s": 0.2,
    }
    async with asking(answer, settings=short) as it:
        with pytest.raises(RdmUnavailable, match=reason):
            await it.session.get_document("users/me/")


async def test_text_over_its_limit_is_not_read() -> None:
    async with asking(endless) as it:
        with pytest.raises(RdmUnavailable, match="more than 100 bytes"):
            await it.session.get_bytes("wikis/w1/content/", limit=100)


async def test_a_packed_answer_is_unpacked() -> None:
    async with asking(reply(200, gzip.compress(b'{"data": "\xe5\xae\x9f"}'), GZIP)) as it:
        assert await it.session.get_document("users/me/") == {"data": "実"}


async def test_bytes_after_the_end_of_an_answer_do_not_spoil_the_next() -> None:
    async def chatty(received: Received, exchange: Exchange) -> None:
        await OK(received, exchange)
        await exchange.send_stray(b"more than was said")

    async with asking(chatty, OK) as it:
        for _ in range(2):
            assert await it.session.get_document("users/me/") == {"data": []}


async def test_folders_are_listed_a_few_at_a_time() -> None:
    crowd = Crowd()
    async with asking(crowd, settings={"downloads_at_once": 2}) as it:
        await asyncio.gather(
            *(it.session.list_folder("abc12", "osfstorage", f"/{n}/") for n in range(8))
        )
    assert crowd.most == 2


async def test_a_place_is_free_again_after_a_failure() -> None:
    one_place = {"downloads_at_once": 1, "tries": 1}
    async with asking(reply(500), OK, settings=one_place) as it:
        with pytest.raises(RdmUnavailable):
            await it.session.list_folder("abc12", "osfstorage", "/")
        assert await it.session.list_folder("abc12", "osfstorage", "/") == {"data": []}


async def test_who_is_cancelled_hangs_up() -> None:
    begun, hung_up = asyncio.Event(), asyncio.Event()

    async def answer(_: Received, exchange: Exchange) -> None:
        await exchange.start(200, {})
        begun.set()
        try:
            while True:
                await exchange.send(b" ")
                await asyncio.sleep(0.005)
        except HungUp:
            hung_up.set()

    async with asking(answer) as it:
        asked = asyncio.create_task(it.session.get_document("users/me/"))
        await begun.wait()
        asked.cancel()
        await asyncio.wait_for(hung_up.wait(), 5)
        await asyncio.wait([asked])
    assert asked.cancelled()
    assert len(it.requests) == 1


async def test_cookies_of_one_account_are_not_shown_for_another() -> None:
    async with asking(reply(200, b"{}", {"set-cookie": "osf=secret; Path=/"})) as it:
        await it.session.get_document("users/me/")
        await it.client.session(SecretStr("other"), it.budget).get_document("users/me/")
    assert all("cookie" not in request.headers for request in it.requests)
    assert it.requests[1].headers["authorization"] == "Bearer other"


async def test_connections_are_used_again() -> None:
    talks = set[int]()

    async def answer(received: Received, exchange: Exchange) -> None:
        talks.add(id(asyncio.current_task()))
        await OK(received, exchange)

    async with asking(answer) as it:
        for _ in range(5):
            await it.session.get_document("users/me/")
    assert len(talks) == 1


async def test_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    async with asking(OK) as it:
        assert await it.session.get_document("users/me/") == {"data": []}


@pytest.mark.parametrize("token", ["", " ", "a b", "token\n", "トークン", "a\r\nX-Admin: 1"])
async def test_what_cannot_be_a_token_is_not_sent(token: str) -> None:
    async with asking(OK) as it:
        with pytest.raises(RdmTokenRefused):
            it.client.session(SecretStr(token), it.budget)
    assert it.requests == []


async def test_a_token_is_never_shown(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with asking(hang_up, settings={"tries": 2}) as it:
        with pytest.raises(RdmUnavailable) as caught:
            await it.session.get_document("users/me/")
        shown = [repr(it.session), caplog.text, *traceback.format_exception(caught.value)]
    assert all(TOKEN.get_secret_value() not in text for text in shown)


async def test_a_base_address_need_not_end_with_a_slash() -> None:
    async with asking(OK) as it:
        settings = it.client.settings.model_copy(update={"api_url": AnyHttpUrl(f"{it.url}/v2")})
        async with open_rdm(settings, "rdm") as client:
            await client.session(TOKEN, it.budget).get_document("users/me/")
    assert it.paths == ["/v2/users/me/"]
