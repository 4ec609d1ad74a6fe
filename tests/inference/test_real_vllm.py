"""bge-m3 and a reranker on real vLLM servers: what they say is what this process computes.

Needs an environment of its own (`make vllm`); the tests are skipped, loudly, where it is missing.
"""

import importlib
import json
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from pydantic import AnyHttpUrl

from inference.bge_m3_embedder import BgeM3Embedder
from inference.openai_embedder import open_openai_embedder
from inference.openai_rerank import open_openai_rerank
from inference.problems import ModelRefused, ModelUnreachable
from inference.settings import EmbeddingSettings, RerankSettings
from inference.vllm_embedder import VllmEmbedder, open_vllm_embedder
from tests.inference.agreement import TEXTS, apart, environment_python
from tests.inference.tiny_bge_m3 import HIDDEN, MAX_TOKENS
from tests.inference.vllm_server import vllm_started, wait_for_vllm

_BGE_M3 = ["--hf-overrides", json.dumps({"architectures": ["BgeM3EmbeddingModel"]})]
_POOLING = ["--runner", "pooling", "--max-model-len", str(MAX_TOKENS)]
_SERVERS: Mapping[str, Sequence[str]] = {
    "dense and sparse": [*_POOLING, *_BGE_M3, "--io-processor-plugin", "bge_m3"],
    "colbert": [*_POOLING, *_BGE_M3, "--pooler-config", json.dumps({"task": "token_embed"})],
    "rerank": _POOLING,
}


@pytest.fixture(scope="session")
def servers(
    tmp_path_factory: pytest.TempPathFactory, tiny_bge_m3: Path, tiny_reranker: Path
) -> Iterator[dict[str, str]]:
    """The base URLs of the three servers, started side by side."""
    python = environment_python("FUMIKURA_VLLM_PYTHON", ".venv-vllm", "vllm")

    logs = tmp_path_factory.mktemp("logs")
    with ExitStack() as stack:
        urls = {
            name: stack.enter_context(
                vllm_started(
                    python, tiny_reranker if name == "rerank" else tiny_bge_m3, options, logs / name
                )
            )
            for name, options in _SERVERS.items()
        }
        for name, url in urls.items():
            wait_for_vllm(url, logs / name)
        yield urls


@pytest.fixture
def chosen(servers: dict[str, str], tiny_bge_m3: Path) -> EmbeddingSettings:
    return EmbeddingSettings(
        kind="vllm",
        base_url=AnyHttpUrl(servers["dense and sparse"]),
        colbert_url=AnyHttpUrl(servers["colbert"]),
        model="tiny",
        dimensions=HIDDEN,
        max_tokens=MAX_TOKENS,
        folder=tiny_bge_m3,
    )


@pytest.fixture
async def vllm(chosen: EmbeddingSettings) -> AsyncGenerator[VllmEmbedder]:
    embedder = open_vllm_embedder(chosen)
    yield embedder
    await embedder.aclose()


async def test_all_three_outputs_agree_with_those_of_this_process(
    vllm: VllmEmbedder, bge_m3: BgeM3Embedder
) -> None:
    # FlagEmbedding gives a written-out <pad> no place of its own; vLLM does, and so do we.
    texts = [*TEXTS, "what <pad> stands for"]
    distance = apart(await vllm.embed_documents(texts), await bge_m3.embed_documents(texts))
    assert max(distance.values()) < 1e-4, distance


async def test_its_tokens_are_counted_as_it_counts_them(vllm: VllmEmbedder) -> None:
    longest = " ".join(["x"] * 255)
    assert vllm.count_tokens(longest) == MAX_TOKENS
    assert len(await vllm.embed_documents([longest])) == 1


async def test_it_refuses_what_is_too_long_rather_than_cut_it(
    chosen: EmbeddingSettings,
) -> None:
    unaware = open_vllm_embedder(chosen.model_copy(update={"max_tokens": 8192, "folder": None}))
    with pytest.raises(ModelRefused, match="HTTP 400"):
        await unaware.embed_documents(["steel", "steel " * 600])
    await unaware.aclose()


async def test_such_a_server_has_no_openai_embeddings(chosen: EmbeddingSettings) -> None:
    plain = open_openai_embedder(chosen)
    with pytest.raises(ModelUnreachable, match="HTTP 501"):
        await plain.embed_query("steel")
    await plain.aclose()


async def test_its_reranker_gives_what_the_model_gives_here(
    servers: dict[str, str], tiny_reranker: Path
) -> None:
    scorer = open_openai_rerank(
        RerankSettings(base_url=AnyHttpUrl(servers["rerank"]), model="tiny")
    )
    texts = ["The steel was quenched", "試料の硬さ", "hymn"]
    scores = await scorer.scores("steel hardness", texts)
    await scorer.aclose()
    assert scores == pytest.approx(_scored_here(tiny_reranker, "steel hardness", texts), abs=1e-4)


def _scored_here(folder: Path, query: str, texts: Sequence[str]) -> list[float]:
    torch: Any = importlib.import_module("torch")
    transformers: Any = importlib.import_module("transformers")
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.XLMRobertaForSequenceClassification.from_pretrained(folder).eval()
    with torch.inference_mode():
        logits = [
            model(**tokenizer(query, text, return_tensors="pt", return_token_type_ids=False)).logits
            for text in texts
        ]
    return [torch.sigmoid(each).item() for each in logits]
