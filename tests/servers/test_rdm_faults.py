"""Each fault of the stand-in is on the wire what its name says."""

from time import monotonic

import httpx2
import pytest

from tests.servers.conftest import Caller, stored
from tests.servers.rdm import RdmStandIn
from tests.servers.rdm_faults import (
    PROXY_PAGE,
    Change,
    CutOff,
    Delay,
    Drip,
    Effect,
    Endless,
    Fault,
    GzipBomb,
    IgnoreRange,
    NoLength,
    Redirect,
    Refuse,
    Replace,
    Stall,
    Truncate,
    WrongLength,
    WrongRange,
)
from tests.servers.rdm_world import RdmWorld


@pytest.fixture
def file(world: RdmWorld) -> str:
    return stored(f"/{world.put('abc12', '/a.txt', b'0123456789').entry_id}")


async def _received(caller: Caller, path: str, *, at_least: int) -> tuple[bytes, str | None]:
    """Read until so many bytes are there, or the connection is `cut` or `silent`."""
    body = b""
    headers = {"authorization": "Bearer aoki"}
    try:
        async with caller.http.stream(
            "GET", f"{caller.rdm.files_url}{path}", headers=headers
        ) as answer:
            async for piece in answer.aiter_raw():
                body += piece
                if len(body) >= at_least:
                    return body, None
    except httpx2.ReadTimeout:
        return body, "silent"
    except (httpx2.RemoteProtocolError, httpx2.ReadError):
        return body, "cut"
    return body, None


async def test_a_fault_meets_its_requests_and_no_others(caller: Caller, rdm: RdmStandIn) -> None:
    rdm.faults.add(Fault(Refuse(502), host="api", path=r"/logs/", skip=1, times=2))
    logs = [(await caller.get("api", "nodes/abc12/logs/")).status_code for _ in range(4)]
    assert logs == [200, 502, 502, 200]
    assert (await caller.get("api", "nodes/abc12/")).status_code == 200
    assert rdm.faults.are_over


async def test_faults_for_the_same_requests_meet_them_one_after_another(
    caller: Caller, rdm: RdmStandIn
) -> None:
    rdm.faults.add(Fault(Refuse(500)), Fault(Refuse(502), host="api", times=None))
    assert [(await caller.get("api", "nodes/")).status_code for _ in range(3)] == [500, 502, 502]
    rdm.faults.clear()
    assert (await caller.get("api", "nodes/")).status_code == 200


async def test_a_fault_may_be_for_one_query(caller: Caller, rdm: RdmStandIn) -> None:
    rdm.faults.add(Fault(Refuse(500), path=r"page=2"))
    assert (await caller.get("api", "nodes/")).status_code == 200
    assert (await caller.get("api", "nodes/?page=2")).status_code == 500


async def test_a_refusal_has_the_form_of_its_host_or_a_proxys(
    caller: Caller, rdm: RdmStandIn, file: str
) -> None:
    rdm.faults.add(Fault(Refuse(404), host="files"), Fault(Refuse(404, PROXY_PAGE)))
    own, proxys = await caller.get("files", file), await caller.get("files", file)
    assert (own.status_code, own.json()["code"]) == (404, 404)
    assert (proxys.status_code, proxys.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert proxys.content == PROXY_PAGE


async def test_a_refusal_can_say_when_to_come_back(caller: Caller, rdm: RdmStandIn) -> None:
    rdm.faults.add(Fault(Refuse(429, retry_after="3")))
    refused = await caller.get("api", "nodes/")
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "3")


async def test_an_answer_can_be_replaced_or_redirected(caller: Caller, rdm: RdmStandIn) -> None:
    rdm.faults.add(Fault(Replace()), Fault(Redirect("http://127.0.0.1:9/")))
    assert (await caller.get("api", "nodes/")).content == b'{"data": [{"id": "abc'
    assert (await caller.get("api", "nodes/")).headers["location"] == "http://127.0.0.1:9/"


@pytest.mark.parametrize(
    ("effect", "body", "failure"),
    [
        (CutOff(), b"", "cut"),
        (CutOff(after_bytes=0), b"", "cut"),
        (CutOff(after_bytes=4), b"0123", "cut"),
        (Truncate(4), b"0123", None),
        (Change(), b"012345678\xc6", None),
        (WrongLength(+3), b"0123456789", "cut"),
        (WrongLength(-3), b"0123456", None),
        (NoLength(), b"0123456789", None),
        (Drip(piece_bytes=4, pause_s=0.01), b"0123456789", None),
        (Delay(0.01), b"0123456789", None),
    ],
)
async def test_a_body_arrives_as_far_as_the_fault_lets_it(
    caller: Caller, file: str, effect: Effect, body: bytes, failure: str | None
) -> None:
    caller.rdm.faults.add(Fault(effect))
    assert await _received(caller, file, at_least=99) == (body, failure)
    assert await _received(caller, file, at_least=99) == (b"0123456789", None)


@pytest.mark.parametrize(("effect", "body"), [(Stall(), b""), (Stall(after_bytes=4), b"0123")])
async def test_a_stalled_answer_never_ends(
    caller: Caller, file: str, effect: Effect, body: bytes
) -> None:
    caller.rdm.faults.add(Fault(effect))
    caller.http.timeout = httpx2.Timeout(0.2)
    assert await _received(caller, file, at_least=99) == (body, "silent")


async def test_an_endless_body_goes_on_until_the_client_leaves(caller: Caller, file: str) -> None:
    caller.rdm.faults.add(Fault(Endless()))
    body, failure = await _received(caller, file, at_least=2**20)
    assert (body[:12], failure) == (b"0123456789  ", None)
    assert len(body) >= 2**20


async def test_a_gzip_bomb_is_small_until_it_is_unpacked(caller: Caller, file: str) -> None:
    caller.rdm.faults.add(Fault(GzipBomb(2**24), times=2))
    packed, _ = await _received(caller, file, at_least=2**24)
    assert len(packed) < 2**15
    assert len((await caller.get("files", file)).content) == 2**24


async def test_a_range_can_be_ignored_or_misplaced(caller: Caller, file: str) -> None:
    caller.rdm.faults.add(Fault(IgnoreRange()), Fault(WrongRange("bytes 0-1/10")))
    whole = await caller.get("files", file, range="bytes=8-")
    assert (whole.status_code, whole.content) == (200, b"0123456789")
    misplaced = await caller.get("files", file, range="bytes=8-")
    assert (misplaced.status_code, misplaced.content) == (206, b"89")
    assert misplaced.headers["content-range"] == "bytes 0-1/10"


async def test_leaving_does_not_wait_for_a_stalled_client(caller: Caller, rdm: RdmStandIn) -> None:
    rdm.faults.add(Fault(Stall()))
    began = monotonic()
    with pytest.raises(httpx2.ReadTimeout):
        await caller.http.get(rdm.api_url, timeout=0.1)
    assert monotonic() - began < 5
