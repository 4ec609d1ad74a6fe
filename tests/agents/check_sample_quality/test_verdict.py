"""The verdict as a function of what was found."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.check_sample_quality.findings.contradiction import Contradiction
from agents.check_sample_quality.folding import fold
from agents.check_sample_quality.marks import Mark
from agents.check_sample_quality.presence import RANK
from agents.check_sample_quality.profile import find_profile, load_criteria
from agents.check_sample_quality.record import Finding, Overall, State
from agents.check_sample_quality.verdict import criteria_of, findings_of, overall_of
from agents.check_sample_quality.wording import message_for, suggestion_for

FILM = find_profile("thin_film")
SOURCE = "膜厚：１５０ ℃"
DOUBT = Finding(code="unit_dimension", quote="１５０ ℃", start=3, end=8, message="?")


def _marks(**states: State) -> dict[str, Mark]:
    return {name: Mark(state, 0, 2, "rules") for name, state in states.items()}


def _overall(
    *, is_sample: bool = True, findings: list[Finding] | None = None, **states: State
) -> Overall:
    complete = dict.fromkeys(FILM.required, Mark("present", 0, 2, "rules"))
    criteria = criteria_of(FILM, {**complete, **_marks(**states)}, SOURCE, "ja")
    return overall_of(is_sample=is_sample, findings=findings or [], criteria=criteria)


def test_what_is_required_suffices() -> None:
    assert _overall() == "sufficient"


@pytest.mark.parametrize("state", ["partial", "missing"])
def test_a_required_criterion_that_is_not_met_needs_more(state: State) -> None:
    assert _overall(thickness=state) == "needs_more"


def test_a_recommended_criterion_never_changes_the_verdict() -> None:
    assert _overall(dimensions="partial") == "sufficient"


def test_a_contradiction_counts_more_than_what_is_missing() -> None:
    assert _overall(findings=[DOUBT], thickness="partial") == "contradictory"


def test_what_is_no_sample_is_neither() -> None:
    assert _overall(is_sample=False, findings=[DOUBT]) == "not_a_sample"


@given(st.dictionaries(st.sampled_from(FILM.criteria), st.sampled_from(["partial", "present"])))
def test_criteria_come_required_first_and_worst_first(states: dict[str, State]) -> None:
    criteria = criteria_of(FILM, _marks(**states), SOURCE, "en")
    order = [(each.importance == "recommended", RANK[each.state]) for each in criteria]
    assert order == sorted(order)
    assert {each.criterion for each in criteria} == set(FILM.criteria)


def test_a_criterion_is_asked_for_exactly_when_it_is_not_met() -> None:
    criteria = criteria_of(FILM, _marks(thickness="present", substrate="partial"), SOURCE, "ja")
    assert all((each.suggestion is None) == (each.state == "present") for each in criteria)


def test_a_finding_quotes_the_words_as_they_were_sent() -> None:
    folded = fold(SOURCE)
    doubt = Contradiction("unit_dimension", 3, 9, ja="単位が違います。", en="Wrong unit.")
    [finding] = findings_of([doubt], folded, "ja")
    assert (finding.quote, finding.message) == ("１５０ ℃", "単位が違います。")
    assert SOURCE[finding.start : finding.end] == finding.quote


@pytest.mark.parametrize(
    ("overall", "message"),
    [
        ("sufficient", "十分な試料情報です。"),
        ("needs_more", "もう少し、試料ID・試料名、基板を加えるとよいでしょう。"),
        (
            "contradictory",
            (
                "確認が必要な箇所があります：「１５０ ℃」。"
                "もう少し、試料ID・試料名、基板を加えるとよいでしょう。"
            ),
        ),
    ],
)
def test_the_message_names_what_to_check_and_what_to_add(overall: Overall, message: str) -> None:
    met = _marks(composition="present", thickness="present", process="present")
    criteria = criteria_of(FILM, {**met, **_marks(substrate="partial")}, SOURCE, "ja")
    findings = [DOUBT] if overall == "contradictory" else []
    assert message_for(overall, findings, criteria, "ja") == message


def test_a_suggestion_says_what_is_there_what_is_asked_and_an_example() -> None:
    [thickness] = [
        each
        for each in criteria_of(FILM, {"thickness": Mark("partial", 0, 2, "rules")}, SOURCE, "en")
        if each.criterion == "thickness"
    ]
    assert thickness.suggestion == (
        "'膜厚' is not enough. Please give the thickness, with its unit."
        " Example: Thickness: 12.4 nm (XRR)"
    )


def test_a_missing_entry_is_asked_for_in_japanese() -> None:
    assert suggestion_for(load_criteria()["stain"], None, "ja") == (
        "染色を書いてください。例：染色：ニッスル染色"
    )
