"""What an operator may choose about the agents."""

from pathlib import Path

from pydantic import BaseModel


class AgentSettings(BaseModel, frozen=True):
    """Paths are optional: built-in profiles and verses are always there."""

    verse_corpus: Path | None = None
    """More verses for `explain_vedic`: JSON lines `{"locus", "text"}`, plain or gzip."""
