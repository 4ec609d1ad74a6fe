"""Is an entry usable for its criterion: present, partial, or no entry at all."""

import re

from agents.check_sample_quality.blanks import is_negated, is_placeholder, says_none
from agents.check_sample_quality.dates import find_dates
from agents.check_sample_quality.formulas import ELEMENTS, find_formulas, read_formula
from agents.check_sample_quality.profile import Check, Criterion
from agents.check_sample_quality.quantities import find_quantities
from agents.check_sample_quality.record import State
from agents.check_sample_quality.shares import (
    bases_of,
    find_element_shares,
    find_named_shares,
    is_one_element,
)

_DESIGNATION = re.compile(
    r"""
      \b[A-Z][a-z]?(?:-\d*\.?\d*[A-Z][a-z]?)+   # Ti-6Al-4V
    | \b[A-Z]{1,5}-?\d{2,5}[A-Z]?\b             # SUS304, A7075
    | Inconel | Hastelloy | Invar
    """,
    re.VERBOSE,
)
_CHEMICAL_WORD = re.compile(
    r"""
      (?:oxide|ide|ate|carbon|graphite|silica|alumina)\b
    | (?:platinum|nickel|palladium|ruthenium|rhodium|cobalt|iridium|copper|iron|gold|silver)\b
    | 酸化 | 窒化 | 炭化 | 硫化 | 白金 | ニッケル | パラジウム | ルテニウム | ロジウム | コバルト
    | イリジウム | チタン | シリカ | アルミナ | グラフェン | カーボン | 炭素
    """,
    re.VERBOSE | re.IGNORECASE,
)
_AS_IT_WAS = re.compile(
    r"""
      まま | 処理なし | 未処理
    | \bas[- ](?:received|rolled|cast|grown|deposited|built|is|sintered)\b
    | \b(?:no|without)\ (?:further\ |heat\ |any\ )*(?:treatment|processing|annealing)\b
    """,
    re.VERBOSE,
)
_JSON_NUMBER = re.compile(r'":\s*-?\d')
_MONTH = re.compile(
    r"(?:19|20)\d{2}\s?[-/.年]\s?\d{1,2}"
    r"|\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.? (?:19|20)\d{2}"
)


def judge_entry(criterion: Criterion, value: str, unit_hint: str | None = None) -> State:
    """Judge a folded entry for a criterion; a placeholder or a negation is no entry."""
    if criterion.check == "basis" and len(bases_of(value)) == 1:
        return "present"  # a unit alone would pass for a blank elsewhere
    if says_none(value) and (criterion.none_is_said or criterion.check == "conditions"):
        return "present"
    if is_placeholder(value) or is_negated(value):
        return "missing"
    if any(re.search(pattern, value.strip()) for pattern in criterion.vague):
        return "partial"
    return "present" if _is_usable(criterion.check, value, unit_hint) else "partial"


def _is_usable(check: Check, value: str, unit_hint: str | None) -> bool:
    if check == "quantity":
        return _has_unit(value, unit_hint)
    if check == "conditions":
        return bool(_AS_IT_WAS.search(value) or _JSON_NUMBER.search(value)) or _has_unit(
            value, unit_hint
        )
    if check == "basis":
        return len(bases_of(value)) == 1 or is_stoichiometric(value)
    if check == "date":
        return bool(find_dates(value) or _MONTH.search(value))
    if check == "shares":
        return bool(find_named_shares(value))
    return check == "presence" or states_composition(value)


def _has_unit(value: str, unit_hint: str | None) -> bool:
    return any(found.dimension for found in find_quantities(value, unit_hint))


def states_composition(value: str) -> bool:
    """Tell whether folded text gives a formula, shares of elements, or a known designation."""
    word = value.strip().strip('"')
    return (
        word.partition(" ")[0] in ELEMENTS
        or bool(find_formulas(value))
        or is_one_element(value)
        or bool(find_element_shares(value))
        or len(read_formula(word).elements) > 1
        or _DESIGNATION.search(value) is not None
        or _CHEMICAL_WORD.search(value) is not None
    )


def is_stoichiometric(value: str) -> bool:
    """Tell whether folded text has a formula whose numbers count atoms: Nd2Fe14B, not Fe-18Cr."""
    if find_element_shares(value):
        return False
    return any(len(set(found.elements)) > 1 for found in find_formulas(value))
