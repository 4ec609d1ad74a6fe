"""The benchmark of searches: what it indexes and asks, and that it prints every figure."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from evals.query_speed.__main__ import main
from evals.query_speed.bench import Asked, Line
from evals.query_speed.shelf import SEARCHER, Shelf, open_store
from evals.query_speed.texts import Texts, load_texts
from evals.query_speed.timing import Spread, in_turns, spread
from inference.fake import HashEmbedder
from rag.language import guess_language
from rag.models import SearchRequest
from rag.search import Search
from tests.evals.tiny import TINY, write_collection

_TEXTS = Texts(["One cat. Two dogs. Three mice.", "炉を見た。"], ["cat", "炉"], "by hand")
_TINY_RUN = ["--chunks", "60", "--texts", "20", "--rounds", "1", "--queries", "4", "--json"]


def test_without_a_collection_the_texts_are_made_up_the_same_each_time() -> None:
    assert load_texts(None) == load_texts(None)
    assert load_texts(None).source == "made up"


def test_queries_come_in_both_languages_in_turns() -> None:
    asked = [guess_language(query) for query in load_texts(None).queries[:4]]
    assert asked == ["ja", "en", "ja", "en"]


def test_the_texts_of_collections_are_taken(tmp_path: Path) -> None:
    texts = load_texts(write_collection(tmp_path / "tiny", TINY).parent)
    assert texts.passages == [
        "title 0 text 0",
        "title 1 text 1",
        "title 2 text 2",
        "title 3 text 3",
    ]
    assert texts.queries == ["zero", "one", "two", "three"]


def test_a_text_that_comes_again_is_varied() -> None:
    assert _TEXTS.passage(1) == _TEXTS.passages[1]
    again = [_TEXTS.passage(number) for number in (2, 4, 6)]
    assert len({*again, _TEXTS.passages[0]}) == 4
    assert all("cat" in text or "dogs" in text for text in again)


async def _shelf(embedder: HashEmbedder) -> Shelf:
    projects = ["open", "closed"]
    return await Shelf.embed(_TEXTS, embedder, projects=projects, tick=lambda _: None)


async def test_the_vector_of_a_varied_text_is_near_the_first_one() -> None:
    shelf = await _shelf(HashEmbedder(384))
    assert np.dot(shelf.vector(0), shelf.vector(2)) == pytest.approx(0.93, abs=0.03)
    assert np.linalg.norm(shelf.vector(2)) == pytest.approx(1)


async def test_the_searcher_finds_nothing_of_the_last_project(tmp_path: Path) -> None:
    embedder = HashEmbedder()
    shelf, store = await _shelf(embedder), await open_store(tmp_path, embedder)
    await shelf.fill(store, first=0, last=40, tick=lambda _: None)
    search = Search(embedder=embedder, store=store, access=shelf.readable)
    answer = await search.search(SEARCHER, SearchRequest(query="cat", limit=40))
    assert {hit.project_id for hit in answer.hits} == {"open"}
    await store.close()


def test_times_are_told_by_their_median_and_their_slowest() -> None:
    assert spread([0.002]) == Spread(2, 2, 1)
    many = spread([0.001] * 98 + [0.005, 0.009])
    assert (many.p50_ms, many.times) == (1, 100)
    assert 5 <= many.p99_ms <= 9


async def test_contenders_take_turns_after_a_warm_up() -> None:
    heard: list[str] = []

    async def ask(query: str) -> None:
        heard.append(query)

    rounds: list[dict[str, Sequence[str]]] = [{"a": ["1"], "b": ["2"]}, {"a": ["3"], "b": ["4"]}]
    seconds = await in_turns({"a": ask, "b": ask}, rounds, lambda _: None)
    assert heard == ["1", "2", "3", "4"]
    assert {name: list(times) for name, times in seconds.items()} == {"a": ["3"], "b": ["4"]}


def test_each_round_asks_other_queries_while_there_are_some() -> None:
    asked = Asked.of(["a", "b", "c"], rounds=2, each=2, peer=1)
    assert asked.warm == ["a", "b"]
    assert asked.timed == ["c", "a", "b", "c"]


def test_a_figure_is_held_against_its_target() -> None:
    assert Line("a search", 5.1, "ms", most=5).is_met is False
    assert Line("faster", 6, "×", least=6).is_met is True
    assert Line("embedding", 2, "ms").is_met is True


@pytest.mark.usefixtures("minilm")
def test_the_command_prints_every_figure() -> None:
    ran = CliRunner().invoke(main, [*_TINY_RUN, "--peer-queries", "2"])
    facts = json.loads(ran.stdout)
    assert (facts["texts"], facts["chunks"]) == ("made up", 60)
    assert [figure["what"] for figure in facts["figures"]] == [
        "search, median",
        "search, 99 of 100",
        "search in ja, median",
        "search in en, median",
        "embedding alone, median",
        "LlamaIndex, median",
        "LlamaIndex, 99 of 100",
        "LlamaIndex by ours, same queries",
        "in the service, with its records, median",
        "in the service, with its records, 99 of 100",
        "over REST, median",
        "over REST, 99 of 100",
        "REST adds, median",
        "1 searcher on 1 core",
        "32 searchers on 2 cores",
        "the crowd by the one",
    ]
    assert all(figure["value"] > 0 for figure in facts["figures"])
