"""Have a chat model explain the verses that were found, in Japanese."""

import json
from collections.abc import Sequence
from importlib.resources import files

from agents.chat import ask_chat
from agents.explain_vedic.devanagari import without_accents
from agents.explain_vedic.iast import to_iast
from agents.explain_vedic.record import VerseMatch
from rag.ports import ChatMessage, ChatModel

MAX_TOKENS = 2000
MAX_VERSES = 8


async def explain_verses(chat: ChatModel, matches: Sequence[VerseMatch]) -> str:
    """Return the model's explanation of at most `MAX_VERSES` verses; empty if it said nothing.

    Raises:
        Problem: the model is not reachable, busy, refuses, or failed midway.
    """
    instructions = (files("agents.explain_vedic") / "prompts" / "explain.md").read_text(
        encoding="utf-8"
    )
    verses = [
        {
            "典拠": match.locus,
            "本文": match.text,
            "本文（IAST）": to_iast(without_accents(match.text)),
            "読み取り": match.reading,
        }
        for match in matches[:MAX_VERSES]
    ]
    messages = [
        ChatMessage("system", instructions),
        ChatMessage("user", json.dumps(verses, ensure_ascii=False, indent=1)),
    ]
    return await ask_chat(chat, messages, max_tokens=MAX_TOKENS)
