import pytest

from agents.check_sample_quality.record import SampleSubmission
from contracts.problems import InvalidRequest
from mcp_server.arguments import read_arguments
from rag.models import ReadRequest, SearchRequest

SECRET = "未発表の合金"


def test_what_is_left_out_takes_its_default() -> None:
    assert read_arguments(SearchRequest, {"query": SECRET}) == SearchRequest(query=SECRET)


def test_a_missing_field_is_named() -> None:
    with pytest.raises(InvalidRequest, match=r"^passage_id: Field required$"):
        read_arguments(ReadRequest, {})


def test_a_misspelt_argument_is_refused_with_the_right_name() -> None:
    with pytest.raises(InvalidRequest, match=r"^project: .*did you mean `projects`\?$"):
        read_arguments(SearchRequest, {"query": SECRET, "project": ["alloy"]})


def test_a_value_that_does_not_fit_is_not_repeated() -> None:
    with pytest.raises(InvalidRequest) as refused:
        read_arguments(SearchRequest, {"query": "q", "projects": [f"../{SECRET}"]})
    assert refused.value.message.startswith("projects.0: ")
    assert SECRET not in refused.value.message


def test_a_fault_of_the_whole_is_told_of_the_arguments() -> None:
    with pytest.raises(InvalidRequest, match=r"^arguments: give either `text` or `fields`$"):
        read_arguments(SampleSubmission, {})


def test_a_long_name_of_an_argument_is_cut() -> None:
    with pytest.raises(InvalidRequest) as refused:
        read_arguments(SearchRequest, {"query": "q", "x" * 1_000_000: 1})
    assert len(refused.value.message) < 150
