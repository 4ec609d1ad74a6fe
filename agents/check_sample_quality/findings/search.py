"""Everything in a description that cannot be right, each once, in the order it stands."""

from collections.abc import Iterable
from itertools import chain, islice

from agents.check_sample_quality.description import Description
from agents.check_sample_quality.findings.check_digits import wrong_check_digits
from agents.check_sample_quality.findings.compositions import wrong_formulas, wrong_sums
from agents.check_sample_quality.findings.conflicts import conflicts
from agents.check_sample_quality.findings.contradiction import Contradiction
from agents.check_sample_quality.findings.dates import wrong_dates
from agents.check_sample_quality.findings.limits import (
    beyond_limits,
    beyond_named_limits,
    wrong_dispersities,
    wrong_mean_masses,
    wrong_named_units,
)
from agents.check_sample_quality.findings.quantities import wrong_quantities

MOST_FINDINGS = 200


def find_contradictions(description: Description) -> list[Contradiction]:
    """Return what cannot be right; of two on the same words and kind, the first found."""
    text = description.text
    found = chain(
        wrong_quantities(description),
        beyond_limits(text),
        beyond_named_limits(text),
        wrong_dispersities(text),
        wrong_mean_masses(text),
        wrong_named_units(text),
        wrong_sums(description),
        wrong_formulas(description),
        wrong_dates(description),
        conflicts(description),
        wrong_check_digits(text),
    )
    return _each_once(islice(found, MOST_FINDINGS))


def _each_once(found: Iterable[Contradiction]) -> list[Contradiction]:
    kept: list[Contradiction] = []
    for new in found:
        if not any(new.code == old.code and new.overlaps(old) for old in kept):
            kept.append(new)
    return sorted(kept, key=lambda contradiction: (contradiction.start, contradiction.code))
