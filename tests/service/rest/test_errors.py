"""Every error has one form, and none repeats what was sent."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

import httpx2
import pytest
from fastapi import FastAPI

from agents.local_desk import LocalDesk
from contracts.principal import Principal
from contracts.problems import Kind, Problem
from rag.models import SearchAnswer, SearchRequest
from service.rest.app import create_app
from service.rest.errors import STATUS, problem_response
from tests.service.rest.world import LOCAL_TOKEN, World, client_of

SECRET = "合金の秘密 fmk_secret"


class _Busy(Problem):
    kind: ClassVar[Kind] = "limited"
    code = "busy"

    def __init__(self) -> None:
        super().__init__("Busy.", hint="Wait.", retry_after_s=1.2)


@dataclass(frozen=True, slots=True, kw_only=True)
class _FailingDesk(LocalDesk):
    """Searches end with an error; everything else works."""

    error: Exception

    async def search(self, principal: Principal, request: SearchRequest) -> SearchAnswer:
        raise self.error from ValueError(f"{principal.id} asked for {request.query}")


def _failing(world: World, error: Exception) -> FastAPI:
    desk = _FailingDesk(
        library=world.resources.desk.library,
        ports=world.resources.desk.ports,
        sources=world.resources.sources_seen,
        error=error,
    )
    return create_app(replace(world.resources, desk=desk), local_token=LOCAL_TOKEN)


async def test_a_problem_says_what_to_do_next(operator: httpx2.AsyncClient) -> None:
    answer = await operator.post("/v1/search", json={"query": "a", "projects": ["nowhere"]})
    assert answer.status_code == 404
    assert answer.json() == {
        "code": "project_unknown",
        "kind": "missing",
        "message": "There is no project 'nowhere' that you may read.",
        "message_ja": "閲覧できるプロジェクト「nowhere」は見つかりません。",
        "hint": "List the projects you may read: `GET /v1/projects` or `fumikura projects list`.",
        "retry_after_s": None,
    }


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "query: Field required"),
        ({"query": SECRET, "limit": "many " + SECRET}, "limit: Input should be a valid integer"),
        ({"query": SECRET, "projects": ["a", SECRET]}, "projects.1: String should match pattern"),
    ],
)
async def test_a_field_that_does_not_fit_is_named_and_not_repeated(
    operator: httpx2.AsyncClient, body: dict[str, object], message: str
) -> None:
    answer = await operator.post("/v1/search", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert answer.json()["message"].startswith(message)
    assert SECRET not in answer.text


async def test_names_that_a_caller_makes_up_are_not_repeated(
    operator: httpx2.AsyncClient,
) -> None:
    asked = {"fields": {SECRET: {"not": "a value"}}}
    answer = await operator.post("/v1/agents/check_sample_quality", json=asked)
    assert answer.status_code == 422
    assert answer.json()["message"].startswith("fields")
    assert SECRET not in answer.text


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"{", "application/json"),
        (b'{"query": "\xff"}', "application/json"),
        (b"[]", "application/json"),
        (b"", "application/json"),
        (b'{"query": "a"}', "text/plain"),
        (b"[" * 100_000, "application/json"),
    ],
)
async def test_a_body_that_is_no_json_object_is_a_problem(
    operator: httpx2.AsyncClient, content: bytes, kind: str
) -> None:
    answer = await operator.post("/v1/search", content=content, headers={"content-type": kind})
    assert answer.status_code == 422
    assert answer.json()["message"] == "The body of the request is not a JSON object."


async def test_an_unknown_path_is_a_problem(operator: httpx2.AsyncClient) -> None:
    for path in ("/", "/docs", "/v1/searches", "/v1/search/"):
        answer = await operator.post(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "route_unknown"), path


async def test_a_method_that_a_path_does_not_take_is_a_problem(
    operator: httpx2.AsyncClient,
) -> None:
    answer = await operator.put("/v1/search")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_refused")
    assert answer.headers["allow"] == "POST"


async def test_a_bug_is_told_by_its_place_alone(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with client_of(_failing(world, KeyError(SECRET)), LOCAL_TOKEN) as client:
        answer = await client.post("/v1/search", json={"query": SECRET})
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert "builtins.KeyError at" in caplog.text
    assert answer.headers["x-request-id"] in caplog.text
    assert SECRET not in caplog.text + answer.text


async def test_the_service_survives_a_bug(world: World) -> None:
    async with client_of(
        _failing(world, ExceptionGroup("two", [KeyError()])), LOCAL_TOKEN
    ) as client:
        await client.post("/v1/search", json={"query": "a"})
        assert (await client.get("/v1/projects")).status_code == 200


async def test_when_to_come_back_is_told_in_whole_seconds(world: World) -> None:
    async with client_of(_failing(world, _Busy()), LOCAL_TOKEN) as client:
        answer = await client.post("/v1/search", json={"query": "a"})
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "2")
    assert answer.json()["retry_after_s"] == 1.2


def _kinds() -> Iterator[type[Problem]]:
    """Every class of problem that is loaded."""
    waiting: list[type[Problem]] = Problem.__subclasses__()
    while waiting:
        each = waiting.pop()
        waiting.extend(each.__subclasses__())
        yield each


def test_every_problem_has_a_status_and_a_code_of_its_own() -> None:
    own = [
        each
        for each in _kinds()
        if hasattr(each, "code") and not each.__module__.startswith("tests.")
    ]
    assert {each.kind for each in own} <= set(STATUS)
    assert all(400 <= status < 600 for status in STATUS.values())


@pytest.mark.parametrize(
    ("path", "status"), [("/v1/search", 429), ("/v1/embeddings", 429), ("/v1/modelsx", 429)]
)
def test_openai_routes_answer_in_openais_form(path: str, status: int) -> None:
    response = problem_response(_Busy(), path=path)
    assert response.status_code == status
    assert (b'"error"' in response.body) == (path == "/v1/embeddings")
