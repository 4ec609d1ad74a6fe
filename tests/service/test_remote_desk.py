"""The desk of a running service, also when what answers is broken or no service at all."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from agents.explain_vedic.record import VedicRequest
from agents.sources import SourceRequest
from contracts.problems import Problem, ProblemBody, ServiceUnreachable
from rag.models import AskRequest, ReadRequest, SearchAnswer, SearchRequest
from service.access.link_info import LinkInfo
from service.access.recorded import LOCAL_OPERATOR
from service.remote_desk import RemoteDesk, ServiceSaid, open_remote_desk
from service.sources.order import SourceOrder
from tests.servers.loopback import Exchange, Received, serve_loopback

TOLD = ProblemBody(
    code="model_busy", kind="limited", message="Busy.", message_ja="混雑", hint="Wait.",
    retry_after_s=3,
)  # fmt: skip
NOW = datetime(2026, 1, 1, tzinfo=UTC)
JSON = {"content-type": "application/json"}
EVENTS = {"content-type": "text/event-stream"}


@asynccontextmanager
async def _answering(
    status: int, headers: dict[str, str], body: str, *, seen: list[Received] | None = None
) -> AsyncGenerator[RemoteDesk]:
    """A desk before a server that answers every request alike."""

    async def handle(received: Received, exchange: Exchange) -> None:
        if seen is not None:
            seen.append(received)
        await exchange.answer(status, headers, body.encode())

    async with serve_loopback(handle) as url, open_remote_desk(url, SecretStr("fmk_k")) as desk:
        yield desk


async def _search(desk: RemoteDesk) -> object:
    return await desk.search(LOCAL_OPERATOR, SearchRequest(query="x"))


async def _ask(desk: RemoteDesk) -> object:
    return [event async for event in desk.stream_answer(LOCAL_OPERATOR, AskRequest(question="x"))]


async def _run_agent(desk: RemoteDesk) -> object:
    request = VedicRequest(text="agnim īḷe")
    return await desk.run_agent(LOCAL_OPERATOR, "explain_vedic", request)


async def _watch(desk: RemoteDesk) -> object:
    return [job async for job in desk.watch_job("a-job")]


every_call = pytest.mark.parametrize("call", [_search, _ask, _run_agent, _watch])
Call = Callable[[RemoteDesk], Awaitable[object]]


async def test_all_that_a_search_is_narrowed_to_is_sent() -> None:
    seen: list[Received] = []
    found = SearchAnswer(query="x", hits=[], took_ms=1).model_dump_json()
    asked = SearchRequest(query="x", file_types=["pdf"], modified_from=NOW, group_by="file")
    async with _answering(200, JSON, found, seen=seen) as desk:
        await desk.search(LOCAL_OPERATOR, asked)
    assert SearchRequest.model_validate(seen[0].json) == asked


@every_call
async def test_a_problem_of_the_service_is_passed_on_as_it_was_told(call: Call) -> None:
    async with _answering(429, JSON, TOLD.model_dump_json()) as desk:
        with pytest.raises(ServiceSaid) as caught:
            await call(desk)
    assert caught.value.body() == TOLD


@pytest.mark.parametrize("call", [_ask, _run_agent, _watch])
async def test_a_problem_in_the_middle_of_a_stream_is_passed_on_too(call: Call) -> None:
    body = f"event: error\ndata: {TOLD.model_dump_json()}\n\n"
    async with _answering(200, EVENTS, body) as desk:
        with pytest.raises(ServiceSaid) as caught:
            await call(desk)
    assert caught.value.body() == TOLD


@every_call
@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        (502, {"content-type": "text/html"}, "<h1>Bad gateway</h1>"),
        (200, {"content-type": "text/html"}, "<h1>Welcome</h1>"),
        (200, EVENTS, ""),
        (200, EVENTS, "event: done\ndata: {}\n\n"),
        (200, JSON, "{}"),
    ],
)
async def test_what_is_no_service_counts_as_unreachable(
    call: Call, status: int, headers: dict[str, str], body: str
) -> None:
    async with _answering(status, headers, body) as desk:
        with pytest.raises(ServiceUnreachable):
            await call(desk)


async def _remove(desk: RemoteDesk) -> None:
    await desk.remove_source("alloy")


@pytest.mark.parametrize("call", [_search, _ask, _run_agent, _watch, _remove])
async def test_a_proxy_that_sends_elsewhere_has_not_done_what_was_asked(call: Call) -> None:
    async with _answering(302, {"location": "https://login.example/"}, "") as desk:
        with pytest.raises(ServiceUnreachable, match="HTTP 302"):
            await call(desk)


async def test_nobody_there_counts_as_unreachable() -> None:
    async with open_remote_desk("http://127.0.0.1:9", None) as desk:
        with pytest.raises(ServiceUnreachable, match="no connection"):
            await desk.check_alive()


async def test_an_id_cannot_leave_its_place_in_the_path() -> None:
    seen: list[Received] = []
    async with _answering(404, JSON, TOLD.model_dump_json(), seen=seen) as desk:
        with pytest.raises(Problem):
            await desk.read(LOCAL_OPERATOR, ReadRequest(passage_id="../../v1/keys?x=#y"))
    assert seen[0].path == "/v1/passages/..%2F..%2Fv1%2Fkeys%3Fx%3D%23y?before=1&after=1"
    assert seen[0].headers["authorization"] == "Bearer fmk_k"


async def test_a_source_is_ordered_with_what_was_chosen_and_nothing_else() -> None:
    seen: list[Received] = []
    made = '{"source_id": "rdm-abc12", "kind": "rdm", "location": "rdm:abc12"}'
    order = SourceOrder(location="rdm:abc12", token=SecretStr("aokis"), with_registrations=False)
    async with _answering(201, JSON, made, seen=seen) as desk:
        assert await desk.add_source(order) == "rdm-abc12"
    assert seen[0].json == {
        "location": "rdm:abc12",
        "token": "aokis",
        "with_registrations": False,
    }


async def test_a_token_goes_in_the_body_and_not_into_the_address() -> None:
    seen: list[Received] = []
    link = LinkInfo(instance="rdm", user_id="u1aok", user_name="青木", linked_at=NOW)
    async with _answering(200, JSON, link.model_dump_json(), seen=seen) as desk:
        assert await desk.link_account("rdm", SecretStr("aokis")) == link
    assert (seen[0].method, seen[0].path) == ("PUT", "/v1/me/links/rdm")
    assert seen[0].json == {"token": "aokis"}


async def test_sources_and_their_jobs_are_asked_for_where_the_service_has_them() -> None:
    seen: list[Received] = []
    async with _answering(404, JSON, TOLD.model_dump_json(), seen=seen) as desk:
        for ask in (
            desk.list_sources(),
            desk.source_status(LOCAL_OPERATOR, SourceRequest(source_id="a.b")),
            desk.sync_source(LOCAL_OPERATOR, SourceRequest(source_id="a.b")),
            desk.cancel_job("j/1"),
            desk.list_links(),
        ):
            with pytest.raises(ServiceSaid):
                await ask
    assert [(each.method, each.path) for each in seen] == [
        ("GET", "/v1/sources"),
        ("GET", "/v1/sources/a.b"),
        ("POST", "/v1/sources/a.b/sync"),
        ("POST", "/v1/jobs/j%2F1/cancel"),
        ("GET", "/v1/me/links"),
    ]
