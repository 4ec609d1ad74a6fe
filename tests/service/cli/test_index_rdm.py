"""The same files, found the same: indexed from GakuNin RDM, from a mount of it, from a folder."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from rag.models import Hit, SearchRequest
from service.access.recorded import LOCAL_OPERATOR
from service.settings import Settings
from service.wiring import open_resources
from tests.service.cli.rdm_project import NODE, served

_SAMPLE = Path(__file__).parents[3] / "samples" / "alloy-project"
_QUERIES = (
    "溶体化処理の温度",
    "AZ91は何度で溶体化したか",
    "時効曲線",
    "硬さの最大値",
    "引張強さ",
    "炉の温度が設定より高くなった理由",
    "旧炉",
    "試料台帳",
    "移し替えの時間",
    "水冷",
    "熱分析",
    "実験メモ",
    "問合せへの返事",
    "打合せ 8月",
    "MG-04",
    "AL-02の時効条件",
    "ステンレス鋼",
    "チタン合金の熱処理",
    "年度報告書",
    "クリープ",
    "旧番号",
    "solution treatment temperature",
    "ageing curve",
    "tensile strength of AL-04",
    "salt spray corrosion",
    "furnace overshoot",
    "creep strain",
    "thermal analysis",
    "hardness after 8 h at 175",
    "fit",
    "who was at the meeting in July",
    "label of the specimen",
    "quench",
    "protocol",
    "熱処理報告書_2025.pdf",
    "furnace2_2025-06-18",
)


@dataclass(frozen=True, slots=True)
class _Installation:
    """A data folder, and what a shell on it has in its environment."""

    data_folder: Path
    environment: Mapping[str, str]

    def run(self, *arguments: str) -> Any:  # noqa: ANN401 - whatever the command prints
        command = [sys.executable, "-m", "service.cli.main", *arguments, "--json"]
        environment = {
            **_without_settings(os.environ),
            **self.environment,
            "FUMIKURA_DATA_FOLDER": str(self.data_folder),
            "FUMIKURA_EMBEDDING__KIND": "hash",
        }
        return json.loads(subprocess.check_output(command, env=environment, text=True))

    async def find_all(self) -> list[list[Hit]]:
        """Return what each of the queries finds."""
        settings = Settings.model_validate(
            {"data_folder": self.data_folder, "embedding": {"kind": "hash"}}
        )
        requests = [SearchRequest(query=query) for query in _QUERIES]
        async with open_resources(settings) as opened:
            return [(await opened.desk.search(LOCAL_OPERATOR, each)).hits for each in requests]


def _without_settings(environment: Mapping[str, str]) -> dict[str, str]:
    ours = ("FUMIKURA_", "RDM_")
    return {name: value for name, value in environment.items() if not name.startswith(ours)}


@pytest.fixture(scope="module")
def mount(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What rdmfs shows of a project: a folder for each storage."""
    mount = tmp_path_factory.mktemp("mnt")
    shutil.copytree(_SAMPLE, mount / "osfstorage")
    return mount


@pytest.fixture(scope="module")
def notebook(mount: Path) -> Generator[Mapping[str, str]]:
    """What RDM's analysis environment sets; only the stand-in's other hosts need to be told."""
    with served(mount / "osfstorage") as settings:
        yield {
            "RDM_API_URL": settings["FUMIKURA_RDM__API_URL"],
            "RDM_TOKEN": settings["RDM_TOKEN"],
            "RDM_NODE_ID": NODE,
            "FUMIKURA_RDM__FILES_URL": settings["FUMIKURA_RDM__FILES_URL"],
            "FUMIKURA_RDM__WEB_URL": settings["FUMIKURA_RDM__WEB_URL"],
        }


@pytest.fixture(scope="module")
def over_rdm(
    notebook: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory
) -> _Installation:
    installation = _Installation(tmp_path_factory.mktemp("rdm"), notebook)
    report = installation.run("index", f"rdm:{NODE}")
    assert (report["done"], report["failed"], report["stale"]) == (report["seen"], 0, [])
    return installation


async def test_a_project_of_rdm_is_found_as_a_folder_of_its_files(
    over_rdm: _Installation, mount: Path, tmp_path: Path
) -> None:
    over_folder = _Installation(tmp_path, {})
    over_folder.run("index", str(mount), "--project-id", "alloy")
    for query, hits, expected in zip(
        _QUERIES, await over_rdm.find_all(), await over_folder.find_all(), strict=True
    ):
        assert expected, query
        assert _shown(hits) == _shown(expected), query
        assert _scores(hits) == pytest.approx(_scores(expected), abs=1e-6), query
        assert {hit.project_id for hit in hits} == {f"rdm-{NODE}"}


async def test_a_mount_of_it_has_the_same_passages_under_the_same_ids(
    over_rdm: _Installation, notebook: Mapping[str, str], mount: Path, tmp_path: Path
) -> None:
    over_mount = _Installation(tmp_path, notebook)
    over_mount.run("index", f"rdmfs:{mount}")
    for hits, expected in zip(await over_mount.find_all(), await over_rdm.find_all(), strict=True):
        assert list(map(_identity, hits)) == list(map(_identity, expected))
        assert _scores(hits) == pytest.approx(_scores(expected), abs=1e-6)


def test_a_notebook_in_rdm_brings_its_project_up_to_date_without_any_setting(
    over_rdm: _Installation,
) -> None:
    report = over_rdm.run("index")
    assert (report["project_id"], report["unchanged"]) == (f"rdm-{NODE}", report["seen"])


def _shown(hits: list[Hit]) -> list[tuple[object, ...]]:
    """Return what a reader sees, best first; equally good hits, which ids put in order, by path."""
    ranked = sorted(hits, key=lambda hit: (-round(hit.score, 6), hit.path, hit.anchor.start))
    return [(hit.path, hit.title, hit.anchor, hit.text) for hit in ranked]


def _scores(hits: list[Hit]) -> list[float]:
    return [hit.score for hit in hits]


def _identity(hit: Hit) -> tuple[str, ...]:
    return hit.project_id, hit.passage_id, hit.file_id, hit.version
