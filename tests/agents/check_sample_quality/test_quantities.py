import pytest

from agents.check_sample_quality.quantities import Quantity, find_quantities


def _only(text: str, hint: str | None = None) -> Quantity:
    [quantity] = find_quantities(text, hint)
    return quantity


@pytest.mark.parametrize(
    ("text", "dimension", "si"),
    [
        ("150 nm", "length", 150e-9),
        ("2000 angstrom", "length", 2e-7),
        ("0.5 in diameter", "length", 0.0127),
        ("52,000 g/mol", "molar_mass", 52.0),
        ("11.5 mg/cm2", "areal_mass", 0.115),
        ("880 °F", "temperature", 744.26),
        ("-80 °C", "temperature", 193.15),
        ("2×10-5 Pa", "pressure", 2e-5),
        ("1.5e3 s", "time", 1500.0),
        ("十五質量パーセント", "share", 15.0),
        ("五百度", "temperature", 773.15),
    ],
)
def test_a_number_with_its_unit_is_read_in_si(text: str, dimension: str, si: float) -> None:
    quantity = _only(text)
    assert quantity.dimension == dimension
    assert quantity.si == pytest.approx(si, rel=1e-4)


def test_a_bare_number_has_no_dimension() -> None:
    assert _only("150").dimension is None


def test_a_bare_number_takes_the_unit_of_its_column() -> None:
    assert _only("150", "nm").si == pytest.approx(150e-9)


@pytest.mark.parametrize("text", ["10-20 wt%", "5 -10 wt%", "Fe-18 wt%", "TiA-350 °C"])
def test_a_hyphen_between_is_no_minus(text: str) -> None:
    assert all(quantity.value > 0 for quantity in find_quantities(text))


def test_a_unit_that_goes_on_is_another_unit() -> None:
    assert [quantity.dimension for quantity in find_quantities("5 K/min 3 mmHg")] == ["other", None]
