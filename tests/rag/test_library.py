"""Everything that can be asked about the indexed projects, by someone who may."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest

from contracts.principal import Principal
from contracts.problems import NotAllowed
from inference.fake import HashEmbedder
from rag.answer import Answerer
from rag.library import Library
from rag.models import (
    AnswerDone,
    AskRequest,
    ProjectList,
    ProjectSummary,
    Reading,
    ReadRequest,
    SearchRequest,
)
from rag.ports import FileRecord, KnownProject
from rag.problems import PassageUnknown
from rag.search import Search
from rag.store.edge import EdgeStore
from rag.store.port import Point
from tests.rag.shelves import Grants, MemoryRecords, shelve, someone

PARAGRAPHS = [f"第{number}節。" + "溶体化処理と時効の条件を述べる。" * 40 for number in range(4)]
RECORD = FileRecord(
    file_id="report.md",
    path="report.md",
    version="1",
    fingerprint="",
    status="indexed",
    passages=4,
    indexed_at=datetime(2026, 1, 1, tzinfo=UTC),
)


@dataclass(frozen=True, slots=True)
class _GrantsOnce(Grants):
    """Takes back what it granted as soon as it has said so."""

    async def readable_projects(
        self, principal: Principal, among: Collection[str] | None = None
    ) -> list[KnownProject]:
        known = await Grants.readable_projects(self, principal, among)
        self.granted.clear()
        return known


@pytest.fixture
async def passages(edge_store: EdgeStore, embedder: HashEmbedder) -> list[Point]:
    await shelve(edge_store, embedder, "secret", {"plan.md": "溶体化処理は秘密。"})
    return await shelve(edge_store, embedder, "alloy", {"report.md": "\n\n".join(PARAGRAPHS)})


@pytest.fixture
def library(edge_store: EdgeStore, embedder: HashEmbedder) -> Library:
    access = Grants({"aoki": ("veda", "alloy"), "mori": ("secret",)})
    search = Search(embedder=embedder, store=edge_store, access=access)
    return Library(
        searcher=search,
        answerer=Answerer(search=search, chat=None),
        store=edge_store,
        records=MemoryRecords({"alloy": {"a": RECORD, "b": replace(RECORD, status="failed")}}),
        access=access,
    )


async def _read(library: Library, passage: str, **around: int) -> Reading:
    return await library.read(someone(), ReadRequest(passage_id=passage, **around))


async def test_the_readable_projects_are_listed_by_title_with_their_index(
    library: Library,
) -> None:
    listed = await library.list_projects(someone())
    alloy, veda = (
        ProjectSummary(
            project_id=name,
            title=name.title(),
            files=files,
            passages=passages,
            failed=failed,
            indexed_at=None,
        )
        for name, files, passages, failed in [("alloy", 2, 8, 1), ("veda", 0, 0, 0)]
    )
    assert listed == ProjectList(projects=[alloy, veda])


async def test_a_passage_is_read_with_its_neighbours_in_order(
    library: Library, passages: list[Point]
) -> None:
    reading = await _read(library, passages[2].id, before=1, after=1)
    assert [each.passage_id for each in reading.passages] == [point.id for point in passages[1:4]]
    assert (reading.project_id, reading.path, reading.title) == ("alloy", "report.md", "report.md")
    assert reading.total_passages == len(passages)


async def test_the_whole_document_can_be_read(library: Library, passages: list[Point]) -> None:
    reading = await _read(library, passages[0].id, before=50, after=50)
    assert "".join("".join(each.text for each in reading.passages).split()) == "".join(PARAGRAPHS)


async def test_an_id_is_read_however_it_is_written(library: Library, passages: list[Point]) -> None:
    spelled = passages[0].id.upper().replace("-", "")
    assert (await _read(library, spelled)).passages[0].passage_id == passages[0].id


@pytest.mark.parametrize("passage", ["no id at all", "00000000-0000-0000-0000-000000000000"])
async def test_a_passage_that_is_not_there_is_unknown(library: Library, passage: str) -> None:
    with pytest.raises(PassageUnknown):
        await _read(library, passage)


async def test_a_passage_of_a_project_that_may_not_be_read_looks_like_none(
    library: Library, passages: list[Point]
) -> None:
    with pytest.raises(PassageUnknown) as refused:
        await library.read(someone("mori"), ReadRequest(passage_id=passages[0].id))
    assert refused.value.body() == PassageUnknown(passages[0].id).body()


async def test_a_passage_is_not_handed_over_when_the_right_to_read_it_has_ended(
    library: Library, passages: list[Point]
) -> None:
    once = replace(library, access=_GrantsOnce({"aoki": ("alloy",)}))
    with pytest.raises(PassageUnknown):
        await _read(once, passages[0].id)


@pytest.mark.usefixtures("passages")
async def test_search_and_answer_see_what_the_caller_may_read(library: Library) -> None:
    answer = await library.search(someone(), SearchRequest(query="溶体化処理"))
    assert {hit.project_id for hit in answer.hits} == {"alloy"}
    asked = await library.ask(someone(), AskRequest(question="溶体化処理の条件は？"))
    assert (asked.mode, {hit.project_id for hit in asked.hits}) == ("extractive", {"alloy"})
    events = [
        each
        async for each in library.stream_answer(
            someone(), AskRequest(question="溶体化処理の条件は？")
        )
    ]
    assert events[-1] == AnswerDone(answer=asked)


async def test_nothing_is_told_to_a_key_without_the_scope(library: Library) -> None:
    stranger = someone("aoki", "agents", "index")
    with pytest.raises(NotAllowed):
        await library.list_projects(stranger)
    with pytest.raises(NotAllowed):
        await library.read(stranger, ReadRequest(passage_id="x"))
    with pytest.raises(NotAllowed):
        await library.ask(stranger, AskRequest(question="?"))
