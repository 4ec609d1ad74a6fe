"""Our search and our pipeline, used as LlamaIndex uses its own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from llama_index.core.ingestion import IngestionPipeline
from llama_index.core.schema import Document, MetadataMode, TextNode

from connectors.folder import FolderSource
from contracts.problems import NotAllowed
from inference.fake import HashEmbedder
from rag.ingest import Ingest, cut_document, embed_passages
from rag.llamaindex import PassageEmbedding, PassageRetriever, PassageSplitter, read_project
from rag.models import SearchRequest
from rag.problems import ProjectUnknown
from rag.search import Search
from rag.store.edge import EdgeStore
from tests.rag.indexing import PlainTextParser, write_project
from tests.rag.shelves import Grants, shelve, someone

LONG = "溶体化処理は415 °Cで24時間行った。" * 60
_OFFLINE = """
import sys
def refuse(event, _):
    if event in {"socket.connect", "socket.getaddrinfo", "urllib.Request"}:
        raise RuntimeError("the network was asked")
sys.addaudithook(refuse)
from llama_index.core.ingestion import IngestionPipeline
from llama_index.core.schema import Document
from inference.fake import HashEmbedder
from rag.llamaindex import PassageEmbedding, PassageSplitter
parts = [PassageSplitter(embedder=HashEmbedder()), PassageEmbedding(HashEmbedder())]
print(len(IngestionPipeline(transformations=parts).run(documents=[Document(text="溶体化処理")])))
"""


@pytest.fixture
async def search(edge_store: EdgeStore, embedder: HashEmbedder) -> Search:
    await shelve(edge_store, embedder, "alloy", {"a.txt": "Hardness of A-12: 92 HV."})
    await shelve(edge_store, embedder, "secret", {"b.txt": "Hardness of A-12 is secret."})
    return Search(embedder=embedder, store=edge_store, access=Grants({"aoki": ("alloy",)}))


async def test_a_retriever_finds_what_its_caller_may_read(search: Search) -> None:
    [found] = await PassageRetriever(search, someone()).aretrieve("hardness of A12")
    [hit] = (await search.search(someone(), SearchRequest(query="hardness of A12"))).hits
    assert (found.score, found.text, found.node_id) == (hit.score, hit.text, hit.passage_id)
    facts = found.metadata
    assert (facts["project_id"], facts["path"], facts["version"]) == ("alloy", "a.txt", "1")
    assert (facts["anchor"]["start"], facts["embedding_model"]) == (0, hit.embedding_model)


async def test_a_retriever_opens_nothing_that_the_search_does_not(search: Search) -> None:
    with pytest.raises(ProjectUnknown):
        await PassageRetriever(search, someone(), projects=["secret"]).aretrieve("hardness")
    with pytest.raises(NotAllowed):
        await PassageRetriever(search, someone("aoki", "agents")).aretrieve("hardness")
    assert await PassageRetriever(search, someone("stranger")).aretrieve("hardness") == []


async def test_a_retriever_can_be_narrowed_as_a_search_can(search: Search) -> None:
    narrowed = PassageRetriever(search, someone(), file_types=["txt"], neighbours=1)
    assert [found.metadata["path"] for found in await narrowed.aretrieve("hardness")] == ["a.txt"]
    other = PassageRetriever(search, someone(), file_types=["pdf"])
    assert await other.aretrieve("hardness") == []


async def test_a_retriever_also_answers_code_that_cannot_wait(search: Search) -> None:
    [found] = PassageRetriever(search, someone(), limit=1).retrieve("hardness")
    assert found.metadata["path"] == "a.txt"


def test_the_embedding_gives_the_vectors_of_our_model(embedder: HashEmbedder) -> None:
    embedding = PassageEmbedding(embedder)
    assert embedding.model_name == embedder.model
    assert embedding.get_text_embedding("処理") == embedding.get_query_embedding("処理")
    assert embedding.get_text_embedding_batch(["a", "処理"])[1] == embedding.get_text_embedding(
        "処理"
    )


async def test_the_embedding_waits_where_the_caller_can(embedder: HashEmbedder) -> None:
    embedding = PassageEmbedding(embedder)
    [vector] = await embedder.embed_documents(["処理"])
    assert await embedding.aget_text_embedding("処理") == list(vector.dense)
    assert await embedding.aget_query_embedding("処理") == list(vector.dense)


async def test_documents_are_cut_as_our_own_indexing_cuts_them(embedder: HashEmbedder) -> None:
    document = Document(text=LONG, metadata={"title": "報告", "file_name": "report.txt"})
    pipeline = IngestionPipeline(
        transformations=[PassageSplitter(embedder=embedder), PassageEmbedding(embedder)]
    )
    nodes = await pipeline.arun(documents=[document])
    assert len(nodes) > 1
    assert "".join(node.get_content() for node in nodes) == LONG
    for node in nodes:
        read = node.get_content(MetadataMode.EMBED)
        assert read == f"報告\n{node.get_content()}"
        assert node.embedding == list((await embedder.embed_query(read)).dense)
        assert node.ref_doc_id == document.node_id


def test_a_cut_is_kept_apart_by_what_it_was_cut_for() -> None:
    small = PassageSplitter(embedder=HashEmbedder(max_tokens=100))
    large = PassageSplitter(embedder=HashEmbedder(max_tokens=200))
    assert small.to_dict() != large.to_dict()
    assert json.dumps(small.to_dict())


async def test_a_project_is_read_as_nodes_with_the_ids_of_our_index(
    tmp_path: Path, embedder: HashEmbedder
) -> None:
    source = write_project(tmp_path / "project", {"a.txt": LONG, "b.txt": ""})
    ingest = Ingest(parser=PlainTextParser(), embedder=embedder)
    nodes, failed = await read_project(source, ingest)
    assert [each.file.path for each in failed] == ["b.txt"]
    assert [node.node_id for node in nodes] == await _ids_in_our_index(source, ingest)
    assert all(isinstance(node, TextNode) and node.metadata["path"] == "a.txt" for node in nodes)
    assert all(node.metadata["title"] == "a.txt" for node in nodes)
    assert all(node.get_content(MetadataMode.EMBED) == node.get_content() for node in nodes)


async def _ids_in_our_index(source: FolderSource, ingest: Ingest) -> list[str]:
    file = (await source.list_files()).files[0]
    document = await ingest.parser.parse(source.root / file.path, file.name)
    cut = cut_document(file, document, ingest.embedder)
    return [point.id for point in await embed_passages("alloy", cut, ingest.embedder)]


def test_nothing_is_fetched_from_the_network() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _OFFLINE], capture_output=True, check=False, text=True
    )
    assert (done.returncode, done.stdout.strip()) == (0, "1"), done.stderr


def test_no_other_module_needs_llamaindex() -> None:
    """It is an optional extra, and stays out of the access path."""
    root = Path(__file__).parents[2]
    users = [
        path.name for path in root.glob("rag/**/*.py") if "llama_index" in path.read_text("utf-8")
    ]
    assert users == ["llamaindex.py"]
