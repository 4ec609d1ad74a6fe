"""Read files on a Ray cluster: workers parse, cut and count terms; nothing else imports Ray.

Workers are handed contents, never the secrets of a source; the driver embeds, and it alone writes.
"""

import asyncio
import logging
import os
import pickle
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import ray as ray_itself
from ray.exceptions import (
    LocalRayletDiedError,
    NodeDiedError,
    ObjectLostError,
    OutOfMemoryError,
    RaySystemError,
    RpcError,
    WorkerCrashedError,
)

from connectors.folder import FolderSource
from connectors.ports import Listing, ProjectSource, SourceFile
from connectors.problems import SourceFileProblem
from rag.ahead import Job, in_order
from rag.ingest import Draft, FailedFile, Ingest
from rag.parsing.problems import FailureCode, ParseFailed
from rag.problems import ClusterUnreachable, WorkersDiffer

ray: Any = ray_itself  # its own types are partial

OpenIngest = Callable[[], Coroutine[Any, Any, Ingest]]
"""Run once in each worker process; it is sent there, so it holds no secrets."""

_LOG: Final = logging.getLogger(__name__)
_FILES_TOGETHER: Final = 32
_BYTES_TOGETHER: Final = 8 * 2**20
_TASKS_PER_CPU: Final = 2  # one is at work, the next waits beside it
_FETCHED_AT_ONCE: Final = 5  # as in `rag.reading`
_RETRIES: Final = 1  # of a batch whose worker or node died, elsewhere
_RETRIES_ALONE: Final = 2  # of a file of such a batch
_LOST: Final = (WorkerCrashedError, NodeDiedError, ObjectLostError, OutOfMemoryError)
"""What a task ends with whose worker died each time."""
_CLUSTER_GONE: Final = (LocalRayletDiedError, RaySystemError, RpcError)


def connect(address: str, *, cpus: int | None = None) -> None:
    """Join the cluster at `address`: `auto`, `host:port`, or `local` for one of this machine.

    Ray sends nothing home from what is started here, which uses all CPUs, or as many as are named.

    Raises:
        ClusterUnreachable: none answers there.
    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    logging.getLogger("ray").setLevel(logging.ERROR)
    # Ray prints what happens on its nodes to standard output, where commands print their answers.
    vars(import_module("ray._private.worker"))["print_to_stdstream"] = _log
    try:
        ray.init(
            address=address,
            configure_logging=False,
            log_to_driver=False,
            include_dashboard=False if address == "local" else None,
            num_cpus=cpus,
        )
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise ClusterUnreachable(reason=str(error)) from error


def disconnect() -> None:
    """Leave the cluster; tasks of this driver end."""
    ray.shutdown()


@dataclass(frozen=True, slots=True, kw_only=True)
class RayReader:
    """Implements `rag.reading.FileReader` on the cluster that this process has joined.

    A batch of files is a task. As many are under way as keep every CPU busy: memory is bounded, and
    a slow embedder slows them down. A task whose worker or node dies is run again elsewhere; if it
    dies again, each of its files is read alone; one that keeps killing workers has failed, and no
    other.
    """

    open_ingest: OpenIngest
    fingerprint: str
    shares_folders: bool = False
    """Every worker sees the folders of this machine under the same paths: contents stay there."""
    _fetching: asyncio.Semaphore = field(
        default_factory=lambda: asyncio.Semaphore(_FETCHED_AT_ONCE)
    )

    async def read(
        self, source: ProjectSource, files: Sequence[SourceFile]
    ) -> AsyncGenerator[Draft | FailedFile]:
        jobs = (
            Job(partial(self._read_batch, source, batch), weight=_weight(batch))
            for batch in _batches(files)
        )
        at_once = _TASKS_PER_CPU * int(ray.cluster_resources().get("CPU", 1))
        async with aclosing(in_order(jobs, at_once=at_once)) as read:
            async for results in read:
                for result in results:
                    yield result

    async def _read_batch(
        self, source: ProjectSource, files: Sequence[SourceFile]
    ) -> list[Draft | FailedFile]:
        """Return what became of each file, in order."""
        failed: dict[str, FailedFile] = {}
        if self.shares_folders and isinstance(source, FolderSource):
            shared: ProjectSource = source
        else:
            contents, failed = await self._fetched(source, files)
            shared = HandedFiles(source.project_id, source.title, contents)
        rest = [file for file in files if file.file_id not in failed]
        read = {each.file.file_id: each for each in await self._on_a_worker(shared, rest)}
        return [failed.get(file.file_id) or read[file.file_id] for file in files]

    async def _fetched(
        self, source: ProjectSource, files: Sequence[SourceFile]
    ) -> tuple[dict[str, bytes], dict[str, FailedFile]]:
        contents: dict[str, bytes] = {}
        failed: dict[str, FailedFile] = {}
        for file in files:
            async with self._fetching:
                try:
                    contents[file.file_id] = await _content(source, file)
                except SourceFileProblem as problem:  # any other one would meet every file
                    failed[file.file_id] = FailedFile(file, problem)
        return contents, failed

    async def _on_a_worker(
        self, source: ProjectSource, files: Sequence[SourceFile]
    ) -> list[Draft | FailedFile]:
        if not files:
            return []
        try:
            made_with, results = await _run(pickle.dumps(self.open_ingest), source, files)
        except _LOST as error:
            if len(files) == 1:
                return [FailedFile(files[0], ParseFailed(_reason(error)))]
        else:
            if made_with != self.fingerprint:
                raise WorkersDiffer(here=self.fingerprint, there=made_with)
            return results
        each_alone = [await self._on_a_worker(_of(source, file), [file]) for file in files]
        return [result for alone in each_alone for result in alone]


@dataclass(frozen=True, slots=True)
class HandedFiles:
    """Implements `connectors.ports.ProjectSource` for contents by file id, fetched before."""

    project_id: str
    title: str
    contents: Mapping[str, bytes]

    async def list_files(self) -> Listing:
        """Hold no list: whoever handed the files over has it."""
        return Listing([])

    async def fetch(self, file: SourceFile, folder: Path) -> Path:
        """Write the content down."""
        copy = folder / file.file_id
        await asyncio.to_thread(copy.write_bytes, self.contents[file.file_id])
        return copy


def _of(source: ProjectSource, file: SourceFile) -> ProjectSource:
    """Return what a worker needs of a source to read this file."""
    if not isinstance(source, HandedFiles):
        return source
    content = {file.file_id: source.contents[file.file_id]}
    return HandedFiles(source.project_id, source.title, content)


def _batches(files: Sequence[SourceFile]) -> Iterator[list[SourceFile]]:
    """Yield files to be read by one task; a large one is alone."""
    batch: list[SourceFile] = []
    for file in files:
        is_full = len(batch) >= _FILES_TOGETHER or _bytes([*batch, file]) > _BYTES_TOGETHER
        if batch and is_full:
            yield batch
            batch = []
        batch.append(file)
    if batch:
        yield batch


def _weight(batch: Sequence[SourceFile]) -> int:
    return 1 + _bytes(batch) // (2 * _BYTES_TOGETHER)


def _bytes(files: Sequence[SourceFile]) -> int:
    return sum(file.size for file in files)


async def _content(source: ProjectSource, file: SourceFile) -> bytes:
    with TemporaryDirectory(prefix="fumikura-") as folder:
        path = await source.fetch(file, Path(folder))
        return await asyncio.to_thread(path.read_bytes)


def _reason(lost: Exception) -> FailureCode:
    return "memory_exceeded" if isinstance(lost, OutOfMemoryError) else "crashed"


async def _run(
    opener: bytes, source: ProjectSource, files: Sequence[SourceFile]
) -> tuple[str, list[Draft | FailedFile]]:
    """Run a task and wait for it; it is taken back if nobody waits any more."""
    retries = _RETRIES if len(files) > 1 else _RETRIES_ALONE
    result: Any = _task().options(max_retries=retries).remote(opener, source, files)
    try:
        made: tuple[str, list[Draft | FailedFile]] = await result
    except asyncio.CancelledError:
        ray.cancel(result)
        raise
    except _CLUSTER_GONE as error:
        raise ClusterUnreachable(reason=str(error)) from error
    return made


def _log(told: Mapping[str, Any], *, ignore_prefix: bool) -> None:  # noqa: ARG001 - Ray's signature
    _LOG.info("ray: %s", " ".join(told["lines"]))


@cache
def _task() -> Any:  # noqa: ANN401 - a function of Ray, whose own types are partial
    return ray.remote(num_cpus=1)(_read_here)


def _read_here(
    opener: bytes, source: ProjectSource, files: Sequence[SourceFile]
) -> tuple[str, list[Draft | FailedFile]]:
    """Read files in a worker process; return with what they were made, and what became of each."""
    ingest = _opened(opener)

    async def read() -> list[Draft | FailedFile]:
        return [await ingest.draft(source, file) for file in files]

    return ingest.fingerprint, _runner().run(read())


@cache
def _opened(opener: bytes) -> Ingest:
    """Open what a worker reads with; it is kept, with its parsing child, while the worker lives."""
    open_ingest: OpenIngest = pickle.loads(opener)  # noqa: S301 - the driver wrote it
    return _runner().run(open_ingest())


@cache
def _runner() -> asyncio.Runner:
    return asyncio.Runner()
