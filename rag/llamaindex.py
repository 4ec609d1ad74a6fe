"""Our search, passages and embeddings as parts of LlamaIndex, for those who build with it.

At the rim: nothing here decides who may read what, and nothing else in `rag` imports it.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.schema import (
    BaseNode,
    NodeRelationship,
    NodeWithScore,
    QueryBundle,
    RelatedNodeInfo,
    TextNode,
    TransformComponent,
)
from pydantic import Field, PrivateAttr, SkipValidation

from connectors.ports import ProjectSource
from contracts.principal import Principal
from rag.chunking import CHUNKER_VERSION, Chunk, chunk
from rag.ingest import FailedFile, Ingest
from rag.models import Anchor, Hit, SearchRequest
from rag.parsing.document import ParsedDocument, Piece
from rag.passages import passage_id
from rag.ports import Embedder, Embedding
from rag.search import Search

T = TypeVar("T")

_CONTEXT = "context"
"""Metadata key of the lines above an embedded passage: title, headings, column names."""


class PassageRetriever(BaseRetriever):
    """Implements LlamaIndex's retriever by `Search.search` for one caller.

    What the caller may read is asked anew for every query. `aretrieve` runs in the caller's event
    loop; `retrieve` in one of its own, which only models and stores of this process can take.
    """

    def __init__(
        self,
        search: Search,
        principal: Principal,
        *,
        projects: Sequence[str] | None = None,
        limit: int = 8,
        **wanted: Any,  # noqa: ANN401 - fields of the request
    ) -> None:
        """Search as `principal`, over `projects` or all that it may read.

        `wanted` are further fields of `rag.models.SearchRequest`, such as `file_types=["pdf"]`.
        """
        base: Any = super()  # its own types are partial
        base.__init__()
        self._search = search
        self._principal = principal
        self._wanted = {"projects": projects, "limit": limit, **wanted}

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return _finished(self._aretrieve(query_bundle))

    async def _aretrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        request = SearchRequest.model_validate({"query": query_bundle.query_str, **self._wanted})
        answer = await self._search.search(self._principal, request)
        return [NodeWithScore(node=_node_of_hit(hit), score=hit.score) for hit in answer.hits]


class PassageEmbedding(BaseEmbedding):
    """Implements LlamaIndex's embedding by an `Embedder`; a text that is too long is refused."""

    _embedder: Embedder = PrivateAttr()

    def __init__(self, embedder: Embedder) -> None:
        """Use `embedder` under its own name."""
        super().__init__(model_name=embedder.model)
        self._embedder = embedder

    def _get_query_embedding(self, query: str) -> list[float]:
        return list(_finished(self._embedder.embed_query(query)).dense)

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return list((await self._embedder.embed_query(query)).dense)

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._get_text_embeddings([text])[0]

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        return _dense(_finished(self._embedder.embed_documents(texts)))

    async def _aget_text_embedding(self, text: str) -> list[float]:
        return (await self._aget_text_embeddings([text]))[0]

    async def _aget_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        return _dense(await self._embedder.embed_documents(texts))


class PassageSplitter(TransformComponent):
    """Cuts documents of LlamaIndex's readers into passages as our own indexing cuts text.

    A node's text is the passage; what `PassageEmbedding` reads is our `embedded_text`.
    """

    embedder: SkipValidation[Embedder] = Field(exclude=True)
    """Can read every passage whole."""
    fingerprint: str = ""
    """What, besides the document, its passages follow from: LlamaIndex's cache looks at it."""

    def model_post_init(self, context: Any, /) -> None:  # noqa: ANN401 - pydantic's signature
        super().model_post_init(context)
        self.fingerprint = (
            f"chunker {CHUNKER_VERSION}, {self.embedder.model}, {self.embedder.max_tokens} tokens"
        )

    def __call__(self, nodes: Sequence[BaseNode], **kwargs: Any) -> list[BaseNode]:  # noqa: ANN401, ARG002 - LlamaIndex's signature
        return [passage for node in nodes for passage in self._passages(node)]

    def _passages(self, node: BaseNode) -> list[BaseNode]:
        document = ParsedDocument(
            title=str(node.metadata.get("title") or ""),
            media_type="text/plain",
            pieces=[Piece(kind="text", text=node.get_content(), anchor=Anchor())],
        )
        chunks = chunk(
            document,
            max_tokens=self.embedder.max_tokens,
            count_tokens=self.embedder.count_tokens,
        )
        source = node.as_related_node_info()
        return [
            _node(
                passage,
                id_=f"{node.node_id}#{passage.ordinal}",
                source=source,
                metadata=dict(node.metadata),
            )
            for passage in chunks
        ]


async def read_project(
    source: ProjectSource, ingest: Ingest
) -> tuple[list[BaseNode], list[FailedFile]]:
    """Read a project's files as nodes for a LlamaIndex pipeline, and say which ones failed.

    Whoever calls this has the files: nothing here asks for a caller's access.
    """
    nodes: list[BaseNode] = []
    failed: list[FailedFile] = []
    for file in (await source.list_files()).files:
        cut = await ingest.cut(source, file)
        if isinstance(cut, FailedFile):
            failed.append(cut)
            continue
        origin = {
            "project_id": source.project_id,
            "file_id": file.file_id,
            "path": file.path,
            "version": file.version,
            "title": cut.title or file.name,
        }
        nodes += [
            _node(
                passage,
                id_=passage_id(source.project_id, file.file_id, file.version, passage.ordinal),
                source=RelatedNodeInfo(node_id=file.file_id),
                metadata=origin,
            )
            for passage in cut.chunks
        ]
    return nodes, failed


def _node(
    passage: Chunk, *, id_: str, source: RelatedNodeInfo, metadata: dict[str, Any]
) -> TextNode:
    context = passage.context.removesuffix("\n")
    facts = {
        **metadata,
        "anchor": passage.anchor.model_dump(mode="json", exclude_defaults=True),
        "language": passage.language,
    }
    return TextNode(
        id_=id_,
        text=passage.text,
        metadata=facts | ({_CONTEXT: context} if context else {}),
        excluded_embed_metadata_keys=list(facts),
        excluded_llm_metadata_keys=list(facts),
        metadata_template="{value}",
        text_template="{metadata_str}\n{content}",
        relationships={NodeRelationship.SOURCE: source},
    )


def _node_of_hit(hit: Hit) -> TextNode:
    facts = hit.model_dump(mode="json", exclude={"text", "score"}, exclude_none=True)
    return TextNode(
        id_=hit.passage_id,
        text=hit.text,
        metadata=facts,
        excluded_embed_metadata_keys=list(facts),
        excluded_llm_metadata_keys=[key for key in facts if key not in {"path", "title"}],
        relationships={NodeRelationship.SOURCE: RelatedNodeInfo(node_id=hit.file_id)},
    )


def _dense(embeddings: Sequence[Embedding]) -> list[list[float]]:
    return [list(embedding.dense) for embedding in embeddings]


def _finished(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` to its end from code that is not asynchronous, also inside a running loop."""
    with ThreadPoolExecutor(1, thread_name_prefix="llamaindex") as thread:
        return thread.submit(asyncio.run, work).result()
