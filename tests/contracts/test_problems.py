"""Every expected failure of the project tells its reader the next step."""

import inspect
import pkgutil
import re
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Literal, get_args, get_origin

import pytest

from connectors.problems import SourceFileProblem
from contracts.problems import InvalidRequest, Kind, Problem, ProblemBody, ServiceUnreachable

PACKAGES = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["tool"][
    "importlinter"
]["root_packages"]
NOT_FOR_IMPORT = ("service.records.migrations",)  # alembic runs them
# What two surfaces say alike has one code; any other code belongs to one class.
SHARED_CODES = {"body_too_large", "internal_error", "invalid_request", "route_unknown"}
# Met by who runs the service or writes programs against it, not by researchers.
WITHOUT_JAPANESE = {
    "address_taken",
    "catalogue_invalid",
    "catalogue_missing",
    "data_folder_refused",
    "embedding_model_changed",
    "field_refused",
    "host_refused",
    "invalid_request",
    "job_unknown",
    "key_ended",
    "key_unknown",
    "method_refused",
    "model_key_missing",
    "here_not_shared",
    "tracing_missing",
    "model_not_listed",
    "request_unreadable",
    "route_unknown",
    "settings_invalid",
    "verse_corpus_invalid",
}
_BODY = ProblemBody(code="busy", kind="limited", message="m", message_ja="混雑", hint="Wait.")


def _import_everything() -> None:
    for package in PACKAGES:
        for module in pkgutil.walk_packages(import_module(package).__path__, f"{package}."):
            if not module.name.startswith(NOT_FOR_IMPORT):
                import_module(module.name)


def _subclasses(parent: type[Problem]) -> Iterator[type[Problem]]:
    for child in parent.__subclasses__():
        if child.__module__.split(".")[0] in PACKAGES:
            yield child
        yield from _subclasses(child)


def _fact(hint: object) -> object:
    """Return some value of a parameter's type."""
    if get_origin(hint) is Literal:
        return get_args(hint)[0]
    plain = {str: "some", int: 1, float: 1.0, ProblemBody: _BODY, Path: Path("some")}
    return next(
        (value for kind, value in plain.items() if kind in (hint, *get_args(hint)[:1])), ["some"]
    )


def _example(make: Callable[..., Problem]) -> Problem:
    parameters = inspect.signature(make).parameters.values()
    return make(**{each.name: _fact(each.annotation) for each in parameters})


_import_everything()
PROBLEMS = sorted(
    set(_subclasses(Problem)) - {SourceFileProblem}, key=lambda problem: problem.__qualname__
)


@pytest.mark.parametrize("problem", PROBLEMS)
def test_a_problem_has_a_kind_and_a_code_for_programs(problem: type[Problem]) -> None:
    assert problem.kind in get_args(Kind)
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", problem.code)
    assert problem.__doc__


@pytest.mark.parametrize("problem", PROBLEMS)
def test_a_problem_says_what_happened_and_what_to_do(problem: type[Problem]) -> None:
    example = _example(problem)
    assert example.message
    assert example.hint
    assert str(example) == example.message
    assert ProblemBody.model_validate_json(example.body().model_dump_json()) == example.body()


@pytest.mark.parametrize("problem", PROBLEMS)
def test_what_researchers_meet_is_said_in_japanese_too(problem: type[Problem]) -> None:
    japanese = _example(problem).message_ja
    if problem.code in WITHOUT_JAPANESE:
        assert japanese is None
    else:
        assert re.search(r"[\u3041-\u30ff\u4e00-\u9fff]", japanese or "")


def test_a_code_belongs_to_one_kind_of_failure() -> None:
    by_code: defaultdict[str, set[type[Problem]]] = defaultdict(set)
    for problem in PROBLEMS:
        by_code[problem.code].add(problem)
    assert {code for code, classes in by_code.items() if len(classes) > 1} == SHARED_CODES
    assert all(len({each.kind for each in classes}) == 1 for classes in by_code.values())


def test_the_codes_without_japanese_all_exist() -> None:
    assert {problem.code for problem in PROBLEMS} >= WITHOUT_JAPANESE


def test_a_problem_is_sent_whole() -> None:
    problem = ServiceUnreachable("Qdrant", reason="timed out", retry_after_s=2.5)
    body = problem.body()
    assert (body.code, body.kind, body.retry_after_s) == ("service_unreachable", "unavailable", 2.5)
    assert body.message == "Qdrant did not answer: timed out."
    assert body.message_ja is not None


def test_a_problem_without_more_to_say_sends_nothing_for_it() -> None:
    body = InvalidRequest("`limit` is too large.").body()
    assert (body.message_ja, body.retry_after_s) == (None, None)
