"""Which of two shards answers: another takes over without a search that fails or waits."""

from collections.abc import Generator
from contextlib import contextmanager
from threading import Condition

import qdrant_edge as edge


class Answering:
    """Holds the shard that answers now, and counts who reads it."""

    def __init__(self, shard: edge.EdgeShard) -> None:
        """Let `shard` answer."""
        self._shard = shard
        self._readers: dict[int, int] = {}
        self._changed = Condition()

    @contextmanager
    def reading(self) -> Generator[edge.EdgeShard]:
        """Hand out the shard that answers; it stays open until the block ends."""
        with self._changed:
            shard = self._shard
            self._readers[id(shard)] = self._readers.get(id(shard), 0) + 1
        try:
            yield shard
        finally:
            with self._changed:
                self._readers[id(shard)] -= 1
                self._changed.notify_all()

    def replace(self, shard: edge.EdgeShard) -> None:
        """Let `shard` answer from now on, and close the earlier one when its last reader is done.

        Nothing may be written meanwhile.
        """
        with self._changed:
            earlier, self._shard = self._shard, shard
            self._changed.wait_for(lambda: not self._readers.get(id(earlier)))
            self._readers.pop(id(earlier), None)
        earlier.close()
