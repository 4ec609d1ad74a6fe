"""Ask a gateway over both of its ways, whole requests and broken ones, and compare the answers.

`python -m tests.inference.gateway.both_ways --requests 50000`
"""

import argparse
import asyncio
import re
import secrets
import sys
from collections import Counter
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from random import Random
from typing import Final
from urllib.parse import urlsplit

from tests.inference.gateway.house import CHOSEN, House, Model, Way, gateway
from tests.servers.loopback import Exchange, Received, serve_loopback

_QUIET_S: Final = 0.15
_LONG_S: Final = 3.0
_AT_ONCE: Final = 16
_WAYS: Final[tuple[Way, Way]] = ("asgi", "wire")
_LAST: Final = (
    b"GET /v1/models/sentinel HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer yamada\r\n"
    b"Connection: close\r\n\r\n"
)
_PIECE: Final = b'data: {"choices":[{"index":0,"delta":{"content":"a"}}]}\n\n'
_WHOLE: Final = b'{"id":"chatcmpl-1","choices":[],"usage":{"prompt_tokens":1}}'
_STATUS: Final = re.compile(rb"HTTP/1\.[01] (\d{3})")
_CODE: Final = re.compile(rb'"code":"([a-z_]+)"')
_ODD: Final = (
    *(b"Content-Length: 3\r\n", b"Content-Length: -1\r\n", b"Content-Length:\r\n"),
    *(b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: gzip\r\n", b"X : a\r\n"),
    *(b"Expect: 100-continue\r\n", b"Expect: nothing\r\n", b"Connection: close\r\n"),
    *(b"Connection: Upgrade\r\nUpgrade: websocket\r\n", b"Host: other\r\n", b" folded\r\n"),
    *(b"X-Request-Id: abcdefgh\r\n", b"X-Fumikura-Timeout-S: 0\r\n", b"A: \x00\r\n"),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a connection: statuses, codes of errors, whether it ended, calls answered.

    Whether who asks first is told to go on is left out: it depends on when the body comes.
    """

    statuses: tuple[bytes, ...]
    codes: tuple[bytes, ...]
    is_ended: bool
    calls: int


@dataclass(frozen=True, slots=True)
class Difference:
    """Bytes that the two ways answer differently."""

    sent: bytes
    asgi: Outcome
    wire: Outcome


def requests(drawn: Random) -> Iterator[bytes]:
    """Yield what is sent over a connection, again and again: mostly broken, and its sentinel."""
    while True:
        sent = b"".join(_request(drawn) for _ in range(drawn.choice((1, 1, 2, 3))))
        for _ in range(drawn.choice((0, 1, 1, 2, 3))):
            sent = _broken(drawn, sent)
        yield sent + _LAST


def _request(drawn: Random) -> bytes:
    body = drawn.choice(
        (
            b'{"model":"qwen","messages":[{"role":"user","content":"a"}]}',
            b'{"model":"qwen","stream":true,"messages":[{"role":"user","content":"a"}]}',
            b'{"model":"gwen","messages":[]}',
            b'{"model":',
            b"",
        )
    )
    path = drawn.choice((b"/v1/chat/completions",) * 4 + (b"/v1/models", b"/nowhere", b"/v1/%2e"))
    method = b"POST" if path.endswith(b"completions") else drawn.choice((b"GET", b"POST", b"HEAD"))
    version = drawn.choice((b"1.1",) * 9 + (b"1.0",))
    key = drawn.choice((b"yamada",) * 4 + (b"nobody", b"reader"))
    head = b"%b %b HTTP/%b\r\nHost: h\r\nAuthorization: Bearer %b\r\n" % (
        *(method, path, version),
        key,
    )
    if drawn.random() < 0.3:
        pieces = [body[at : at + 7] for at in range(0, len(body), 7)]
        chunks = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
        return head + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


def _broken(drawn: Random, sent: bytes) -> bytes:
    at = drawn.randrange(len(sent) + 1)
    behind = sent.find(b"\r\n", at) + 2
    little = drawn.choice((b"\r\n", b"\n", b"\r", b" ", b"\t", b"0"))
    return drawn.choice(
        (
            sent[:at] + bytes([drawn.randrange(256)]) + sent[at + 1 :],
            sent[:at] + sent[at + drawn.randrange(1, 5) :],
            sent[:at] + little + sent[at:],
            sent[:behind] + drawn.choice(_ODD) + sent[behind:],
            sent[:at],
            re.sub(rb"Content-Length: (\d+)", _other_length, sent, count=1),
            sent.replace(b"Host", b"hOST", 1),
        )
    )


def _other_length(found: "re.Match[bytes]") -> bytes:
    return b"Content-Length: %d" % (int(found[1]) + 1)


async def _say(request: Received, exchange: Exchange) -> None:
    """Answer as a model server does, whatever is left of the question."""
    if b'"stream":true' in request.body:
        await exchange.start(200, {"content-type": "text/event-stream"})
        for event in (_PIECE, _PIECE, b"data: [DONE]\n\n"):
            await exchange.send(event)
        await exchange.finish()
    else:
        await exchange.answer(200, {"content-type": "application/json"}, _WHOLE)


@asynccontextmanager
async def both() -> AsyncGenerator[dict[Way, House]]:
    """Open a gateway for each way, before one model server."""
    async with serve_loopback(_say) as server, AsyncExitStack() as stack:
        houses: dict[Way, House] = {}
        for way in _WAYS:
            CHOSEN.way = way
            model = Model(replicas=[server])
            houses[way] = await stack.enter_async_context(gateway(model, most=10**9))
        CHOSEN.way = "asgi"
        yield houses


async def compare(count: int, seed: int) -> list[Difference]:
    """Return where the two ways differ, beyond what is meant to."""
    drawn = requests(Random(seed))  # noqa: S311 - to be repeated
    differences: list[Difference] = []
    async with both() as houses:
        for _ in range(0, count, _AT_ONCE):
            batch = [next(drawn) for _ in range(_AT_ONCE)]
            told = [await _outcomes(houses[way], batch) for way in _WAYS]
            for sent, asgi, wire in zip(batch, *told, strict=True):
                if asgi != wire and not is_meant(sent, asgi, wire):
                    differences += await _looked_at_again(houses, sent)
    return differences


async def _looked_at_again(houses: Mapping[Way, House], sent: bytes) -> list[Difference]:
    """Ask once more and wait longer: a busy machine answers late."""
    asgi, wire = [await _outcome(houses[way], sent, quiet_s=_LONG_S) for way in _WAYS]
    if asgi == wire or is_meant(sent, asgi, wire):
        return []
    return [Difference(sent, asgi, wire)]


def is_meant(sent: bytes, asgi: Outcome, wire: Outcome) -> bool:
    """Tell whether a difference is one of those that are meant.

    - What the parser refuses, uvicorn answers in words of its own, without waiting for the answers
      before it, and hangs up at once; ours come in their order, with a code.
    - Ours refuses what no version of HTTP that it speaks has, and encodings other than `chunked`.
    - Ours refuses at the head what no body makes better, where uvicorn waits for the body first.
    - Who asks for another protocol is answered by ours as if they had not, and then hung up on.
    """
    if re.search(rb"\r\nupgrade:", sent, re.IGNORECASE):
        return wire.is_ended
    refused = {b"400", b"401", b"403", b"404"}
    if not asgi.is_ended and wire.is_ended and asgi.statuses == wire.statuses[:-1]:
        return wire.statuses[-1] in refused
    is_refused = b"400" in wire.statuses and b"request_unreadable" in wire.codes
    return is_refused and (b"400" in asgi.statuses or asgi.is_ended or _is_stricter(sent))


def _is_stricter(sent: bytes) -> bool:
    return re.search(rb"HTTP/(?!1\.[01]\r)|transfer-encoding", sent, re.IGNORECASE) is not None


async def _outcomes(house: House, batch: list[bytes]) -> list[Outcome]:
    return list(await asyncio.gather(*(_outcome(house, sent) for sent in batch)))


async def _outcome(house: House, sent: bytes, *, quiet_s: float = _QUIET_S) -> Outcome:
    address = urlsplit(house.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    received = bytearray()
    is_ended = False
    try:
        writer.write(sent)
        while True:
            async with asyncio.timeout(quiet_s):
                if not (data := await reader.read(2**16)):
                    is_ended = True
                    break
            received += data
    except TimeoutError:
        pass
    except ConnectionError:
        is_ended = True
    finally:
        writer.close()
    return Outcome(
        statuses=tuple(each for each in _STATUS.findall(received) if each != b"100"),
        codes=tuple(_CODE.findall(received)),
        is_ended=is_ended,
        calls=received.count(b"chatcmpl-1") + received.count(b"[DONE]"),
    )


def main() -> int:
    """Compare; return 1 where the ways differ."""
    parser = argparse.ArgumentParser(prog="python -m tests.inference.gateway.both_ways")
    parser.add_argument("--requests", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**31))
    asked = parser.parse_args()
    differences = asyncio.run(compare(asked.requests, asked.seed))
    sys.stdout.write(
        f"{asked.requests} connections, seed {asked.seed}: {len(differences)} differ\n"
    )
    kinds = Counter((each.asgi, each.wire) for each in differences)
    for (asgi, wire), number in kinds.most_common(20):
        sent = next(each.sent for each in differences if (each.asgi, each.wire) == (asgi, wire))
        sys.stdout.write(f"{number} x\n  {sent!r}\n  asgi {asgi}\n  wire {wire}\n")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
