"""Everything is opened in one place, and closed again whatever happens."""

import asyncio
import stat
from pathlib import Path
from typing import Any

import pytest

from contracts.problems import Problem
from rag.models import SearchRequest
from rag.problems import StoreLocked
from service.access.recorded import LOCAL_OPERATOR
from service.problems import DataFolderRefused
from service.settings import Settings, read_settings
from service.sources.order import SourceOrder
from service.wiring import open_records, open_resources


def _settings(folder: Path, **more: Any) -> Settings:  # noqa: ANN401 - settings
    return read_settings(data_folder=folder, embedding={"kind": "hash"}, **more)


def _secrets_in(folder: Path) -> list[str]:
    return [path.name for path in folder.glob("key_secret*")]


async def test_what_one_start_indexed_the_next_one_finds(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "a.txt").write_text("溶体化処理は413 ℃", encoding="utf-8")
    settings = _settings(tmp_path / "data")
    async with open_resources(settings) as first:
        order = SourceOrder(location=str(tmp_path / "files"))
        project = await first.sources.add(LOCAL_OPERATOR, order)
        job = await first.jobs.start(project.project_id, created_by="test")
        await first.jobs.run(job.job_id)
    async with open_resources(settings) as second:
        answer = await second.desk.search(LOCAL_OPERATOR, SearchRequest(query="溶体化処理"))
    assert [hit.path for hit in answer.hits] == ["a.txt"]


async def test_a_second_process_cannot_open_the_embedded_store(tmp_path: Path) -> None:
    settings = _settings(tmp_path)
    async with open_resources(settings):
        with pytest.raises(StoreLocked):
            async with open_resources(settings):
                pass


async def test_keys_can_be_managed_beside_a_running_service(tmp_path: Path) -> None:
    settings = _settings(tmp_path)
    async with open_resources(settings), open_records(settings) as records:
        assert await records.keys.list_all() == []


async def test_what_was_opened_is_closed_when_a_later_part_fails(tmp_path: Path) -> None:
    broken = _settings(tmp_path, qdrant={"url": "http://127.0.0.1:9"})
    with pytest.raises(Problem):
        async with open_resources(broken):
            pass
    async with open_resources(_settings(tmp_path)):
        pass


async def test_an_endpoint_by_url_is_used_for_embedding(tmp_path: Path) -> None:
    endpoint = {"base_url": "http://127.0.0.1:9/v1", "model": "bge-m3", "dimensions": 8}
    async with open_resources(read_settings(data_folder=tmp_path, embedding=endpoint)) as opened:
        assert (opened.embedder.model, opened.embedder.dimensions) == ("bge-m3", 8)


async def test_a_chat_model_is_used_where_one_is_named(tmp_path: Path) -> None:
    chat = {"base_url": "http://127.0.0.1:9/v1", "model": "gpt-oss-20b"}
    async with open_resources(_settings(tmp_path, chat=chat)) as opened:
        assert opened.chat is not None
        assert opened.chat.model == "gpt-oss-20b"


async def test_the_key_secret_is_made_once_for_this_user_alone(tmp_path: Path) -> None:
    async def start() -> bytes:
        async with open_records(_settings(tmp_path)) as records:
            return records.keys.secret

    secrets = {await start(), *await asyncio.gather(*(start() for _ in range(4)))}
    [secret] = secrets
    assert len(secret) == 32
    assert stat.S_IMODE((tmp_path / "key_secret").stat().st_mode) == 0o600
    assert _secrets_in(tmp_path) == ["key_secret"]


async def test_services_that_share_a_database_share_the_secret_of_the_settings(
    tmp_path: Path,
) -> None:
    settings = _settings(tmp_path, key_secret="k" * 32)
    async with open_records(settings) as records:
        assert records.keys.secret == b"k" * 32
    assert not (tmp_path / "key_secret").exists()


async def test_a_data_folder_that_cannot_be_made_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataFolderRefused):
        async with open_records(_settings(tmp_path / "file" / "data")):
            pass
