"""Where the files of a sync are read: in this process, or on a Ray cluster."""

import asyncio
import importlib.util
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from inference.settings import EmbeddingSettings, OcrSettings
from inference.tesseract import open_tesseract
from rag.ingest import Ingest
from rag.parsing.isolated import IsolatedParser
from rag.parsing.limits import ParseLimits
from rag.reading import FileReader, LocalReader
from service.problems import RayMissing
from service.settings import Settings

ReaderFor = Callable[[Ingest], FileReader]
"""Returns what reads the files for an embedding model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerKit:
    """Opens, in a worker, what files are read with there; it travels, and holds no secret."""

    embeddings: tuple[EmbeddingSettings, ...]
    model: str
    """The one of the embedding models that passages are cut for."""
    parsing: ParseLimits
    ocr: OcrSettings

    @classmethod
    def of(cls, settings: Settings, model: str) -> "WorkerKit":
        """Take what a worker needs of the settings."""
        return cls(
            embeddings=tuple(
                each.model_copy(update={"api_key": None}) for each in settings.embeddings
            ),
            model=model,
            parsing=settings.parsing,
            ocr=settings.ocr,
        )

    async def __call__(self) -> Ingest:
        """Open it all; it is closed with the worker."""
        from service.models import open_embedder  # noqa: PLC0415 - loads the models' libraries

        parser = IsolatedParser(limits=self.parsing, ocr=await open_tesseract(self.ocr))
        for chosen in self.embeddings:
            embedder = await open_embedder(chosen, AsyncExitStack())
            if embedder.model == self.model:
                return Ingest(parser=parser, embedder=embedder)
        raise LookupError(f"no settings of {self.model}")


@asynccontextmanager
async def open_reading(settings: Settings) -> AsyncGenerator[ReaderFor]:
    """Join the cluster where the settings name that engine, and leave it at the end.

    Raises:
        RayMissing: the extra is not installed.
        ClusterUnreachable: no cluster answers.
    """
    if settings.engine == "local":
        yield LocalReader
        return
    if importlib.util.find_spec("ray") is None:
        raise RayMissing
    from rag.ray_engine import RayReader, connect, disconnect  # noqa: PLC0415 - an extra

    def reader_for(ingest: Ingest) -> FileReader:
        return RayReader(
            open_ingest=WorkerKit.of(settings, ingest.embedder.model),
            fingerprint=ingest.fingerprint,
            shares_folders=settings.ray.shares_folders,
        )

    await asyncio.to_thread(connect, settings.ray.address)
    try:
        yield reader_for
    finally:
        await asyncio.to_thread(disconnect)
