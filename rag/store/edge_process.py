"""Hold the engine of a shard for another process: `python -m rag.store.edge_process FD FD PARENT`.

Reads are answered one after the other, and so are writes, in a second thread: while that waits for
a shard to be optimised, which another process does, searches go on.
"""

import fcntl
import os
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from traceback import format_tb
from typing import Final, cast

from contracts.problems import Problem
from rag.store.child_process import die_with_parent
from rag.store.edge_engine import EdgeEngine
from rag.store.edge_messages import Answer, Call, Incoming, packed
from rag.store.lock import engine_lock
from rag.store.schema import Made, collection_name

_BLOCK: Final = 2**18
_WRITES: Final = frozenset({"upsert", "delete_file", "delete_project", "flush"})
_READS: Final = frozenset(
    {"search", "rank", "fetch", "file_points", "file_vectors", "vectors", "count"}
)


class Answering:
    """Answers the calls that arrive over sockets, until it is told to close or nobody is there."""

    def __init__(self, lines: Sequence[socket.socket]) -> None:
        """Take the lines to whoever asks."""
        # A thread for each line: who does not read the answers holds up neither work nor the other.
        self._sends = {line: _one_thread("answers") for line in lines}
        self._writer = _one_thread("writer")
        self._engine: EdgeEngine | None = None
        self._is_closed = False

    def serve(self) -> None:
        """Answer until the end."""
        with DefaultSelector() as selector:
            for line in self._sends:
                selector.register(line, EVENT_READ, (line, Incoming()))
            while not self._is_closed:
                for ready, _ in selector.select():
                    line, incoming = ready.data
                    if not (data := line.recv(_BLOCK)):
                        return
                    for call in incoming.messages(data):
                        self._take(line, call)
        for sends in self._sends.values():
            sends.shutdown(wait=True)

    def _take(self, line: socket.socket, call: Call) -> None:
        if call.method in _WRITES:
            self._writer.submit(self._answer, line, call)
        else:
            self._answer(line, call)

    def _answer(self, line: socket.socket, call: Call) -> None:
        try:
            message = packed(Answer(call.number, self._done(call)))
        except BaseException as error:  # noqa: BLE001 - whoever asked is told, of a panic in Rust too
            message = packed(Answer(call.number, None, _told(error)))
        self._sends[line].submit(line.sendall, message)

    def _done(self, call: Call) -> object:
        if call.method == "open":
            folder, made = cast("tuple[Path, Made]", call.arguments)
            self._engine = _opened(folder, made)
            return None
        if self._engine is None:
            raise RuntimeError("nothing is open")
        if call.method == "close":
            self._writer.shutdown(wait=True)
            self._is_closed = True
            self._engine.close()
            return None
        if call.method not in _READS | _WRITES:
            raise AttributeError(call.method)
        method: Callable[..., object] = getattr(self._engine, call.method)
        return method(*call.arguments)


def _one_thread(name: str) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, thread_name_prefix=name)


def _opened(folder: Path, made: Made) -> EdgeEngine:
    """Open the shard as soon as the process is gone that had it for a killed one before us."""
    path = engine_lock(folder, collection_name(made.model))
    lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)  # until the end of this process, however it ends
    return EdgeEngine.open(folder, made)


def _told(error: BaseException) -> Exception:
    """Return an error that the other process can read: the engine's own classes are not there."""
    told = error if isinstance(error, Problem) else RuntimeError(f"{type(error).__name__}: {error}")
    told.add_note("".join(["In the process of the store:\n", *format_tb(error.__traceback__)]))
    return told.with_traceback(None)


def _main() -> None:
    die_with_parent()
    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, signal.SIG_IGN)  # the parent is told too, and ends this in its order
    Answering([socket.socket(fileno=int(end)) for end in sys.argv[1:-1]]).serve()


if __name__ == "__main__":
    _main()
