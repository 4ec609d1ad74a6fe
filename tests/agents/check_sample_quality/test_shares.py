import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.check_sample_quality.shares import bases_of, find_element_shares, find_named_shares


@pytest.mark.parametrize(
    ("text", "total"),
    [
        ("Ti 90、Al 6、V 4", 100),
        ("Co 20, Cr 20, Fe 40, Mn 20, Ni 20 (at.%)", 120),
        ('"Cu":50,"Zr":43,"Al":7', 100),
        ("Al 95、Mg 5の合金", 100),
    ],
)
def test_a_list_of_elements_is_summed(text: str, total: float) -> None:
    [shares] = find_element_shares(text)
    assert shares.total == total


@pytest.mark.parametrize(
    ("text", "total"),
    [("NMC 92 : PVDF 4 : Super P 4 (wt%)", 100), ("LTO:CB:PVDF = 85:10:15(重量比)", 110)],
)
def test_a_mixture_is_summed_in_either_form(text: str, total: float) -> None:
    [shares] = find_named_shares(text)
    assert shares.total == total


def test_the_number_of_a_formula_is_no_share() -> None:
    assert [shares.total for shares in find_named_shares("In2O3:SnO2 = 90:10(質量比)")] == [100]


@pytest.mark.parametrize("text", ["C 0.05, Si 0.4, Mn 1.2", "Fe bal., Cr 18, Ni 8, Mo 2.5 残部 Fe"])
def test_additions_need_not_be_a_whole(text: str) -> None:
    assert all(shares.adds_up for shares in find_element_shares(text))


@given(st.integers(2, 97))
def test_two_shares_add_up_exactly_when_they_are_a_whole(iron: int) -> None:
    [whole] = find_element_shares(f"Fe {iron}, Cr {100 - iron}")
    [more] = find_element_shares(f"Fe {iron}, Cr {103 - iron}")
    assert whole.adds_up
    assert not more.adds_up


@pytest.mark.parametrize(
    ("text", "bases"),
    [
        ("質量%", {"wt%"}),
        ("(at.%)", {"at%"}),
        ("weight percent", {"wt%"}),
        ("at% / wt%", {"at%", "wt%"}),
        ("70 % reduction", set[str]()),
    ],
)
def test_words_tell_what_shares_count(text: str, bases: set[str]) -> None:
    assert bases_of(text) == bases
