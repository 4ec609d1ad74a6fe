"""Search, reading on, and answers over REST."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import httpx2
import pytest

from agents.local_desk import LocalDesk
from contracts.principal import Principal
from contracts.problems import Problem, ServiceUnreachable
from rag.models import AnswerEvent, AnswerText, AskRequest
from service.rest.app import create_app
from tests.service.rest.world import LOCAL_TOKEN, World, client_of, events_in

EVENTS = {"accept": "text/event-stream"}
QUESTION = {"question": "AZ91合金の溶体化処理は何度ですか"}


async def test_a_search_finds_passages_with_their_place(operator: httpx2.AsyncClient) -> None:
    found = (await operator.post("/v1/search", json={"query": "溶体化処理"})).json()
    best = found["hits"][0]
    assert (best["project_id"], best["path"], best["number"]) == ("alloy", "熱処理.md", 1)
    assert best["anchor"]["heading"] == ["熱処理"]
    assert "415 ℃" in best["text"]


async def test_one_can_read_on_around_a_hit(operator: httpx2.AsyncClient) -> None:
    found = (await operator.post("/v1/search", json={"query": "溶体化処理", "limit": 1})).json()
    passage = found["hits"][0]["passage_id"]
    read = await operator.get(f"/v1/passages/{passage}?before=0&after=0")
    assert [each["passage_id"] for each in read.json()["passages"]] == [passage]


@pytest.mark.parametrize("passage", ["none", "8ecec528-57bf-5497-bc7c-000000000000"])
async def test_an_unknown_passage_is_a_problem(operator: httpx2.AsyncClient, passage: str) -> None:
    answer = await operator.get(f"/v1/passages/{passage}")
    assert (answer.status_code, answer.json()["code"]) == (404, "passage_unknown")


async def test_an_answer_cites_its_hits(operator: httpx2.AsyncClient) -> None:
    answer = (await operator.post("/v1/answers", json=QUESTION)).json()
    assert answer["mode"] == "extractive"
    assert "415 ℃" in answer["text"]
    assert answer["citations"]


async def test_an_answer_can_come_piece_by_piece(operator: httpx2.AsyncClient) -> None:
    whole = (await operator.post("/v1/answers", json=QUESTION)).json()
    streamed = await operator.post("/v1/answers", json=QUESTION, headers=EVENTS)
    events = events_in(streamed.text)
    names = [name for name, _ in events]
    assert (names[0], names[-1], set(names[1:-1])) == ("hits", "done", {"text"})
    assert all(event["type"] == name for name, event in events)
    assert events[-1][1]["answer"]["text"] == whole["text"]


async def test_what_goes_wrong_at_once_is_no_event(operator: httpx2.AsyncClient) -> None:
    asked = {**QUESTION, "projects": ["nowhere"]}
    answer = await operator.post("/v1/answers", json=asked, headers=EVENTS)
    assert (answer.status_code, answer.json()["code"]) == (404, "project_unknown")


@dataclass(frozen=True, slots=True, kw_only=True)
class _BreakingDesk(LocalDesk):
    """Answers begin well and end with an error."""

    error: Exception

    async def stream_answer(
        self, principal: Principal, request: AskRequest
    ) -> AsyncIterator[AnswerEvent]:
        yield AnswerText(text=f"{principal.id}: ")
        raise self.error from ValueError(request.question)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ServiceUnreachable("The model", reason="timeout"), "service_unreachable"),
        (KeyError("秘密"), "internal_error"),
    ],
)
async def test_what_goes_wrong_midway_is_the_last_event(
    world: World, caplog: pytest.LogCaptureFixture, error: Exception, code: str
) -> None:
    opened = world.resources
    desk = _BreakingDesk(
        library=opened.desk.library,
        ports=opened.desk.ports,
        sources=opened.sources_seen,
        error=error,
    )
    app = create_app(replace(opened, desk=desk), local_token=LOCAL_TOKEN)
    async with client_of(app, LOCAL_TOKEN) as client:
        answer = await client.post("/v1/answers", json=QUESTION, headers=EVENTS)
    (_, text), (name, problem) = events_in(answer.text)
    assert (text["type"], name, problem["code"]) == ("text", "error", code)
    assert "秘密" not in answer.text + caplog.text
    assert ("KeyError at" in caplog.text) == (not isinstance(error, Problem))
