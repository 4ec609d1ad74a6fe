"""The sample projects: real formats that this service reads, written again by their script."""

import asyncio
import base64
import codecs
import contextlib
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from agents.explain_vedic.definition import DEFINITION as EXPLAIN_VEDIC
from agents.explain_vedic.record import VedicAnswer, VedicRequest
from agents.ports import AgentPorts
from agents.runner import run_agent
from agents.settings import AgentSettings
from inference.settings import OcrSettings
from inference.tesseract import TesseractOcr, open_tesseract
from rag.parsing.document import ParsedDocument
from rag.parsing.isolated import IsolatedParser
from rag.parsing.problems import ParseFailed

ROOT = Path(__file__).parents[1]
SAMPLES = ROOT / "samples"
PROJECTS = ("alloy-project", "veda-project")
FILES = {
    path.relative_to(SAMPLES).as_posix(): path
    for project in PROJECTS
    for path in sorted((SAMPLES / project).rglob("*"))
    if path.is_file()
}
DOCUMENTS = {name for name in FILES if not name.endswith(".png")}
PAGE_OF_VERSES = "veda-project/images/rv_1.1.1_3.62.10.png"
LABEL = "alloy-project/images/label_MG-04.png"


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ParsedDocument]:
    return asyncio.run(_read_documents(tmp_path_factory.mktemp("fetched")))


@pytest.fixture(scope="module")
async def ocr() -> TesseractOcr:
    engine = await open_tesseract(OcrSettings())
    if engine is None or not {"Devanagari", "script/Devanagari", "san"} & engine.installed:
        pytest.skip("TESSERACT MISSING: apt install tesseract-ocr-script-deva tesseract-ocr-jpn")
    return engine


@pytest.fixture(scope="module")
def written_again(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    """Run on a machine without fonts; the folder it wrote to is the last argument."""
    folder, no_fonts = tmp_path_factory.mktemp("samples"), tmp_path_factory.mktemp("fonts")
    script = str(ROOT / "scripts" / "write_samples.py")
    command = [sys.executable, script, "--fonts", str(no_fonts), str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_every_document_is_read(documents: dict[str, ParsedDocument]) -> None:
    assert documents.keys() == DOCUMENTS


def test_there_are_25_files_or_more_of_at_most_2_mb_in_all() -> None:
    assert len(FILES) >= 25
    assert sum(path.stat().st_size for path in FILES.values()) <= 2_000_000


def test_all_the_formats_that_researchers_use_are_there() -> None:
    suffixes = {path.suffix for path in FILES.values()}
    assert suffixes >= {".pdf", ".docx", ".xlsx", ".ipynb", ".csv", ".tsv", ".txt", ".md", ".html"}
    assert suffixes >= {".py", ".yaml", ".json", ".png"}


@pytest.mark.parametrize(
    ("name", "codec", "quote"),
    [
        ("data/硬さ_時効曲線.csv", "cp932", "時効温度（℃）"),
        ("メモ/実験メモ_2025-06.txt", "cp932", "㈱南浜アルミ押出"),
        ("メモ/実験メモ_2025-06.txt", "cp932", "①6月16日"),
        ("メモ/実験メモ_2025-06.txt", "cp932", "髙さ方向"),
        ("メモ/旧炉の覚え書き.txt", "euc_jp", "銀の融点"),
        ("メモ/問合せへの返事.txt", "iso2022_jp", "貸出しできるのは"),
        ("data/熱分析_TI-02.txt", "utf-16", "β変態点"),
    ],
)
def test_old_encodings_are_in_the_bytes_and_read_right(
    documents: dict[str, ParsedDocument], name: str, codec: str, quote: str
) -> None:
    path = f"alloy-project/{name}"
    assert quote.encode() not in FILES[path].read_bytes()
    assert quote in FILES[path].read_bytes().decode(codec)
    assert any(quote in piece.header + piece.text for piece in documents[path].pieces)


def test_the_utf_16_text_starts_with_its_byte_order() -> None:
    raw = FILES["alloy-project/data/熱分析_TI-02.txt"].read_bytes()
    assert raw.startswith(codecs.BOM_UTF16_LE)


def test_the_report_has_six_pages_with_headings_of_two_levels(
    documents: dict[str, ParsedDocument],
) -> None:
    report = documents["alloy-project/報告書/熱処理報告書_2025.pdf"].pieces
    assert {piece.anchor.page for piece in report} == {1, 2, 3, 4, 5, 6}
    assert [piece.anchor.heading[1:] for piece in report if "SS-02 874 712" in piece.text] == [
        ("4. 引張特性", "4.2 結果")
    ]


def test_the_protocol_has_a_table_below_its_heading(documents: dict[str, ParsedDocument]) -> None:
    protocol = documents["alloy-project/手順書/溶体化処理.docx"].pieces
    rows = [piece for piece in protocol if piece.kind == "table"]
    assert {row.anchor.heading[-1] for row in rows} == {"2. 保持"}
    assert "AL（6061相当） | 530 | 1 h | 大気 | 10 秒" in [row.text for row in rows]


def test_the_register_has_three_sheets_one_of_them_hidden(
    documents: dict[str, ParsedDocument],
) -> None:
    register = documents["alloy-project/試料台帳.xlsx"].pieces
    assert {(piece.anchor.sheet, piece.anchor.hidden) for piece in register} == {
        ("試料台帳", False),
        ("引張試験", False),
        ("旧番号", True),
    }


def test_what_the_notebook_printed_is_read(documents: dict[str, ParsedDocument]) -> None:
    notebook = documents["alloy-project/analysis/時効曲線.ipynb"].pieces
    printed = [piece for piece in notebook if "AL 175 ℃: 8 h で最大 113 HV" in piece.text]
    assert [piece.kind for piece in printed] == ["text"]


async def test_the_handwritten_label_is_read(ocr: TesseractOcr) -> None:
    if "jpn" not in ocr.installed:
        pytest.skip("TESSERACT'S JAPANESE MODEL MISSING: apt install tesseract-ocr-jpn")
    async with IsolatedParser(ocr=ocr) as parser:
        label = await parser.parse(FILES[LABEL], LABEL)
    words = ("試料番号", "MG-04", "furnace 2", "デシケーター")
    assert [word for word in words if word not in label.pieces[0].text] == []


async def test_both_verses_of_the_page_are_found(ocr: TesseractOcr) -> None:
    page = base64.b64encode(FILES[PAGE_OF_VERSES].read_bytes()).decode()
    answer = await _explained(VedicRequest(image=page, text=None, explain=False), ocr)
    assert [match.locus for match in answer.matches] == ["RV 1.1.1", "RV 3.62.10"]
    assert min(match.score for match in answer.matches) > 0.6


@pytest.mark.parametrize(
    ("name", "loci"),
    [
        ("rv_1_001", [f"RV 1.1.{number}" for number in range(1, 10)]),
        ("rv_3_062", ["RV 3.62.10"]),
        ("rv_10_129", [f"RV 10.129.{number}" for number in range(1, 4)]),
        ("rv_10_191", [f"RV 10.191.{number}" for number in range(2, 5)]),
    ],
)
@pytest.mark.parametrize("script", ["", "_iast"])
async def test_a_file_of_verses_holds_the_verses_of_its_name(
    name: str, script: str, loci: list[str]
) -> None:
    text = FILES[f"veda-project/verses/{name}{script}.txt"].read_text(encoding="utf-8")
    verses = text.split("\n", 1)[1]  # the first line is the name
    answer = await _explained(VedicRequest(image=None, text=verses, explain=False), None)
    assert [match.locus for match in answer.matches] == loci
    assert min(match.score for match in answer.matches) > 0.7


def test_the_script_writes_the_committed_bytes_again(
    written_again: subprocess.CompletedProcess[str],
) -> None:
    folder = Path(written_again.args[-1])
    written = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert len(written) == 9
    assert [name for name in written if _content(folder / name) != _content(FILES[name])] == []


def test_without_fonts_the_script_names_the_packages_to_install(
    written_again: subprocess.CompletedProcess[str],
) -> None:
    assert written_again.returncode == 1
    assert "sudo apt install fonts-noto-core fonts-klee" in written_again.stderr


async def _read_documents(folder: Path) -> dict[str, ParsedDocument]:
    """Read copies whose own names say nothing, as a source fetches them."""
    read: dict[str, ParsedDocument] = {}
    async with IsolatedParser() as parser:
        for name in sorted(DOCUMENTS):
            copy = Path(shutil.copyfile(FILES[name], folder / "fetched"))
            with contextlib.suppress(ParseFailed):  # the first test tells which
                read[name] = await parser.parse(copy, name)
    return read


def _content(path: Path) -> bytes | dict[str, bytes]:
    """Compare archives by what is in them: builds of zlib pack differently."""
    if not zipfile.is_zipfile(path):
        return path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


async def _explained(request: VedicRequest, ocr: TesseractOcr | None) -> VedicAnswer:
    ports = AgentPorts(settings=AgentSettings(), chat=None, ocr=ocr)
    return await run_agent(EXPLAIN_VEDIC, request, ports=ports)
