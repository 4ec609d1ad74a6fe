"""Ask for what is hidden and for what is not there, in turns, and take the times."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter
from typing import Any, Final
from uuid import uuid4

import httpx2

from evals.access_timing.service import Running, running
from evals.access_timing.world_program import STRANGER_TOKEN

MOST_DIFFERENCE_MS: Final = 1.0
_HIDDEN_PROJECT: Final = "rdm-priv1"
_WARM_UP: Final = 20
_TIMEOUT_S: Final = 30
_SEED: Final = 7


@dataclass(frozen=True, slots=True)
class Request:
    """One request of a caller, with an id in it."""

    method: str
    path: str
    body: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """A kind of request: made with a hidden id, or with new ids of nothing."""

    name: str
    hidden_id: str
    new_id: Callable[[], str]
    request: Callable[[str], Request]


@dataclass(frozen=True, slots=True)
class Timing:
    """Medians over all rounds."""

    question: str
    hidden_ms: float
    absent_ms: float

    @property
    def difference_ms(self) -> float:
        """Return by how much the hidden one takes longer."""
        return self.hidden_ms - self.absent_ms


def measure(home: Path, *, rounds: int) -> list[Timing]:
    """Serve two projects, one hidden from the caller, and ask each question so many times."""
    with running(home) as service:
        questions = _questions(_as_operator(service))
        with _client(service.url, service.key) as stranger:
            linked = stranger.put("/v1/me/links/rdm", json={"token": STRANGER_TOKEN})
            linked.raise_for_status()
            return [_timed(stranger, question, rounds) for question in questions]


def _client(url: str, secret: str) -> httpx2.Client:
    headers = {"Authorization": f"Bearer {secret}"}
    return httpx2.Client(base_url=url, headers=headers, timeout=_TIMEOUT_S, trust_env=False)


def _as_operator(service: Running) -> tuple[str, str]:
    """Return the ids of a passage and of a job that the caller may not see."""
    with _client(service.url, service.operator_token) as operator:
        asked = {"query": "硬さ", "projects": [_HIDDEN_PROJECT]}
        hits = operator.post("/v1/search", json=asked).raise_for_status().json()["hits"]
        status = operator.get(f"/v1/sources/{_HIDDEN_PROJECT}").raise_for_status().json()
    return hits[0]["passage_id"], status["last_job"]["job_id"]


def _questions(hidden: tuple[str, str]) -> list[Question]:
    passage_id, job_id = hidden

    def search(project: str) -> Request:
        return Request("POST", "/v1/search", {"query": "硬さ", "projects": [project]})

    def new_project() -> str:
        return f"rdm-{secrets.token_hex(3)[:5]}"

    def new_uuid() -> str:
        return str(uuid4())

    return [
        Question("search in a named project", _HIDDEN_PROJECT, new_project, search),
        Question("read a passage", passage_id, new_uuid, _getting("/v1/passages/{}")),
        Question("status of a source", _HIDDEN_PROJECT, new_project, _getting("/v1/sources/{}")),
        Question(
            "files of a project", _HIDDEN_PROJECT, new_project, _getting("/v1/projects/{}/files")
        ),
        Question("a job", job_id, new_uuid, _getting("/v1/jobs/{}")),
    ]


def _getting(path: str) -> Callable[[str], Request]:
    return lambda asked: Request("GET", path.format(asked))


def _timed(client: httpx2.Client, question: Question, rounds: int) -> Timing:
    """Ask both kinds in every round, in an order that chance decides."""
    chance = Random(_SEED)  # noqa: S311 - an order, no secret
    took: dict[bool, list[float]] = {True: [], False: []}
    for turn in range(_WARM_UP + rounds):
        for hidden in chance.sample((True, False), 2):
            asked = question.hidden_id if hidden else question.new_id()
            seconds = _seconds(client, question.request(asked))
            if turn >= _WARM_UP:
                took[hidden].append(seconds)
    hidden_ms, absent_ms = (median(took[hidden]) * 1000 for hidden in (True, False))
    return Timing(question.name, hidden_ms=hidden_ms, absent_ms=absent_ms)


def _seconds(client: httpx2.Client, request: Request) -> float:
    began = perf_counter()
    answer = client.request(request.method, request.path, json=request.body)
    seconds = perf_counter() - began
    if answer.status_code != 404:
        raise ValueError(f"{request.path} was answered with {answer.status_code}")
    return seconds
