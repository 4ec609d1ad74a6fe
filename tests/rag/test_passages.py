"""How passages lie in the store."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

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


def test_neighbours_stop_at_the_ends_of_the_document() -> None:
    ids = [passage_id("alloy", "f1", "1", ordinal) for ordinal in range(4)]
    assert PASSAGE.neighbours(before=1, after=0) == ids[1:3]
    assert PASSAGE.neighbours(before=9, after=9) == ids
