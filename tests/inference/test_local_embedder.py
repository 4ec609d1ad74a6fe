"""The real MiniLM, loaded once for the session."""

import subprocess
import sys
from math import hypot

import pytest

from inference.local_embedder import LocalEmbedder
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


def _nearness(one: list[float], other: list[float]) -> float:
    return sum(left * right for left, right in zip(one, other, strict=True))


async def test_vectors_have_384_numbers_and_norm_1(minilm: LocalEmbedder) -> None:
    for vector in await minilm.embed_documents([STEEL, HYMN]):
        assert len(vector) == minilm.dimensions == 384
        assert hypot(*vector) == pytest.approx(1.0, abs=1e-5)


async def test_vectors_come_back_in_the_order_of_the_texts(minilm: LocalEmbedder) -> None:
    texts = [STEEL, "short", HYMN * 3, *(f"sample {number}" for number in range(20))]
    together = await minilm.embed_documents(texts)
    for text, vector in zip(texts, together, strict=True):
        assert _nearness(vector, await minilm.embed_query(text)) == pytest.approx(1.0, abs=1e-3)


async def test_a_question_is_nearest_to_the_text_that_means_the_same(
    minilm: LocalEmbedder,
) -> None:
    steel, hymn = await minilm.embed_documents([STEEL, HYMN])
    query = await minilm.embed_query("How was the metal cooled?")
    assert _nearness(query, steel) > _nearness(query, hymn)


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
    assert _nearness(whole, longer) == pytest.approx(1.0, abs=1e-4)


async def test_no_texts_give_no_vectors(minilm: LocalEmbedder) -> None:
    assert await minilm.embed_documents([]) == []


def test_it_says_that_it_knows_english_only(minilm: LocalEmbedder) -> None:
    assert minilm.languages == {"en"}
    assert minilm.model.startswith("all-MiniLM-L6-v2@")


def test_converting_and_embedding_tell_nobody(first_start: FirstStart) -> None:
    assert not first_start.network_calls.exists()
    assert not (first_start.home / "intel").exists()  # where OpenVINO's telemetry keeps its id


def test_the_libraries_keep_quiet_over_the_conversion(first_start: FirstStart) -> None:
    assert first_start.noise == ["", ""]


def test_two_processes_that_start_at_once_keep_one_conversion(first_start: FirstStart) -> None:
    assert first_start.said == ["3", "3"]
    (kept,) = first_start.cache.iterdir()
    assert kept.name.startswith("minilm-openvino-")


def test_importing_the_service_loads_no_model_library() -> None:
    child = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL], capture_output=True, text=True, check=True
    )
    assert child.stdout.strip() == "[]"
