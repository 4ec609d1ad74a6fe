"""Who may see what: fails closed, tells nothing of what is there."""

import ast
from collections.abc import Collection
from pathlib import Path

import pytest

from contracts.principal import ALL_SCOPES, Principal
from contracts.problems import NotAllowed, ServiceUnreachable
from rag.access import access_filter, readable_projects, still_allowed, whole_project
from rag.ports import KnownProject
from rag.problems import ProjectUnknown
from rag.store.port import AccessFilter
from tests.rag.shelves import Grants, someone

ROOT = Path(__file__).parents[2]
GRANTS = Grants({"aoki": ("alloy", "veda"), "mori": ("veda",)})


class _BrokenAccess:
    async def readable_projects(
        self, principal: Principal, among: Collection[str] | None = None
    ) -> list[KnownProject]:
        raise ServiceUnreachable("The database", reason=f"asked for {principal.id}, {among}")


async def test_all_readable_projects_are_searched_when_none_is_named() -> None:
    assert await access_filter(someone(), None, GRANTS) == AccessFilter(
        frozenset({"alloy", "veda"})
    )


async def test_only_the_named_projects_are_searched() -> None:
    assert await access_filter(someone(), ["veda"], GRANTS) == AccessFilter(frozenset({"veda"}))


async def test_naming_no_project_opens_none() -> None:
    assert await access_filter(someone(), [], GRANTS) == AccessFilter(frozenset())


async def test_whoever_was_granted_nothing_sees_nothing() -> None:
    assert await access_filter(someone("stranger"), None, GRANTS) == AccessFilter(frozenset())


async def test_one_unreadable_project_among_others_refuses_the_whole_request() -> None:
    with pytest.raises(ProjectUnknown, match="'alloy'"):
        await access_filter(someone("mori"), ["veda", "alloy"], GRANTS)


async def test_a_forbidden_project_looks_like_one_that_is_not_there() -> None:
    with pytest.raises(ProjectUnknown) as forbidden:
        await access_filter(someone("mori"), ["alloy"], GRANTS)
    with pytest.raises(ProjectUnknown) as absent:
        await access_filter(someone("mori"), ["alloy"], Grants({}))
    assert forbidden.value.body() == absent.value.body()


async def test_a_key_without_the_scope_reads_nothing() -> None:
    without = someone("aoki", *(ALL_SCOPES - {"read"}))
    with pytest.raises(NotAllowed, match="'read'"):
        await access_filter(without, None, GRANTS)
    with pytest.raises(NotAllowed, match="'read'"):
        await readable_projects(without, GRANTS)


async def test_without_an_answer_to_who_may_read_there_is_no_filter() -> None:
    with pytest.raises(ServiceUnreachable):
        await access_filter(someone(), None, _BrokenAccess())


async def test_what_was_found_is_allowed_as_long_as_it_may_be_read() -> None:
    assert await still_allowed(someone(), {"alloy", "secret"}, GRANTS) == {"alloy"}
    assert await still_allowed(someone("stranger"), {"alloy"}, GRANTS) == frozenset()
    with pytest.raises(ServiceUnreachable):
        await still_allowed(someone(), {"alloy"}, _BrokenAccess())


async def test_where_nothing_was_found_nobody_is_asked() -> None:
    assert await still_allowed(someone(), set(), _BrokenAccess()) == frozenset()


async def test_only_what_the_request_names_is_asked_for() -> None:
    with pytest.raises(ServiceUnreachable, match="'veda'"):
        await access_filter(someone(), ["veda"], _BrokenAccess())


def test_whoever_keeps_an_index_sees_its_project_alone() -> None:
    assert whole_project("alloy") == AccessFilter(frozenset({"alloy"}))


def test_no_other_module_makes_an_access_filter() -> None:
    makers = {str(path.relative_to(ROOT)) for path in _shipped() if _calls(path, "AccessFilter")}
    assert makers == {"rag/access.py"}


def test_only_the_indexer_sees_a_project_without_asking_who_calls() -> None:
    """With the shelf it writes to, and who embeds it anew. The readiness probe counts nothing."""
    users = {str(path.relative_to(ROOT)) for path in _shipped() if _calls(path, "whole_project")}
    keepers = {"rag/indexer.py", "rag/shelf.py", "rag/reembedder.py", "rag/reembedding_trial.py"}
    assert users == {*keepers, "service/rest/health.py"}


def _shipped() -> list[Path]:
    return [
        path
        for package in sorted(ROOT.glob("*/__init__.py"))
        if package.parent.name != "tests"
        for path in package.parent.rglob("*.py")
    ]


def _calls(path: Path, name: str) -> bool:
    """Tell whether a module uses the name other than in an import or an annotation."""
    called = [
        node.func
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
    ]
    return any(name in {getattr(each, "id", None), getattr(each, "attr", None)} for each in called)
