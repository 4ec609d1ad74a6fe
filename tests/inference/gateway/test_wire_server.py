"""Our own HTTP/1.1 server: what is odd is refused, and what is slow costs little."""

import asyncio
import re
import socket
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import psutil
import pytest

from contracts.problems import NotAllowed
from inference.gateway.exchange import MOST_BODY_BYTES, Answering, Request
from inference.gateway.problems import RouteUnknown
from inference.gateway.wire.limits import WireLimits
from inference.gateway.wire.server import WireServer, wire_serving

PIECE = b"x" * 2**16


@dataclass
class Desk:
    """Implements `Answers`: says what it was asked, slowly or for ever where the path says so."""

    asked: list[Request] = field(default_factory=list[Request])
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    is_asked: asyncio.Event = field(default_factory=asyncio.Event)
    left: asyncio.Event = field(default_factory=asyncio.Event)
    written: int = 0

    async def let_in(self, path: str, headers: Mapping[bytes, bytes]) -> None:
        if path == "/nowhere":
            raise RouteUnknown
        if path == "/guarded" and b"authorization" not in headers:
            raise NotAllowed("models")

    async def answer(self, request: Request, out: Answering) -> None:
        self.asked.append(request)
        self.is_asked.set()
        try:
            await self._answer(request, out)
        except asyncio.CancelledError:
            self.left.set()
            raise

    async def _answer(self, request: Request, out: Answering) -> None:
        if request.path == "/nowhere":
            raise RouteUnknown
        if request.path == "/slow":
            await self.go_on.wait()
        await out.start(200, [(b"content-type", b"text/plain")])
        if request.path == "/endless":
            while True:
                await out.write(PIECE)
                self.written += len(PIECE)
        if request.path == "/stream":
            for piece in (b"one ", b"two ", b""):
                await out.write(piece)
        await out.end(f"{request.method} {request.path} {len(request.body)}\n".encode())


@dataclass
class Line:
    """A connection, and what its other end says."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def say(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def rest(self) -> bytes:
        """Return all that comes until the other end hangs up."""
        async with asyncio.timeout(20):
            return await self.reader.read()

    async def until(self, end: bytes) -> bytes:
        async with asyncio.timeout(20):
            return await self.reader.readuntil(end)


@dataclass
class Shop:
    desk: Desk
    server: WireServer
    port: int

    @asynccontextmanager
    async def line(self) -> AsyncGenerator[Line]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            yield Line(reader, writer)
        finally:
            writer.close()

    async def told(self, data: bytes) -> bytes:
        """Return what is answered to bytes until the server hangs up."""
        async with self.line() as line:
            await line.say(data)
            return await line.rest()


@asynccontextmanager
async def shop_with(limits: WireLimits) -> AsyncGenerator[Shop]:
    listener = socket.create_server(("127.0.0.1", 0))
    desk = Desk()
    async with wire_serving(desk, listener, limits) as server:
        yield Shop(desk, server, listener.getsockname()[1])


@pytest.fixture
async def shop() -> AsyncGenerator[Shop]:
    async with shop_with(WireLimits(drain_s=5.0, linger_s=0.2)) as opened:
        yield opened


def post(path: str, body: bytes = b"", *more: str) -> bytes:
    head = [f"POST {path} HTTP/1.1", "Host: h", f"Content-Length: {len(body)}", *more]
    return "\r\n".join([*head, "", ""]).encode() + body


LAST = "Connection: close"


async def test_requests_of_one_connection_are_answered_one_after_the_other(shop: Shop) -> None:
    async with shop.line() as line:
        for number in range(3):
            await line.say(post(f"/{number}", b"a" * number))
            told = await line.until(f"POST /{number} {number}\n".encode())
            assert told.startswith(b"HTTP/1.1 200 OK\r\n")
            assert f"content-length: {len(f'POST /{number} {number}') + 1}".encode() in told


async def test_requests_that_do_not_wait_are_answered_in_their_order(shop: Shop) -> None:
    many = b"".join(post(f"/{number}", b"a" * number) for number in range(40))
    told = await shop.told(many + post("/last", b"", LAST))
    lines = [line for line in told.decode().split("\n") if line.startswith("POST")]
    assert lines == [*(f"POST /{number} {number}" for number in range(40)), "POST /last 0"]


async def test_a_body_comes_in_whatever_pieces(shop: Shop) -> None:
    request = post("/a", "鋼".encode() * 50, LAST)
    async with shop.line() as line:
        for at in range(len(request)):
            await line.say(request[at : at + 1])
        assert (await line.rest()).endswith(b"POST /a 150\n")


async def test_a_stream_is_sent_in_chunks_and_to_old_clients_until_it_ends(shop: Shop) -> None:
    told = await shop.told(post("/stream", b"", LAST))
    assert told.endswith(b"4\r\none \r\n4\r\ntwo \r\nf\r\nPOST /stream 0\n\r\n0\r\n\r\n")
    old = await shop.told(b"POST /stream HTTP/1.0\r\nContent-Length: 0\r\n\r\n")
    assert old.endswith(b"\r\n\r\none two POST /stream 0\n")
    assert b"chunked" not in old


async def test_to_a_head_request_only_the_head_is_answered(shop: Shop) -> None:
    told = await shop.told(b"HEAD /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
    assert told.startswith(b"HTTP/1.1 200 OK\r\n")
    assert told.endswith(b"content-length: 10\r\n\r\n")


async def test_a_request_id_is_kept_if_it_is_one(shop: Shop) -> None:
    told = await shop.told(post("/a", b"", "X-Request-Id: abc-12345", LAST))
    assert b"x-request-id: abc-12345\r\n" in told
    told = await shop.told(post("/a", b"", "X-Request-Id: <script>", LAST))
    assert b"script" not in told


async def test_who_asks_whether_to_send_the_body_is_told_to(shop: Shop) -> None:
    async with shop.line() as line:
        await line.say(b"POST /a HTTP/1.1\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
        assert await line.until(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        await line.say(b"abc")
        assert b"POST /a 3" in await line.until(b"/a 3\n")


async def test_who_asks_to_send_too_much_is_refused_before(shop: Shop) -> None:
    told = await shop.told(
        b"POST /a HTTP/1.1\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n"
        % (MOST_BODY_BYTES + 1)
    )
    assert told.startswith(b"HTTP/1.1 413 ")
    assert shop.desk.asked == []


SMUGGLED = b"GET /admin HTTP/1.1\r\nHost: h\r\n\r\n"
ODD = {
    "both lengths": b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "both lengths, turned": b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
    "two lengths": b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
    "the same length twice": b"Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
    "a list of lengths": b"Content-Length: 3, 3\r\n\r\nabc",
    "a signed length": b"Content-Length: +3\r\n\r\nabc",
    "a length in hexadecimal": b"Content-Length: 0x3\r\n\r\nabc",
    "an empty length": b"Content-Length:\r\n\r\nabc",
    "a folded field": b"X: a\r\n b\r\nContent-Length: 0\r\n\r\n",
    "a folded encoding": b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    "a blank before the colon": b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "a tab in front of the encoding": b"Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n",
    "another encoding": b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "an unknown encoding": b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunked not last": b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "chunked twice": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a chunk size that is none": b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n\r\n",
    "a chunk size with a sign": b"Transfer-Encoding: chunked\r\n\r\n-3\r\nabc\r\n0\r\n\r\n",
    "a chunk size with 0x": b"Transfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n",
    "a chunk size of 65 bits": b"Transfer-Encoding: chunked\r\n\r\n10000000000000003\r\nabc\r\n",
    "a chunk longer than it says": b"Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n",
    "chunks without CR": b"Transfer-Encoding: chunked\r\n\r\n3\nabc\n0\n\n",
    "NUL in a field": b"X: a\x00b\r\n\r\n",
    "CR in a field": b"X: a\rContent-Length: 3\r\n\r\nabc",
    "LF alone": b"X: a\nContent-Length: 3\n\nabc",
    "a field without a colon": b"Content-Length\r\n\r\n",
    "a long head": b"X: " + b"a" * 2**17 + b"\r\n\r\n",
    "many fields": b"X: a\r\n" * 2**14 + b"\r\n",
}


@pytest.mark.parametrize("odd", ODD)
async def test_what_others_might_read_otherwise_is_refused_and_ends_the_connection(
    shop: Shop, odd: str
) -> None:
    told = await shop.told(b"POST /a HTTP/1.1\r\nHost: h\r\n" + ODD[odd] + SMUGGLED)
    assert told.startswith(b"HTTP/1.1 400 ")
    assert told.count(b"HTTP/1.1 ") == 1
    assert b"connection: close\r\n" in told
    assert b"request_unreadable" in told
    assert shop.desk.asked == []


@pytest.mark.parametrize(
    "first",
    [
        b"GET /a HTTP/2.0",
        b"GET /a HTTP/0.9",
        b"GET /a",
        b"G\x00T /a HTTP/1.1",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"PRI * HTTP/2.0",
        b"GET /\xff HTTP/1.1",
    ],
)
async def test_what_is_no_request_of_ours_is_refused(shop: Shop, first: bytes) -> None:
    told = await shop.told(first + b"\r\nHost: h\r\n\r\n")
    assert told.startswith(b"HTTP/1.1 400 ")
    assert shop.desk.asked == []


async def test_old_clients_have_no_chunks(shop: Shop) -> None:
    told = await shop.told(b"POST /a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
    assert told.startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(
    "request_",
    [
        b"GET /a HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n\x81\x05hello",
        b"GET /a HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n" + SMUGGLED,
    ],
)
async def test_another_protocol_is_not_spoken_and_what_follows_is_no_request(
    shop: Shop, request_: bytes
) -> None:
    told = await shop.told(request_)
    assert told.count(b"HTTP/1.1 200 ") == 1
    assert [request.path for request in shop.desk.asked] == ["/a"]


async def test_a_tunnel_is_refused(shop: Shop) -> None:
    told = await shop.told(b"CONNECT 10.0.0.1:22 HTTP/1.1\r\nHost: h\r\n\r\nSSH-2.0")
    assert told.startswith(b"HTTP/1.1 400 ")


async def test_what_was_whole_before_an_odd_request_is_answered_first(shop: Shop) -> None:
    told = await shop.told(post("/a") + b"nonsense\r\n\r\n" + SMUGGLED)
    assert re.findall(rb"HTTP/1.1 (\d+)", told) == [b"200", b"400"]


async def test_problems_are_told_and_the_connection_goes_on(shop: Shop) -> None:
    async with shop.line() as line:
        await line.say(post("/nowhere"))
        assert (await line.until(b"}}")).startswith(b"HTTP/1.1 404 ")
        await line.say(post("/a"))
        assert b" 200 " in await line.until(b"/a 0\n")


async def test_a_body_that_grows_beyond_its_bound_is_refused_and_not_kept(shop: Shop) -> None:
    before = psutil.Process().memory_info().rss
    async with shop.line() as line:
        await line.say(b"POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")
        sending = asyncio.create_task(_send_for_ever(line))
        assert (await line.until(b"\r\n")).startswith(b"HTTP/1.1 413 ")
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
    grown = psutil.Process().memory_info().rss - before
    assert grown < 2 * MOST_BODY_BYTES
    assert shop.desk.asked == []


async def _send_for_ever(line: Line) -> None:
    while True:
        await line.say(b"100000\r\n" + b"a" * 2**20 + b"\r\n")


async def test_a_large_body_is_not_read_before_it_is_known_who_asks(shop: Shop) -> None:
    head = b"POST /guarded HTTP/1.1\r\nHost: h\r\nContent-Length: 20000000\r\n\r\n"
    async with shop.line() as line:
        await line.say(head)
        assert (await line.until(b"\r\n")).startswith(b"HTTP/1.1 403 ")
        await line.say(b"a" * 2**16)  # whoever sends on can read why
        assert b"connection: close" in await line.rest()
    assert shop.desk.asked == []
    known = post("/guarded", b"a" * 2_000_000, "Authorization: Bearer k", LAST)
    assert (await shop.told(known)).endswith(b"POST /guarded 2000000\n")


async def test_who_may_not_send_a_body_is_not_told_to(shop: Shop) -> None:
    told = await shop.told(
        b"POST /guarded HTTP/1.1\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n"
    )
    assert told.startswith(b"HTTP/1.1 403 ")


async def test_a_hundred_megabytes_are_taken(shop: Shop) -> None:
    async with shop.line() as line:
        await line.say(post("/a", b"a" * MOST_BODY_BYTES, LAST))
        assert (await line.rest()).endswith(f"POST /a {MOST_BODY_BYTES}\n".encode())


async def test_for_who_does_not_read_little_is_kept(shop: Shop) -> None:
    async with shop.line() as line:
        await line.say(post("/endless"))
        before = -1
        while before != shop.desk.written:
            before = shop.desk.written
            await asyncio.sleep(0.2)
        assert before < 16 * 2**20  # what the two sockets hold, and a quarter of a megabyte
        await line.reader.readexactly(2**20)
        await asyncio.sleep(0.2)
        assert shop.desk.written >= before


async def test_work_for_who_hangs_up_ends(shop: Shop) -> None:
    async with shop.line() as line:
        await line.say(post("/slow"))
        await shop.desk.is_asked.wait()
    async with asyncio.timeout(5):
        await shop.desk.left.wait()


async def test_who_sends_slowly_is_hung_up_on() -> None:
    quick = WireLimits(head_s=0.3, body_s=0.3, idle_s=0.3)
    for begun in (
        b"",
        b"POST /a HTTP/1.1\r\nX: ",
        b"POST /a HTTP/1.1\r\nContent-Length: 3\r\n\r\na",
    ):
        async with shop_with(quick) as shop, shop.line() as line:
            await line.say(begun)
            dripping = asyncio.create_task(_drip(line, begun))
            assert await line.rest() == b""
            dripping.cancel()
            await asyncio.gather(dripping, return_exceptions=True)
            assert shop.desk.asked == []


async def _drip(line: Line, begun: bytes) -> None:
    """Go on with a head, byte by byte: that buys no time."""
    while begun.endswith(b"X: "):
        await line.say(b"a")
        await asyncio.sleep(0.05)


async def test_an_answer_may_take_longer_than_a_request() -> None:
    quick = WireLimits(head_s=0.1, body_s=0.1, idle_s=0.1)
    async with shop_with(quick) as shop, shop.line() as line:
        await line.say(post("/slow"))
        await asyncio.sleep(0.5)
        shop.desk.go_on.set()
        assert b" 200 " in await line.until(b"/slow 0\n")


async def test_few_requests_are_read_ahead() -> None:
    async with shop_with(WireLimits(waiting=4)) as shop, shop.line() as line:
        await line.say(post("/slow"))
        flooding = asyncio.create_task(_flood(line))
        await asyncio.sleep(0.5)
        assert len(shop.desk.asked) == 1
        shop.desk.go_on.set()
        flooding.cancel()
        await asyncio.gather(flooding, return_exceptions=True)


async def _flood(line: Line) -> None:
    while True:
        await line.say(post("/a", b"a" * 2**16))


async def test_answers_in_flight_end_before_the_server_does() -> None:
    async with shop_with(WireLimits()) as shop:
        idle = asyncio.create_task(shop.told(b""))
        asking = asyncio.create_task(shop.told(post("/slow")))
        await shop.desk.is_asked.wait()
        asyncio.get_running_loop().call_later(0.2, shop.desk.go_on.set)
    assert (await asking).endswith(b"POST /slow 0\n")
    assert await idle == b""


async def test_who_takes_too_long_is_hung_up_on_when_the_server_ends() -> None:
    async with shop_with(WireLimits(drain_s=0.1)) as shop:
        asking = asyncio.create_task(shop.told(post("/slow")))
        await shop.desk.is_asked.wait()
    assert await asking == b""
    assert shop.desk.left.is_set()
