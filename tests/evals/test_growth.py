"""The benchmark of growth: the power that it fits, the curves that it draws."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from evals.growth.__main__ import main
from evals.growth.bench import exponent
from evals.growth.plot import Curve, draw

_SIZES = [1_000.0, 10_000.0, 100_000.0]
_SVG = "{http://www.w3.org/2000/svg}"


@given(st.floats(0.01, 100), st.floats(-1, 2))
def test_of_times_that_grow_with_a_power_that_power_is_found(first: float, power: float) -> None:
    times = [first * size**power for size in _SIZES]
    assert exponent(_SIZES, times) == pytest.approx(power, abs=1e-6)


def test_a_time_that_does_not_grow_has_the_power_0() -> None:
    assert exponent(_SIZES, [3.0, 3.0, 3.0]) == pytest.approx(0)


def test_a_curve_has_a_point_for_each_size_and_names_its_power() -> None:
    curve = Curve(title="A <search>", unit="ms", sizes=_SIZES, times=[2.0, 3.0, 5.0], exponent=0.2)
    svg = ET.fromstring(draw([curve, curve]))  # noqa: S314 - our own
    texts = [text.text for text in svg.iter(f"{_SVG}text")]
    assert len(list(svg.iter(f"{_SVG}circle"))) == 2 * len(_SIZES)
    assert texts.count("A <search>") == 2
    assert {"1,000", "100,000", "1 ms", "10 ms"} <= set(texts)
    assert "grows with the power 0.20 of the size" in texts


def test_greater_sizes_are_further_right_and_longer_times_higher() -> None:
    curve = Curve(title="", unit="s", sizes=_SIZES, times=[0.2, 3.0, 50.0], exponent=1.2)
    svg = ET.fromstring(draw([curve]))  # noqa: S314 - our own
    points = [
        (float(dot.attrib["cx"]), -float(dot.attrib["cy"])) for dot in svg.iter(f"{_SVG}circle")
    ]
    assert points == sorted(points)


@pytest.mark.usefixtures("minilm")
def test_the_command_measures_each_size_and_draws_it(tmp_path: Path) -> None:
    plot = tmp_path / "growth.svg"
    options = ["--size", "40", "--size", "20", "--texts", "20", "--queries", "4", "--json"]
    facts = json.loads(CliRunner().invoke(main, [*options, "--plot", str(plot)]).stdout)
    assert [size["passages"] for size in facts["sizes"]] == [20, 40]
    assert facts["sizes"][0]["index_s"] < facts["sizes"][1]["index_s"]
    assert facts.keys() >= {"machine", "texts", "query_exponent", "index_exponent"}
    assert ET.parse(plot).getroot().tag == f"{_SVG}svg"  # noqa: S314 - our own
