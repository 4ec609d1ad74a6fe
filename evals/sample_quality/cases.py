"""Judged descriptions of samples: what they say, what is wrong, and the verdict."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field

from agents.check_sample_quality.record import FindingCode, Language, Overall, State


class JudgedFinding(BaseModel, frozen=True):
    """A contradiction and the words it lies in."""

    code: FindingCode
    span: str


class Case(BaseModel, frozen=True):
    """One description with its gold; of an ambiguous one only `overall` is sure."""

    id: str
    profile: Annotated[str, Field(alias="class")]
    lang: Language
    tag: str
    input: str
    aspects: dict[str, State]
    spans: dict[str, str]
    findings: list[JudgedFinding]
    overall: Overall
    must_ask: list[str]
    ambiguous: bool = False


def load_cases(file: Path) -> list[Case]:
    """Read the cases of a JSON lines file."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return [Case.model_validate_json(line) for line in lines if line.strip()]
