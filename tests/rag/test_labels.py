"""One spelling of tags, types and paths, whoever wrote them."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from rag.labels import asked_prefix, asked_tag, asked_type, stored_tags, type_of
from rag.models import SearchRequest


def test_a_tag_is_one_whatever_its_case_width_and_spaces() -> None:
    assert {asked_tag(each) for each in ["XRD data", "ｘｒｄ　data", " xrd\n data "]} == {
        "xrd data"
    }


def test_tags_are_stored_once_in_their_order_and_never_too_many() -> None:
    assert stored_tags(["XRD", "熱処理", "xrd", " ", "x" * 101]) == ("xrd", "熱処理")
    assert len(stored_tags(str(number) for number in range(1000))) == 100


@pytest.mark.parametrize("ending", ["pdf", ".PDF", " pdf ", "report.pdf", "tar.pdf"])
def test_a_type_is_asked_for_in_any_form(ending: str) -> None:
    assert asked_type(ending) == type_of("a/b.c/Report.v2.PDF") == "pdf"


@pytest.mark.parametrize("path", ["README", "a.b/README", ".hidden", "dot."])
def test_a_name_without_an_ending_has_no_type(path: str) -> None:
    assert type_of(path) == ""


def test_a_path_is_asked_for_as_it_is_stored() -> None:
    assert asked_prefix("/か\u3099す/") == "がす/"


@given(st.text(max_size=20))
def test_what_was_asked_for_in_the_stored_form_stays_as_it_is(text: str) -> None:
    for form in (asked_tag, asked_type, asked_prefix):
        with suppress(ValueError):  # nothing is left of it
            assert form(form(text)) == form(text)


@pytest.mark.parametrize("slashes", ["/", "//", "///"])
def test_a_path_begins_in_the_project_however_many_slashes_it_has(slashes: str) -> None:
    assert asked_prefix(f"{slashes}data") == "data"


@pytest.mark.parametrize("nothing", [{"tags": [" "]}, {"file_types": ["."]}, {"file_types": [""]}])
def test_a_label_of_nothing_is_refused(nothing: dict[str, list[str]]) -> None:
    with pytest.raises(ValidationError, match="nothing is left of it"):
        SearchRequest.model_validate({"query": "x", **nothing})
