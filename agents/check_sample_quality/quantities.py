"""Numbers with units: which dimension they have and how much they are in SI."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Literal

import yaml
from pydantic import TypeAdapter

Dimension = Literal[
    "length",
    "mass",
    "amount",
    "area",
    "volume",
    "areal_mass",
    "areal_charge",
    "specific_area",
    "molar_mass",
    "mass_ratio",
    "share",
    "temperature",
    "time",
    "pressure",
    "concentration",
    "other",
]
_UnitTable = dict[Dimension, dict[str, float]]

NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_VALUE = rf"""
    (?<![A-Za-z0-9_.])
    (?P<minus>(?<![\d)])(?<!\d\s)-)?
    (?P<number>{NUMBER})
    (?:\s?[x×]\s?10\^?(?P<exponent>[-+]?\d{{1,2}}) | [eE](?P<e>[-+]?\d{{1,2}}))?
"""
_INCH = r"in(?=\s(?:diameter|dia|long|wide|thick|high|square|[x×])|[,;)]|$)"
_NO_MORE_UNIT = r"(?![A-Za-zΩ°%/²]|-?\d)"
_KANJI = re.compile(
    r"(?<![一二三四五六七八九十百千])(?P<number>[一二三四五六七八九十百千]{1,8})"
    r"(?P<unit>度|時間|分間?|日間|質量パーセント|重量パーセント|パーセント|グラム|ミリ|ミクロン)"
)
_KANJI_DIGITS = {char: value for value, char in enumerate("〇一二三四五六七八九")}
_KANJI_PLACES = {"十": 10, "百": 100, "千": 1000}

ZERO_CELSIUS_K = 273.15


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number at `start:end` of its text; without a unit, `dimension` is None.

    `si` is the value in SI units; temperatures are in kelvin, shares in percent.
    """

    start: int
    end: int
    value: float
    unit: str | None
    dimension: Dimension | None
    si: float


@dataclass(frozen=True, slots=True)
class _Unit:
    dimension: Dimension
    factor: float


def find_quantities(text: str, unit_hint: str | None = None) -> Iterator[Quantity]:
    """Yield the quantities of folded text, those with digits before those in kanji.

    `unit_hint` serves numbers without a unit of their own.
    """
    for match in _pattern().finditer(text):
        size = float(match["number"].replace(",", ""))
        size *= 10.0 ** int(match["exponent"] or match["e"] or 0)
        unit = match["unit"] or unit_hint
        yield _quantity(match.span(), -size if match["minus"] else size, unit)
    for match in _KANJI.finditer(text):
        yield _quantity(match.span(), _kanji_value(match["number"]), match["unit"])


def _quantity(place: tuple[int, int], value: float, name: str | None) -> Quantity:
    name = "inch" if name == "in" else name
    unit = _units().get(name or "")
    if unit is None:
        return Quantity(*place, value, None, None, value)
    return Quantity(*place, value, name, unit.dimension, _si(value, name or "", unit))


def _si(value: float, name: str, unit: _Unit) -> float:
    if name in {"°C", "C", "degC", "度"}:
        return value + ZERO_CELSIUS_K
    if name in {"°F", "degF"}:
        return (value - 32) / 1.8 + ZERO_CELSIUS_K
    return value * unit.factor


@lru_cache(maxsize=1)
def _units() -> Mapping[str, _Unit]:
    packaged = files("agents.check_sample_quality") / "units.yaml"
    table = yaml.safe_load(packaged.read_text(encoding="utf-8"))
    by_dimension = TypeAdapter(_UnitTable).validate_python(table)
    return {
        name: _Unit(dimension, factor)
        for dimension, units in by_dimension.items()
        for name, factor in units.items()
    }


@lru_cache(maxsize=1)
def _pattern() -> re.Pattern[str]:
    longest_first = sorted(_units(), key=len, reverse=True)
    unit = "|".join(re.escape(name) for name in longest_first)
    return re.compile(
        rf"{_VALUE} (?:\s{{0,2}}(?P<unit>{unit}|{_INCH}){_NO_MORE_UNIT})?", re.VERBOSE
    )


def _kanji_value(number: str) -> float:
    total, digit = 0, 0
    for char in number:
        if char in _KANJI_PLACES:
            total += (digit or 1) * _KANJI_PLACES[char]
            digit = 0
        else:
            digit = _KANJI_DIGITS[char]
    return float(total + digit)
