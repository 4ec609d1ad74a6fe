"""bge-m3 in torch: XLM-R with a sparse and a ColBERT head. The one module that loads torch."""

import importlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from inference.problems import LocalEmbeddingMissing, ModelFolderUnfit

_CONFIG: Final = "config.json"
_WEIGHTS: Final = ("model.safetensors", "pytorch_model.bin")
SPARSE: Final = "sparse_linear.pt"
COLBERT: Final = "colbert_linear.pt"
_PREFIX: Final = "roberta."  # of checkpoints that were saved with a head of transformers' own


@dataclass(frozen=True, slots=True)
class TextOutputs:
    """What the model gave for one text."""

    dense: list[float]
    token_weights: list[float]
    """One for each token, special ones included; none below 0."""
    colbert: list[list[float]] | None
    """One vector for each token but the first."""


class BgeM3Model:
    """The model on this machine's CPU, in 32-bit floats. It may be asked from several threads.

    Source: Chen et al. 2024, "M3-Embedding".
    """

    def __init__(self, folder: Path, *, colbert: bool) -> None:
        """Load it: of a checkpoint with 570 million parameters, 2.3 GB.

        Raises:
            LocalEmbeddingMissing: torch or transformers are not installed.
            ModelFolderUnfit: a file is missing or damaged, or does not fit the configuration.
        """
        self._torch: Any = _library("torch")  # by name: these have no usable types
        self._encoder = self._load_encoder(folder)
        width = self._encoder.config.hidden_size
        self._sparse = self._load_head(folder, SPARSE, width, 1)
        self._colbert = self._load_head(folder, COLBERT, width, width) if colbert else None

    def embed(self, tokens: Sequence[Sequence[int]]) -> list[TextOutputs]:
        """Return what the model gives for texts of about one length, special tokens included."""
        torch = self._torch
        longest = max(map(len, tokens))
        pad = self._encoder.config.pad_token_id
        ids = torch.tensor([[*each, *[pad] * (longest - len(each))] for each in tokens])
        mask = torch.tensor([[1] * len(each) + [0] * (longest - len(each)) for each in tokens])
        with torch.inference_mode():
            hidden = self._encoder(
                input_ids=ids,
                attention_mask=mask,
                position_ids=mask.cumsum(dim=1) * mask + pad,  # XLM-R counts on from its padding
                token_type_ids=torch.zeros_like(ids),
            ).last_hidden_state
            dense = torch.nn.functional.normalize(hidden[:, 0], dim=-1)
            weights = torch.relu(self._sparse(hidden)).squeeze(-1)
            vectors = self._token_vectors(hidden)
        return [
            TextOutputs(
                dense=dense[row].tolist(),
                token_weights=weights[row, : len(each)].tolist(),
                colbert=None if vectors is None else vectors[row, : len(each) - 1].tolist(),
            )
            for row, each in enumerate(tokens)
        ]

    def _token_vectors(self, hidden: Any) -> Any:  # noqa: ANN401 - tensors
        if self._colbert is None:
            return None
        return self._torch.nn.functional.normalize(self._colbert(hidden[:, 1:]), dim=-1)

    def _load_encoder(self, folder: Path) -> Any:  # noqa: ANN401 - transformers.XLMRobertaModel
        transformers: Any = _library("transformers")
        with (folder / _CONFIG).open(encoding="utf-8") as file:
            config = transformers.XLMRobertaConfig(**json.load(file))
        with self._torch.device("meta"):
            encoder = transformers.XLMRobertaModel(config, add_pooling_layer=False)
        return self._filled(encoder, folder, self._weights(folder))

    def _load_head(self, folder: Path, name: str, width: int, outputs: int) -> Any:  # noqa: ANN401 - torch.nn.Linear
        head = self._torch.nn.Linear(width, outputs, device="meta")
        return self._filled(head, folder, self._tensors(folder, name))

    def _filled(self, module: Any, folder: Path, weights: Mapping[str, Any]) -> Any:  # noqa: ANN401 - torch.nn.Module
        """Make the weights those of the module: every one that it has must be there, and fit."""
        try:
            lacking = module.load_state_dict(weights, strict=False, assign=True).missing_keys
        except RuntimeError as error:
            raise ModelFolderUnfit(folder, reason="its weights do not fit config.json") from error
        if lacking:
            raise ModelFolderUnfit(folder, reason=f"its weights lack {', '.join(lacking[:3])}")
        return module.float().eval()

    def _weights(self, folder: Path) -> Mapping[str, Any]:
        found = self._tensors(folder, weights_file(folder))
        return {key.removeprefix(_PREFIX): value for key, value in found.items()}

    def _tensors(self, folder: Path, name: str) -> Mapping[str, Any]:
        """Read tensors and nothing else: a pickle that would run code is refused."""
        path = folder / name
        try:
            found: Mapping[str, Any] = (
                _library("safetensors.torch").load_file(path)
                if path.suffix == ".safetensors"
                else self._torch.load(path, map_location="cpu", weights_only=True)
            )
        except Exception as error:  # neither library names all that it raises here
            raise ModelFolderUnfit(folder, reason=f"{name} cannot be read") from error
        return found


def weights_file(folder: Path) -> str:
    """Return the name of the file with the weights.

    Raises:
        ModelFolderUnfit: there is none.
    """
    found = [name for name in _WEIGHTS if (folder / name).is_file()]
    if not found:
        raise ModelFolderUnfit(folder, reason=f"{' or '.join(_WEIGHTS)} is not there")
    return found[0]


def _library(name: str) -> Any:  # noqa: ANN401 - a module
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise LocalEmbeddingMissing from error
