"""What the workers of the measured cluster read with."""

from inference.local_embedder import open_local_embedder
from rag.ingest import Ingest
from rag.parsing.isolated import IsolatedParser


async def open_ingest() -> Ingest:
    """Open a parser, and the tokenizer of the bundled model: passages are cut to its size."""
    return Ingest(parser=IsolatedParser(), embedder=open_local_embedder())
