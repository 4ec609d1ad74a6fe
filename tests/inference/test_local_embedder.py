"""The real MiniLM, loaded once for the session."""

import asyncio
import subprocess
import sys
from collections.abc import Sequence
from math import hypot

import pytest

from inference.local_embedder import LocalEmbedder, open_local_embedder
from inference.problems import EmbeddingInputTooLong
from tests.inference.conftest import FirstStart

STEEL = "The steel was quenched in oil from 850 degrees."
HYMN = "The hymn praises the god of fire at the morning rite."
IMPORT_ALL = """
import importlib, pkgutil, sys
import inference, service
for package in (inference, service):
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if ".migrations." not in module.name:  # alembic runs them
            importlib.import_module(module.name)
print(sorted({"torch", "transformers", "sentence_transformers", "openai"} & sys.modules.keys()))
"""


def _nearness(one: Sequence[float], other: Sequence[float]) -> float:
    return sum(left * right for left, right in zip(one, other, strict=True))


async def test_vectors_have_384_numbers_and_norm_1(minilm: LocalEmbedder) -> None:
    for embedded in await minilm.embed_documents([STEEL, HYMN]):
        assert len(embedded.dense) == minilm.dimensions == 384
        assert hypot(*embedded.dense) == pytest.approx(1.0, abs=1e-5)


async def test_vectors_come_back_in_the_order_of_the_texts(minilm: LocalEmbedder) -> None:
    texts = [STEEL, "short", HYMN * 3, *(f"sample {number}" for number in range(20))]
    together = await minilm.embed_documents(texts)
    for text, embedded in zip(texts, together, strict=True):
        alone = await minilm.embed_query(text)
        assert _nearness(embedded.dense, alone.dense) > 0.997  # queries are rounded otherwise


async def test_what_else_is_embedded_at_once_changes_no_vector(minilm: LocalEmbedder) -> None:
    texts = [f"{STEEL} Sample {number}." for number in range(40)]
    alone = [await minilm.embed_query(text) for text in texts]
    documents = asyncio.create_task(minilm.embed_documents(texts * 3))
    assert await asyncio.gather(*map(minilm.embed_query, texts)) == alone
    assert len(await documents) == 3 * len(texts)


async def test_a_question_is_nearest_to_the_text_that_means_the_same(
    minilm: LocalEmbedder,
) -> None:
    steel, hymn = await minilm.embed_documents([STEEL, HYMN])
    query = await minilm.embed_query("How was the metal cooled?")
    assert _nearness(query.dense, steel.dense) > _nearness(query.dense, hymn.dense)


async def test_a_text_over_the_limit_is_refused_by_its_number(minilm: LocalEmbedder) -> None:
    with pytest.raises(EmbeddingInputTooLong, match=r"Text 1 .* 256 tokens"):
        await minilm.embed_documents(["short", "steel " * 255])


async def test_the_longest_text_that_fits_is_read(minilm: LocalEmbedder) -> None:
    text = "steel " * 254
    assert minilm.count_tokens(text) == minilm.max_tokens == 256
    assert len(await minilm.embed_documents([text])) == 1


async def test_a_query_is_cut_at_its_end(minilm: LocalEmbedder) -> None:
    whole = await minilm.embed_query("steel " * 254)
    longer = await minilm.embed_query("steel " * 254 + HYMN)
    assert whole == longer


def test_a_long_text_is_counted_whole(minilm: LocalEmbedder) -> None:
    assert minilm.count_tokens("steel " * 2000) == 2002


async def test_no_texts_give_no_vectors(minilm: LocalEmbedder) -> None:
    assert await minilm.embed_documents([]) == []


def test_it_says_that_it_knows_english_only(minilm: LocalEmbedder) -> None:
    assert minilm.languages == {"en"}
    assert minilm.model.startswith("all-MiniLM-L6-v2@")


@pytest.mark.usefixtures("minilm")
async def test_several_who_ask_first_at_once_are_all_answered() -> None:
    unloaded = open_local_embedder()
    answers = await asyncio.gather(*(unloaded.embed_query(STEEL) for _ in range(8)))
    assert all(answer == answers[0] for answer in answers)


def test_embedding_tells_nobody_and_keeps_nothing(first_start: FirstStart) -> None:
    assert not first_start.network_calls.exists()
    assert list(first_start.home.iterdir()) == []  # nor an id of OpenVINO's telemetry


def test_embedding_needs_no_torch(first_start: FirstStart) -> None:
    assert (first_start.said, first_start.noise) == (["3", "[]"], "")


def test_importing_the_service_loads_no_model_library() -> None:
    child = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL], capture_output=True, text=True, check=True
    )
    assert child.stdout.strip() == "[]"
