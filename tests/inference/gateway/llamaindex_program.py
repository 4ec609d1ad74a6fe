"""LlamaIndex's client for servers like OpenAI's: `python llamaindex_program.py URL MODEL`.

It runs in an environment of its own, because it needs an older version of OpenAI's client.
"""

import asyncio
import json
import sys
from importlib import import_module
from typing import Any

_llms: Any = import_module("llama_index.core.llms")  # of another environment than ours
_openai_like: Any = import_module("llama_index.llms.openai_like")


async def main(url: str, model: str) -> None:
    """Print what it is answered in each of the ways that it asks."""
    llm = _openai_like.OpenAILike(
        model=model, api_base=f"{url}/v1", api_key="yamada", is_chat_model=True, max_tokens=20
    )
    question = [_llms.ChatMessage(role="user", content="何ですか")]
    told = {
        "chat": llm.chat(question).message.content,
        "complete": llm.complete("何ですか").text,
        "stream": "".join(piece.delta or "" for piece in llm.stream_chat(question)),
        "async": (await llm.achat(question)).message.content,
    }
    sys.stdout.write(json.dumps(told))


asyncio.run(main(*sys.argv[1:]))
