import asyncio
import json
from pathlib import Path

import pytest

from connectors.problems import (
    SourceFileChanged,
    SourceFileProblem,
    SourceFileTooLarge,
    SourceFileUnavailable,
    SourceFileUnreadable,
)
from connectors.rdm.download import Downloaded
from tests.connectors.rdm.scripted import (
    CONTENT,
    PROXY_PAGE,
    SIZE,
    WHOLE,
    Crowd,
    asking,
    chunked,
    content_of,
    cut_after,
    drip,
    endless,
    fetch,
    hang_up,
    reply,
    stall,
)
from tests.servers.loopback import Exchange, Handler, HungUp, Received

EMPTY = Downloaded("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", 0)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "5f0"


@pytest.fixture
def existing(target: Path) -> Path:
    target.write_bytes(b"of somebody else")
    return target


def _error(status: int) -> Handler:
    return reply(status, json.dumps({"code": status, "message": "no"}).encode())


async def _closing(_: Received, exchange: Exchange) -> None:
    """Send the content, and close instead of saying where it ends."""
    await exchange.send_stray(b"HTTP/1.0 200 OK\r\n\r\n" + CONTENT)


@pytest.mark.parametrize(
    "answer", [reply(200, CONTENT), chunked(CONTENT), _closing], ids=["length", "chunked", "close"]
)
async def test_a_file_is_written_where_it_is_wanted(answer: Handler, target: Path) -> None:
    async with asking(answer) as it:
        assert await fetch(it, target) == WHOLE
    assert content_of(target) == CONTENT


async def test_a_name_is_sent_as_it_is_and_nothing_is_packed(target: Path) -> None:
    async with asking(reply(200, CONTENT)) as it:
        await fetch(it, target, path="/実験/100% #1 ?.txt")
    (request,) = it.requests
    assert request.path.endswith("/osfstorage/%E5%AE%9F%E9%A8%93/100%25%20%231%20%3F.txt")
    assert request.headers["accept-encoding"] == "identity"
    assert request.headers["authorization"] == "Bearer osf-personal-token"
    assert it.budget.taken == 0


async def test_a_version_can_be_asked_for(target: Path) -> None:
    async with asking(reply(200, CONTENT)) as it:
        await fetch(it, target, version="3&x=1")
    assert it.paths == ["/v1/resources/abc12/providers/osfstorage/5f0?version=3%26x%3D1"]


@pytest.mark.parametrize("size", [0, None])
async def test_an_empty_file_is_a_file(size: int | None, target: Path) -> None:
    async with asking(reply(200)) as it:
        assert await fetch(it, target, size=size, sha256=EMPTY.sha256) == EMPTY
    assert content_of(target) == b""


async def test_a_file_of_which_nothing_is_known_beforehand_is_hashed(target: Path) -> None:
    async with asking(chunked(CONTENT)) as it:
        assert await fetch(it, target, size=None, sha256=None) == WHOLE


async def test_bytes_that_call_themselves_packed_are_left_as_they_are(target: Path) -> None:
    packed = reply(200, CONTENT, {"content-encoding": "gzip"})
    async with asking(packed) as it:
        assert await fetch(it, target) == WHOLE


async def test_what_is_there_already_is_left_alone(existing: Path) -> None:
    async with asking(_error(404)) as it:
        with pytest.raises(FileExistsError):
            await fetch(it, existing)
    assert content_of(existing) == b"of somebody else"
    assert it.requests == []


async def test_a_folder_that_is_not_there_is_not_the_files_fault(tmp_path: Path) -> None:
    async with asking(reply(200, CONTENT)) as it:
        with pytest.raises(FileNotFoundError):
            await fetch(it, tmp_path / "gone" / "5f0")


@pytest.mark.parametrize(
    ("answer", "problem", "reason"),
    [
        (_error(400), SourceFileUnavailable, "HTTP 400"),
        (_error(401), SourceFileUnavailable, "HTTP 401"),
        (_error(403), SourceFileUnreadable, "refuses"),
        (_error(404), SourceFileChanged, "changed"),
        (_error(410), SourceFileChanged, "changed"),
        (_error(429), SourceFileUnavailable, "HTTP 429"),
        (_error(500), SourceFileUnavailable, "HTTP 500"),
        (_error(503), SourceFileUnavailable, "HTTP 503"),
        (reply(401, PROXY_PAGE), SourceFileUnavailable, "not from the file server"),
        (reply(403, PROXY_PAGE), SourceFileUnavailable, "not from the file server"),
        (reply(404, PROXY_PAGE), SourceFileUnavailable, "not from the file server"),
        (reply(410, b""), SourceFileUnavailable, "not from the file server"),
        (reply(404, b" " * 70_000), SourceFileUnavailable, "not from the file server"),
        (reply(502, PROXY_PAGE), SourceFileUnavailable, "HTTP 502"),
        (reply(204), SourceFileUnavailable, "HTTP 204"),
        (reply(206, CONTENT), SourceFileUnavailable, "another part"),
        (hang_up, SourceFileUnavailable, "broke off"),
        (stall, SourceFileUnavailable, "silent"),
        (endless, SourceFileUnavailable, f"more than the {SIZE}"),
        (cut_after(CONTENT[:7], of=SIZE), SourceFileUnavailable, "broke off"),
        (cut_after(b"", of=SIZE), SourceFileUnavailable, "broke off"),
        (reply(200, CONTENT[:-1]), SourceFileUnavailable, f"after {SIZE - 1} of {SIZE}"),
        (reply(200, CONTENT + b"x"), SourceFileUnavailable, f"more than the {SIZE}"),
        (chunked(CONTENT + b"x"), SourceFileUnavailable, f"more than the {SIZE}"),
        (reply(200, CONTENT[:-1] + b"x"), SourceFileUnavailable, "SHA-256"),
        (reply(200, b"\0" * SIZE), SourceFileUnavailable, "SHA-256"),
    ],
)
async def test_a_file_that_cannot_be_had_leaves_nothing(
    answer: Handler, problem: type[SourceFileProblem], reason: str, target: Path
) -> None:
    async with asking(answer, settings={"tries": 2, "read_timeout_s": 0.1}) as it:
        with pytest.raises(problem, match=reason):
            await fetch(it, target)
    assert content_of(target) is None


async def test_a_slow_drip_ends_with_the_deadline(target: Path) -> None:
    async with asking(drip, settings={"download_deadline_s": 0.2}) as it:
        with pytest.raises(SourceFileUnavailable, match=r"longer than 0\.2 s"):
            await fetch(it, target)
    assert content_of(target) is None


async def test_a_server_that_asks_for_time_gets_it(target: Path) -> None:
    async with asking(reply(503, headers={"retry-after": "7"}), reply(200, CONTENT)) as it:
        assert await fetch(it, target) == WHOLE
    assert it.pauses == [7.25]


async def test_what_is_refused_is_not_asked_for_again(target: Path) -> None:
    async with asking(_error(404)) as it:
        with pytest.raises(SourceFileChanged):
            await fetch(it, target)
    assert len(it.requests) == 1


async def test_a_file_listed_as_too_large_is_not_asked_for(target: Path) -> None:
    async with asking(reply(200, CONTENT)) as it:
        with pytest.raises(SourceFileTooLarge):
            await fetch(it, target, limit=SIZE - 1)
    assert it.requests == []


async def test_a_file_as_large_as_the_limit_is_read(target: Path) -> None:
    async with asking(chunked(CONTENT)) as it:
        assert await fetch(it, target, limit=SIZE, size=None) == WHOLE


@pytest.mark.parametrize(
    "answer",
    [chunked(CONTENT), reply(200, CONTENT), cut_after(b"", of=10**12), endless],
    ids=["chunked", "length", "terabyte", "endless"],
)
async def test_a_file_of_unknown_size_is_read_up_to_the_limit(
    answer: Handler, target: Path
) -> None:
    async with asking(answer) as it:
        with pytest.raises(SourceFileTooLarge):
            await fetch(it, target, size=None, limit=SIZE - 1)
    assert len(it.requests) == 1
    assert content_of(target) is None


async def test_a_file_of_which_nothing_says_where_it_ends_is_not_believed(target: Path) -> None:
    async with asking(_closing, settings={"tries": 2}) as it:
        with pytest.raises(SourceFileUnavailable, match="nothing says"):
            await fetch(it, target, size=None, sha256=None)


@pytest.mark.parametrize("path", ["/../../zzz99/providers/osfstorage/secret", f"/{'長' * 100_000}"])
async def test_a_path_that_leads_elsewhere_is_not_asked_for(path: str, target: Path) -> None:
    async with asking(reply(200, CONTENT)) as it:
        with pytest.raises(SourceFileUnreadable):
            await fetch(it, target, path=path)
    assert it.requests == []


async def test_files_are_fetched_a_few_at_a_time(tmp_path: Path) -> None:
    crowd = Crowd()
    async with asking(crowd, settings={"downloads_at_once": 3}) as it:
        files = [fetch(it, tmp_path / str(n), size=None, sha256=None) for n in range(9)]
        await asyncio.gather(*files, it.session.list_folder("abc12", "osfstorage", "/"))
    assert crowd.most == 3


async def test_who_is_cancelled_in_the_middle_hangs_up_and_leaves_nothing(target: Path) -> None:
    begun, hung_up = asyncio.Event(), asyncio.Event()

    async def answer(received: Received, exchange: Exchange) -> None:
        begun.set()
        try:
            await drip(received, exchange)
        except HungUp:
            hung_up.set()

    async with asking(answer) as it:
        fetching = asyncio.create_task(fetch(it, target))
        await begun.wait()
        fetching.cancel()
        await asyncio.wait_for(hung_up.wait(), 5)
        await asyncio.wait([fetching])
    assert fetching.cancelled()
    assert (len(it.requests), content_of(target)) == (1, None)
