"""The bundled English embedding model, loaded once."""

import pytest

from inference.local_embedder import LocalEmbedder, has_local_embedding, open_local_embedder


@pytest.fixture(scope="session")
def minilm() -> LocalEmbedder:
    if not has_local_embedding():
        pytest.skip("REAL EMBEDDINGS NOT TESTED: install the extra `local`")
    return open_local_embedder()
