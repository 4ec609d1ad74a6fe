"""What counts as stated, half stated, and not stated."""

import pytest

from tests.agents.check_sample_quality.checking import states_in, words_for


@pytest.mark.parametrize(
    ("text", "profile", "criterion", "state"),
    [
        ("膜厚：150 nm", "thin_film", "thickness", "present"),
        ("膜厚：150", "thin_film", "thickness", "partial"),
        ("組成：Co 100", "bulk_alloy", "composition", "present"),
        ("組成：いろいろ", "bulk_alloy", "composition", "partial"),
        ("膜厚：未定", "thin_film", "thickness", None),
        ("膜厚は測っていません。", "thin_film", "thickness", None),
        ("熱処理：900 ℃ 1 h", "generic", "process", "present"),
        ("熱処理：なし", "generic", "process", "present"),
        ("熱処理：圧延まま", "generic", "process", "present"),
        ("熱処理：熱処理済み", "generic", "process", "partial"),
        ("入手先：市販品", "generic", "provenance", "partial"),
        ("入手先：北浜金属 ロット K23", "generic", "provenance", "present"),
        ("Molecular weight: high molecular weight", "polymer", "molecular_weight", "partial"),
        ("倫理承認：申請中", "tissue_section", "ethics", "partial"),
        ("固定：固定済み", "tissue_section", "fixation", "partial"),
        ("作製日：昨年の春", "generic", "date", "partial"),
        ("作製日：2025年3月", "generic", "date", "present"),
        ("危険性：なし", "generic", "hazard", "present"),
    ],
)
def test_an_entry_is_worth_what_others_can_do_with_it(
    text: str, profile: str, criterion: str, state: str | None
) -> None:
    assert states_in(text, profile).get(criterion) == state


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("組成：Fe-18Cr-8Ni（質量%）", "present"),
        ("組成：Nd2Fe14B", "present"),
        ("組成：Ti 90、Al 10\n組成の単位：at%", "present"),
        ("組成：Ti 90、Al 10", None),
        ("組成：Ti 90、Al 10\n組成の単位：at% / wt% のどちらかに○", None),
        ("組成：Ti 90、Al 10\n組成の単位：at%、wt%", "partial"),
    ],
)
def test_the_basis_of_a_composition_may_stand_beside_it_or_follow_from_a_formula(
    text: str, state: str | None
) -> None:
    assert states_in(text, "bulk_alloy").get("composition_basis") == state


@pytest.mark.parametrize(
    ("text", "profile", "criterion", "words"),
    [
        ("An extruded bar, 4 in long.", "bulk_alloy", "form", "extruded bar"),
        ("A W film on Si (100), 80 nm thick.", "thin_film", "substrate", "Si (100)"),
        ("Si(100)基板上のW膜です。", "thin_film", "composition", "W"),
        ("5 wt% Pt supported on activated carbon.", "catalyst", "metal_loading", "5 wt%"),
        ("Niをシリカに十五質量パーセント担持した。", "catalyst", "support", "シリカ"),
        (
            "We got it from Halden Ceramics, lot 40.",
            "generic",
            "provenance",
            "Halden Ceramics, lot 40",
        ),
        ("MoS2 was grown on SiO2/Si by CVD.", "thin_film", "substrate", "SiO2/Si"),
        ("試料は Mg-3Al-1Zn の板（AZ31-R4）。", "bulk_alloy", "identifier", "AZ31-R4"),
        ("試料は Mg-3Al-1Zn の板（AZ31-R4）。", "bulk_alloy", "composition", "Mg-3Al-1Zn"),
        ("合金板で、40 mm × 15 mm。", "bulk_alloy", "form", "合金板"),
        ("Sections (LV-3) of liver.", "tissue_section", "identifier", "LV-3"),
        ("遮光・冷暗所で保管。", "polymer", "storage", "遮光・冷暗所"),
    ],
)
def test_running_text_states_it_as_well(
    text: str, profile: str, criterion: str, words: str
) -> None:
    assert words_for(criterion, text, profile) == words


def test_the_formula_of_the_substrate_is_not_the_samples() -> None:
    assert "composition" not in states_in("A film on SrTiO3 (001).", "thin_film")


def test_what_it_was_made_from_is_not_its_composition() -> None:
    assert "composition" not in states_in("It was synthesised from BaCO3 and TiO2 at 900 °C.")


def test_a_power_of_ten_is_no_size() -> None:
    assert "dimensions" not in states_in("真空度 2×10⁻⁵ Paで蒸着した。")
