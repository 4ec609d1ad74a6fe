"""Parsing in a child: what hostile files do to it, and that the next file is read all the same."""

import asyncio
import os
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from rag.parsing.isolated import IsolatedParser
from rag.parsing.limits import ParseLimits
from rag.parsing.problems import ParseFailed
from tests.rag.parsing.conftest import SMALL
from tests.rag.parsing.files import docx, ole_container, pdf, pdf_bomb, with_member, word_body, xlsx

LAUGHS = "".join(
    ['<!DOCTYPE w [<!ENTITY l0 "lol">']
    + [f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 11)]
    + ["]>"]
)
READS_A_FILE = '<!DOCTYPE w [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
LONG_ROWS = [b"<row><c><v>" + b"1" * 1000 + b"</v></c></row>"] * 1000


async def _failure(parser: IsolatedParser, path: Path, name: str) -> str:
    with pytest.raises(ParseFailed) as failed:
        await parser.parse(path, name)
    return failed.value.reason


def _word(text: str, doctype: str) -> bytes:
    return with_member(docx("", ""), "word/document.xml", word_body(text, doctype))


_OTHERS: set[int] = set()
"""Children of parsers that other tests have open still."""


@pytest.fixture(autouse=True)
def others() -> Iterator[None]:
    _OTHERS.update(_children())
    yield
    _OTHERS.clear()


def _children() -> list[int]:
    """Return the tests' parsing children, and those that are dead and nobody has waited for."""
    return [child for child in _all_children() if child not in _OTHERS]


def _all_children() -> list[int]:
    tasks = Path(f"/proc/{os.getpid()}/task").iterdir()
    children = [int(pid) for task in tasks for pid in (task / "children").read_text().split()]
    return [child for child in children if _command(child) in {b"", b"rag.parsing.child"}]


def _command(pid: int) -> bytes:
    """Return the module that a process of Python runs; nothing for a dead one."""
    words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    return words[words.index(b"-m") + 1] if b"-m" in words else b"".join(words)


@pytest.mark.parametrize(
    ("content", "name", "reason"),
    [
        (pdf([["秘密"]], password="secret"), "a.pdf", "encrypted"),
        (ole_container("EncryptedPackage"), "a.docx", "encrypted"),
        (ole_container("EncryptedPackage"), "a.xlsx", "encrypted"),
        (pdf([["本文"]])[:800], "half.pdf", "corrupt"),
        (docx("題", "本文")[:9000], "half.docx", "corrupt"),
        (xlsx([b"<row><c"]), "a.xlsx", "corrupt"),
        (b"{" * 1000, "a.ipynb", "corrupt"),
        (b'{"cells":' + b"[" * 200_000, "deep.ipynb", "corrupt"),
        (b"\x93NUMPY\x01\x00\xff\xfe\xfd\x80\x81\x00", "a.npy", "undecodable"),
        (b"\xff\xfd\x80\x81" * 100, "a.csv", "undecodable"),
        (b"PK\x05\x06" + bytes(18), "empty.zip", "unsupported"),
        (pdf([[""]]), "scan.pdf", "no_text"),
        (_word("&l10;", LAUGHS), "laughs.docx", "no_text"),
        (b"", "a.docx", "empty_file"),
        (b"\x89PNG\r\n\x1a\n", "a.pdf", "ocr_unavailable"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_file_that_cannot_be_read_says_why_and_the_next_is_read(
    parser: IsolatedParser, tmp_path: Path, sound_file: Path, content: bytes, name: str, reason: str
) -> None:
    path = tmp_path / "hostile"
    path.write_bytes(content)
    assert await _failure(parser, path, name) == reason
    assert (await parser.parse(sound_file, "a.txt")).pieces


@pytest.mark.parametrize(
    ("content", "name", "reasons"),
    [
        (pdf_bomb(2**30), "bomb.pdf", {"memory_exceeded"}),
        (xlsx(LONG_ROWS * 300), "bomb.xlsx", {"memory_exceeded", "timed_out"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_file_that_would_fill_the_machine_is_stopped(
    parser: IsolatedParser,
    tmp_path: Path,
    sound_file: Path,
    content: bytes,
    name: str,
    reasons: set[str],
) -> None:
    path = tmp_path / "bomb"
    path.write_bytes(content)
    assert len(content) < 10**6
    assert await _failure(parser, path, name) in reasons
    assert (await parser.parse(sound_file, "a.txt")).pieces


async def test_an_external_entity_is_not_fetched(parser: IsolatedParser, tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    path.write_bytes(_word("本文 &x;", READS_A_FILE))
    document = await parser.parse(path, "a.docx")
    assert "root" not in document.model_dump_json()


@pytest.mark.parametrize(
    ("head", "name", "reason"),
    [
        (b"", "a.txt", "unsupported"),
        (b"a", "a.csv", "too_large"),
        (b"PK\x03\x04", "a.docx", "corrupt"),
    ],
)
async def test_a_sparse_gigabyte_costs_nothing(
    parser: IsolatedParser, tmp_path: Path, head: bytes, name: str, reason: str
) -> None:
    path = tmp_path / "sparse"
    with path.open("wb") as sparse:
        sparse.write(head.ljust(8192, head[:1] or b"\x00"))
        sparse.truncate(2**30)
    assert await _failure(parser, path, name) == reason


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("line.txt", "硬さ" * 1_700_000),
        ("line.md", "# " + "#" * 10_000_000),
        ("field.csv", "a,b\n" + "x" * 1_000_000 + ",1\n"),
        ("quote.csv", 'a,b\n"' + "x,y\n" * 300_000),
        ("nuls.txt", "装置の記録。\x00" * 100),
        ("ガラス\u3099.txt", "本文"),
        ("../../etc/passwd", "本文"),
    ],
    ids=["one line", "one heading", "long field", "open quote", "NULs", "decomposed", "upwards"],
)
async def test_a_strange_file_is_read_as_it_is(
    parser: IsolatedParser, tmp_path: Path, name: str, content: str
) -> None:
    path = tmp_path / "strange"
    path.write_text(content, encoding="utf-8")
    document = await parser.parse(path, name)
    assert sum(len(piece.text) for piece in document.pieces) >= len(content) - 1000


async def test_a_child_that_thinks_too_long_is_stopped(tmp_path: Path, sound_file: Path) -> None:
    path = tmp_path / "long.xlsx"
    path.write_bytes(xlsx(LONG_ROWS * 100))
    async with IsolatedParser(limits=SMALL.model_copy(update={"wall_s": 0.5})) as parser:
        assert await _failure(parser, path, "long.xlsx") == "timed_out"
        assert (await parser.parse(sound_file, "a.txt")).pieces


async def test_a_document_longer_than_allowed_is_too_large(
    tmp_path: Path, parser: IsolatedParser
) -> None:
    path = tmp_path / "long.txt"
    path.write_text("x" * (SMALL.text_chars + 1))
    assert await _failure(parser, path, "long.txt") == "too_large"


async def test_a_child_killed_at_work_fails_that_file_alone(
    parser: IsolatedParser, tmp_path: Path, sound_file: Path
) -> None:
    path = tmp_path / "long.xlsx"
    path.write_bytes(xlsx(LONG_ROWS * 100))
    await parser.parse(sound_file, "a.txt")
    parsing = asyncio.create_task(parser.parse(path, "long.xlsx"))
    await asyncio.sleep(0.2)
    [child] = _children()
    os.kill(child, signal.SIGKILL)
    with pytest.raises(ParseFailed) as failed:
        await parsing
    assert failed.value.reason == "memory_exceeded"  # it is how the system ends what takes too much
    assert (await parser.parse(sound_file, "a.txt")).pieces


async def test_a_child_killed_while_idle_fails_no_file(
    parser: IsolatedParser, sound_file: Path
) -> None:
    await parser.parse(sound_file, "a.txt")
    [child] = _children()
    os.kill(child, signal.SIGKILL)
    while _children():  # noqa: ASYNC110 - nothing tells when the system has buried it
        await asyncio.sleep(0.01)
    assert (await parser.parse(sound_file, "a.txt")).pieces


async def test_a_cancelled_parse_leaves_the_parser_usable(
    parser: IsolatedParser, tmp_path: Path, sound_file: Path
) -> None:
    path = tmp_path / "long.xlsx"
    path.write_bytes(xlsx(LONG_ROWS * 100))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(parser.parse(path, "long.xlsx"), 0.3)
    document = await parser.parse(sound_file, "a.txt")
    assert document.pieces[0].text == "硬さは92であった。"  # not the answer to the one before


async def test_files_parsed_at_once_get_their_own_answers(
    parser: IsolatedParser, tmp_path: Path
) -> None:
    paths = [tmp_path / str(number) for number in range(8)]
    for path in paths:
        path.write_text(f"試料{path.name}")
    documents = await asyncio.gather(*(parser.parse(path, "a.txt") for path in paths))
    assert [doc.pieces[0].text for doc in documents] == [f"試料{path.name}" for path in paths]


async def test_one_child_serves_many_files_and_is_then_replaced(sound_file: Path) -> None:
    async with IsolatedParser(limits=SMALL.model_copy(update={"files_per_child": 2})) as parser:
        children: list[int] = []
        for _ in range(4):
            await parser.parse(sound_file, "a.txt")
            children += _children()
    assert len(children) == 4
    assert children[0] == children[1] != children[2] == children[3]


async def test_no_child_is_left_when_the_parser_is_closed(tmp_path: Path, sound_file: Path) -> None:
    path = tmp_path / "bomb.pdf"
    path.write_bytes(pdf_bomb(2**30))
    async with IsolatedParser(limits=SMALL) as parser:
        with pytest.raises(ParseFailed):
            await parser.parse(path, "bomb.pdf")
        await parser.parse(sound_file, "a.txt")
    assert _children() == []


async def test_the_childs_environment_holds_no_secrets(
    monkeypatch: pytest.MonkeyPatch, parser: IsolatedParser, sound_file: Path
) -> None:
    monkeypatch.setenv("FUMIKURA_CHAT__API_KEY", "hunter2")
    await parser.parse(sound_file, "a.txt")
    [child] = _children()
    environment = Path(f"/proc/{child}/environ").read_bytes()  # noqa: ASYNC240 - no disk behind it
    assert b"PATH=" in environment
    assert b"hunter2" not in environment


async def test_the_child_imports_nothing_from_the_working_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, parser: IsolatedParser, sound_file: Path
) -> None:
    (tmp_path / "csv.py").write_text("raise SystemExit('a researcher file was run')")
    monkeypatch.chdir(tmp_path)
    assert (await parser.parse(sound_file, "a.txt")).pieces


async def test_a_path_relative_to_the_working_folder_is_read(
    monkeypatch: pytest.MonkeyPatch, parser: IsolatedParser, sound_file: Path
) -> None:
    monkeypatch.chdir(sound_file.parent)
    assert (await parser.parse(Path(sound_file.name), "a.txt")).pieces


@dataclass(frozen=True)
class _Line:
    text: str
    confidence: float = 90
    box: tuple[int, int, int, int] = (0, 0, 1, 1)


@dataclass
class _Ocr:
    """Reads what it was made to read, and remembers what it was asked."""

    lines: list[str]
    asked: list[tuple[bytes, Sequence[str]]] = field(
        default_factory=list[tuple[bytes, Sequence[str]]]
    )
    model: str = "scripted"

    async def read_image(self, image: bytes, *, languages: Sequence[str]) -> list[_Line]:
        self.asked.append((image, languages))
        return [_Line(text) for text in self.lines]


PNG = b"\x89PNG\r\n\x1a\nbytes"


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "picture"
    path.write_bytes(PNG)
    return path


async def test_a_picture_is_read_by_ocr_as_one_page(picture: Path) -> None:
    ocr = _Ocr(["अग्निमीळे", "पुरोहितं"])
    async with IsolatedParser(ocr=ocr) as parser:
        document = await parser.parse(picture, "verse/頁1.png")
    [piece] = document.pieces
    assert (document.title, piece.kind, piece.anchor.page) == ("", "ocr", 1)
    assert piece.text == "अग्निमीळे\nपुरोहितं"
    assert ocr.asked == [(PNG, ("ja", "en", "sa"))]


async def test_a_picture_without_writing_has_no_text(picture: Path) -> None:
    async with IsolatedParser(ocr=_Ocr([" "])) as parser:
        assert await _failure(parser, picture, "a.png") == "no_text"


async def test_a_picture_over_the_limit_is_not_read(picture: Path) -> None:
    ocr = _Ocr(["x"])
    async with IsolatedParser(limits=ParseLimits(image_file_bytes=8), ocr=ocr) as parser:
        assert await _failure(parser, picture, "a.png") == "too_large"
    assert ocr.asked == []
