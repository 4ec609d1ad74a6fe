"""What an operator may choose about the agents."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field


class AgentSettings(BaseModel, frozen=True):
    """Paths are optional: built-in profiles and verses are always there."""

    verse_corpus: Path | None = None
    """More verses for `explain_vedic`: JSON lines `{"locus", "text"}`, plain or gzip."""

    deadline_s: Annotated[float, Field(gt=0, le=3600)] = 300.0
    """Longest time one run may take, its model calls included."""
