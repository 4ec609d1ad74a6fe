"""bge-m3 in this process, with a tiny random checkpoint in the real layout."""

import asyncio
import importlib
import json
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable
from math import hypot
from pathlib import Path
from typing import Any

import pytest

from inference.bge_m3_embedder import BgeM3Embedder, open_bge_m3_embedder
from inference.embedding import Embedding, SparseWeights
from inference.problems import EmbeddingInputTooLong, ModelFolderUnfit
from inference.settings import EmbeddingSettings
from tests.inference.agreement import TEXTS, apart, environment_python
from tests.inference.tiny_bge_m3 import HIDDEN, MAX_TOKENS

STEEL = "The steel was quenched in oil from 850 degrees."
_PROGRAM = Path(__file__).with_name("flagembedding_program.py")
_OPEN_AND_COUNT = """
import sys
from pathlib import Path
from inference.bge_m3_embedder import open_bge_m3_embedder
from inference.settings import EmbeddingSettings
settings = EmbeddingSettings(kind="bge-m3", folder=Path(sys.argv[1]), max_tokens=64)
assert open_bge_m3_embedder(settings).count_tokens("steel") > 2
print("torch" in sys.modules)
"""


def _settings(folder: Path, **chosen: object) -> EmbeddingSettings:
    return EmbeddingSettings.model_validate(
        {"kind": "bge-m3", "folder": folder, "max_tokens": MAX_TOKENS, **chosen}
    )


@pytest.fixture
def checkpoint(tiny_bge_m3: Path, tmp_path: Path) -> Path:
    """A copy to spoil."""
    return Path(shutil.copytree(tiny_bge_m3, tmp_path / "bge-m3"))


async def test_dense_and_colbert_vectors_have_norm_1(bge_m3: BgeM3Embedder) -> None:
    embedding = await bge_m3.embed_query(STEEL)
    assert len(embedding.dense) == bge_m3.dimensions == HIDDEN
    assert hypot(*embedding.dense) == pytest.approx(1.0, abs=1e-5)
    for vector in embedding.colbert or []:
        assert hypot(*vector) == pytest.approx(1.0, abs=1e-5)


async def test_every_token_but_the_first_has_a_colbert_vector(bge_m3: BgeM3Embedder) -> None:
    vectors = (await bge_m3.embed_query(STEEL)).colbert
    assert len(vectors or []) == bge_m3.count_tokens(STEEL) - 1


async def test_sparse_weights_are_positive_and_of_no_special_token(bge_m3: BgeM3Embedder) -> None:
    found = [each.sparse for each in await bge_m3.embed_documents([STEEL, "鋼 <unk> </s>", ""])]
    assert all(each is not None for each in found)
    tokens = [token for each in found if each for token in each.indices]
    weights = [weight for each in found if each for weight in each.values]
    assert weights
    assert min(weights) > 0
    assert min(tokens) > 3


async def test_a_text_alone_and_among_others_is_the_same(bge_m3: BgeM3Embedder) -> None:
    together = await bge_m3.embed_documents(TEXTS)
    alone = [await bge_m3.embed_query(text) for text in TEXTS]
    assert max(apart(together, alone).values()) < 1e-5


async def test_a_text_over_the_limit_is_refused_by_its_number(bge_m3: BgeM3Embedder) -> None:
    with pytest.raises(EmbeddingInputTooLong, match=r"Text 1 .* 512 tokens"):
        await bge_m3.embed_documents(["short", "x " * 600])


async def test_the_longest_text_that_fits_is_read(bge_m3: BgeM3Embedder) -> None:
    longest = " ".join(["x"] * 255)
    assert bge_m3.count_tokens(longest) == bge_m3.max_tokens == 512
    assert len(await bge_m3.embed_documents([longest])) == 1


async def test_a_query_is_cut_at_its_end(bge_m3: BgeM3Embedder) -> None:
    whole = await bge_m3.embed_query(" ".join(["x"] * 255))
    longer = await bge_m3.embed_query(" ".join(["x"] * 300))
    assert max(apart([whole], [longer]).values()) < 1e-6


async def test_no_texts_give_no_embeddings(bge_m3: BgeM3Embedder) -> None:
    assert await bge_m3.embed_documents([]) == []


def test_it_knows_every_language_and_is_named_as_configured(tiny_bge_m3: Path) -> None:
    embedder = open_bge_m3_embedder(_settings(tiny_bge_m3, model="bge-m3@5617a9f"))
    assert embedder.languages == {"*"}
    assert embedder.model == "bge-m3@5617a9f"


async def test_colbert_is_given_only_where_it_is_asked_for(tiny_bge_m3: Path) -> None:
    embedder = open_bge_m3_embedder(_settings(tiny_bge_m3))
    assert embedder.outputs == {"dense", "sparse"}
    assert (await embedder.embed_query(STEEL)).colbert is None


async def test_the_older_format_of_the_weights_gives_the_same(
    checkpoint: Path, bge_m3: BgeM3Embedder
) -> None:
    torch: Any = importlib.import_module("torch")
    safetensors: Any = importlib.import_module("safetensors.torch")
    weights = safetensors.load_file(checkpoint / "model.safetensors")
    (checkpoint / "model.safetensors").unlink()
    torch.save(weights, checkpoint / "pytorch_model.bin")
    older = open_bge_m3_embedder(_settings(checkpoint, colbert=True))
    found, expected = await older.embed_query(STEEL), await bge_m3.embed_query(STEEL)
    assert max(apart([found], [expected]).values()) < 1e-6


def test_torch_is_not_loaded_before_the_first_text(tiny_bge_m3: Path) -> None:
    child = subprocess.run(
        [sys.executable, "-c", _OPEN_AND_COUNT, str(tiny_bge_m3)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert child.stdout.strip() == "False"


@pytest.mark.parametrize(
    "name",
    [
        "config.json",
        "model.safetensors",
        "sparse_linear.pt",
        "colbert_linear.pt",
        "tokenizer.json",
    ],
)
def test_a_file_that_is_not_there_is_named_at_the_start(checkpoint: Path, name: str) -> None:
    (checkpoint / name).unlink()
    with pytest.raises(ModelFolderUnfit, match=name):
        open_bge_m3_embedder(_settings(checkpoint, colbert=True))


def test_more_tokens_than_the_model_reads_are_refused_at_the_start(tiny_bge_m3: Path) -> None:
    with pytest.raises(ModelFolderUnfit, match="512 tokens"):
        open_bge_m3_embedder(_settings(tiny_bge_m3, max_tokens=1024))


class _Runs:
    """A pickle that writes a file when it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Path]]:
        return Path.touch, (self.path,)


async def test_weights_that_would_run_code_are_refused(checkpoint: Path) -> None:
    torch: Any = importlib.import_module("torch")
    torch.save({"weight": _Runs(checkpoint / "ran")}, checkpoint / "sparse_linear.pt")
    with pytest.raises(ModelFolderUnfit, match=r"sparse_linear\.pt cannot be read"):
        await open_bge_m3_embedder(_settings(checkpoint)).embed_query(STEEL)
    assert not (checkpoint / "ran").exists()


def _spoil_config(folder: Path, **changes: object) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | changes))


async def test_weights_that_do_not_fit_the_configuration_are_refused(checkpoint: Path) -> None:
    _spoil_config(checkpoint, vocab_size=1000)
    with pytest.raises(ModelFolderUnfit, match="do not fit"):
        await open_bge_m3_embedder(_settings(checkpoint)).embed_query(STEEL)


async def test_weights_that_lack_a_layer_are_refused(checkpoint: Path) -> None:
    _spoil_config(checkpoint, num_hidden_layers=3)
    with pytest.raises(ModelFolderUnfit, match=r"lack encoder\.layer\.2"):
        await open_bge_m3_embedder(_settings(checkpoint)).embed_query(STEEL)


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json"])
def test_a_damaged_file_is_named_at_the_start(checkpoint: Path, name: str) -> None:
    (checkpoint / name).write_text("{")
    with pytest.raises(ModelFolderUnfit, match=name):
        open_bge_m3_embedder(_settings(checkpoint))


async def test_damaged_weights_are_named(checkpoint: Path) -> None:
    (checkpoint / "model.safetensors").write_bytes(pickle.dumps("no tensors"))
    with pytest.raises(ModelFolderUnfit, match="safetensors"):
        await open_bge_m3_embedder(_settings(checkpoint)).embed_query(STEEL)


def test_without_a_folder_there_is_nothing_to_open() -> None:
    with pytest.raises(ValueError, match="folder"):
        open_bge_m3_embedder(EmbeddingSettings())


async def test_the_authors_library_computes_the_same(
    tiny_bge_m3: Path, bge_m3: BgeM3Embedder
) -> None:
    python = environment_python(
        "FUMIKURA_FLAGEMBEDDING_PYTHON", ".venv-flagembedding", "flagembedding"
    )
    theirs = await asyncio.to_thread(_computed_by, python, tiny_bge_m3)
    distance = apart(theirs, await bge_m3.embed_documents(TEXTS))
    assert max(distance.values()) < 1e-4, distance


def _computed_by(python: Path, folder: Path) -> list[Embedding]:
    child = subprocess.run(
        [str(python), str(_PROGRAM), str(folder)],
        input=json.dumps(TEXTS),
        capture_output=True,
        text=True,
        check=False,
    )
    assert child.returncode == 0, child.stderr
    found: dict[str, list[Any]] = json.loads(child.stdout)
    embeddings = zip(found["dense"], found["sparse"], found["colbert"], strict=True)
    return [
        Embedding(dense, SparseWeights(list(map(int, sparse)), list(sparse.values())), colbert)
        for dense, sparse, colbert in embeddings
    ]
