"""A submission as the rules see it: its parts, and the words that meet each criterion."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agents.check_sample_quality.parts import Parts, parts_of
from agents.check_sample_quality.presence import Evidence, find_evidence
from agents.check_sample_quality.profile import Profile
from agents.check_sample_quality.statements import Statement


@dataclass(frozen=True, slots=True)
class Description:
    """Offsets count in `text`, which is folded and has its orders to a checker blanked."""

    text: str
    profile: Profile
    statements: Sequence[Statement]
    parts: Parts
    evidence: Mapping[str, Evidence]

    def statements_on(self, criterion: str) -> list[Statement]:
        """Return the fields of a criterion, and its evidence where it stands outside of them."""
        fields = self.parts.of(criterion)
        found = self.evidence.get(criterion)
        if found is None or any(field.start <= found.start < field.end for field in fields):
            return fields
        return [*fields, Statement(found.start, found.end)]


def describe(text: str, statements: Sequence[Statement], profile: Profile) -> Description:
    """Look in the statements for what the profile asks for."""
    parts = parts_of(text, statements, profile)
    return Description(text, profile, statements, parts, find_evidence(text, parts, profile))
