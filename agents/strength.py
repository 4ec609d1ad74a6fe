"""How an answer came about: with which models, from which data."""

from typing import Literal

from pydantic import BaseModel, Field

Strength = Literal["deterministic", "chat"]
"""deterministic: rules and data only; chat: a chat model added to it."""


class Provenance(BaseModel, frozen=True):
    """What produced an answer; enough to produce its deterministic part again."""

    agent: str = Field(description="Name of the agent.")
    agent_version: str = Field(description="Version of the agent's rules.")
    chat_model: str | None = Field(
        default=None, description="Chat model whose text is in the answer; null if none is."
    )
    ocr_model: str | None = Field(
        default=None, description="OCR engine that read the image; null if none."
    )
    data: dict[str, str] = Field(
        default_factory=dict[str, str],
        description="Versions or SHA-256 prefixes of the data that was compared with, by name.",
    )
