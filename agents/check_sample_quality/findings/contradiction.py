"""Something in a description that cannot be right, with its reason in both languages."""

from dataclasses import dataclass

from agents.check_sample_quality.record import FindingCode


@dataclass(frozen=True, slots=True)
class Contradiction:
    """The words `start:end` of the folded text cannot be right."""

    code: FindingCode
    start: int
    end: int
    ja: str
    en: str

    def overlaps(self, other: "Contradiction") -> bool:
        """Tell whether the two share a character."""
        return self.start < other.end and other.start < self.end
