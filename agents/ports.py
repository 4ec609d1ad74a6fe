"""What agents are handed: models where configured, and their settings."""

from dataclasses import dataclass

from agents.settings import AgentSettings
from rag.ports import ChatModel, OcrEngine


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentPorts:
    """`chat` and `ocr` are None where none is configured: agents then say what they left out."""

    settings: AgentSettings
    chat: ChatModel | None
    ocr: OcrEngine | None
