"""The models of this installation, opened as the settings choose them."""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass

from inference.bge_m3_embedder import open_bge_m3_embedder
from inference.fake import HashEmbedder
from inference.local_embedder import open_local_embedder
from inference.openai_chat import open_openai_chat
from inference.openai_embedder import open_openai_embedder
from inference.openai_rerank import open_openai_rerank
from inference.settings import EmbeddingSettings
from inference.tesseract import TesseractOcr, open_tesseract
from inference.vllm_embedder import open_vllm_embedder
from rag.ports import ChatModel, Embedder
from rag.rerank import ColbertReranker, Reranker, TextReranker, TextScorer
from rag.store.port import VectorStore
from rag.store.schema import collection_name
from service.generations.state import Collection
from service.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Models:
    """What is open, and how the best passages are read again."""

    settings: Settings
    embedders: Mapping[Collection, Embedder]
    """The one for now, then the next one if there is to be one."""
    scorer: TextScorer | None
    chat: ChatModel | None
    ocr: TesseractOcr | None

    def reranker(self, embedder: Embedder, store: VectorStore) -> Reranker | None:
        """Return what is configured; late interaction works on the vectors of this one store."""
        if self.scorer is not None:
            return TextReranker(scorer=self.scorer)
        if self.settings.rerank.runs == "colbert":
            return ColbertReranker(embedder=embedder, store=store)
        return None


async def open_models(settings: Settings, stack: AsyncExitStack) -> Models:
    """Open each; what must be closed goes onto the stack.

    Raises:
        LocalEmbeddingMissing: no embedding model is installed, and no endpoint is set.
        ModelFolderUnfit: what lies in the folder is not the checkpoint that it should be.
    """
    return Models(
        settings=settings,
        embedders=await open_embedders(settings, stack),
        scorer=_open_scorer(settings, stack),
        chat=_open_chat(settings, stack),
        ocr=await open_tesseract(settings.ocr),
    )


async def open_embedders(
    settings: Settings, stack: AsyncExitStack
) -> Mapping[Collection, Embedder]:
    """Open the configured models; one that is named twice is one."""
    embedders: dict[Collection, Embedder] = {}
    for chosen in settings.embeddings:
        embedder = await open_embedder(chosen, stack)
        collection = Collection(collection_name(embedder.model), embedder.model)
        embedders.setdefault(collection, embedder)
    return embedders


async def open_embedder(chosen: EmbeddingSettings, stack: AsyncExitStack) -> Embedder:
    """Open one model, and close it with the stack."""
    match chosen.runs:
        case "hash":
            given = "dimensions" in chosen.model_fields_set
            return HashEmbedder(chosen.dimensions) if given else HashEmbedder()
        case "local":
            return await asyncio.to_thread(open_local_embedder)
        case "bge-m3":
            return await asyncio.to_thread(open_bge_m3_embedder, chosen)
        case "endpoint":
            remote = await asyncio.to_thread(open_openai_embedder, chosen)
            stack.push_async_callback(remote.aclose)
            return remote
        case "vllm":
            server = await asyncio.to_thread(open_vllm_embedder, chosen)
            stack.push_async_callback(server.aclose)
            return server


def _open_scorer(settings: Settings, stack: AsyncExitStack) -> TextScorer | None:
    if settings.rerank.runs != "endpoint":
        return None
    scorer = open_openai_rerank(settings.rerank)
    stack.push_async_callback(scorer.aclose)
    return scorer


def _open_chat(settings: Settings, stack: AsyncExitStack) -> ChatModel | None:
    if settings.chat.base_url is None:
        return None
    chat = open_openai_chat(settings.chat)
    stack.push_async_callback(chat.aclose)
    return chat
