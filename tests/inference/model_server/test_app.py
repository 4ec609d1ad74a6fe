"""What the server does whatever its model: health, limits, errors, counts."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

import httpx2
import pytest

from inference.model_server.app import ModelServer
from inference.model_server.posted import Posted
from inference.model_server.service import Answer, Route, as_json
from inference.model_server.turns import Turns
from tests.inference.model_server.conftest import asked

_SECRET = "鋼の秘密"


@dataclass
class Echo:
    """Answers when it is let, or breaks."""

    go: asyncio.Event = field(default_factory=asyncio.Event)
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    left: asyncio.Event = field(default_factory=asyncio.Event)

    async def load(self) -> None:
        return

    def routes(self) -> Mapping[str, Route]:
        return {"/v1/echo": self._echo, "/v1/wait": self._wait, "/v1/break": self._break}

    async def _echo(self, posted: Posted) -> Answer:
        return as_json({"fields": len(posted.fields), "files": [*posted.files.values()] and 1})

    async def _wait(self, _: Posted) -> Answer:
        self.begun.set()
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.left.set()
            raise
        return as_json({})

    async def _break(self, posted: Posted) -> Answer:
        raise ValueError(posted.fields["secret"])


def _server(echo: Echo, *, waiting: int = 1, most_bytes: int = 10_000) -> ModelServer:
    turns = Turns(at_once=1, waiting=waiting)
    return ModelServer(model="m", service=echo, turns=turns, most_bytes=most_bytes, is_ready=True)


async def _arrived(server: ModelServer, count: int) -> None:
    """Return when so many work or wait."""
    async with asyncio.timeout(10):
        while True:
            if server.turns.here == count:
                return
            await asyncio.sleep(0.005)


async def test_health_is_told_only_once_the_model_is_loaded() -> None:
    server = _server(Echo())
    server.is_ready = False
    async with asked(server) as client:
        before = (await client.get("/health")).status_code
        refused = await client.post("/v1/echo", json={"model": "m"})
        await server.load()
        after = (await client.get("/health")).status_code
    assert (before, after) == (503, 200)
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "model_loading")
    assert int(refused.headers["retry-after"]) > 0


async def test_the_model_is_listed_under_its_name() -> None:
    async with asked(_server(Echo())) as client:
        assert [each["id"] for each in (await client.get("/v1/models")).json()["data"]] == ["m"]


async def test_who_comes_when_the_queue_is_full_is_told_when_to_come_back() -> None:
    echo = Echo()
    server = _server(echo, waiting=1)
    async with asked(server) as client:
        calls = [
            asyncio.create_task(client.post("/v1/wait", json={"model": "m"})) for _ in range(2)
        ]
        await _arrived(server, 2)
        refused = await client.post("/v1/wait", json={"model": "m"})
        echo.go.set()
        served = [(await call).status_code for call in calls]
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "model_server_full")
    assert int(refused.headers["retry-after"]) > 0
    assert served == [200, 200]


async def test_who_hangs_up_frees_the_turn() -> None:
    echo = Echo()
    server = _server(echo)
    async with asked(server) as client:
        call = asyncio.create_task(client.post("/v1/wait", json={"model": "m"}))
        await echo.begun.wait()
        call.cancel()
        async with asyncio.timeout(10):
            await echo.left.wait()
        await _arrived(server, 0)


async def test_a_mistake_of_ours_tells_nothing_of_the_request(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with asked(_server(Echo())) as client:
        with caplog.at_level(logging.ERROR):
            answer = await client.post("/v1/break", json={"model": "m", "secret": _SECRET})
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "model_server_broke")
    assert _SECRET not in answer.text
    assert "ValueError at test_app.py:" in caplog.text
    assert _SECRET not in caplog.text


@pytest.mark.parametrize(
    ("path", "body", "kind", "status", "code"),
    [
        ("/v1/other", b"{}", "application/json", 404, "route_unknown"),
        ("/v1/echo", b'{"model": "x"}', "application/json", 404, "model_not_found"),
        ("/v1/echo", b"[1]", "application/json", 400, "request_unreadable"),
        ("/v1/echo", b'{"model', "application/json", 400, "request_unreadable"),
        ("/v1/echo", b'"\xff"', "application/json", 400, "request_unreadable"),
        ("/v1/echo", b"[" * 9_000, "application/json", 400, "request_unreadable"),
        ("/v1/echo", b"x" * 10_001, "application/json", 413, "body_too_large"),
        ("/v1/echo", b"", "multipart/form-data; boundary=b", 400, "request_unreadable"),
        ("/v1/echo", b"--b\r\nx\r\n", "multipart/form-data; boundary=b", 400, "request_unreadable"),
    ],
)
async def test_errors_have_openais_form(
    path: str, body: bytes, kind: str, status: int, code: str
) -> None:
    async with asked(_server(Echo())) as client:
        answer = await client.post(path, content=body, headers={"content-type": kind})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (status, code)
    assert error.keys() == {"message", "type", "code", "param"}


async def test_a_body_is_bounded_also_where_it_does_not_say_its_length() -> None:
    async def parts() -> AsyncIterator[bytes]:
        for _ in range(200):
            yield b"x" * 100

    async with asked(_server(Echo())) as client:
        answer = await client.post("/v1/echo", content=parts())
    assert answer.json()["error"]["code"] == "body_too_large"


async def test_a_form_has_at_most_so_many_parts() -> None:
    async with asked(_server(Echo())) as client:
        few = await client.post("/v1/echo", data={"model": "m"}, files={"file": b"x"})
        many = {"model": "m", **{f"field{number}": "x" for number in range(40)}}
        answer = await client.post("/v1/echo", data=many, files={"file": b"x"})
    assert few.status_code == 200
    assert answer.json()["error"]["code"] == "request_unreadable"


async def test_requests_are_counted_by_their_status() -> None:
    async with asked(_server(Echo())) as client:
        await client.post("/v1/echo", json={"model": "m"})
        await client.post("/v1/echo", json={"model": "x"})
        text = (await client.get("/metrics")).text
    assert 'fumikura_model_server_requests_total{status="200"} 1.0' in text
    assert 'fumikura_model_server_requests_total{status="404"} 1.0' in text
    assert "fumikura_model_server_in_flight 0.0" in text


async def test_nothing_but_posts_reaches_the_model() -> None:
    async with asked(_server(Echo())) as client:
        answers: list[httpx2.Response] = [
            await client.get("/v1/echo"),
            await client.request("PUT", "/v1/echo", json={"model": "m"}),
        ]
    assert [answer.status_code for answer in answers] == [404, 404]
