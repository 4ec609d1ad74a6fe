"""Chat from any OpenAI-compatible `/v1/chat/completions`, streamed."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from pydantic import BaseModel

from inference.openai_client import failures_of, open_client
from inference.problems import ModelUnreachable
from inference.reasoning import without_reasoning
from inference.settings import ChatSettings

if TYPE_CHECKING:
    from openai import AsyncOpenAI
    from openai.types.chat import ChatCompletionMessageParam
    from openai.types.shared_params import ResponseFormatJSONSchema


class _Message(Protocol):
    @property
    def role(self) -> str: ...

    @property
    def content(self) -> str: ...


class _Delta(BaseModel, from_attributes=True):
    content: str | None = None


class _Choice(BaseModel, from_attributes=True):
    delta: _Delta = _Delta()
    finish_reason: str | None = None


class _Chunk(BaseModel, from_attributes=True):
    """What is used of a chunk: the client library hands on whatever the endpoint sent."""

    choices: list[_Choice] = []


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAIChat:
    """Implements `rag.ports.ChatModel`."""

    client: "AsyncOpenAI"
    model: str

    async def stream(
        self,
        messages: Sequence[_Message],
        *,
        max_tokens: int,
        schema: Mapping[str, object] | None = None,
    ) -> AsyncGenerator[str]:
        """Yield the reply piece by piece, without what a reasoning model thinks.

        Raises:
            ModelBusy, ModelRefused, ModelUnreachable
        """
        with failures_of(self.model):
            async with aclosing(
                without_reasoning(self._pieces(messages, max_tokens, schema))
            ) as kept:
                async for piece in kept:
                    yield piece

    async def aclose(self) -> None:
        """Close the connections."""
        await self.client.close()

    async def _pieces(
        self,
        messages: Sequence[_Message],
        max_tokens: int,
        schema: Mapping[str, object] | None,
    ) -> AsyncGenerator[str]:
        from openai import omit  # noqa: PLC0415 - see open_client

        stream = await self.client.chat.completions.create(
            model=self.model,
            messages=[_param(message) for message in messages],
            max_tokens=max_tokens,
            temperature=0,
            stream=True,
            response_format=_format(schema) if schema else omit,
        )
        finished = False
        async with stream:
            async for chunk in stream:
                for choice in _Chunk.model_validate(chunk).choices[:1]:
                    finished = finished or choice.finish_reason is not None
                    if choice.delta.content:
                        yield choice.delta.content
        if not finished:  # a proxy or a web page in its place ends without an error
            raise ModelUnreachable(self.model, reason="its answer broke off or was malformed")


def open_openai_chat(settings: ChatSettings) -> OpenAIChat:
    """Connect to the endpoint in `settings.base_url`, which must be set."""
    if settings.base_url is None:
        raise ValueError("chat.base_url is not set")
    client = open_client(settings.base_url, settings.api_key, settings.timeout_s)
    return OpenAIChat(client=client, model=settings.model)


def _param(message: _Message) -> "ChatCompletionMessageParam":
    if message.role == "system":
        return {"role": "system", "content": message.content}
    if message.role == "assistant":
        return {"role": "assistant", "content": message.content}
    return {"role": "user", "content": message.content}


def _format(schema: Mapping[str, object]) -> "ResponseFormatJSONSchema":
    return {
        "type": "json_schema",
        "json_schema": {"name": "answer", "schema": dict(schema), "strict": True},
    }
