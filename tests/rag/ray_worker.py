"""What the workers of a test's Ray cluster read with."""

import asyncio
import os
import signal
from pathlib import Path

from inference.fake import HashEmbedder
from rag.ingest import Ingest
from rag.parsing.document import ParsedDocument
from rag.parsing.isolated import IsolatedParser

DEADLY = "deadly.txt"
"""A file that kills the worker which reads it."""


class _Slow(IsolatedParser):
    """Takes a moment over each file, so that there is a middle to kill a node in."""

    async def parse(self, path: Path, name: str) -> ParsedDocument:
        if name == DEADLY:
            os.kill(os.getpid(), signal.SIGKILL)
        await asyncio.sleep(0.02)
        return await super().parse(path, name)


async def open_ingest() -> Ingest:
    """Open it, in a worker."""
    return Ingest(parser=_Slow(), embedder=HashEmbedder())
