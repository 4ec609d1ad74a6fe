"""The embedding model as OpenAI's clients call it."""

import asyncio
import base64
import struct
from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal, cast

from fastapi import Body, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field, field_validator

from inference.gateway.problems import ModelUnknown
from rag.ports import Embedder
from service.rest.context import Opened, context_of
from service.rest.guard import guarded_router
from service.rest.models import caller_of, counted_here, handed
from service.rest.openai_errors import OpenAIErrorBody
from service.rest.problems import FieldInvalid

MAX_TEXTS: Final = 2048
"""OpenAI's own limit, which clients cut their batches by."""
MAX_TEXT_CHARS: Final = 100_000
"""Beyond what a model reads at once. To count a text's tokens holds up everybody meanwhile."""

router = guarded_router(
    "OpenAI-compatible",
    problem={"default": {"model": OpenAIErrorBody, "description": "An error as OpenAI sends it."}},
)

_TEXTS: Final[Any] = {
    "texts": {
        "summary": "Two texts",
        "value": {"model": "all-MiniLM-L6-v2@0.1.0", "input": ["solution treatment", "aging"]},
    }
}


class ModelInfo(BaseModel, frozen=True):
    """A model that can be called."""

    id: str
    object: Literal["model"] = "model"
    created: int = Field(default=0, description="Not known: always 0.")
    owned_by: str = "fumikura"


class ModelList(BaseModel, frozen=True):
    """The models that can be called."""

    object: Literal["list"] = "list"
    data: list[ModelInfo]


class EmbeddingRequest(BaseModel, frozen=True):
    """Texts to embed."""

    model: str = Field(max_length=200)
    input: str | list[str] = Field(
        description=f"One text, or up to {MAX_TEXTS}; none empty, each within the model's limit."
    )
    encoding_format: Literal["float", "base64"] = Field(
        default="float", description="base64: little-endian 32-bit floats."
    )
    dimensions: int | None = Field(
        default=None, description="The model's own length, if given: vectors are never cut."
    )

    @field_validator("input", mode="before")
    @classmethod
    def _no_tokens(cls, value: object) -> object:
        """Say so plainly: otherwise the error would speak of every form that is taken."""
        if _is_tokens(value):
            raise ValueError("send texts; arrays of tokens are not taken")
        return value

    @field_validator("input")
    @classmethod
    def _bounded(cls, value: str | list[str]) -> str | list[str]:
        if not 1 <= len(value) <= MAX_TEXTS and isinstance(value, list):
            raise ValueError(f"send from 1 to {MAX_TEXTS} texts")
        texts = [value] if isinstance(value, str) else value
        if "" in texts:
            raise ValueError("an empty text has no vector")
        if any(len(text) > MAX_TEXT_CHARS for text in texts):
            raise ValueError(f"a text has at most {MAX_TEXT_CHARS:,} characters")
        return value

    @property
    def texts(self) -> list[str]:
        """The texts, also where it is one."""
        return [self.input] if isinstance(self.input, str) else self.input


class Embedding(BaseModel, frozen=True):
    """One vector, L2 norm 1."""

    object: Literal["embedding"] = "embedding"
    index: int
    embedding: list[float] | str


class Usage(BaseModel, frozen=True):
    """What was counted."""

    prompt_tokens: int
    total_tokens: int


class EmbeddingAnswer(BaseModel, frozen=True):
    """One vector for each text, in order."""

    object: Literal["list"] = "list"
    model: str
    data: list[Embedding]
    usage: Usage


@router.get("/v1/models")
async def list_models(request: Request, opened: Opened) -> ModelList:
    """List the models that the key is for: the one that embeds the index, and those deployed."""
    caller = await caller_of(request)
    behind = context_of(request).models
    deployed = [] if behind is None else behind.models.of(caller)
    own = [opened.embedder.model] if caller.may_call(opened.embedder.model) else []
    return ModelList(data=[ModelInfo(id=name) for name in [*own, *(each.id for each in deployed)]])


@router.get("/v1/models/{model:path}")
async def get_model(model: str, request: Request, opened: Opened) -> ModelInfo:
    """Return one model; an alias is answered with the id."""
    caller = await caller_of(request)
    if model == opened.embedder.model and caller.may_call(model):
        return ModelInfo(id=model)
    behind = context_of(request).models
    if behind is None:
        raise ModelUnknown(near=[opened.embedder.model])
    return ModelInfo(id=behind.models.find(model, caller).id)


@router.post("/v1/embeddings", response_model=EmbeddingAnswer)
async def create_embeddings(
    asked: Annotated[EmbeddingRequest, Body(openapi_examples=_TEXTS)],
    request: Request,
    opened: Opened,
) -> EmbeddingAnswer | Response:
    """Embed texts with the model that the index uses, or with one that is deployed."""
    embedder = opened.embedder
    caller = await caller_of(request)
    if asked.model != embedder.model or not caller.may_call(embedder.model):
        return await handed(request)
    if asked.dimensions not in {None, embedder.dimensions}:
        raise FieldInvalid("dimensions", f"this model's vectors have {embedder.dimensions}")
    tokens = await asyncio.to_thread(_tokens_of, embedder, asked.texts)
    async with counted_here(request, caller, model=embedder.model, tokens=tokens):
        embeddings = await embedder.embed_documents(asked.texts)
    vectors = [list(embedding.dense) for embedding in embeddings]
    return EmbeddingAnswer(
        model=embedder.model,
        data=[
            Embedding(
                index=index,
                embedding=as_base64(vector) if asked.encoding_format == "base64" else vector,
            )
            for index, vector in enumerate(vectors)
        ],
        usage=Usage(prompt_tokens=tokens, total_tokens=tokens),
    )


def _tokens_of(embedder: Embedder, texts: Sequence[str]) -> int:
    return sum(map(embedder.count_tokens, texts))


def _is_tokens(value: object) -> bool:
    """Tell an array of tokens, or of arrays of tokens, from texts."""
    if not isinstance(value, list):
        return False
    return any(isinstance(each, int | list) for each in cast("list[object]", value))


def as_base64(vector: Sequence[float]) -> str:
    """Return the vector as little-endian 32-bit floats in base64, as OpenAI's clients decode it."""
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
