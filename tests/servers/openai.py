"""An OpenAI-compatible server on loopback: answers from scripts, counts, delays, fails on command.

async with openai_stand_in("はい。") as server:
    chat = open_openai_chat(ChatSettings(base_url=AnyHttpUrl(server.url), model="stand-in"))
    server.fail_next(Refuse(429, retry_after="2"))
    ...
    assert server.chats[-1].json["messages"][0]["content"] == "…"
"""

import asyncio
import base64
import json
import struct
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from inference.fake import HashEmbedder
from tests.servers.loopback import Exchange, HungUp, Received, serve_loopback

MODEL = "stand-in"
Script = Callable[[Mapping[str, Any]], str]
"""Takes the body of a chat request, returns what the model says."""


@dataclass(frozen=True, slots=True)
class Refuse:
    """Answer with this status and an error body; `retry_after` is the header as it is sent."""

    status: int
    retry_after: str | None = None


@dataclass(frozen=True, slots=True)
class Delay:
    """Wait, then answer as usual."""

    seconds: float


@dataclass(frozen=True, slots=True)
class CutOff:
    """Send the head and this many bytes of the answer, then drop the connection."""

    after_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Malformed:
    """Answer 200 with this body, whatever was asked."""

    body: bytes = b'{"choices": ['
    content_type: str = "application/json"


@dataclass(frozen=True, slots=True)
class Endless:
    """Answer 200 with these bytes again and again, this many seconds apart, for ever."""

    piece: bytes
    pace_s: float = 0.0


Fault = Refuse | Delay | CutOff | Malformed | Endless


Route = Callable[[Mapping[str, Any]], Awaitable[Mapping[str, object]]]
"""Takes the body of a request, returns that of the answer."""


class Refused(Exception):
    """Raised by a route: answered with this status and message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(kw_only=True)
class OpenAIStandIn:
    """What the server says and has received. `url` ends with `/v1`, as clients want it."""

    url: str
    script: Script
    embedder: HashEmbedder
    api_key: str | None
    piece: int
    posts: Mapping[str, Route] = field(default_factory=dict[str, Route])
    """What it answers beyond OpenAI's API, by path; the model is checked before."""
    pace_s: float = 0.0
    """Seconds between two pieces of a stream."""
    received: list[Received] = field(default_factory=list[Received])
    hung_up: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a client did not wait for the end of an answer."""
    _next: deque[Fault] = field(default_factory=deque[Fault])
    _always: Fault | None = None

    @property
    def chats(self) -> list[Received]:
        return [request for request in self.received if request.path == "/v1/chat/completions"]

    @property
    def embeddings(self) -> list[Received]:
        return [request for request in self.received if request.path == "/v1/embeddings"]

    def fail_next(self, *faults: Fault) -> None:
        """Meet the next requests with these, one each; clients that try again use them up."""
        self._next.extend(faults)

    def fail_always(self, fault: Fault | None) -> None:
        """Meet every request with this; None answers again."""
        self._always = fault

    async def handle(self, request: Received, exchange: Exchange) -> None:
        self.received.append(request)
        fault = self._next.popleft() if self._next else self._always
        try:
            await self._meet(request, exchange, fault)
        except HungUp:
            if not isinstance(fault, CutOff):
                self.hung_up.set()
            raise

    async def _meet(self, request: Received, exchange: Exchange, fault: Fault | None) -> None:
        match fault:
            case Refuse(status, retry_after):
                headers = {"retry-after": retry_after} if retry_after is not None else {}
                await _answer(exchange, status, _error("told to refuse"), headers)
            case Malformed(body, content_type):
                await exchange.answer(200, {"content-type": content_type}, body)
            case Endless(piece, pace_s):
                await _send_for_ever(exchange, piece, pace_s)
            case CutOff(after_bytes):
                await self._cut(request, exchange, after_bytes)
            case Delay(seconds):
                await asyncio.sleep(seconds)
                await self._serve(request, exchange)
            case None:
                await self._serve(request, exchange)

    async def _cut(self, request: Received, exchange: Exchange, after_bytes: int) -> None:
        if _streams(request):
            whole = b"".join(self._events(request.json))
            await exchange.start(200, {"content-type": "text/event-stream"})
        else:
            whole = json.dumps(await self._body(request)).encode()
            size = str(len(whole))
            await exchange.start(200, {"content-type": "application/json", "content-length": size})
        await exchange.send(whole[:after_bytes])
        await asyncio.sleep(0.02)  # let it arrive: an abort discards what is still buffered
        exchange.cut()

    async def _serve(self, request: Received, exchange: Exchange) -> None:
        problem = self._problem(request)
        if problem is not None:
            status, message = problem
            await _answer(exchange, status, _error(message), {})
        elif request.path in self.posts:
            await self._post(request, exchange)
        elif _streams(request):
            await self._stream(request.json, exchange)
        else:
            await _answer(exchange, 200, await self._body(request), {})

    async def _post(self, request: Received, exchange: Exchange) -> None:
        try:
            body = await self.posts[request.path](request.json)
        except Refused as refused:
            await _answer(exchange, refused.status, _error(str(refused)), {})
        else:
            await _answer(exchange, 200, body, {})

    def _problem(self, request: Received) -> tuple[int, str] | None:
        if self.api_key and request.headers.get("authorization") != f"Bearer {self.api_key}":
            return 401, "Incorrect API key provided."
        known = {
            ("GET", "/v1/models"),
            ("POST", "/v1/chat/completions"),
            ("POST", "/v1/embeddings"),
            *(("POST", path) for path in self.posts),
        }
        if (request.method, request.path) not in known:
            return 404, "Not Found"
        if request.method == "POST" and request.json.get("model") != MODEL:
            return 404, f"The model {request.json.get('model')!r} does not exist."
        if request.path == "/v1/embeddings" and any(map(self._is_too_long, _texts(request))):
            return 400, f"This model's maximum context length is {self.embedder.max_tokens} tokens."
        return None

    def _is_too_long(self, text: str) -> bool:
        return self.embedder.count_tokens(text) > self.embedder.max_tokens

    async def _body(self, request: Received) -> Mapping[str, object]:
        if request.path == "/v1/models":
            model = {"id": MODEL, "object": "model", "created": 0, "owned_by": "tests"}
            return {"object": "list", "data": [model]}
        if request.path == "/v1/embeddings":
            return await self._embedded(request)
        return self._completion(request.json)

    def _completion(self, asked: Mapping[str, Any]) -> Mapping[str, object]:
        said = self.script(asked)
        message = {"role": "assistant", "content": said}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
        return _head("chat.completion") | {"choices": [choice], "usage": _usage(asked, said)}

    async def _stream(self, asked: Mapping[str, Any], exchange: Exchange) -> None:
        await exchange.start(200, {"content-type": "text/event-stream; charset=utf-8"})
        for event in self._events(asked):
            await exchange.send(event)
            await asyncio.sleep(self.pace_s)
        await exchange.finish()

    def _events(self, asked: Mapping[str, Any]) -> Iterator[bytes]:
        said = self.script(asked)
        pieces = [said[at : at + self.piece] for at in range(0, len(said), self.piece)]
        options: Mapping[str, object] = asked.get("stream_options") or {}
        wants_usage = bool(options.get("include_usage"))
        none_yet: dict[str, object] = {"usage": None} if wants_usage else {}
        yield _event({"choices": [_delta({"role": "assistant", "content": ""})], **none_yet})
        for piece in pieces:
            yield _event({"choices": [_delta({"content": piece})], **none_yet})
        yield _event({"choices": [_delta({}, "stop")], **none_yet})
        if wants_usage:
            yield _event({"choices": [], "usage": _usage(asked, said)})
        yield b"data: [DONE]\n\n"

    async def _embedded(self, request: Received) -> Mapping[str, object]:
        texts = _texts(request)
        vectors = [list(each.dense) for each in await self.embedder.embed_documents(texts)]
        as_base64 = request.json.get("encoding_format") == "base64"
        data = [
            {
                "object": "embedding",
                "index": index,
                "embedding": _base64(vector) if as_base64 else vector,
            }
            for index, vector in enumerate(vectors)
        ]
        tokens = sum(map(self.embedder.count_tokens, texts))
        usage = {"prompt_tokens": tokens, "total_tokens": tokens}
        return {"object": "list", "model": MODEL, "data": data, "usage": usage}


@asynccontextmanager
async def openai_stand_in(
    says: str | Script = "はい。",
    *,
    embedder: HashEmbedder | None = None,
    api_key: str | None = None,
    piece: int = 3,
    posts: Mapping[str, Route] | None = None,
) -> AsyncGenerator[OpenAIStandIn]:
    """Serve the model `stand-in` on a free port of 127.0.0.1.

    `says` is the text of every reply or a function of the request's body; a stream cuts it into
    pieces of `piece` characters. With `api_key`, requests without it are refused (401). `posts` are
    further routes.
    """
    server = OpenAIStandIn(
        url="",
        script=_always_saying(says) if isinstance(says, str) else says,
        embedder=embedder or HashEmbedder(),
        api_key=api_key,
        piece=piece,
        posts=posts or {},
    )
    async with serve_loopback(server.handle) as address:
        server.url = f"{address}/v1"
        yield server


async def _send_for_ever(exchange: Exchange, piece: bytes, pace_s: float) -> None:
    await exchange.start(200, {"content-type": "application/json"})
    while True:
        await exchange.send(piece)
        await asyncio.sleep(pace_s)


def one_after_another(*replies: str) -> Script:
    """Say each reply once, in order; a request more is a defect of the test."""
    left = iter(replies)
    return lambda _: next(left)


def _streams(request: Received) -> bool:
    return request.path == "/v1/chat/completions" and bool(request.json.get("stream"))


def _texts(request: Received) -> list[str]:
    given: str | list[str] = request.json["input"]
    return [given] if isinstance(given, str) else given


def _always_saying(reply: str) -> Script:
    return lambda _: reply


def _head(kind: str) -> dict[str, object]:
    return {"id": "chatcmpl-1", "object": kind, "created": 0, "model": MODEL}


def _event(part: Mapping[str, object]) -> bytes:
    body = json.dumps(_head("chat.completion.chunk") | dict(part), ensure_ascii=False)
    return f"data: {body}\n\n".encode()


def _delta(delta: Mapping[str, str], finish_reason: str | None = None) -> dict[str, object]:
    return {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}


def _usage(asked: Mapping[str, Any], said: str) -> dict[str, int]:
    prompt = sum(len(message["content"]) for message in asked["messages"])
    return {
        "prompt_tokens": prompt,
        "completion_tokens": len(said),
        "total_tokens": prompt + len(said),
    }


def _base64(vector: Sequence[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


def _error(message: str) -> dict[str, object]:
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": None}
    return {"error": error}


async def _answer(
    exchange: Exchange, status: int, body: Mapping[str, object], headers: Mapping[str, str]
) -> None:
    sent = json.dumps(body, ensure_ascii=False).encode()
    await exchange.answer(status, {"content-type": "application/json", **headers}, sent)
