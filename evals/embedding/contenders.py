"""Who embeds: the shipped model, and the same one as its own library runs it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from evals.embedding.library import LibraryMiniLm
from inference.local_embedder import LocalEmbedder, open_local_embedder

SHIPPED: Final = "shipped"


class Contender(Protocol):
    """A way to embed texts."""

    async def query(self, text: str) -> Sequence[float]:
        """Return the vector of a query."""
        ...

    async def documents(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """Return the vectors of documents."""
        ...


@dataclass(frozen=True, slots=True)
class _Shipped:
    embedder: LocalEmbedder

    async def query(self, text: str) -> Sequence[float]:
        return (await self.embedder.embed_query(text)).dense

    async def documents(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        return [embedded.dense for embedded in await self.embedder.embed_documents(texts)]


@dataclass(frozen=True, slots=True)
class _Library:
    model: LibraryMiniLm
    batch: int

    async def query(self, text: str) -> Sequence[float]:
        return self.model.vectors([text], batch=self.batch)[0]

    async def documents(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        return self.model.vectors(texts, batch=self.batch)


CONTENDERS: Final[dict[str, Callable[[], Contender]]] = {
    SHIPPED: lambda: _Shipped(open_local_embedder()),
    "library, batch 8": lambda: _Library(LibraryMiniLm(), 8),
    "library, batch 32": lambda: _Library(LibraryMiniLm(), 32),
}
