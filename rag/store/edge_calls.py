"""Ask the process that holds the engine, and wait for its answer without holding up others."""

import asyncio
import socket
import subprocess
from itertools import count
from pathlib import Path
from threading import Lock
from typing import Any, Final, TypeVar

from rag.problems import StoreProcessEnded
from rag.store.child_process import program
from rag.store.edge_messages import Answer, Call, Incoming, packed
from rag.store.schema import Made

_T = TypeVar("_T")
_BLOCK: Final = 2**18
_LARGE: Final = frozenset({"upsert"})
"""Of these the arguments are packed in a thread: they take milliseconds."""


async def start_engine(folder: Path, made: Made) -> "Engine":
    """Start the process and let it open the shard for `made` inside `folder`.

    Raises:
        EmbeddingModelChanged: the shard holds vectors of another model, kind or length.
    """
    line, its_line = socket.socketpair()
    aside, its_aside = socket.socketpair()
    with its_line, its_aside:
        its_ends = its_line.fileno(), its_aside.fileno()
        # From the thread of the loop: Linux ends the process when the thread that started it ends.
        process = subprocess.Popen(  # noqa: S603, ASYNC220 - our own program; takes 2 ms
            program("rag.store.edge_process", *its_ends),
            pass_fds=its_ends,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for this process, which ends in its own order
        )
    loop = asyncio.get_running_loop()
    calls = _Calls(loop, line)
    try:
        await loop.create_unix_connection(lambda: calls, sock=line)
        engine = Engine(process, calls, _CallsAside(aside))
        await engine.open(folder, made)
    except BaseException:
        process.kill()
        calls.hang_up()
        aside.close()
        await asyncio.to_thread(process.wait)
        raise
    return engine


class Engine:
    """The process of the engine, seen from the one that started it."""

    def __init__(
        self, process: "subprocess.Popen[bytes]", calls: "_Calls", aside: "_CallsAside"
    ) -> None:
        """Take over a process and the lines to it."""
        self._process = process
        self._calls = calls
        self._aside = aside
        self._numbers = count()
        self.is_closed = False

    @property
    def is_of_this_loop(self) -> bool:
        """Tell whether it was started in the event loop that asks."""
        return asyncio.get_running_loop() is self._calls.loop

    async def open(self, folder: Path, made: Made) -> None:
        """Let it open the shard; who is cancelled does not wait for it."""
        call = Call(next(self._numbers), "open", (folder, made))
        await self._calls.send(call.number, packed(call))

    async def ask(self, method: str, *arguments: object) -> object:
        """Return what a method of `rag.store.edge_engine.EdgeEngine` returns.

        A cancelled caller waits for it: so what was asked is neither torn in half nor done after
        what the caller's successor asks.

        Raises:
            StoreProcessEnded: the process was killed; whether it had done it, nobody knows.
        """
        call = Call(next(self._numbers), method, arguments)
        if not self.is_of_this_loop:
            return await whole(
                asyncio.get_running_loop().run_in_executor(None, self._aside.ask, call)
            )
        message = await asyncio.to_thread(packed, call) if method in _LARGE else packed(call)
        return await whole(self._calls.send(call.number, message))

    async def close(self) -> None:
        """Let it close the shard, and wait for its end; one that was killed has ended already."""
        self.is_closed = True
        try:
            await self.ask("close")
        except StoreProcessEnded:
            pass
        finally:
            await self.wait()

    async def wait(self) -> None:
        """Wait for the end of the process, and hang up."""
        try:
            self._calls.hang_up()
            await asyncio.to_thread(self._process.wait)
        finally:
            self._aside.hang_up()


async def whole(working: "asyncio.Future[_T]") -> _T:
    """Return a result; who is cancelled waits for it too."""
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        working.add_done_callback(looked_at)
        await asyncio.wait([working])
        raise


def looked_at(done: "asyncio.Future[Any]") -> None:
    """Take note of an error that nobody waits for any more; else asyncio writes it to the log."""
    if not done.cancelled():
        done.exception()


class _CallsAside:
    """A line for who asks in another event loop than that of the store, which may stand still.

    So do a notebook's calls that cannot wait: their loop stands until the answer is there.
    """

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._turn = Lock()

    def ask(self, call: Call) -> object:
        """Return the answer to a call; one after the other."""
        incoming = Incoming()
        with self._turn:
            try:
                self._line.sendall(packed(call))
                while data := self._line.recv(_BLOCK):
                    for message in incoming.messages(data):
                        answer: Answer = message
                        if answer.failure is not None:
                            raise answer.failure
                        return answer.result
            except OSError as error:
                raise StoreProcessEnded from error
        raise StoreProcessEnded

    def hang_up(self) -> None:
        self._line.close()


class _Calls(asyncio.Protocol):
    """The line to the process: each answer is handed to who waits for it."""

    def __init__(self, loop: asyncio.AbstractEventLoop, line: socket.socket) -> None:
        self.loop = loop
        self._socket = line
        self._waiting: dict[int, asyncio.Future[object]] = {}
        self._incoming = Incoming()
        self._line: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._line = transport

    def data_received(self, data: bytes) -> None:
        for message in self._incoming.messages(data):
            answer: Answer = message
            waiting = self._waiting.pop(answer.number)
            if waiting.done():  # cancelled
                continue
            if answer.failure is not None:
                waiting.set_exception(answer.failure)
            else:
                waiting.set_result(answer.result)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's name
        self._line = None
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(StoreProcessEnded())
        self._waiting.clear()

    def send(self, number: int, message: bytes) -> "asyncio.Future[object]":
        """Return what will be the answer to a call."""
        if self._line is None:
            raise StoreProcessEnded
        self._line.write(message)
        answer: asyncio.Future[object] = self.loop.create_future()
        self._waiting[number] = answer
        return answer

    def hang_up(self) -> None:
        """Hang up, in whatever thread, and also after the end of the loop."""
        if self._line is None or self.loop.is_closed():
            self._socket.close()
        else:
            self.loop.call_soon_threadsafe(self._line.close)
