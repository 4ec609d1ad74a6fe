import re

import pytest

from agents.check_sample_quality.labels import plain_label
from agents.check_sample_quality.profile import (
    Criterion,
    Profile,
    find_profile,
    load_criteria,
    load_profiles,
)
from agents.problems import ProfileUnknown
from tests.agents.check_sample_quality.checking import states_in

CRITERIA = load_criteria()
CHECKED = [(profile, name) for profile in load_profiles().values() for name in profile.criteria]


@pytest.mark.parametrize(("profile", "name"), CHECKED, ids=lambda part: getattr(part, "id", part))
def test_the_examples_that_are_suggested_meet_their_criterion(profile: Profile, name: str) -> None:
    for example in (CRITERIA[name].example_ja, CRITERIA[name].example_en):
        assert states_in(example, profile.id).get(name) == "present"


@pytest.mark.parametrize("profile", load_profiles().values(), ids=load_profiles())
def test_no_two_criteria_of_a_profile_have_the_same_label(profile: Profile) -> None:
    labels = [plain_label(label) for name in profile.criteria for label in CRITERIA[name].labels]
    shared = {label for label in labels if labels.count(label) > 1}
    assert shared == set()


@pytest.mark.parametrize("criterion", CRITERIA.values(), ids=CRITERIA)
def test_a_cue_quotes_its_evidence_unless_the_sentence_is_the_evidence(
    criterion: Criterion,
) -> None:
    quotes = ["quote" in cue.groupindex for cue in criterion.cue_patterns]
    assert not any(quotes) if criterion.check == "conditions" else all(quotes)


def test_every_criterion_belongs_to_a_profile() -> None:
    used = {name for profile in load_profiles().values() for name in profile.criteria}
    assert used == CRITERIA.keys()


def test_no_cue_has_a_part_that_was_not_put_in() -> None:
    named = re.compile(r"\{[a-z_]+\}")
    assert [cue for each in CRITERIA.values() for cue in each.cues if named.search(cue)] == []


def test_an_unknown_profile_is_told_with_those_there_are() -> None:
    with pytest.raises(ProfileUnknown) as caught:
        find_profile("alloys")
    assert "bulk_alloy" in caught.value.hint


def test_a_quantity_without_dimensions_is_no_criterion() -> None:
    thickness = CRITERIA["thickness"].model_dump()
    with pytest.raises(ValueError, match="dimensions"):
        Criterion.model_validate({**thickness, "dimensions": ()})


@pytest.mark.parametrize("part", ["cues", "vague"])
def test_a_pattern_that_does_not_compile_is_refused(part: str) -> None:
    thickness = CRITERIA["thickness"].model_dump()
    with pytest.raises(ValueError, match="regular expression"):
        Criterion.model_validate({**thickness, part: ["(nm"]})
