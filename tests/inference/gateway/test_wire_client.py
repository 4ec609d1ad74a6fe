"""Our own connections to model servers: kept, never mixed up, and a broken answer is told."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import pytest

from inference.gateway.upstream import BrokenOff, Unreached
from inference.gateway.wire.client import WireUpstream, open_wire_upstream

Answer = Callable[[int, asyncio.StreamWriter], None]
HEADERS = {"Content-Type": "application/json"}
WHOLE = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 8\r\n\r\n{"a": 1}'
STREAM = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"9\r\ndata: a\n\n\r\n9\r\ndata: b\n\n\r\n0\r\n\r\n"
)


@asynccontextmanager
async def answering(
    *answers: bytes, hangs_up: bool = False
) -> AsyncGenerator[tuple[str, list[int]]]:
    """Answer the requests of each connection with these bytes; yields a URL, and who asked."""
    asked: list[int] = []
    connections = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        number = connections = connections + 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0] or 0)
                await reader.readexactly(length)
                asked.append(number)
                writer.write(answers[min(len(asked), len(answers)) - 1])
                await writer.drain()
                if hangs_up:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", asked


@pytest.fixture
async def upstream() -> AsyncGenerator[WireUpstream]:
    async with open_wire_upstream() as opened:
        yield opened


async def read(upstream: WireUpstream, url: str) -> bytes:
    async with asyncio.timeout(20), upstream.post(f"{url}/v1/x", b"{}", HEADERS) as reply:
        return await reply.whole()


async def test_connections_are_kept_for_the_next_call(upstream: WireUpstream) -> None:
    async with answering(WHOLE, STREAM, WHOLE) as (url, asked):
        told = [await read(upstream, url) for _ in range(3)]
    assert told == [b'{"a": 1}', b"data: a\n\ndata: b\n\n", b'{"a": 1}']
    assert asked == [1, 1, 1]


async def test_what_its_head_says_is_told(upstream: WireUpstream) -> None:
    head = (
        b"HTTP/1.1 429 Too Many Requests\r\ncontent-type: text/EVENT-stream; charset=utf-8\r\n"
        b'Retry-After: 7\r\nX-Fumikura-Used: {"pages": 3}\r\nContent-Length: 0\r\n\r\n'
    )
    async with answering(head) as (url, _), upstream.post(url, b"", HEADERS) as reply:
        assert (reply.status, reply.is_stream, reply.retry_after_s) == (429, True, 7.0)
        assert reply.used is not None
        assert reply.used.pages == 3


@pytest.mark.parametrize("answer", [WHOLE, STREAM], ids=["whole", "stream"])
async def test_an_answer_that_breaks_off_after_any_byte_is_not_taken_for_a_whole_one(
    upstream: WireUpstream, answer: bytes
) -> None:
    head = answer.index(b"\r\n\r\n") + 4
    for cut in range(len(answer)):
        async with answering(answer[:cut], hangs_up=True) as (url, asked):
            with pytest.raises(Unreached if cut < head else BrokenOff):
                await read(upstream, url)
            assert len(asked) == 1
    async with answering(answer, hangs_up=True) as (url, _):
        assert await read(upstream, url)


async def test_a_server_that_has_hung_up_on_an_idle_connection_is_asked_on_another(
    upstream: WireUpstream,
) -> None:
    async with answering(WHOLE, hangs_up=True) as (url, asked):
        for _ in range(3):
            assert await read(upstream, url) == b'{"a": 1}'
    assert asked == [1, 2, 3]


async def test_a_connection_with_more_than_was_asked_for_is_not_used_again(
    upstream: WireUpstream,
) -> None:
    async with answering(WHOLE + WHOLE) as (url, asked):
        first = await _told_or_failed(upstream, url)
        second = await _told_or_failed(upstream, url)
    assert {first, second} <= {b'{"a": 1}', None}
    assert asked == [1, 2]


async def _told_or_failed(upstream: WireUpstream, url: str) -> bytes | None:
    try:
        return await read(upstream, url)
    except (BrokenOff, Unreached):
        return None


async def test_a_caller_who_leaves_takes_no_answer_of_another(upstream: WireUpstream) -> None:
    async with answering(STREAM, WHOLE) as (url, asked):
        async with upstream.post(f"{url}/v1/x", b"{}", HEADERS) as reply:
            async for _ in reply.parts():
                break
        assert await read(upstream, url) == b'{"a": 1}'
    assert asked[0] == 1


async def test_an_answer_without_a_length_ends_with_its_connection(upstream: WireUpstream) -> None:
    old = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nall of it"
    async with answering(old, hangs_up=True) as (url, _):
        assert await read(upstream, url) == b"all of it"


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 2**17 + b"\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    ],
)
async def test_what_is_no_answer_is_none(upstream: WireUpstream, answer: bytes) -> None:
    async with answering(answer, hangs_up=True) as (url, _):
        with pytest.raises((Unreached, BrokenOff)):
            await read(upstream, url)


async def test_word_that_the_server_goes_on_is_no_answer(upstream: WireUpstream) -> None:
    async with answering(b"HTTP/1.1 100 Continue\r\n\r\n" + WHOLE) as (url, _):
        assert await read(upstream, url) == b'{"a": 1}'


async def test_who_is_not_there_is_told(upstream: WireUpstream) -> None:
    for url in ("http://127.0.0.1:9", "http://nowhere.invalid"):
        with pytest.raises(Unreached):
            await read(upstream, url)
        assert not await upstream.is_ready(url)


async def test_a_server_is_ready_by_its_health_or_its_models(upstream: WireUpstream) -> None:
    missing = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
    loading = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"
    for answers, is_ready in (((WHOLE,), True), ((missing, WHOLE), True), ((loading,), False)):
        async with answering(*answers) as (url, _):
            assert await upstream.is_ready(url) is is_ready


async def test_of_a_fast_server_little_is_kept_for_a_slow_reader(upstream: WireUpstream) -> None:
    endless = b"HTTP/1.1 200 OK\r\nContent-Length: 200000000\r\n\r\n" + b"a" * 200_000_000
    async with answering(endless) as (url, _), upstream.post(url, b"", HEADERS) as reply:
        await asyncio.sleep(0.3)
        assert len(reply.arrived()) < 2**20


async def test_an_answer_that_nobody_read_is_in_no_ones_way(upstream: WireUpstream) -> None:
    large = b"HTTP/1.1 500 Oh\r\nContent-Length: 600000\r\n\r\n" + b"a" * 600_000
    async with answering(large, WHOLE) as (url, _):
        async with upstream.post(url, b"", HEADERS) as reply:
            assert reply.status == 500
            await asyncio.sleep(0.1)  # all of it has come, or as much as is taken
        assert await read(upstream, url) == b'{"a": 1}'
