"""The whole evaluation on collections small enough to judge by eye."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from contracts.principal import Principal
from evals.retrieval.bench import Bench, ReadableProjects, Tick
from evals.retrieval.collection import Collection, Document
from evals.retrieval.evaluation import evaluate
from evals.retrieval.records import RunRecords
from evals.retrieval.source import CollectionParser, sources_of
from inference.fake import HashEmbedder
from rag.rerank import Candidate
from rag.store.edge import EdgeStore
from rag.store.port import AccessFilter
from tests.evals.tiny import ALLOYS, OTHERS

pytest.importorskip("ir_measures", reason="EVALUATION NOT TESTED: install the extra `eval`")


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncGenerator[Bench]:
    embedder = HashEmbedder()
    store = await EdgeStore.open(
        tmp_path / "store", model=embedder.model, dimensions=embedder.dimensions
    )
    yield Bench(store=store, embedder=embedder, records=RunRecords())
    await store.close()


class _Backwards:
    """Implements `rag.rerank.Reranker`: what came last is best."""

    model = "backwards"

    async def scores(
        self, query: str, candidates: Sequence[Candidate], *, access: AccessFilter
    ) -> list[float]:
        assert query
        assert access.project_ids
        return [float(place) for place in range(len(candidates))]


@dataclass(frozen=True, slots=True)
class _Stages:
    """How far each stage came, of how many steps."""

    done: dict[str, int] = field(default_factory=dict[str, int])
    steps: dict[str, int] = field(default_factory=dict[str, int])

    def begin(self, stage: str, steps: int) -> Tick:
        self.done[stage], self.steps[stage] = 0, steps

        def tick(more: int) -> None:
            self.done[stage] += more

        return tick


async def test_what_was_judged_relevant_is_found_or_not(bench: Bench) -> None:
    """q1 and q2 find their document first; q3 finds another one than was judged."""
    alloys = (await evaluate([ALLOYS], bench, _Stages().begin))["alloys"]
    assert alloys.scores == {"q1": 1.0, "q2": 1.0, "q3": 0.0}
    ndcg = {name: figures["nDCG@10"] for name, figures in alloys.figures.items()}
    assert ndcg.pop("dense") > 0
    assert ndcg == {"hybrid": 0.6667, "words": 0.6667, "bigrams": 0.3333}
    assert (alloys.documents, alloys.queries, alloys.failed) == (3, 3, 0)


async def test_each_set_is_searched_alone_and_with_mixed_among_all(bench: Bench) -> None:
    """Both collections have a document `d1`: it is the judged one in its own collection only."""
    sets = await evaluate([ALLOYS, OTHERS], bench, _Stages().begin, mixed=True)
    assert sets["others"].figures["hybrid"]["nDCG@10"] == 1.0
    assert sets["alloys"].figures["hybrid"]["nDCG@10"] == 0.6667
    assert sets["alloys"].figures["mixed"]["MRR@10"] == pytest.approx((1 / 2 + 1) / 3, abs=1e-4)


async def test_every_stage_is_shown_to_its_end(bench: Bench) -> None:
    stages = _Stages()
    await evaluate([ALLOYS, OTHERS], bench, stages.begin, mixed=True)
    assert stages.steps["index alloys"] == stages.steps["search alloys among all"] == 3
    assert len(stages.steps) == 8
    assert stages.done == stages.steps


async def test_a_reranker_of_the_installation_has_its_say(bench: Bench) -> None:
    documents = [Document("d1", "two", "", "焼入れ"), Document("d2", "two", "", "焼入れと焼戻し")]
    two = Collection("two", documents, {"q1": "焼入れ"}, {"q1": {"d1": 1}})
    reranked = replace(bench, reranker=_Backwards())
    assert (await evaluate([two], bench, _Stages().begin))["two"].scores == {"q1": 1.0}
    assert (await evaluate([two], reranked, _Stages().begin))["two"].scores == {"q1": 0.6309}


async def test_only_the_evaluator_may_read_what_is_evaluated() -> None:
    stranger = Principal(id="aoki", name="", scopes=frozenset({"read"}))
    assert await ReadableProjects.of(ALLOYS).readable_projects(stranger) == []


async def test_a_collection_is_a_source_for_each_of_its_projects(tmp_path: Path) -> None:
    first, second = sources_of(ALLOYS)
    assert [first.project_id, second.project_id] == ["alloys.p", "alloys.q"]
    listed = (await first.list_files()).files
    assert [file.file_id for file in listed] == ["alloys/d1", "alloys/d2"]
    path = await first.fetch(listed[0], tmp_path)
    document = await CollectionParser().parse(path, listed[0].name)
    assert (document.title, document.pieces[0].text) == ("溶体化", ALLOYS.documents[0].text)
