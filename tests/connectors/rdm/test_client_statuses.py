import json
from collections.abc import Awaitable, Callable

import pytest

from connectors.rdm.client import RdmSession
from connectors.rdm.problems import (
    RdmForbidden,
    RdmGone,
    RdmRequestRefused,
    RdmTokenRefused,
    RdmUnavailable,
)
from contracts.problems import Problem
from tests.connectors.rdm.scripted import PROXY_PAGE, asking, json_reply, reply

API_ERROR = json.dumps({"errors": [{"detail": "いいえ"}], "meta": {"version": "2.20"}}).encode()
FILES_ERROR = json.dumps({"code": 404, "message": "Could not retrieve /none.md"}).encode()
ONE_TRY = {"tries": 1}

Ask = Callable[[RdmSession], Awaitable[object]]


async def _api(session: RdmSession) -> object:
    return await session.get_document("nodes/abc12/")


async def _files(session: RdmSession) -> object:
    return await session.list_folder("abc12", "osfstorage", "/")


async def _web(session: RdmSession) -> object:
    return await session.get_web("api/v1/project/abc12/metadata/project")


@pytest.mark.parametrize(
    ("ask", "status", "body", "problem"),
    [
        (_api, 400, API_ERROR, RdmRequestRefused),
        (_api, 401, API_ERROR, RdmTokenRefused),
        (_api, 403, API_ERROR, RdmForbidden),
        (_api, 404, API_ERROR, RdmGone),
        (_api, 406, API_ERROR, RdmRequestRefused),
        (_api, 410, API_ERROR, RdmGone),
        (_api, 429, API_ERROR, RdmUnavailable),
        (_api, 500, API_ERROR, RdmUnavailable),
        (_api, 501, API_ERROR, RdmUnavailable),
        (_api, 503, API_ERROR, RdmUnavailable),
        (_files, 401, FILES_ERROR, RdmForbidden),
        (_files, 403, FILES_ERROR, RdmForbidden),
        (_files, 404, FILES_ERROR, RdmGone),
        (_files, 410, FILES_ERROR, RdmGone),
        (_files, 424, FILES_ERROR, RdmRequestRefused),
        (_files, 502, FILES_ERROR, RdmUnavailable),
        (_web, 401, FILES_ERROR, RdmForbidden),
        (_web, 404, FILES_ERROR, RdmGone),
    ],
)
async def test_a_status_in_the_hosts_own_form_says_what_it_says(
    ask: Ask, status: int, body: bytes, problem: type[Problem]
) -> None:
    async with asking(reply(status, body), settings=ONE_TRY) as it:
        with pytest.raises(problem):
            await ask(it.session)


@pytest.mark.parametrize("ask", [_api, _files, _web])
@pytest.mark.parametrize("status", [401, 403, 404, 410, 429, 500, 502, 503, 504, 511])
@pytest.mark.parametrize(
    "body", [PROXY_PAGE, b"", b"[]", b'{"detail": "x"}', b'{"errors": 1, "code": "x"}']
)
async def test_a_page_of_a_proxy_never_looks_like_deleted_private_or_refused(
    ask: Ask, status: int, body: bytes
) -> None:
    async with asking(reply(status, body), settings=ONE_TRY) as it:
        with pytest.raises(RdmUnavailable, match=f"HTTP {status}"):
            await ask(it.session)


async def test_an_error_page_too_large_to_read_is_none_of_the_hosts_own() -> None:
    huge = API_ERROR + b" " * 2**16
    async with asking(reply(404, huge), settings={"max_answer_bytes": 2**16}) as it:
        with pytest.raises(RdmUnavailable):
            await _api(it.session)


@pytest.mark.parametrize(("status", "is_deleted"), [(404, False), (410, True)])
async def test_what_was_deleted_is_told_from_what_never_was(status: int, is_deleted: bool) -> None:  # noqa: FBT001 - an outcome
    async with asking(reply(status, API_ERROR)) as it:
        with pytest.raises(RdmGone) as caught:
            await _api(it.session)
    assert caught.value.is_deleted is is_deleted


async def test_without_a_token_there_is_none_to_refuse() -> None:
    async with asking(reply(401, API_ERROR), token=None) as it:
        with pytest.raises(RdmForbidden):
            await _api(it.session)


@pytest.mark.parametrize("status", [301, 302, 307])
@pytest.mark.parametrize("ask", [_api, _files, _web])
async def test_nothing_but_a_download_is_sent_on(ask: Ask, status: int) -> None:
    elsewhere = reply(status, headers={"location": "/v2/nodes/zzz99/"})
    async with asking(elsewhere, json_reply({})) as it:
        with pytest.raises(RdmUnavailable, match=f"HTTP {status}"):
            await ask(it.session)
    assert len(it.requests) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 501])
async def test_what_would_be_answered_alike_is_not_asked_again(status: int) -> None:
    async with asking(reply(status, API_ERROR)) as it:
        with pytest.raises(Problem):
            await _api(it.session)
    assert len(it.requests) == 1


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
async def test_a_server_busy_or_broken_just_now_is_asked_again(status: int) -> None:
    async with asking(reply(status), reply(status), json_reply({"data": 1})) as it:
        assert await _api(it.session) == {"data": 1}
    assert it.pauses == [0.25, 0.5]


@pytest.mark.parametrize(
    ("retry_after", "told_s"),
    [
        ("4", 4.0),
        ("-5", 0.0),
        ("Tue, 14 Nov 2023 22:13:23 GMT", 3.0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("bald", 0.0),
    ],
)
async def test_a_server_is_left_alone_for_as_long_as_it_asks(
    retry_after: str, told_s: float
) -> None:
    busy = reply(429, headers={"retry-after": retry_after})
    async with asking(busy, json_reply({})) as it:
        await _api(it.session)
    assert it.pauses == [told_s + 0.25]


@pytest.mark.parametrize("retry_after", ["1e9", "86400", "Tue, 14 Nov 2034 22:13:23 GMT"])
async def test_who_would_have_to_wait_beyond_the_deadline_is_told_at_once(retry_after: str) -> None:
    busy = reply(429, headers={"retry-after": retry_after})
    async with asking(busy, settings={"request_deadline_s": 100.0}) as it:
        with pytest.raises(RdmUnavailable) as caught:
            await _api(it.session)
    assert (caught.value.retry_after_s or 0.0) >= 86_400.0
    assert (len(it.requests), it.pauses) == (1, [])
