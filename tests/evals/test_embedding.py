"""The embedding benchmark runs from end to end; what it compares are the same vectors."""

import json

import pytest
from click.testing import CliRunner

from evals.embedding.__main__ import main
from evals.embedding.library import LibraryMiniLm
from inference.local_embedder import LocalEmbedder

_TEXTS = ["", "quenched", "The hymn praises the god of fire.", "試料を炉で焼いた。", "steel " * 250]


@pytest.mark.usefixtures("minilm")
def test_the_shipped_way_is_measured_beside_the_library() -> None:
    ran = CliRunner().invoke(main, ["--rounds", "1", "--json"])
    figures = json.loads(ran.stdout)["contenders"]
    assert list(figures) == ["shipped", "library, batch 8", "library, batch 32"]
    assert all(min(each.values()) > 0 for each in figures.values())


async def test_our_vectors_are_those_of_the_model_s_own_library(minilm: LocalEmbedder) -> None:
    expected = LibraryMiniLm().vectors(_TEXTS, batch=8)
    documents = [each.dense for each in await minilm.embed_documents(_TEXTS)]
    queries = [(await minilm.embed_query(text)).dense for text in _TEXTS]
    for theirs, document, query in zip(expected, documents, queries, strict=True):
        for ours in (document, query):
            cosine = sum(one * other for one, other in zip(theirs, ours, strict=True))
            assert cosine > 0.994  # the empty text; others .998
