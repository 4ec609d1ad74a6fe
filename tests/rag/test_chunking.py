"""Passages: within the embedder's budget, nothing lost, each at its place."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.chunking import Chunk, chunk, document_text
from rag.models import Anchor
from rag.parsing.document import ParsedDocument, Piece, PieceKind
from rag.parsing.markdown import markdown_pieces
from rag.parsing.tables import table_pieces

LIMIT = 40


def _count(text: str) -> int:
    """Count a token for each character, and two that every text has."""
    return len(text) + 2


def _document(pieces: list[Piece], title: str = "") -> ParsedDocument:
    return ParsedDocument(title=title, media_type="text/plain", pieces=pieces)


def _markdown(text: str, title: str = "") -> ParsedDocument:
    return _document(markdown_pieces(text), title)


def _cut(document: ParsedDocument, max_tokens: int = LIMIT) -> list[Chunk]:
    return chunk(document, max_tokens=max_tokens, count_tokens=_count)


def _texts(document: ParsedDocument, max_tokens: int = LIMIT) -> list[str]:
    return [passage.text for passage in _cut(document, max_tokens)]


def _without_space(text: str) -> str:
    return re.sub(r"\s", "", text)


_PARAGRAPHS = st.text(alphabet="硬さは。、92HV. |が\u3099 \n", max_size=120)
_TITLES = st.text(alphabet="緒言結果AB", min_size=1, max_size=20)


@st.composite
def _documents(draw: st.DrawFn) -> ParsedDocument:
    """Headings, prose, code and tables in any order, as parsers yield them."""
    lines: list[str] = []
    for kind in draw(st.lists(st.sampled_from(["heading", "text", "table"]), max_size=8)):
        if kind == "heading":
            lines.append(f"{'#' * draw(st.integers(1, 3))} {draw(_TITLES)}")
        elif kind == "text":
            lines.append(draw(_PARAGRAPHS))
        else:
            names, cell = draw(_TITLES), draw(_TITLES)
            lines.append(f"|{names}|b|\n|-|-|\n" + f"|{cell}|2|\n" * draw(st.integers(0, 6)))
    pieces = [piece for piece in markdown_pieces("\n\n".join(lines)) if piece.text.strip()]
    return _document(pieces, title=draw(st.text(alphabet="題名A", max_size=30)))


@given(_documents())
@settings(max_examples=100)
def test_no_embedded_text_is_over_the_limit(document: ParsedDocument) -> None:
    assert all(_count(passage.embedded_text) <= LIMIT for passage in _cut(document))


@given(_documents())
@settings(max_examples=100)
def test_an_anchor_spans_the_passage_in_the_documents_text(document: ParsedDocument) -> None:
    text = document_text(document)
    for passage in _cut(document):
        assert text[passage.anchor.start : passage.anchor.end] == passage.text


@given(_documents())
@settings(max_examples=100)
def test_passages_follow_each_other_without_overlap(document: ParsedDocument) -> None:
    passages = _cut(document)
    assert [passage.ordinal for passage in passages] == list(range(len(passages)))
    ends = [0, *(passage.anchor.end for passage in passages)]
    assert all(end <= passage.anchor.start for end, passage in zip(ends, passages, strict=False))


@given(_documents())
@settings(max_examples=100)
def test_only_labels_embedded_with_the_passages_below_them_are_left_out(
    document: ParsedDocument,
) -> None:
    text = document_text(document)
    passages = _cut(document)
    starts = [*(passage.anchor.start for passage in passages), len(text)]
    ends = [0, *(passage.anchor.end for passage in passages)]
    embedded = "\n".join(passage.embedded_text for passage in passages).splitlines()
    for end, start in zip(ends, starts, strict=True):
        left_out = [line.strip() for line in text[end:start].splitlines() if line.strip()]
        assert set(left_out) <= set(embedded)


@given(_documents())
@settings(max_examples=30)
def test_the_same_document_gives_the_same_passages(document: ParsedDocument) -> None:
    assert _cut(document) == _cut(document.model_copy(deep=True))


@given(st.text(alphabet="あ 。が\u3099क\u094dष\u093f,x", max_size=300), st.integers(12, 60))
@settings(max_examples=100)
def test_prose_keeps_every_character_whatever_the_limit(text: str, limit: int) -> None:
    document = _document([Piece(kind="text", text=text, anchor=Anchor())])
    assert _without_space("".join(_texts(document, limit))) == _without_space(text)


def test_a_document_without_pieces_has_no_passages() -> None:
    assert _cut(_document([], title="空")) == []


def test_title_and_headings_are_embedded_but_not_shown() -> None:
    [passage] = _cut(_markdown("# 結果\n\n## 硬さ\n\n92 HVであった。", title="報告"))
    assert passage.text == "硬さ\n\n92 HVであった。"
    assert passage.embedded_text == "報告\n結果\n硬さ\n" + passage.text
    assert passage.anchor.heading == ("結果", "硬さ")


def test_short_paragraphs_of_a_section_share_a_passage() -> None:
    assert _texts(_markdown("一文。\n\n二文。")) == ["一文。\n\n二文。"]


def test_a_long_paragraph_is_cut_where_a_sentence_ends() -> None:
    first, second, third = (
        "溶体化は四一五度で行った。",
        "その後は水中で急冷した。",
        "硬さを測った。",
    )
    assert _texts(_markdown(first + second + third), 34) == [first + second, third]


def test_a_long_sentence_is_cut_behind_a_comma() -> None:
    assert _texts(_markdown("試料を切断し、研磨し、洗浄し、乾燥して、観察した。"), 20) == [
        "試料を切断し、研磨し、",
        "洗浄し、乾燥して、観察した。",
    ]


def test_a_word_longer_than_the_limit_is_cut_anyway() -> None:
    assert _texts(_markdown("x" * 100), 52) == ["x" * 34, "x" * 33, "x" * 33]


def test_a_cut_does_not_part_a_letter_from_its_voice_mark() -> None:
    passages = _texts(_markdown("か\u3099" * 30), 21)
    assert [passage[0] for passage in passages] == ["か"] * len(passages)


def test_headings_alone_are_passages() -> None:
    assert _texts(_markdown("# 緒言\n\n# 結果")) == ["緒言", "結果"]


def test_a_heading_that_finds_no_room_above_its_passages_is_one_itself() -> None:
    heading = "とても長い題名の章" * 3
    passages = _cut(_markdown(f"# {heading}\n\n## 節\n\n本文。"))
    assert [passage.text for passage in passages] == [heading, "節\n\n本文。"]


def test_rows_are_embedded_with_their_column_names() -> None:
    rows = [["試料", "硬さ"], ["A", "92"], ["B", "88"]]
    [passage] = _cut(_document(list(table_pieces(rows, sheet="硬さ試験"))), 60)
    assert passage.text == "A | 92\nB | 88"
    assert passage.embedded_text == "硬さ試験\n試料 | 硬さ\nA | 92\nB | 88"
    assert (passage.anchor.sheet, passage.anchor.cells) == ("硬さ試験", "A2:B3")


def test_column_names_that_find_no_room_above_the_rows_are_a_passage() -> None:
    rows = [[f"とても長い列名{n}" for n in range(3)], ["1", "2", "3"]]
    assert _texts(_document(list(table_pieces(rows)))) == [
        "とても長い列名0 | とても長い列名1 | とても長い列名2",
        "1 | 2 | 3",
    ]


def test_the_cells_of_a_passage_cover_its_rows_alone() -> None:
    rows = [["試料", "硬さ", "他"], *([f"試料{n}", "92", "備考"] for n in range(4))]
    cells = [passage.anchor.cells for passage in _cut(_document(list(table_pieces(rows))), 50)]
    assert cells == ["A2:C3", "A4:C5"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (Anchor(page=1), Anchor(page=2)),
        (Anchor(sheet="a"), Anchor(sheet="b")),
        (Anchor(cell="1"), Anchor(cell="2")),
        (Anchor(heading=("a",)), Anchor(heading=("b",))),
        (Anchor(sheet="a"), Anchor(sheet="a", hidden=True)),
    ],
)
def test_a_passage_stays_on_its_page_sheet_cell_and_section(first: Anchor, second: Anchor) -> None:
    pieces = [Piece(kind="text", text="文。", anchor=anchor) for anchor in (first, second)]
    places = [passage.anchor for passage in _cut(_document(pieces))]
    assert [place.model_copy(update={"start": 0, "end": 0}) for place in places] == [first, second]


@pytest.mark.parametrize("kind", ["text", "code", "heading"])
def test_a_table_shares_no_passage_with_prose(kind: PieceKind) -> None:
    pieces = [Piece(kind=kind, text="本文", anchor=Anchor()), *table_pieces([["1", "2"]])]
    assert _texts(_document(pieces)) == ["本文", "1 | 2"]


def test_the_language_is_that_of_the_passage() -> None:
    document = _markdown("# A\n\nThe hardness was 92 HV.\n\n# B\n\n硬さは92であった。")
    assert [passage.language for passage in _cut(document)] == ["en", "ja"]


def test_a_long_text_is_counted_a_few_times_not_again_for_every_passage() -> None:
    counted = 0

    def count(text: str) -> int:
        nonlocal counted
        counted += len(text)
        return len(text) // 2 + 2

    text = "硬さを測定した結果である。" * 20_000 + "切れ目のない文" * 20_000
    chunk(
        _document([Piece(kind="text", text=text, anchor=Anchor())]),
        max_tokens=256,
        count_tokens=count,
    )
    assert counted < 10 * len(text)
