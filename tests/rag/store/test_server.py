"""What a Qdrant server is asked, and what one that cannot serve is reported as."""

import json
import ssl
import threading
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import socket
from typing import Any, ClassVar, Final

import pytest

from contracts.problems import ServiceUnreachable
from rag.problems import EmbeddingModelChanged
from rag.store.schema import Extras, Quantisation
from rag.store.server import ServerOptions, ServerStore, check_server
from tests.rag.store.points import access
from tests.servers.certificate import self_signed


class _Refusing(BaseHTTPRequestHandler):
    """Answers every request with one status, as Qdrant words its errors."""

    status: ClassVar[int]

    def do_GET(self) -> None:
        self.send_response(self.status)
        self.send_header("Retry-After", "7")
        self.end_headers()
        self.wfile.write(b'{"status": {"error": "the secret text of a passage"}}')

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its given name
        pass


def _server_answering(status: int) -> AbstractContextManager[str]:
    return _serving(type("Handler", (_Refusing,), {"status": status}))


@contextmanager
def _serving(
    handler: type[BaseHTTPRequestHandler], certificate: Path | None = None
) -> Generator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            scheme = "http" if certificate is None else "https"
            yield f"{scheme}://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


async def _opening(url: str) -> ServiceUnreachable:
    with pytest.raises(ServiceUnreachable) as raised:
        await ServerStore.open(url, "key", model="tiny", dimensions=4)
    return raised.value


async def test_a_server_that_is_not_there_is_unreachable() -> None:
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        problem = await _opening(f"http://127.0.0.1:{free.getsockname()[1]}")
    assert "no connection" in problem.message


@pytest.mark.parametrize("status", [401, 500])
async def test_a_server_that_refuses_is_reported_without_its_words(status: int) -> None:
    with _server_answering(status) as url:
        problem = await _opening(url)
    assert f"HTTP {status}" in problem.message
    assert "secret" not in problem.message + problem.hint


async def test_a_server_is_checked_without_opening_a_store() -> None:
    with _server_answering(401) as url, pytest.raises(ServiceUnreachable, match="HTTP 401"):
        await check_server(url, "wrong key")


async def test_a_server_that_is_busy_says_when_to_try_again() -> None:
    with _server_answering(429) as url:
        problem = await _opening(url)
    assert problem.retry_after_s == 7


class _WithCollection(BaseHTTPRequestHandler):
    """Knows one collection, of one point of length 4, and says so as Qdrant does."""

    points: ClassVar = 1

    def do_GET(self) -> None:
        self._answer({"exists": True} if self.path.endswith("/exists") else _COLLECTION)

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer({"operation_id": 1, "status": "completed"})

    def do_PATCH(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(result=True)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer({"count": self.points})

    def _answer(self, result: object) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps({"result": result, "status": "ok", "time": 0.001}).encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its given name
        pass


_COLLECTION: Final = {
    "status": "green",
    "optimizer_status": "ok",
    "segments_count": 1,
    "config": {
        "params": {"vectors": {"dense": {"size": 4, "distance": "Cosine"}}},
        "hnsw_config": {"m": 16, "ef_construct": 100, "full_scan_threshold": 10000},
        "optimizer_config": {
            "deleted_threshold": 0.2,
            "vacuum_min_vector_number": 1000,
            "default_segment_number": 0,
            "flush_interval_sec": 5,
        },
    },
    "payload_schema": {},
}


class _Raced(_WithCollection):
    """Its collection was made by another process between the question and the creation."""

    def do_GET(self) -> None:
        self._answer({"exists": False} if self.path.endswith("/exists") else _COLLECTION)

    def do_PUT(self) -> None:
        if "/index" in self.path:
            super().do_PUT()
        else:
            self.send_error(409)


@pytest.mark.parametrize("handler", [_WithCollection, _Raced])
async def test_a_collection_that_is_there_is_used(handler: type[_WithCollection]) -> None:
    with _serving(handler) as url:
        store = await ServerStore.open(url, None, model="tiny", dimensions=4)
        assert await store.count(access=access("alloy")) == handler.points
        await store.close()


async def test_vectors_of_another_length_are_refused() -> None:
    with _serving(_WithCollection) as url, pytest.raises(EmbeddingModelChanged) as refused:
        await ServerStore.open(url, None, model="tiny", dimensions=8)
    assert "holds vectors of 4 numbers" in refused.value.message
    assert "tiny (8 numbers)" in refused.value.message


async def test_an_empty_collection_of_a_wrong_length_is_made_anew() -> None:
    asked: list[str] = []

    class Empty(_WithCollection):
        points = 0

        def do_DELETE(self) -> None:
            asked.append(self.command)
            self._answer(result=True)

        def do_PUT(self) -> None:
            asked.append(self.command)
            if "/index" in self.path:
                super().do_PUT()
            else:
                self.rfile.read(int(self.headers["Content-Length"]))
                self._answer(result=True)

    with _serving(Empty) as url:
        store = await ServerStore.open(url, None, model="tiny", dimensions=8)
        await store.close()
    assert asked[:2] == ["DELETE", "PUT"]


async def test_a_new_collection_is_spread_guarded_and_indexed_before_any_point() -> None:
    asked: list[tuple[str, dict[str, Any]]] = []

    class New(_WithCollection):
        def do_GET(self) -> None:
            self._answer({"exists": False} if self.path.endswith("/exists") else _COLLECTION)

        def do_PUT(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.append((self.path, body))
            is_index = "/index" in self.path
            self._answer({"operation_id": 1, "status": "completed"} if is_index else True)

    options = ServerOptions(shards=6, replicas=2, write_consistency=2)
    extras = Extras(quantisation="int8")
    with _serving(New) as url:
        store = await ServerStore.open(
            url, None, model="tiny", dimensions=4, extras=extras, options=options
        )
        await store.close()
    made = asked[0][1]
    spread = (made["shard_number"], made["replication_factor"], made["write_consistency_factor"])
    assert spread == (6, 2, 2)
    assert made["strict_mode_config"]["enabled"] is True
    assert made["strict_mode_config"]["unindexed_filtering_retrieve"] is False
    assert made["vectors"]["dense"]["quantization_config"]["scalar"]["type"] == "int8"
    assert made["vectors"]["dense"]["on_disk"] is True  # in memory are the quantised ones
    assert made["sparse_vectors"]["words"] == {"modifier": "idf"}
    indexes = {body["field_name"]: body["field_schema"] for _, body in asked[1:]}
    assert indexes["project_id"] == {"type": "keyword", "is_tenant": True}
    assert indexes["path"] == {"type": "keyword", "prefix": True}
    assert indexes.keys() >= {"file_type", "language", "tags", "modified", "file_id", "version"}


@pytest.mark.parametrize(("quantisation", "asked"), [("int8", ["PATCH"]), ("none", [])])
async def test_a_collection_is_quantised_anew_when_the_setting_changed(
    quantisation: Quantisation, asked: list[str]
) -> None:
    heard: list[str] = []

    class Plain(_WithCollection):
        def do_PATCH(self) -> None:
            change = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            assert change["vectors"]["dense"]["quantization_config"]["scalar"]["type"] == "int8"
            heard.append(self.command)
            self._answer(result=True)

    with _serving(Plain) as url:
        extras = Extras(quantisation=quantisation)
        store = await ServerStore.open(url, None, model="tiny", dimensions=4, extras=extras)
        await store.close()
    assert heard == asked


async def test_a_server_is_trusted_whose_certificate_the_given_file_vouches_for(
    tmp_path: Path,
) -> None:
    certificate = self_signed(tmp_path)

    class Empty(_WithCollection):
        def do_GET(self) -> None:
            self._answer({"collections": []})

    with _serving(Empty, certificate=certificate) as url:
        with pytest.raises(ServiceUnreachable, match="no connection"):
            await check_server(url, "key")
        await check_server(url, "key", ServerOptions(ca_file=certificate))
        with pytest.raises(ServiceUnreachable, match="no certificates"):
            await check_server(url, "key", ServerOptions(ca_file=tmp_path / "none.pem"))
