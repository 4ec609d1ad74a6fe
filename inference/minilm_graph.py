"""all-MiniLM-L6-v2 as an OpenVINO graph, made of its published weights: nothing is converted."""

import importlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

_SMALLEST_NORM: Final = 1e-12
_LARGEST: Final = 127  # of 8 bits with a sign
_ONE: Final = np.array(1, np.float32)
_MASKED: Final = np.array(1e9, np.float32)  # taken from what attention gives padding: all of it
Model: TypeAlias = Any  # openvino.Model: the library has no types
Node: TypeAlias = Any  # openvino.Node


def build_graph(folder: Path) -> Model:
    """Return the `openvino.Model` of the BERT in `folder`: `config.json`, `model.safetensors`.

    It takes token ids and a mask, 1 for a token and 0 for padding, both int64 of shape (texts,
    length), and gives one vector per text: the mean over its tokens, L2 norm 1. Its matrices are
    rounded to 8 bits. Takes a tenth of a second.

    Source: Devlin et al. 2019, "BERT"; Reimers & Gurevych 2019, "Sentence-BERT" (mean pooling).
    """
    openvino: Any = importlib.import_module("openvino")
    files: Any = importlib.import_module("safetensors.numpy")
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    bert = _Bert(
        ops=importlib.import_module("openvino.opset13"),
        weights=files.load_file(folder / "model.safetensors"),
        width=config["hidden_size"],
        heads=config["num_attention_heads"],
        epsilon=config["layer_norm_eps"],
    )
    ids = bert.ops.parameter([-1, -1], np.int64, name="ids")
    mask = bert.ops.parameter([-1, -1], np.int64, name="mask")
    vectors = bert.vectors(ids, bert.ops.convert(mask, "f32"), layers=config["num_hidden_layers"])
    return openvino.Model([vectors], [ids, mask], "all-MiniLM-L6-v2")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bert:
    """The parts of the network, under the names that its weights have."""

    ops: Any
    weights: Mapping[str, NDArray[np.float32]]
    width: int
    heads: int
    epsilon: float

    def vectors(self, ids: Node, counted: Node, *, layers: int) -> Node:
        """Read the texts; a sum over tokens has the direction of their mean, and becomes 1 long."""
        ignored = (self._widened(counted, [1, 2]) - _ONE) * _MASKED
        states = self._embedded(ids)
        for number in range(layers):
            states = self._layer(states, ignored, f"encoder.layer.{number}.")
        summed = self.ops.reduce_sum(states * self._widened(counted, [2]), self._whole([1]))
        return self.ops.normalize_l2(summed, self._whole([1]), _SMALLEST_NORM, "max")

    def _embedded(self, ids: Node) -> Node:
        """Add what each token is, where it stands, and what the first segment is."""
        length = self.ops.gather(self.ops.shape_of(ids), np.int64(1), np.int64(0))
        places = self.ops.range(np.int64(0), length, np.int64(1), "i64")
        standing = self._widened(self._looked_up("position", places), [0])
        segment = self._row(self.weights["embeddings.token_type_embeddings.weight"][0])
        whole = self._looked_up("word", ids) + standing + segment
        return self._normalised(whole, "embeddings.LayerNorm")

    def _layer(self, states: Node, ignored: Node, name: str) -> Node:
        """Attend, then think about it: each adds to what was there."""
        attended = self._attended(states, ignored, f"{name}attention.")
        inner = self.ops.gelu(self._linear(attended, f"{name}intermediate.dense"), "erf")
        outer = self._linear(inner, f"{name}output.dense")
        return self._normalised(outer + attended, f"{name}output.LayerNorm")

    def _attended(self, states: Node, ignored: Node, name: str) -> Node:
        query, key, value = (
            self._in_heads(self._linear(states, f"{name}self.{role}"))
            for role in ("query", "key", "value")
        )
        mixed = self.ops.scaled_dot_product_attention(query, key, value, ignored)
        joined = self._shaped(self._swapped(mixed), [0, 0, self.width])
        added = self._linear(joined, f"{name}output.dense") + states
        return self._normalised(added, f"{name}output.LayerNorm")

    def _in_heads(self, states: Node) -> Node:
        return self._swapped(self._shaped(states, [0, 0, self.heads, self.width // self.heads]))

    def _swapped(self, states: Node) -> Node:
        return self.ops.transpose(states, self._whole([0, 2, 1, 3]))

    def _shaped(self, states: Node, shape: Sequence[int]) -> Node:
        """Give another shape; a length of 0 stays as it is."""
        return self.ops.reshape(states, self._whole(shape), special_zero=True)

    def _linear(self, states: Node, name: str) -> Node:
        matrix = self._in_8_bits(self.weights[f"{name}.weight"])
        product = self.ops.matmul(states, matrix, transpose_a=False, transpose_b=True)
        return product + self._row(self.weights[f"{name}.bias"])

    def _in_8_bits(self, matrix: NDArray[np.float32]) -> Node:
        """Return a matrix as whole numbers from -127 to 127, each row times a number of its own."""
        scale: NDArray[np.float32] = np.abs(matrix).max(axis=1, keepdims=True) / _LARGEST
        whole = self.ops.constant(np.round(matrix / scale).astype(np.int8))
        return self.ops.convert(whole, "f32") * scale

    def _normalised(self, states: Node, name: str) -> Node:
        even = self.ops.mvn(
            states,
            self._whole([-1]),
            normalize_variance=True,
            eps=self.epsilon,
            eps_mode="inside_sqrt",
        )
        scale, shift = (self.weights[f"{name}.{part}"] for part in ("weight", "bias"))
        return even * self._row(scale) + self._row(shift)

    def _looked_up(self, table: str, rows: Node) -> Node:
        weights = self.ops.constant(self.weights[f"embeddings.{table}_embeddings.weight"])
        return self.ops.gather(weights, rows, np.int64(0))

    def _row(self, weights: NDArray[np.float32]) -> Node:
        return self.ops.constant(weights.reshape(1, 1, -1))

    def _widened(self, states: Node, axes: Sequence[int]) -> Node:
        """Put in axes of length 1."""
        return self.ops.unsqueeze(states, self._whole(axes))

    def _whole(self, numbers: Sequence[int]) -> Node:
        return self.ops.constant(np.array(numbers, np.int64))
