"""How each criterion fares, and the words of the submission that show it."""

from collections.abc import Mapping
from dataclasses import dataclass

from agents.check_sample_quality.description import Description
from agents.check_sample_quality.folding import Folded
from agents.check_sample_quality.record import JudgedBy, State


@dataclass(frozen=True, slots=True)
class Mark:
    """The words `start:end` of the submission, as it was sent, that speak for a criterion."""

    state: State
    start: int
    end: int
    judged_by: JudgedBy


def marks_of(description: Description, folded: Folded) -> Mapping[str, Mark]:
    """Return the rules' marks of the criteria that have any evidence."""
    return {
        name: Mark(found.state, *folded.span(found.start, found.end), "rules")
        for name, found in description.evidence.items()
    }
