"""Where vectors are kept, in this process or on a server: a collection opened, another removed."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.ports import Embedder
from rag.store.lock import FolderLock
from rag.store.port import VectorStore
from rag.store.removal import remove_folder
from rag.store.schema import Extras
from rag.store.settings import QdrantSettings
from service.settings import Settings

if TYPE_CHECKING:
    from rag.store.server import ServerOptions


@dataclass(frozen=True, slots=True)
class Stores:
    """Loads only the engine that is used: each takes its time to import."""

    settings: Settings
    lock: FolderLock | None
    """Of the embedded store's folder, for all of its collections; None on a server."""

    async def open(self, embedder: Embedder) -> VectorStore:
        """Open the collection of a model, which is made if there is none; the caller closes it.

        Raises:
            EmbeddingModelChanged: it holds vectors of another length or kind.
            ServiceUnreachable: the server does not answer.
        """
        if self.lock is not None:
            from rag.store.edge import EdgeStore  # noqa: PLC0415 - see the class

            return await EdgeStore.open(
                self.settings.store_folder,
                model=embedder.model,
                dimensions=embedder.dimensions,
                extras=_extras(embedder, self.settings.qdrant),
                lock=self.lock.share(),
            )
        from rag.store.server import ServerStore  # noqa: PLC0415 - see the class

        key = self.settings.qdrant.api_key
        return await ServerStore.open(
            str(self.settings.qdrant.url),
            key.get_secret_value() if key else None,
            model=embedder.model,
            dimensions=embedder.dimensions,
            extras=_extras(embedder, self.settings.qdrant),
            options=server_options(self.settings.qdrant),
        )

    async def remove(self, collection: str) -> None:
        """Remove a collection that is not open; one that is not there is fine.

        Raises:
            ServiceUnreachable: the server does not answer.
        """
        if self.lock is not None:
            await asyncio.to_thread(remove_folder, self.settings.store_folder, collection)
            return
        from rag.store.server import remove_collection  # noqa: PLC0415 - see the class

        key = self.settings.qdrant.api_key
        url = str(self.settings.qdrant.url)
        secret = key.get_secret_value() if key else None
        await remove_collection(url, secret, collection, server_options(self.settings.qdrant))


def server_options(qdrant: QdrantSettings) -> "ServerOptions":
    """Return how a server is reached, as the operator set it."""
    from rag.store.server import ServerOptions  # noqa: PLC0415 - loads Qdrant's client

    return ServerOptions(
        timeout_s=qdrant.timeout_s,
        ca_file=qdrant.ca_file,
        shards=qdrant.shards,
        replicas=qdrant.replicas,
        write_consistency=qdrant.write_consistency,
    )


def _extras(embedder: Embedder, qdrant: QdrantSettings) -> Extras:
    """Return what the collection of a model needs beside its dense vectors."""
    with_colbert = "colbert" in embedder.outputs
    return Extras(
        sparse="sparse" in embedder.outputs,
        colbert_dimensions=embedder.dimensions if with_colbert else None,
        quantisation=qdrant.quantisation,
        oversampling=qdrant.oversampling,
    )


@contextmanager
def open_stores(settings: Settings) -> Generator[Stores]:
    """Take the lock of the embedded store, if it is that one, until the block ends.

    Raises:
        StoreLocked: another process has it.
    """
    if settings.qdrant.url is not None:
        yield Stores(settings, None)
        return
    settings.store_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = FolderLock(settings.store_folder)
    try:
        yield Stores(settings, lock)
    finally:
        lock.release()
