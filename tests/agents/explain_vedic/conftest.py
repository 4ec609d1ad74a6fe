"""A chat model behind the real wire format."""

from collections.abc import AsyncGenerator

import pytest
from pydantic import AnyHttpUrl

from inference.openai_chat import OpenAIChat, open_openai_chat
from inference.settings import ChatSettings
from tests.servers.openai import OpenAIStandIn, openai_stand_in


@pytest.fixture
async def server() -> AsyncGenerator[OpenAIStandIn]:
    async with openai_stand_in("火の神アグニへの讃歌です。") as stand_in:
        yield stand_in


@pytest.fixture
async def chat(server: OpenAIStandIn) -> AsyncGenerator[OpenAIChat]:
    opened = open_openai_chat(ChatSettings(base_url=AnyHttpUrl(server.url), model="stand-in"))
    yield opened
    await opened.aclose()
