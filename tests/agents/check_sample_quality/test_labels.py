import pytest

from agents.check_sample_quality.labels import criterion_of, is_note, unit_of_label
from agents.check_sample_quality.profile import find_profile, load_criteria

EVERY = tuple(load_criteria())


@pytest.mark.parametrize(
    ("label", "criterion"),
    [
        ("Sample ID", "identifier"),
        ("sampleId", "identifier"),
        ("■ 3. 試料番号", "identifier"),
        ("担体の入手先", "provenance"),
        ("白金源の入手先", "provenance"),
        ("Coating thickness", "thickness"),
        ("growth_conditions", "process"),
        ("dataName", None),
        ("会議名", None),
        ("", None),
        ("備考", None),
    ],
)
def test_a_label_means_the_criterion_that_its_head_names(label: str, criterion: str | None) -> None:
    assert criterion_of(label, EVERY) == criterion


def test_a_label_means_what_the_profile_asks_for() -> None:
    assert criterion_of("厚さ", find_profile("thin_film").criteria) == "thickness"
    assert criterion_of("厚さ", find_profile("tissue_section").criteria) == "section_thickness"


@pytest.mark.parametrize(
    ("label", "unit"),
    [("膜厚 [nm]", "nm"), ("temperature_C", "C"), ("粒径(μm)", "μm"), ("形状", None)],
)
def test_a_label_may_carry_the_unit(label: str, unit: str | None) -> None:
    assert unit_of_label(label) == unit


def test_free_text_has_labels_of_its_own() -> None:
    assert is_note("備考")
    assert is_note("Remarks")
    assert not is_note("組成")
