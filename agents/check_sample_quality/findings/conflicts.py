"""Statements of one description that exclude each other."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, product

from agents.check_sample_quality.description import Description
from agents.check_sample_quality.findings.contradiction import Contradiction
from agents.check_sample_quality.formulas import ELEMENTS, find_formulas
from agents.check_sample_quality.profile import Criterion, load_criteria
from agents.check_sample_quality.quantities import Quantity, find_quantities
from agents.check_sample_quality.shares import bases_of
from agents.check_sample_quality.statements import Statement

MOST_COMPARED = 40  # statements on one criterion, each with each
TOLERATED_RATIO = 1.5  # nominal and measured values differ by less
_MATTER = ("composition", "substrate", "support", "current_collector")
# One physical quantity each; sizes of a piece and molecular weights come in several.
_SINGLE = (
    "thickness",
    "particle_size",
    "loading",
    "metal_loading",
    "surface_area",
    "section_thickness",
)
_STEP = re.compile(r"[前後]|\b(?:before|after|from|to|initial|final|target|wet)\b|目標|から")
_QUALIFIER = re.compile(r"[Dd]_?\d{2}|M[nwvz]|一次|二次|primary|secondary|BET|XRD|Scherrer")
_NAMED_MATTER = {
    **dict.fromkeys(("アルミナ", "alumina"), ("Al", "O")),
    **dict.fromkeys(("シリカ", "silica"), ("Si", "O")),
    **dict.fromkeys(("チタニア", "titania"), ("Ti", "O")),
    **dict.fromkeys(("アルミ箔", "アルミニウム箔", "aluminium foil", "aluminum foil"), ("Al",)),
    **dict.fromkeys(("銅箔", "copper foil"), ("Cu",)),
}
_SYMBOL = re.compile(r"(?<![A-Za-z\d(])[A-Z][a-z]?(?![A-Za-z\d)])")
_NOT_OF_THE_SAMPLE = re.compile(
    r"基板|原料|前駆体|抗体|転移|以上で|以下で|変化|ではな|いない|せず"
    r"|substrate|precursor|antibod|anti-|serum|transition|above|below|transform|\bnot?\b",
    re.IGNORECASE,
)
_EXCLUSIVE: Mapping[str, Mapping[str, str]] = {
    "structure": {
        "cubic": r"(?<!擬)立方晶(?: ?[PIF][\w/-]+)?|(?<!pseudo)(?<!pseudo-)\bcubic\b|[Ff]m-3m",
        "tetragonal": r"正方晶|\btetragonal\b",
        "orthorhombic": r"斜方晶|直方晶|\borthorhombic\b",
        "hexagonal": r"六方晶|\bhexagonal\b",
        "monoclinic": r"単斜晶|\bmonoclinic\b",
        "triclinic": r"三斜晶|\btriclinic\b",
        "rhombohedral": r"三方晶|菱面体晶|\b(?:rhombohedral|trigonal)\b",
        "amorphous": r"非晶質|アモルファス|\bamorphous\b",
    },
    "species": {
        "mouse": r"マウス|C57BL/6\w*|BALB/c|\b(?:mouse|mice|Mus musculus)\b",
        "rat": r"ラット|\b(?:rats?|Rattus norvegicus)\b(?: \([^)]*\))?|Sprague-Dawley|Wistar",
        "rabbit": r"ウサギ|\brabbits?\b",
        "pig": r"ブタ|\b(?:pigs?|porcine)\b",
        "human": r"ヒト|\b(?:human|Homo sapiens)\b",
        "zebrafish": r"ゼブラフィッシュ|\b(?:zebrafish|Danio rerio)\b",
        "chicken": r"ニワトリ|\bchickens?\b",
    },
}


def conflicts(description: Description) -> Iterator[Contradiction]:
    """Yield the later of two statements that exclude each other."""
    known = load_criteria()
    required_or_not = set(description.profile.criteria)
    for name in _SINGLE:
        if name in required_or_not:
            yield from _conflicting_quantities(description, known[name])
    for name in _MATTER:
        if name in required_or_not:
            yield from _conflicting_matter(description, known[name])
    for name in _EXCLUSIVE:
        if name in required_or_not:
            yield from _conflicting_words(description, known[name])
    if "composition_basis" in required_or_not:
        yield from _conflicting_bases(description, known["composition_basis"])


def _conflicting_quantities(
    description: Description, criterion: Criterion
) -> Iterator[Contradiction]:
    text = description.text
    stated = [
        (statement, quantity)
        for statement in description.statements_on(criterion.id)
        if not _STEP.search(f"{statement.label or ''} {statement.text(text)}")
        and (quantity := _first_quantity(text, statement, criterion))
    ]
    for (one, left), (other, right) in combinations(stated[:MOST_COMPARED], 2):
        same_kind = _qualifiers(text, one) == _qualifiers(text, other)
        if same_kind and left.dimension == right.dimension and _differ(left.si, right.si):
            start = other.start + right.start
            yield _conflict(criterion, start, other.start + right.end, one.text(text))


def _first_quantity(text: str, statement: Statement, criterion: Criterion) -> Quantity | None:
    found = find_quantities(statement.text(text), statement.unit_hint)
    return next((each for each in found if each.dimension in criterion.dimensions), None)


def _qualifiers(text: str, statement: Statement) -> set[str]:
    around = f"{statement.label or ''} {statement.text(text)}"
    return {match.group().lower() for match in _QUALIFIER.finditer(around)}


def _differ(one: float, other: float) -> bool:
    small, large = sorted((abs(one), abs(other)))
    return large > small * TOLERATED_RATIO


def _conflicting_matter(description: Description, criterion: Criterion) -> Iterator[Contradiction]:
    text = description.text
    stated = description.parts.of(criterion.id)[:MOST_COMPARED]
    for one, other in combinations(stated, 2):
        left, right = _elements_in(one.text(text)), _elements_in(other.text(text))
        if left and right and not (left <= right or right <= left):
            yield _conflict(criterion, other.start, other.end, one.text(text))


def _elements_in(words: str) -> set[str]:
    elements = {element for formula in find_formulas(words) for element in formula.elements}
    elements |= {symbol for symbol in _SYMBOL.findall(words) if symbol in ELEMENTS}
    named = (parts for name, parts in _NAMED_MATTER.items() if name in words.lower())
    return elements.union(*named)


def _conflicting_words(description: Description, criterion: Criterion) -> Iterator[Contradiction]:
    text = description.text
    statements = [*description.parts.of(criterion.id), *description.parts.prose]
    named = [
        (statement, kind, match)
        for statement in statements
        if not _NOT_OF_THE_SAMPLE.search(statement.text(text))
        for kind, match in _kinds_in(text, statement, _EXCLUSIVE[criterion.id])
    ]
    for (one, kind, _), (other, other_kind, match) in combinations(named[:MOST_COMPARED], 2):
        if kind != other_kind and (one.start, one.end) != (other.start, other.end):
            yield _conflict(criterion, match.start(), match.end(), one.text(text))


def _kinds_in(
    text: str, statement: Statement, kinds: Mapping[str, str]
) -> Sequence[tuple[str, re.Match[str]]]:
    return [
        (kind, match)
        for kind, words in kinds.items()
        if (match := re.compile(words).search(text, statement.start, statement.end))
    ]


def _conflicting_bases(description: Description, criterion: Criterion) -> Iterator[Contradiction]:
    text = description.text
    compositions = description.parts.of("composition")[:MOST_COMPARED]
    bases = description.parts.of(criterion.id)[:MOST_COMPARED]
    for composition, basis in product(compositions, bases):
        left, right = bases_of(composition.text(text)), bases_of(basis.text(text))
        if left and right and not left & right:
            yield _conflict(criterion, basis.start, basis.end, composition.text(text))


def _conflict(criterion: Criterion, start: int, end: int, other: str) -> Contradiction:
    other = other.strip()[:80]
    return Contradiction(
        "field_conflict",
        start,
        end,
        ja=f"「{criterion.ja}」が別の記述「{other}」と食い違います。",
        en=f"The {criterion.en} disagrees with another statement: {other!r}.",
    )
