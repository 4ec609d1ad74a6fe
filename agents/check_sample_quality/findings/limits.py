"""Values that nothing can have, wherever they stand: below absolute zero, more than all of it."""

import re
from collections.abc import Iterator, Mapping

from agents.check_sample_quality.findings.contradiction import Contradiction
from agents.check_sample_quality.quantities import (
    NUMBER,
    ZERO_CELSIUS_K,
    Dimension,
    Quantity,
    find_quantities,
)

HOTTEST_K = 6000.0  # more than any furnace or arc gives a sample
_PARTS_OF_A_WHOLE = re.compile(r"\D+%|パーセント|percent")
_AT_MOST_ALL = re.compile(
    rf"(?:純度|収率|相対密度|気孔率|\b(?:purity|yield|relative density|porosity)\b)"
    rf"[^\d\n。;]{{0,12}}(?P<share>(?P<number>{NUMBER})\s?%)",
    re.IGNORECASE,
)
_DISPERSITY = re.compile(
    rf"""
    (?: (?: Đ | PDI | Mw/Mn | 分散度 | [Dd]ispersity ) \s* (?: は | = | : | of | is )?
      | (?<=[、, ]) D \s? = )
    \s* (?P<number>{NUMBER})
    """,
    re.VERBOSE,
)
_MEAN_MASS = re.compile(
    rf"M(?P<mean>[nw])\s*(?:は|=|:|of|is)?\s*(?P<number>{NUMBER})\s?(?P<unit>k?g/mol|k?Da)?"
)
_TEMPERATURE_KEY = re.compile(
    r"temperature[_ ]?\(?(?P<unit>C|K)\)?\"?\s*[:=]\s*(?P<number>-?\d+(?:\.\d+)?)", re.IGNORECASE
)
_IS = r"\s*(?:は|:|=|\bof\b|\bwas\b|\bis\b)?\s*"
_NO_NUMBER_BEFORE = r"(?<![\d一二三四五六七八九十])(?<!\d\s)"
_NAMES: Mapping[Dimension, re.Pattern[str]] = {
    "temperature": re.compile(rf"(?:温度|[Tt]emperature){_IS}"),
    "time": re.compile(rf"(?:{_NO_NUMBER_BEFORE}時間|\b[Tt]ime|[Dd]uration){_IS}"),
    "pressure": re.compile(rf"(?:圧力|真空度|[Pp]ressure){_IS}"),
}


def beyond_limits(text: str) -> Iterator[Contradiction]:
    """Yield the values in folded text that are physically impossible whatever they describe."""
    for quantity in find_quantities(text):
        if quantity.dimension == "temperature" and not _is_temperature(quantity.si):
            yield _bad_temperature(quantity.start, quantity.end)
        elif _is_beyond_all(quantity):
            yield _bad_share(quantity.start, quantity.end)
        elif quantity.dimension in {"time", "mass"} and quantity.value < 0:
            yield _negative(quantity)


def beyond_named_limits(text: str) -> Iterator[Contradiction]:
    """Yield impossible values that only their name tells: a purity, a key `temperature_C`."""
    for match in _AT_MOST_ALL.finditer(text):
        if float(match["number"].replace(",", "")) > 100:
            yield _bad_share(*match.span("share"))
    for match in _TEMPERATURE_KEY.finditer(text):
        shift = ZERO_CELSIUS_K if match["unit"] in "cC" else 0.0
        if not _is_temperature(float(match["number"]) + shift):
            yield _bad_temperature(*match.span("number"))


def wrong_dispersities(text: str) -> Iterator[Contradiction]:
    """Yield dispersities below 1: Mw is never less than Mn."""
    for match in _DISPERSITY.finditer(text):
        if float(match["number"].replace(",", "")) < 1:
            yield Contradiction(
                "out_of_range",
                *match.span(),
                ja="分散度（Mw/Mn）は 1 より小さくなりません。",
                en="A dispersity (Mw/Mn) is never below 1.",
            )


def wrong_mean_masses(text: str) -> Iterator[Contradiction]:
    """Yield a number-average molecular weight above the weight-average one, in the same unit."""
    means = {match["mean"]: match for match in _MEAN_MASS.finditer(text)}
    if means.keys() < {"n", "w"} or means["n"]["unit"] != means["w"]["unit"]:
        return
    number_mean, weight_mean = (float(means[mean]["number"].replace(",", "")) for mean in "nw")
    if number_mean > weight_mean:
        yield Contradiction(
            "out_of_range",
            *means["n"].span(),
            ja="Mn は Mw より大きくなりません。",
            en="Mn is never above Mw.",
        )


def wrong_named_units(text: str) -> Iterator[Contradiction]:
    """Yield temperatures, times and pressures that are given in a unit of something else."""
    quantities = {quantity.start: quantity for quantity in find_quantities(text)}
    for dimension, name in _NAMES.items():
        for match in name.finditer(text):
            quantity = quantities.get(match.end())
            if quantity and quantity.dimension not in {None, dimension}:
                yield Contradiction(
                    "unit_dimension",
                    quantity.start,
                    quantity.end,
                    ja=f"単位「{quantity.unit}」は「{match.group().strip()}」の単位ではありません。",
                    en=f"{quantity.unit!r} is no unit for a {dimension}.",
                )


def _is_temperature(kelvin: float) -> bool:
    return 0 <= kelvin <= HOTTEST_K


def _is_beyond_all(quantity: Quantity) -> bool:
    if quantity.dimension != "share" or quantity.unit is None:
        return False
    return bool(_PARTS_OF_A_WHOLE.fullmatch(quantity.unit)) and not 0 <= quantity.value <= 100


def _bad_temperature(start: int, end: int) -> Contradiction:
    return Contradiction(
        "out_of_range",
        start,
        end,
        ja="ありえない温度です。",
        en="There is no such temperature.",
    )


def _bad_share(start: int, end: int) -> Contradiction:
    return Contradiction(
        "out_of_range",
        start,
        end,
        ja="割合は 0 から 100 % の間でなければなりません。",
        en="A share lies between 0 and 100 %.",
    )


def _negative(quantity: Quantity) -> Contradiction:
    return Contradiction(
        "out_of_range",
        quantity.start,
        quantity.end,
        ja="負の値にはなりません。",
        en="This cannot be negative.",
    )
