"""Where files are read; what travels to a worker opens the same there, and holds no secret."""

import pickle

from pydantic import AnyHttpUrl, SecretStr

from inference.fake import HashEmbedder
from inference.settings import EmbeddingSettings
from rag.ingest import Ingest
from rag.reading import LocalReader
from service.reading import WorkerKit, open_reading
from service.settings import Settings
from tests.rag.indexing import PlainTextParser

_SOMEWHERE = AnyHttpUrl("http://127.0.0.1:1/v1")
_HERE = Ingest(parser=PlainTextParser(), embedder=HashEmbedder())


async def test_a_worker_cuts_files_as_this_process_does() -> None:
    settings = Settings(embedding=EmbeddingSettings(kind="hash"))
    kit: WorkerKit = pickle.loads(pickle.dumps(WorkerKit.of(settings, _HERE.embedder.model)))  # noqa: S301 - our own
    assert (await kit()).fingerprint == _HERE.fingerprint


async def test_a_worker_opens_the_model_that_is_meant() -> None:
    other = EmbeddingSettings(base_url=_SOMEWHERE, model="other")
    settings = Settings(embedding=other, next_embedding=EmbeddingSettings(kind="hash"))
    assert (await WorkerKit.of(settings, _HERE.embedder.model)()).fingerprint == _HERE.fingerprint


def test_no_key_travels_to_a_worker() -> None:
    embedding = EmbeddingSettings(base_url=_SOMEWHERE, api_key=SecretStr("hunter2"))
    settings = Settings(embedding=embedding, key_secret=SecretStr("x" * 32))
    sent = pickle.dumps(WorkerKit.of(settings, embedding.model))
    assert b"hunter2" not in sent
    assert b"x" * 32 not in sent


async def test_files_are_read_in_this_process_unless_told_otherwise() -> None:
    async with open_reading(Settings()) as reader_for:
        assert reader_for(_HERE) == LocalReader(_HERE)
