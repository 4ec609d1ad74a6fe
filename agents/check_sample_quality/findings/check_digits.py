"""Registry numbers whose check digit does not fit: CAS, EC and ORCID."""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from agents.check_sample_quality.findings.contradiction import Contradiction


def _cas_fits(number: str) -> bool:
    """Weigh digits 1, 2, 3, … from the right; the sum modulo 10 is the last digit."""
    *digits, check = (int(char) for char in number if char.isdigit())
    weighed = sum(weight * digit for weight, digit in enumerate(reversed(digits), start=1))
    return weighed % 10 == check


def _ec_fits(number: str) -> bool:
    """Weigh digits 1, 2, 3, … from the left; the sum modulo 11 is the last digit."""
    *digits, check = (int(char) for char in number if char.isdigit())
    return sum(weight * digit for weight, digit in enumerate(digits, start=1)) % 11 == check


def _orcid_fits(number: str) -> bool:
    """Follow ISO 7064 MOD 11-2, where X stands for 10."""
    digits, check = number[:-1].replace("-", ""), number[-1]
    total = 0
    for digit in digits:
        total = (total + int(digit)) * 2
    return (12 - total % 11) % 11 == (10 if check == "X" else int(check))


class _Registry(NamedTuple):
    name: str
    number: re.Pattern[str]
    fits: Callable[[str], bool]


_REGISTRIES = (
    # Short ones look like dates and lots, so they need their name before them.
    _Registry("CAS", re.compile(r"(?<![\d-])\d{5,7}-\d{2}-\d(?![\d-])"), _cas_fits),
    _Registry("CAS", re.compile(r"(?<=CAS)\D{0,20}?(\d{2,4}-\d{2}-\d)(?![\d-])"), _cas_fits),
    _Registry("EC", re.compile(r"\b(?:EC|EINECS)\D{0,20}?(\d{3}-\d{3}-\d)(?![\d-])"), _ec_fits),
    _Registry("ORCID", re.compile(r"(?<![\d-])(?:\d{4}-){3}\d{3}[\dX](?![\d-])"), _orcid_fits),
)


def wrong_check_digits(text: str) -> Iterator[Contradiction]:
    """Yield registry numbers in folded text that fail their check."""
    for registry in _REGISTRIES:
        for match in registry.number.finditer(text):
            group = match.lastindex or 0
            if not registry.fits(match[group]):
                yield Contradiction(
                    "id_checksum",
                    match.start(group),
                    match.end(group),
                    ja=f"{registry.name}番号の検査数字が合いません。",
                    en=f"The check digit of this {registry.name} number does not fit.",
                )
