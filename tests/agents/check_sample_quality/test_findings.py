"""What cannot be right is found with its place, and what only looks odd is left alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.check_sample_quality.findings.check_digits import wrong_check_digits
from tests.agents.check_sample_quality.checking import doubts_in


@pytest.mark.parametrize(
    ("text", "profile", "words"),
    [
        ("組成：Ti 91、Al 7、V 5", "bulk_alloy", "Ti 91、Al 7、V 5"),
        (
            "The composition is Co 20, Cr 20, Fe 40, Ni 30.",
            "bulk_alloy",
            "Co 20, Cr 20, Fe 40, Ni 30",
        ),
        ("組成：SiO2 70、Na2O 15、CaO 25（mol%）", "generic", "SiO2 70、Na2O 15、CaO 25"),
        ("配合比：LFP 90：AB 15：PVDF 5（wt%）", "battery_electrode", "LFP 90:AB 15:PVDF 5"),
    ],
)
def test_shares_that_are_no_whole(text: str, profile: str, words: str) -> None:
    assert doubts_in(text, profile) == [("composition_sum", words)]


@pytest.mark.parametrize(
    "text",
    [
        "組成：Fe 99.5、C 0.4",
        "組成：Fe-18Cr-8Ni",
        "組成：Cr 18、Ni 8、Fe 残部",
        "添加：C 0.2, Si 0.3",
    ],
)
def test_shares_that_need_not_be_a_whole(text: str) -> None:
    assert doubts_in(text, "bulk_alloy") == []


def test_a_formula_with_a_part_that_is_no_element() -> None:
    assert doubts_in("化学式：NdNiO3Xq2") == [("formula_invalid", "NdNiO3Xq2")]


@pytest.mark.parametrize(
    ("text", "profile", "words"),
    [
        ("膜厚：150 ℃", "thin_film", "150 °C"),
        ("Mass loading: 11.5 mS/cm", "battery_electrode", "11.5 mS/cm"),
        ("寸法：φ8 mg × 100 mm", "bulk_alloy", "8 mg"),
        ("合成：反応時間 5 ℃", "generic", "5 °C"),
        ('{"thickness": {"value": 12, "unit": "kg"}}', "thin_film", '12, "unit": "kg'),
    ],
)
def test_a_unit_of_something_else(text: str, profile: str, words: str) -> None:
    assert doubts_in(text, profile) == [("unit_dimension", words)]


@pytest.mark.parametrize(
    ("text", "profile"),
    [
        ("膜厚：150 nm（基板温度 200 ℃）", "thin_film"),
        ("寸法：10 mm × 60 mm、25 g", "bulk_alloy"),
        ("合成：100 ℃ 6 時間 500 ℃", "generic"),
        ("膜厚：150", "thin_film"),
    ],
)
def test_a_unit_beside_the_right_one_is_fine(text: str, profile: str) -> None:
    assert doubts_in(text, profile) == []


@pytest.mark.parametrize(
    ("text", "profile", "words"),
    [
        ("熱処理：Ar中 −350 ℃で1 h", "bulk_alloy", "-350 °C"),
        ("焼成：13000 ℃ 2 h", "powder_ceramic", "13000 °C"),
        ("量：−5 g", "generic", "-5 g"),
        ("Thickness: 12 km", "thin_film", "12 km"),
        ("担持量：120 wt%", "catalyst", "120 wt%"),
        ("Made from Li2CO3 (purity 109.9 %)", "generic", "109.9 %"),
        ("分子量：Mn = 52,000 g/mol、Đ = 0.62", "polymer", "Đ = 0.62"),
        ("Mn = 9000 g/mol, Mw = 8000 g/mol", "polymer", "Mn = 9000 g/mol"),
        ("Annealed for -2 h in air.", "generic", "-2 h"),
        ('{"process": {"temperature_C": -675}}', "thin_film", "-675"),
    ],
)
def test_a_value_that_nothing_can_have(text: str, profile: str, words: str) -> None:
    assert doubts_in(text, profile) == [("out_of_range", words)]


@pytest.mark.parametrize(
    "text",
    [
        "保管：-80 ℃",
        "Rolled to 150 % elongation",
        "Dried at -0.1 MPa",
        "Mw/Mn = 1.08",
        "純度 99.9 %",
    ],
)
def test_a_value_that_is_only_unusual(text: str) -> None:
    assert doubts_in(text) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("作製日：2025-13-02", "2025-13-02"),
        ("Prepared on 31 February 2025.", "31 February 2025"),
        ("Prepared on 12 March 2025. The tensile test was on 3 January 2025.", "3 January 2025"),
        ("作製日：2025-03-10\n備考：2025年2月1日に硬さを測定した。", "2025年2月1日"),
    ],
)
def test_a_date_that_cannot_be(text: str, words: str) -> None:
    assert doubts_in(text) == [("date_order", words)]


@pytest.mark.parametrize(
    "text",
    [
        "作製日：2025-03-10\n備考：2025年4月1日に硬さを測定した。",
        "原料は2024年12月1日に購入し、2025年1月10日に合成した。",
        "製造ロット 20251399、作製日：2025-03-10",
        "Prepared on 12 March 2025. Registered on 1 January 2025.",
    ],
)
def test_dates_in_an_order_that_can_be(text: str) -> None:
    assert doubts_in(text) == []


@pytest.mark.parametrize(
    ("text", "profile", "words"),
    [
        ("膜厚：150 nm\n備考：断面で見た膜厚は 1.5 µm でした。", "thin_film", "1.5 μm"),
        ("結晶構造：正方晶 P4mm\n備考：立方晶 Pm-3m 単相", "powder_ceramic", "立方晶 Pm-3m"),
        ("Species: mouse\nNotes: Wistar tissue throughout.", "tissue_section", "Wistar"),
        ("基板：SrTiO3\n備考：基板はLaAlO3です。", "thin_film", "LaAlO3"),
        ("組成：Fe-18Cr（質量%）\n組成の単位：at%", "bulk_alloy", "at%"),
    ],
)
def test_two_statements_that_exclude_each_other(text: str, profile: str, words: str) -> None:
    assert doubts_in(text, profile) == [("field_conflict", words)]


@pytest.mark.parametrize(
    ("text", "profile"),
    [
        ("膜厚：2000 angstrom\n備考：膜厚は 0.2 um です。", "thin_film"),
        ("膜厚：150 nm\n備考：熱処理前の膜厚は 400 nm でした。", "thin_film"),
        ("粒径：D50 = 3 um\n備考：粒径は D90 = 12 um です。", "powder_ceramic"),
        ("結晶構造：正方晶\n備考：120 ℃以上では立方晶に転移する。", "powder_ceramic"),
        ("Species: mouse\nNotes: stained with a rabbit antibody.", "tissue_section"),
        ("結晶構造：斜方晶\n備考：基板は立方晶。", "thin_film"),
    ],
)
def test_two_statements_that_can_both_be_true(text: str, profile: str) -> None:
    assert doubts_in(text, profile) == []


@pytest.mark.parametrize(
    "text",
    ["CAS 12047-27-5", "12047-27-5", "CAS番号：50-00-1", "EC 200-001-9", "0000-0002-1825-0098"],
)
def test_a_number_that_fails_its_check_digit(text: str) -> None:
    assert [found.code for found in wrong_check_digits(text)] == ["id_checksum"]


@pytest.mark.parametrize(
    "text",
    [
        *("CAS 12047-27-7", "CAS番号：50-00-0", "EC 200-001-8"),
        *("0000-0002-1825-0097", "0000-0002-1694-233X"),
        *("2024-12-3", "lot 1234-56-7", "03-1234-5678"),
    ],
)
def test_a_number_that_passes_or_has_no_check_digit(text: str) -> None:
    assert list(wrong_check_digits(text)) == []


@given(st.integers(10_000, 9_999_999), st.integers(0, 99))
def test_of_ten_last_digits_one_makes_a_cas_number(first: int, second: int) -> None:
    numbers = [f"{first}-{second:02}-{check}" for check in range(10)]
    assert sum(not list(wrong_check_digits(number)) for number in numbers) == 1


def test_findings_come_once_each_in_the_order_they_stand() -> None:
    text = "量：−5 g\n組成：Ti 91、Al 12\n合成：9999 ℃"
    codes = [code for code, _ in doubts_in(text)]
    assert codes == ["out_of_range", "composition_sum", "out_of_range"]
