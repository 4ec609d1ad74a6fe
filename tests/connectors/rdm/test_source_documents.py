"""Wiki pages, and what is said about the project itself, as files."""

import hashlib
from pathlib import Path

import pytest

from connectors.problems import (
    SourceFileChanged,
    SourceFileUnavailable,
    SourceFileUnreadable,
)
from connectors.rdm.found import found_page
from connectors.rdm.models import WikiPage
from connectors.rdm.problems import RdmTokenRefused
from tests.connectors.rdm.asking import PROJECT, listed_files, opened_source
from tests.servers.rdm_faults import PROXY_PAGE, CutOff, Fault, Refuse, Replace
from tests.servers.rdm_world import RdmWorld

# Wiki


async def test_wiki_pages_are_documents(world: RdmWorld, tmp_path: Path) -> None:
    world.add_wiki("abc12", "home", "# はじめに")
    world.add_wiki("abc12", "測定 手順", "415℃")
    async with opened_source(world) as (source, rdm):
        home, steps = (await source.list_files()).files
        assert (home.path, steps.path) == ("wiki/home.md", "wiki/測定 手順.md")
        assert home.link == f"{rdm.web_url}abc12/wiki/home/"
        assert (await source.fetch(steps, tmp_path)).read_text(encoding="utf-8") == "415℃"


async def test_a_changed_wiki_page_is_a_new_version(world: RdmWorld) -> None:
    world.add_wiki("abc12", "home", "415℃")
    before = (await listed_files(world))["wiki/home.md"]
    world.add_wiki("abc12", "home", "420℃")
    after = (await listed_files(world))["wiki/home.md"]
    assert (after.file_id, after.version == before.version) == (before.file_id, False)


def test_the_version_of_a_page_fits_the_records_whatever_rdm_says() -> None:
    page = WikiPage(wiki_id="a" * 64, name="home", version="9" * 1000, size=None, modified=None)
    assert len(found_page(page, PROJECT).version) <= 128


@pytest.mark.parametrize("status", [500, 403, 404, 400])
async def test_a_wiki_that_fails_keeps_its_pages(world: RdmWorld, status: int) -> None:
    world.put("abc12", "/a.txt", b"")
    world.add_wiki("abc12", "home", "415℃")
    async with opened_source(world) as (source, rdm):
        rdm.faults.add(Fault(Refuse(status), host="api", path="/wikis/"))
        listing = await source.list_files()
    assert [file.path for file in listing.files] == ["osfstorage/a.txt"]
    assert [part.prefix for part in listing.unlisted] == ["wiki/"]


@pytest.mark.parametrize(
    ("status", "problem"),
    [
        (404, SourceFileChanged),
        (403, SourceFileUnreadable),
        (500, SourceFileUnavailable),
        (401, RdmTokenRefused),
    ],
)
async def test_a_wiki_page_that_cannot_be_had_says_why(
    world: RdmWorld, tmp_path: Path, status: int, problem: type[Exception]
) -> None:
    world.add_wiki("abc12", "home", "415℃")
    async with opened_source(world) as (source, rdm):
        [page] = (await source.list_files()).files
        rdm.faults.add(Fault(Refuse(status), host="api", path="/content/"))
        with pytest.raises(problem):
            await source.fetch(page, tmp_path)


# About the project


def _described(world: RdmWorld) -> None:
    data = {"grdm-file:title-ja": {"value": "S-N 曲線"}}
    items = [{"active": True, "schema": "s", "data": data}]
    world.set_metadata("abc12", files=[{"path": "osfstorage/sn.csv", "items": items}])


async def test_description_and_metadata_are_a_document(world: RdmWorld, tmp_path: Path) -> None:
    world.edit("abc12", description="SUS304 の試験")
    _described(world)
    async with opened_source(world) as (source, rdm):
        [about] = (await source.list_files()).files
        text = (await source.fetch(about, tmp_path)).read_bytes()
    assert (about.path, about.link) == ("about/project.md", f"{rdm.web_url}abc12/")
    assert about.version == hashlib.sha256(text).hexdigest()
    assert text.decode() == (
        "# 鋼の疲労試験\n\nSUS304 の試験\n\n"
        "## osfstorage/sn.csv\n\n- 名称・表題 (title): S-N 曲線\n"
    )


async def test_a_project_of_which_only_the_title_is_said_has_no_such_document(
    world: RdmWorld,
) -> None:
    assert await listed_files(world) == {}


@pytest.mark.parametrize("status", [400, 401, 403, 404])
async def test_without_the_add_on_the_api_alone_tells_of_the_project(
    world: RdmWorld, status: int
) -> None:
    world.edit("abc12", description="SUS304 の試験")
    _described(world)
    async with opened_source(world) as (source, rdm):
        rdm.faults.add(Fault(Refuse(status), host="web"))
        listing = await source.list_files()
    text = "# 鋼の疲労試験\n\nSUS304 の試験\n"
    assert [file.version for file in listing.files] == [hashlib.sha256(text.encode()).hexdigest()]
    assert listing.unlisted == []


@pytest.mark.parametrize(
    "effect", [Refuse(500), Refuse(404, PROXY_PAGE), CutOff(), Replace(b'{"data": 7}')]
)
async def test_while_the_web_server_fails_the_document_stays_as_it_was(
    world: RdmWorld, effect: Refuse | CutOff | Replace
) -> None:
    world.edit("abc12", description="SUS304 の試験")
    async with opened_source(world) as (source, rdm):
        rdm.faults.add(Fault(effect, host="web"))
        listing = await source.list_files()
    assert (listing.files, [part.prefix for part in listing.unlisted]) == ([], ["about/"])


async def test_osf_has_no_such_add_on_and_is_not_asked(world: RdmWorld) -> None:
    async with opened_source(world, name="osf") as (source, rdm):
        await source.list_files()
    assert rdm.calls_to("web") == []
