"""How the files of a project are read: several at a time, in order, ahead of who needs them."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol

from connectors.ports import ProjectSource, SourceFile
from rag.ahead import Job, in_order
from rag.ingest import Draft, FailedFile, Ingest

_FILES_AT_ONCE: Final = 5  # one for now and four ahead, as many as RDM is asked for at once
_SMALL_BYTES: Final = 8 * 2**20  # of five such files, all may lie in memory


class FileReader(Protocol):
    """Fetches files, parses them and cuts them into passages."""

    def read(
        self, source: ProjectSource, files: Sequence[SourceFile]
    ) -> AsyncGenerator[Draft | FailedFile]:
        """Yield each file as it is read, in order.

        Raises:
            Problem: the source as a whole does not answer.
        """
        ...


@dataclass(frozen=True, slots=True)
class LocalReader:
    """Implements `FileReader` in this process.

    A source that takes its time over each file holds up the embedding of none. Large files are
    read with fewer beside them, the largest alone.
    """

    ingest: Ingest

    def read(
        self, source: ProjectSource, files: Sequence[SourceFile]
    ) -> AsyncGenerator[Draft | FailedFile]:
        jobs = (
            Job(partial(self.ingest.draft, source, file), weight=1 + file.size // _SMALL_BYTES)
            for file in files
        )
        return in_order(jobs, at_once=_FILES_AT_ONCE)
