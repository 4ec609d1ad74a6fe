import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.check_sample_quality.formulas import (
    ELEMENTS,
    find_formulas,
    find_misspelt_formulas,
    read_formula,
)


@pytest.mark.parametrize(
    ("word", "elements"),
    [
        ("BaTiO3", ("Ba", "Ti", "O")),
        ("Li6.4La3Zr1.4Ta0.6O12", ("Li", "La", "Zr", "Ta", "O")),
        ("(Ba,Sr)TiO3", ("Ba", "Sr", "Ti", "O")),
        ("YBa2Cu3O7-d", ("Y", "Ba", "Cu", "O")),
        ("GaN", ("Ga", "N")),
    ],
)
def test_a_formula_is_read_by_its_elements(word: str, elements: tuple[str, ...]) -> None:
    formula = read_formula(word)
    assert (formula.elements, formula.unknown) == (elements, ())


@pytest.mark.parametrize("text", ["PVC", "NIST", "TiA-014", "Process", "Steel B12", "A7075"])
def test_a_name_is_not_taken_for_a_formula(text: str) -> None:
    assert find_formulas(text) == []


@pytest.mark.parametrize(
    ("text", "parts"),
    [("NdNiO3Xq2", ("Xq",)), ("BaTio3を合成", ("o",)), ("La0.7Sr0.3(MnO3", ("(",))],
)
def test_a_part_that_is_no_element_is_noticed(text: str, parts: tuple[str, ...]) -> None:
    [formula] = find_misspelt_formulas(text)
    assert formula.unknown == parts


@pytest.mark.parametrize(
    "text",
    [
        *("NMC811", "JRC-ALO-8", "SUS304", "PS-b-PMMA", "Hastelloy C276", "CuKa 1.54"),
        *("Ti3C2Tx", "Ti-6Al-4V(Ti 90)", "(In2O3:SnO2 = 90:10)"),
    ],
)
def test_a_designation_is_not_taken_for_a_misspelt_formula(text: str) -> None:
    assert find_misspelt_formulas(text) == []


@given(st.lists(st.tuples(st.sampled_from(sorted(ELEMENTS)), st.integers(2, 9)), min_size=2))
def test_any_row_of_elements_with_numbers_has_no_unknown_part(
    parts: list[tuple[str, int]],
) -> None:
    word = "".join(f"{element}{number}" for element, number in parts)
    assert find_misspelt_formulas(word) == []
    assert read_formula(word).elements == tuple(element for element, _ in parts)
