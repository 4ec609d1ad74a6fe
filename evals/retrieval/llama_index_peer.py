"""LlamaIndex as its first tutorial has it, with the embedding model that we search with."""

from typing import Final

from llama_index.core import Document, MockEmbedding, VectorStoreIndex
from llama_index.core.node_parser import SentenceSplitter
from llama_index.core.schema import BaseNode, MetadataMode, QueryBundle

from evals.retrieval.bench import DEPTH, Tick
from evals.retrieval.collection import Collection
from evals.retrieval.measures import Rankings
from evals.retrieval.source import file_id
from rag.ingest import embed_texts
from rag.ports import Embedder

NAME: Final = "LlamaIndex"
_AT_ONCE: Final = 256


async def rank_with_llama_index(collection: Collection, embedder: Embedder, tick: Tick) -> Rankings:
    """Return what its default splitter, store and retriever find for each query.

    `tick` is told of the documents and of the queries. What the model cannot read whole is cut at
    its end, as sentence-transformers does.
    """
    documents = [
        Document(text=each.whole_text, id_=file_id(collection.name, each.id))
        for each in collection.documents
    ]
    nodes = SentenceSplitter().get_nodes_from_documents(documents)
    for start in range(0, len(nodes), _AT_ONCE):
        await _embed(nodes[start : start + _AT_ONCE], embedder)
    tick(len(documents))
    index = VectorStoreIndex(nodes, embed_model=MockEmbedding(embed_dim=embedder.dimensions))
    retriever = index.as_retriever(similarity_top_k=DEPTH)
    rankings: dict[str, list[str]] = {}
    for query, text in collection.queries.items():
        vector = list((await embedder.embed_query(text)).dense)
        found = await retriever.aretrieve(QueryBundle(text, embedding=vector))
        rankings[query] = list(dict.fromkeys(str(each.node.ref_doc_id) for each in found))
        tick(1)
    return rankings


async def _embed(nodes: list[BaseNode], embedder: Embedder) -> None:
    texts = [fitting(node.get_content(MetadataMode.EMBED), embedder) for node in nodes]
    for node, embedding in zip(nodes, await embed_texts(texts, embedder), strict=True):
        node.embedding = list(embedding.dense)


def fitting(text: str, embedder: Embedder) -> str:
    """Return as much of the beginning of a text as the model can read."""
    if embedder.count_tokens(text) <= embedder.max_tokens:
        return text
    fits, too_long = 0, len(text)
    while too_long - fits > 1:
        middle = (fits + too_long) // 2
        if embedder.count_tokens(text[:middle]) <= embedder.max_tokens:
            fits = middle
        else:
            too_long = middle
    return text[:fits]
