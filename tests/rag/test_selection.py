"""What stands on a page: one version of a file, a text once, the best of each file."""

from datetime import UTC, datetime

from rag.fusion import Fused
from rag.models import Anchor, SearchRequest
from rag.passages import StoredPassage
from rag.selection import Found, choose, marks_of

PLAIN = SearchRequest(query="x")
BY_FILE = SearchRequest(query="x", group_by="file")
UNIQUE = SearchRequest(query="x", unique_texts=True)


def _found(name: str, text: str, *, version: str = "1", **facts: object) -> Found:
    passage = StoredPassage.model_validate(
        {
            "project_id": "alloy",
            "file_id": name,
            "version": version,
            "ordinal": len(text),
            "total": 99,
            "path": name,
            "anchor": Anchor(),
            "kind": "text",
            "language": "en",
            "text": text,
            "embedding_model": "tiny",
            **facts,
        }
    )
    return Found(Fused(passage.id, 1.0, {}), passage)


def _texts(groups: list[list[Found]]) -> list[list[str]]:
    return [[each.passage.text for each in group] for group in groups]


def test_passages_stand_for_themselves_in_their_order() -> None:
    found = [_found("a", "1"), _found("b", "22"), _found("a", "333")]
    assert _texts(choose(found, PLAIN, frozenset())) == [["1"], ["22"], ["333"]]


def test_files_stand_where_their_best_passage_does_with_three_of_them() -> None:
    found = [_found("a", "1"), _found("b", "22"), *(_found("a", "3" * n) for n in range(3, 7))]
    assert _texts(choose(found, BY_FILE, frozenset())) == [["1", "333", "3333"], ["22"]]


def test_a_text_is_shown_once_of_its_file_but_also_of_another() -> None:
    found = [_found("a", "1"), _found("b", "1"), _found("a", "1", ordinal=7)]
    assert [each[0].passage.file_id for each in choose(found, PLAIN, frozenset())] == ["a", "b"]


def test_a_text_is_shown_once_of_all_files_if_asked_for() -> None:
    found = [_found("a", "1"), _found("b", "1"), _found("b", "22")]
    assert _texts(choose(found, UNIQUE, frozenset())) == [["1"], ["22"]]


def test_the_newer_of_two_versions_is_shown_wherever_it_stands() -> None:
    old, new = datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 5, 1, tzinfo=UTC)
    found = [
        _found("a", "old", modified=old),
        _found("b", "other"),
        _found("a", "newer", version="2", modified=new),
    ]
    assert _texts(choose(found, PLAIN, frozenset())) == [["other"], ["newer"]]


def test_the_sources_number_tells_the_newer_version_where_no_time_does() -> None:
    found = [
        _found("a", "old", source_version="9"),
        _found("a", "newer", version="2", source_version="10"),
        _found("a", "odd", version="3", source_version="9" * 9_999),
    ]
    assert _texts(choose(found, PLAIN, frozenset())) == [["newer"]]


def test_without_any_sign_the_better_version_is_shown() -> None:
    found = [_found("a", "best"), _found("a", "other", version="2"), _found("a", "1")]
    assert _texts(choose(found, PLAIN, frozenset())) == [["best"], ["1"]]


def test_what_was_shown_is_left_out_also_under_a_new_version() -> None:
    shown = marks_of([_found("a", "1")], PLAIN)
    found = [_found("a", "1", version="2"), _found("a", "22", version="2")]
    assert _texts(choose(found, PLAIN, frozenset(shown))) == [["22"]]


def test_a_file_that_was_shown_is_left_out_with_all_its_passages() -> None:
    shown = marks_of([_found("a", "1")], BY_FILE)
    found = [_found("a", "22"), _found("b", "1")]
    assert _texts(choose(found, BY_FILE, frozenset(shown))) == [["1"]]


def test_copies_of_what_was_shown_are_left_out_of_grouped_files_too() -> None:
    both = SearchRequest(query="x", group_by="file", unique_texts=True)
    shown = marks_of([_found("a", "1")], both)
    found = [_found("a", "22"), _found("b", "1"), _found("b", "333")]
    assert _texts(choose(found, both, frozenset(shown))) == [["333"]]
