"""Compositions that do not add up, and formulas with a part that is no element."""

import re
from collections.abc import Iterator

from agents.check_sample_quality.description import Description
from agents.check_sample_quality.findings.contradiction import Contradiction
from agents.check_sample_quality.formulas import Formula, find_misspelt_formulas
from agents.check_sample_quality.shares import (
    ShareList,
    bases_of,
    find_element_shares,
    find_named_shares,
)
from agents.check_sample_quality.statements import Statement

_COMPOSITION_WORD = re.compile(r"組成|化学式|formula|composition|stoichiometr", re.IGNORECASE)


def wrong_sums(description: Description) -> Iterator[Contradiction]:
    """Yield lists of shares that are meant to be a whole and are not."""
    text = description.text
    for statement in _on_composition(description):
        words = statement.text(text)
        named = find_named_shares(words) if bases_of(words) else []
        for shares in find_element_shares(words) or named:
            yield from _wrong_sum(shares, statement.start)
    for statement in description.statements_on("formulation"):
        for shares in find_named_shares(statement.text(text)):
            yield from _wrong_sum(shares, statement.start)


def wrong_formulas(description: Description) -> Iterator[Contradiction]:
    """Yield formulas, where a composition is given, that have a part which is no element."""
    for statement in _on_composition(description):
        for formula in find_misspelt_formulas(statement.text(description.text)):
            yield _wrong_formula(formula, statement.start)


def _on_composition(description: Description) -> list[Statement]:
    sentences = (
        sentence
        for sentence in description.parts.prose
        if _COMPOSITION_WORD.search(sentence.text(description.text))
    )
    return [*description.statements_on("composition"), *sentences]


def _wrong_sum(shares: ShareList, offset: int) -> Iterator[Contradiction]:
    if shares.adds_up:
        return
    total = f"{shares.total:g}"
    yield Contradiction(
        "composition_sum",
        offset + shares.start,
        offset + shares.end,
        ja=f"割合の合計が {total} で、100 になりません。",
        en=f"The shares add up to {total}, not to 100.",
    )


def _wrong_formula(formula: Formula, offset: int) -> Contradiction:
    parts = ", ".join(dict.fromkeys(formula.unknown))
    return Contradiction(
        "formula_invalid",
        offset + formula.start,
        offset + formula.end,
        ja=f"化学式に元素でないもの（{parts}）があります。",
        en=f"The formula has a part that is no element: {parts}.",
    )
