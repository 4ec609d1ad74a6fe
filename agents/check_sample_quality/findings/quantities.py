"""Quantities in a unit that cannot be theirs, or of a size that cannot be."""

import re
from collections.abc import Iterator
from itertools import pairwise

from agents.check_sample_quality.description import Description
from agents.check_sample_quality.findings.contradiction import Contradiction
from agents.check_sample_quality.profile import Criterion, load_criteria
from agents.check_sample_quality.quantities import Quantity, find_quantities
from agents.check_sample_quality.statements import Statement

_TIMES = re.compile(r"\s*[x×]\s*(?:[φΦø]\s*)?")


def wrong_quantities(description: Description) -> Iterator[Contradiction]:
    """Yield the quantities that do not fit the criterion they are given for."""
    known = load_criteria()
    for name in description.profile.criteria:
        if known[name].check == "quantity":
            for statement in description.statements_on(name):
                yield from _in_statement(description.text, statement, known[name])


def _in_statement(text: str, statement: Statement, criterion: Criterion) -> Iterator[Contradiction]:
    words = statement.text(text)
    found = list(find_quantities(words, statement.unit_hint))
    with_unit = [quantity for quantity in found if quantity.dimension]
    fitting = [quantity for quantity in with_unit if quantity.dimension in criterion.dimensions]
    if with_unit and not fitting:
        yield _wrong_unit(statement, with_unit[0], criterion)
    for left, right in pairwise(with_unit):
        is_product = _TIMES.fullmatch(words, left.end, right.start) is not None
        if is_product and left.dimension != right.dimension:
            odd = left if right.dimension == "length" else right
            yield _wrong_unit(statement, odd, criterion)
    for quantity in fitting:
        if _is_impossible(quantity, criterion):
            yield _wrong_size(statement, quantity, criterion)


def _is_impossible(quantity: Quantity, criterion: Criterion) -> bool:
    if quantity.dimension is None:
        return False
    too_small = criterion.minimum is not None and quantity.si <= criterion.minimum
    return too_small or quantity.si > criterion.maximum.get(quantity.dimension, float("inf"))


def _place(statement: Statement, quantity: Quantity) -> tuple[int, int]:
    """Return where to point: at the whole field where its unit stands apart from the number."""
    if statement.unit_hint:
        return statement.start, statement.end
    return statement.start + quantity.start, statement.start + quantity.end


def _wrong_unit(statement: Statement, quantity: Quantity, criterion: Criterion) -> Contradiction:
    return Contradiction(
        "unit_dimension",
        *_place(statement, quantity),
        ja=f"単位「{quantity.unit}」は「{criterion.ja}」の単位ではありません。",
        en=f"{quantity.unit!r} is no unit for the {criterion.en}.",
    )


def _wrong_size(statement: Statement, quantity: Quantity, criterion: Criterion) -> Contradiction:
    return Contradiction(
        "out_of_range",
        *_place(statement, quantity),
        ja=f"「{criterion.ja}」としてありえない大きさです。",
        en=f"The {criterion.en} cannot be of this size.",
    )
