"""How passages lie in the store."""

from datetime import datetime, timedelta, timezone
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from connectors.ports import SourceFile
from rag.fusion import Fused
from rag.models import Anchor
from rag.passages import StoredPassage, passage_id, stored_passage

PASSAGE = StoredPassage(
    project_id="alloy",
    file_id="f1",
    version="1",
    ordinal=2,
    total=4,
    path="報告.pdf",
    title="報告",
    anchor=Anchor(page=3, heading=("結果", "硬さ"), start=10, end=20),
    kind="text",
    language="ja",
    text="硬さは92 HV。",
    embedding_model="tiny",
)

_PARTS = st.tuples(st.text(), st.text(), st.text(), st.integers(0, 99))


def test_a_payload_is_read_as_it_was_written() -> None:
    assert stored_passage(PASSAGE.payload()) == PASSAGE


def test_what_a_search_can_be_narrowed_to_is_in_the_payload() -> None:
    time = datetime(2024, 4, 1, 9, tzinfo=timezone(timedelta(hours=9)))
    file = SourceFile(
        file_id="f1", path="報告.PDF", size=1, version="1", modified=time, tags=("XRD", "鋼")
    )
    keyworded = PASSAGE.model_copy(update={"keywords": ("hardness", "xrd")})
    payload = keyworded.relabelled(file).payload()
    assert payload["file_type"] == "pdf"
    assert payload["modified"] == "2024-04-01T00:00:00Z"
    assert payload["tags"] == ["xrd", "鋼", "hardness"]
    assert stored_passage(payload).relabelled(file).payload() == payload


def test_a_payload_leaves_out_what_its_format_does_not_have() -> None:
    assert PASSAGE.payload()["anchor"] == {
        "page": 3,
        "heading": ["結果", "硬さ"],
        "start": 10,
        "end": 20,
    }


def test_the_id_of_a_passage_never_changes() -> None:
    assert PASSAGE.id == passage_id("alloy", "f1", "1", 2)
    assert passage_id("alloy", "f1", "1", 2) == "9399aa64-561f-50b2-8ed2-7d3d0d437787"


@given(_PARTS, _PARTS)
def test_different_passages_have_different_ids(
    one: tuple[str, str, str, int], other: tuple[str, str, str, int]
) -> None:
    assert (passage_id(*one) == passage_id(*other)) == (one == other)
    assert str(UUID(passage_id(*one))) == passage_id(*one)


def test_a_passage_is_searched_by_the_name_of_its_file_and_twice_by_what_stands_above_it() -> None:
    headed = PASSAGE.model_copy(update={"context": "報告\n結果\n", "path": "実験/報告.pdf"})
    assert headed.lexical_text == "報告.pdf\n報告\n結果\n報告\n結果\n硬さは92 HV。"


def test_a_very_long_name_does_not_drown_the_passage() -> None:
    named = PASSAGE.model_copy(update={"path": "x" * 100_000})
    assert len(named.lexical_text) < 300


def test_a_hit_without_a_title_of_its_own_is_called_by_its_file() -> None:
    fused = Fused("id", 1.0, {})
    untitled = PASSAGE.model_copy(update={"title": "", "path": "実験/報告.pdf"})
    assert (PASSAGE.as_hit(1, fused).title, untitled.as_hit(1, fused).title) == ("報告", "報告.pdf")


def test_a_passage_of_a_moved_file_says_where_it_is_now() -> None:
    moved = SourceFile(
        file_id="f2",
        path="新/報告.pdf",
        size=1,
        version="1",
        modified=None,
        link="https://rdm.example/f2",
        source_version="3",
    )
    passage = PASSAGE.relabelled(moved)
    assert passage.id == passage_id("alloy", "f2", "1", 2)
    hit = passage.as_hit(1, Fused(passage.id, 1.0, {}))
    assert (hit.file_id, hit.path, hit.link, hit.source_version) == (
        "f2",
        "新/報告.pdf",
        "https://rdm.example/f2",
        "3",
    )
    assert passage.relabelled(moved) == passage


def test_neighbours_stop_at_the_ends_of_the_document() -> None:
    ids = [passage_id("alloy", "f1", "1", ordinal) for ordinal in range(4)]
    assert PASSAGE.neighbours(before=1, after=0) == ids[1:3]
    assert PASSAGE.neighbours(before=9, after=9) == ids
