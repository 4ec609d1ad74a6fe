from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from pydantic import BaseModel

from agents.check_sample_quality.record import SampleSubmission, SampleVerdict
from agents.desk import Progress
from agents.local_desk import LocalDesk
from agents.ports import AgentPorts
from agents.problems import AgentUnknown
from agents.settings import AgentSettings
from agents.sources import SourceRequest
from contracts.principal import Scope
from contracts.problems import InvalidRequest, NotAllowed
from inference.fake import HashEmbedder
from rag.answer import Answerer
from rag.library import Library
from rag.models import AskRequest, SearchRequest
from rag.search import Search
from rag.store.edge import EdgeStore
from tests.mcp_server.small_library import SmallKeeper
from tests.rag.shelves import AllLanguagesEmbedder, Grants, MemoryRecords, shelve, someone

SAMPLE = SampleSubmission(text="試料番号：TiA-014\n組成：Ti-6Al-4V（質量%）", profile="bulk_alloy")


class _Wish(BaseModel):
    text: str
    profile: list[str]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncGenerator[LocalDesk]:
    embedder = AllLanguagesEmbedder()
    store = await EdgeStore.open(tmp_path, model=embedder.model, dimensions=embedder.dimensions)
    await shelve(store, embedder, "alloy", {"notes.md": "溶体化処理は950℃で行った。"})
    access = Grants({"aoki": ("alloy",)})
    yield LocalDesk(
        library=_library(store, embedder, access), ports=_ports(), sources=SmallKeeper(access)
    )
    await store.close()


def _library(store: EdgeStore, embedder: HashEmbedder, access: Grants) -> Library:
    search = Search(embedder=embedder, store=store, access=access)
    return Library(
        searcher=search,
        answerer=Answerer(search=search, chat=None),
        store=store,
        records=MemoryRecords(),
        access=access,
    )


def _ports() -> AgentPorts:
    return AgentPorts(settings=AgentSettings(), chat=None, ocr=None)


async def test_an_agent_runs_for_a_key_with_its_scope(desk: LocalDesk) -> None:
    told: list[Progress] = []

    async def report(progress: Progress) -> None:
        told.append(progress)

    answer = await desk.run_agent(someone("aoki", "agents"), "check_sample_quality", SAMPLE, report)
    assert isinstance(answer, SampleVerdict)
    assert answer.overall == "needs_more"
    assert told[-1].done == told[-1].total


@pytest.mark.parametrize("scopes", [("read",), ("read", "models", "index", "admin")])
async def test_no_other_scope_runs_an_agent(desk: LocalDesk, scopes: tuple[Scope, ...]) -> None:
    with pytest.raises(NotAllowed):
        await desk.run_agent(someone("aoki", *scopes), "check_sample_quality", SAMPLE)


async def test_without_the_scope_nobody_learns_which_agents_there_are(desk: LocalDesk) -> None:
    with pytest.raises(NotAllowed):
        await desk.run_agent(someone("aoki", "read"), "no_such_agent", SAMPLE)


async def test_an_unknown_agent_is_a_problem(desk: LocalDesk) -> None:
    with pytest.raises(AgentUnknown):
        await desk.run_agent(someone("aoki", "agents"), "check_samples", SAMPLE)


async def test_a_request_that_does_not_fit_names_its_field_and_not_its_value(
    desk: LocalDesk,
) -> None:
    wish = _Wish(text="組成：Fe", profile=["hunter2"])
    with pytest.raises(InvalidRequest) as caught:
        await desk.run_agent(someone("aoki", "agents"), "check_sample_quality", wish)
    assert caught.value.message.startswith("profile: ")
    assert "hunter2" not in caught.value.message


async def test_what_the_library_knows_comes_through_the_desk(desk: LocalDesk) -> None:
    caller = someone("aoki", "read")
    projects = await desk.list_projects(caller)
    found = await desk.search(caller, SearchRequest(query="溶体化処理"))
    answer = await desk.ask(caller, AskRequest(question="溶体化処理の温度は？"))
    assert [project.project_id for project in projects.projects] == ["alloy"]
    assert [hit.path for hit in found.hits] == ["notes.md"]
    assert "950" in answer.text


async def test_sources_are_kept_through_the_desk(desk: LocalDesk) -> None:
    caller, asked = someone("aoki", "index"), SourceRequest(source_id="alloy")
    before = await desk.source_status(caller, asked)
    job = await desk.sync_source(caller, asked)
    after = await desk.source_status(caller, asked)
    assert (before.last_job, after.last_job) == (None, job)
