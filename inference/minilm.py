"""MiniLM on this machine's CPU: queries beside documents, neither waits for the other."""

import importlib
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Semaphore
from typing import Any, Final, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from inference.minilm_graph import build_graph

_BATCH: Final = 8  # texts of about one length: the least padding, and all of it stays in the cache
_MOST_QUERIES: Final = 4  # at once: each takes the memory of a compiled model, 25 MB
_GROUP: Final = 64  # numbers that share a scale when they are rounded to 8 bits
_TELEMETRY: Final = "openvino_telemetry"  # reports to Google Analytics unless it is not there

Tokens = Sequence[int]
Vectors = NDArray[np.float32]


class _Request(Protocol):
    """What is used of `openvino.InferRequest`."""

    def infer(
        self, inputs: list[NDArray[np.int64]], *, share_inputs: bool
    ) -> Mapping[int, NDArray[np.float32]]: ...


class _CompiledModel(Protocol):
    """What is used of `openvino.CompiledModel`."""

    def create_infer_request(self) -> _Request: ...

    def get_property(self, name: str) -> int: ...


class MiniLm:
    """The compiled model. It may be asked from several threads.

    Its matrices, and what they are multiplied with, are rounded to 8 bits; other numbers of
    documents are bfloat16 where the CPU computes with them. That hardly turns a vector (tested) and
    takes half the time.
    """

    def __init__(self, folder: Path) -> None:
        """Build it. It is compiled when first asked, for each kind of work: a tenth of a second."""
        cast("dict[str, object]", sys.modules)[_TELEMETRY] = None  # OpenVINO does without it
        openvino: Any = importlib.import_module("openvino")  # by name: it has no types
        self._core = openvino.Core()
        self._graph = build_graph(folder)
        self._queries = _Requests(self._query_request, most=min(os.cpu_count() or 1, _MOST_QUERIES))

    def query_vector(self, tokens: Tokens) -> Vectors:
        """Return the vector of a query; it does not wait for documents.

        One core reads it. Two are faster on a machine that does nothing else, and several times
        slower on one that does: each step of the model would wait for both.
        """
        vector: Vectors = self._queries.vectors([tokens])[0]
        return vector

    def document_vectors(self, texts: Sequence[Tokens]) -> Vectors:
        """Return a vector for each text, in order."""
        order = sorted(range(len(texts)), key=lambda number: len(texts[number]), reverse=True)
        batches = [order[first : first + _BATCH] for first in range(0, len(order), _BATCH)]
        read = self._readers.map(
            self._documents.vectors, [[texts[number] for number in batch] for batch in batches]
        )
        vectors = np.concatenate(list(read))
        return vectors[np.argsort(order)]

    # That two threads which ask first at the same time both compile costs a moment, nothing else.
    @cached_property
    def _documents(self) -> "_Requests":
        able = "BF16" in self._core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        compiled = self._compiled(
            PERFORMANCE_HINT="THROUGHPUT", precision="bf16" if able else "f32"
        )
        return _Requests(
            compiled.create_infer_request,
            most=compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS"),
        )

    @cached_property
    def _readers(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self._documents.most, thread_name_prefix="minilm")

    def _query_request(self) -> _Request:
        """Return one that is done in the thread that asks: to hand a query over takes a while."""
        hints: dict[str, str | int] = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": 1}
        return self._compiled(**hints, precision="f32").create_infer_request()

    def _compiled(self, *, precision: str, **hints: str | int) -> _CompiledModel:
        hints |= {"INFERENCE_PRECISION_HINT": precision, "DYNAMIC_QUANTIZATION_GROUP_SIZE": _GROUP}
        compiled: _CompiledModel = self._core.compile_model(self._graph, "CPU", hints)
        return compiled


class _Requests:
    """As many requests as can be at work at once, each made when it is first needed."""

    def __init__(self, make: Callable[[], _Request], *, most: int) -> None:
        self.most = most
        self._make = make
        self._free: SimpleQueue[_Request] = SimpleQueue()
        self._unmade = Semaphore(most)

    def vectors(self, texts: Sequence[Tokens]) -> Vectors:
        """Return a vector for each text, read together; waits while all requests are at work."""
        ids, mask = _padded(texts)
        request = self._taken()
        try:
            return request.infer([ids, mask], share_inputs=True)[0].copy()
        finally:
            self._free.put(request)

    def _taken(self) -> _Request:
        try:
            return self._free.get_nowait()
        except Empty:
            may_make = self._unmade.acquire(blocking=False)
            return self._make() if may_make else self._free.get()


def _padded(texts: Sequence[Tokens]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    ids = np.zeros((len(texts), max(map(len, texts))), np.int64)
    mask = np.zeros_like(ids)
    for row, tokens in enumerate(texts):
        ids[row, : len(tokens)] = tokens
        mask[row, : len(tokens)] = 1
    return ids, mask
