"""What a search is narrowed to: each condition alone, all of them, and what nobody should send."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from connectors.ports import SourceFile
from inference.fake import HashEmbedder
from rag.labels import type_of
from rag.language import guess_language
from rag.models import AskRequest, SearchRequest
from rag.search import Search
from rag.store.edge import EdgeStore
from rag.store.port import VectorStore
from rag.store.server import ServerStore
from tests.rag.shelves import Grants, listed, shelve_file, someone

TEXTS = {
    "reports/2024/heat.PDF": "AZ91の熱処理の報告 alloy",
    "reports/2025/heat.pdf": "AZ91の熱処理の報告、続き alloy",
    "reports/2025-summary.docx": "Summary of the alloy reports",
    "data/がいし.csv": "alloy, 415",
    "README": "The alloy project",
}
TAGS = {"reports/2024/heat.PDF": ("XRD", "熱処理"), "data/がいし.csv": ("ｘｒｄ",)}
CHANGED = {
    "reports/2024/heat.PDF": datetime(2024, 4, 1, tzinfo=UTC),
    "reports/2025/heat.pdf": datetime(2025, 4, 1, 12, tzinfo=timezone(timedelta(hours=9))),
    "data/がいし.csv": datetime(2025, 4, 1, 3, 0, 0, 1, tzinfo=UTC),
}
ALL = set(TEXTS)
PDFS = {"reports/2024/heat.PDF", "reports/2025/heat.pdf"}


def _file(path: str) -> SourceFile:
    file = listed(path, TEXTS[path])
    return replace(file, tags=TAGS.get(path, ()), modified=CHANGED.get(path))


@pytest.fixture(scope="module", params=["edge", "local mode"])
async def search(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Search]:
    embedder = HashEmbedder()
    store = await _opened(request.param, tmp_path_factory.mktemp("store"), embedder)
    for path, text in TEXTS.items():
        await shelve_file(store, embedder, "alloy", _file(path), text)
    await shelve_file(store, embedder, "secret", _file("README"), "alloy")
    yield Search(embedder=embedder, store=store, access=Grants({"aoki": ("alloy",)}))
    await store.close()


async def _opened(kind: str, folder: Path, embedder: HashEmbedder) -> VectorStore:
    model, dimensions = embedder.model, embedder.dimensions
    if kind == "edge":
        return await EdgeStore.open(folder, model=model, dimensions=dimensions)
    return await ServerStore.open(":memory:", None, model=model, dimensions=dimensions)


async def _paths(search: Search, narrowing: dict[str, Any]) -> set[str]:
    request = SearchRequest.model_validate({"query": "alloy", "limit": 50, **narrowing})
    return {hit.path for hit in (await search.search(someone(), request)).hits}


@pytest.mark.parametrize(
    ("narrowing", "paths"),
    [
        ({}, ALL),
        ({"projects": ["alloy"]}, ALL),
        ({"projects": []}, set[str]()),
        ({"file_types": ["pdf"]}, PDFS),
        ({"file_types": [".PDF", "csv"]}, {*PDFS, "data/がいし.csv"}),
        ({"file_types": ["pd"]}, set[str]()),
        ({"tags": ["xrd"]}, {"reports/2024/heat.PDF", "data/がいし.csv"}),
        ({"tags": ["熱処理", "no such"]}, {"reports/2024/heat.PDF"}),
        ({"paths": ["reports/2025"]}, {"reports/2025/heat.pdf", "reports/2025-summary.docx"}),
        ({"paths": ["/reports/2025/"]}, {"reports/2025/heat.pdf"}),
        ({"paths": ["data/か\u3099い", "READ"]}, {"data/がいし.csv", "README"}),
        ({"paths": ["eports/", "reports/2024/heat.PDF/"]}, set[str]()),
        ({"paths": ["/", "data/"]}, ALL),
        ({"languages": ["ja"]}, PDFS),
        ({"languages": ["EN", "sa"]}, ALL - PDFS),
        ({"modified_from": "2024-04-01"}, set(CHANGED)),
        (
            {"modified_from": "2024-04-01T00:00:00.000001Z"},
            set(CHANGED) - {"reports/2024/heat.PDF"},
        ),
        ({"modified_before": "2025-04-01T03:00:00"}, {"reports/2024/heat.PDF"}),
        ({"modified_before": "2025-04-01T12:00:00.000001+09:00"}, PDFS),
        ({"modified_from": "0001-01-01", "modified_before": "9999-12-31"}, set(CHANGED)),
    ],
)
async def test_each_condition_lets_through_what_it_says(
    search: Search, narrowing: dict[str, Any], paths: set[str]
) -> None:
    assert await _paths(search, narrowing) == paths


async def test_all_conditions_hold_at_once(search: Search) -> None:
    narrowing: dict[str, Any] = {
        "projects": ["alloy"],
        "file_types": ["pdf", "csv"],
        "tags": ["xrd"],
        "paths": ["reports/", "data/"],
        "languages": ["ja"],
        "modified_from": "2024-01-01",
        "modified_before": "2025-01-01",
    }
    assert await _paths(search, narrowing) == {"reports/2024/heat.PDF"}
    assert await _paths(search, {**narrowing, "languages": ["en"]}) == set()


_MOMENTS = st.one_of(
    st.none(), st.sampled_from([*CHANGED.values(), datetime(2024, 9, 1, tzinfo=UTC)])
)
_NARROWINGS = st.fixed_dictionaries(
    {
        "file_types": st.lists(st.sampled_from(["pdf", "csv", "docx", "x"]), max_size=3),
        "tags": st.lists(st.sampled_from(["xrd", "熱処理", "x"]), max_size=2),
        "paths": st.lists(st.sampled_from(["reports/2025", "data/", "R", "x"]), max_size=3),
        "languages": st.lists(st.sampled_from(["ja", "en", "sa"]), max_size=2),
        "modified_from": _MOMENTS,
        "modified_before": _MOMENTS,
    }
)


@given(narrowing=_NARROWINGS)
@settings(max_examples=60, deadline=None)
async def test_a_narrowed_search_finds_what_fits_and_nothing_else(
    search: Search, narrowing: dict[str, Any]
) -> None:
    begin, end = narrowing["modified_from"], narrowing["modified_before"]
    if begin and end and begin >= end:
        narrowing["modified_before"] = None
    assert await _paths(search, narrowing) == {path for path in TEXTS if _fits(path, narrowing)}


def _fits(path: str, narrowing: dict[str, Any]) -> bool:
    """Say it again without a store."""
    changed = CHANGED.get(path)
    begin, end = narrowing["modified_from"], narrowing["modified_before"]
    tags = {"xrd" if tag.casefold() != "熱処理" else tag for tag in TAGS.get(path, ())}
    any_of = {
        "file_types": type_of(path) in narrowing["file_types"],
        "tags": bool(tags & set(narrowing["tags"])),
        "paths": path.startswith(tuple(narrowing["paths"])),
        "languages": guess_language(TEXTS[path]) in narrowing["languages"],
    }
    return (
        all(fits or not narrowing[name] for name, fits in any_of.items())
        and (begin is None or (changed is not None and changed >= begin))
        and (end is None or (changed is not None and changed < end))
    )


@pytest.mark.parametrize(
    "narrowing",
    [
        {"tags": ["\0"]},
        {"paths": ["\0", "reports/\0"]},
        {"paths": ["x" * 1000] * 50},
        {"tags": ["ﷺ" * 100]},
        {"file_types": ["*", "%", "pdf\n"[:2]]},
        {"paths": ["*", "reports/*", ".*", "\\"]},
    ],
)
async def test_odd_values_find_nothing_and_break_nothing(
    search: Search, narrowing: dict[str, Any]
) -> None:
    assert await _paths(search, narrowing) == set()


@pytest.mark.parametrize(
    ("narrowing", "reason"),
    [
        ({"paths": ["x" * 1001]}, "at most 1000"),
        ({"tags": ["x"] * 51}, "at most 50"),
        ({"file_types": ["x" * 33]}, "at most 32"),
        ({"languages": ["japanese"]}, "at most 3"),
        ({"modified_from": "2025-01-01", "modified_before": "2024-01-01"}, "must be earlier"),
        ({"modified_from": "2025-01-01", "modified_before": "2025-01-01"}, "must be earlier"),
        ({"modified_from": "9999-12-31T23:59:59-14:00"}, "no calendar has this time"),
        ({"modified_before": "0001-01-01T00:00:00+14:00"}, "no calendar has this time"),
        ({"modified_from": "last week"}, "valid datetime"),
        ({"neighbours": 4}, "less than or equal to 3"),
        ({"group_by": "project"}, "Input should be 'file'"),
        ({"cursor": "x" * 20_000}, "at most 16384"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_reason(
    narrowing: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ValidationError, match=reason):
        SearchRequest.model_validate({"query": "alloy", **narrowing})


def test_a_question_is_narrowed_as_a_search_is() -> None:
    narrowing: dict[str, Any] = {
        "projects": ["alloy"],
        "file_types": ["PDF"],
        "tags": ["XRD"],
        "paths": ["/data/"],
        "languages": ["JA"],
        "modified_from": "2024-01-01",
        "modified_before": "2025-01-01",
    }
    asked = AskRequest.model_validate({"question": "何度?", "limit": 3, **narrowing})
    searched = SearchRequest.model_validate({"query": "何度?", "limit": 3, **narrowing})
    assert asked.as_search() == searched
