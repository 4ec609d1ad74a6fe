"""Ask the chat model for one reply; what comes back is cleaned and bounded, and stays untrusted."""

import re
from collections.abc import Mapping, Sequence
from contextlib import aclosing

from rag.ports import ChatMessage, ChatModel

_THINKING = re.compile(r"<think>.*?(?:</think>|\Z)", re.DOTALL)
_UP_TO_THINKING_END = re.compile(r"\A.*</think>", re.DOTALL)
CHARACTERS_PER_TOKEN = 8  # more than any tokenizer packs into one on average: a guard, no estimate


async def ask_chat(
    chat: ChatModel,
    messages: Sequence[ChatMessage],
    *,
    max_tokens: int,
    schema: Mapping[str, object] | None = None,
) -> str:
    """Return the reply without the model's thinking; one that does not end is cut.

    Raises:
        Problem: the model is not reachable, busy, too slow, or failed midway.
    """
    limit = max_tokens * CHARACTERS_PER_TOKEN
    reply = ""
    async with aclosing(chat.stream(messages, max_tokens=max_tokens, schema=schema)) as pieces:
        async for piece in pieces:
            reply += piece
            if len(reply) >= limit:
                break
    return without_thinking(reply[:limit])


def without_thinking(reply: str) -> str:
    """Drop `<think>` parts, also one whose start or end is missing."""
    return _UP_TO_THINKING_END.sub("", _THINKING.sub("", reply)).strip()
