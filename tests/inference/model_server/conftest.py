"""Tiny random models, and servers of ours in this process."""

import importlib.util
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import httpx2
import pytest

from inference.model_server.app import ModelServer
from inference.model_server.arguments import server_of
from inference.settings import OcrSettings
from inference.tesseract import open_tesseract
from tests.inference.model_server.tiny_trocr import write_tiny_trocr
from tests.inference.model_server.tiny_whisper import write_tiny_whisper
from tests.servers.asgi import serving

Serve = Callable[..., AbstractAsyncContextManager[httpx2.AsyncClient]]


@pytest.fixture(scope="session")
def tiny_trocr(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny random TrOCR, as a real checkpoint lies in one."""
    _need("TROCR", "torch", "transformers")
    return write_tiny_trocr(tmp_path_factory.mktemp("trocr"))


@pytest.fixture(scope="session")
def tiny_whisper(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny random Whisper in CTranslate2's form."""
    _need("TRANSCRIPTION", "torch", "transformers", "faster_whisper", "ctranslate2")
    return write_tiny_whisper(tmp_path_factory.mktemp("whisper"))


@pytest.fixture
async def tesseract() -> None:
    opened = await open_tesseract(OcrSettings())
    if opened is None or "eng" not in opened.installed:
        pytest.skip("OCR NOT TESTED: tesseract or tesseract-ocr-eng is not installed")


@pytest.fixture
def pdf_reader() -> None:
    _need("PDF PAGES", "pypdfium2")


@pytest.fixture
def sound_reader() -> None:
    _need("SOUND", "av")


@asynccontextmanager
async def serve(*arguments: str) -> AsyncGenerator[httpx2.AsyncClient]:
    """Serve as the command line says, with its model loaded; yields a client."""
    app, _ = server_of([*arguments, "--model", "tiny", "--port", "0"])
    await app.load()
    async with asked(app) as client:
        yield client


@asynccontextmanager
async def asked(app: ModelServer) -> AsyncGenerator[httpx2.AsyncClient]:
    """Serve; yields a client."""
    async with (
        serving(app) as url,
        httpx2.AsyncClient(base_url=url, trust_env=False, timeout=60) as client,
    ):
        yield client


def _need(what: str, *modules: str) -> None:
    missing = [module for module in modules if importlib.util.find_spec(module) is None]
    if missing:
        pytest.skip(f"{what} NOT TESTED: {', '.join(missing)} not installed")
