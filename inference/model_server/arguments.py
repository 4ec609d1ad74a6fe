"""The command line of the model server, and the service that it describes."""

import argparse
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

from inference.bge_m3_embedder import open_bge_m3_embedder
from inference.model_server.app import MOST_BODY_BYTES, ModelServer
from inference.model_server.embedding import EmbeddingService
from inference.model_server.ocr import Ocr
from inference.model_server.pages import PageLimits
from inference.model_server.readers import PageReader, TesseractReader, TrOcrReader
from inference.model_server.service import Service
from inference.model_server.transcription import Transcription
from inference.model_server.turns import Turns
from inference.settings import BGE_M3_TOKENS, EmbeddingSettings, OcrSettings
from inference.trocr import TrOcr
from inference.whisper import Whisper

_AT_ONCE: Final = {"ocr": 1, "transcription": 1, "embedding": 2}
_WAITING: Final = {"ocr": 8, "transcription": 8, "embedding": 64}


def parser() -> argparse.ArgumentParser:
    """Return what reads the command line."""
    made = argparse.ArgumentParser(
        "python -m inference.model_server",
        description="Serve one model on this machine.",
        allow_abbrev=False,
    )
    add = made.add_argument
    add("--task", choices=sorted(_AT_ONCE), required=True)
    add("--model", required=True, help="What requests call it.")
    add("--folder", type=Path, help="Where its weights lie; OCR without one is Tesseract.")
    add("--host", default="127.0.0.1", help="Only this machine, if absent.")
    add("--port", type=int, required=True)
    add("--grace", type=float, default=60.0, help="Seconds for calls in flight at SIGTERM.")
    add("--at-once", type=int, help="Calls that are worked on at once.")
    add("--waiting", type=int, help="Calls that may wait for that; others are told to come back.")
    add("--most-bytes", type=int, default=MOST_BODY_BYTES, help="Of a request.")
    add("--context", type=int, default=BGE_M3_TOKENS, help="Embedding: tokens of a text.")
    add("--layout", choices=["tesseract", "rows"], default="tesseract", help="OCR: finds lines.")
    add("--most-pages", type=int, default=200, help="OCR: of a document.")
    add("--most-seconds", type=int, default=14_400, help="Transcription: of sound.")
    add("--device", help="`cpu` or `cuda`; the GPU where there is one, if absent.")
    add("--compute-type", default="default", help="Transcription: such as `int8` or `float16`.")
    return made


def server_of(arguments: Sequence[str] | None = None) -> tuple[ModelServer, argparse.Namespace]:
    """Return the server that a command line describes, with nothing loaded.

    Raises:
        SystemExit: it describes none; says why.
    """
    reads = parser()
    chosen = reads.parse_args(arguments)
    if chosen.folder is None and chosen.task != "ocr":
        reads.error("--folder is missing: where the weights lie")
    turns = Turns(
        at_once=chosen.at_once or _AT_ONCE[chosen.task],
        waiting=_WAITING[chosen.task] if chosen.waiting is None else chosen.waiting,
    )
    service = _SERVICES[chosen.task](chosen)
    server = ModelServer(
        model=chosen.model, service=service, turns=turns, most_bytes=chosen.most_bytes
    )
    return server, chosen


def _ocr(chosen: argparse.Namespace) -> Service:
    settings = OcrSettings()
    tesseract = TesseractReader(settings=settings)
    reader: PageReader = tesseract
    if chosen.folder is not None:
        reader = TrOcrReader(
            open=partial(TrOcr, chosen.folder, device=chosen.device),
            layout=tesseract if chosen.layout == "tesseract" else None,
        )
    limits = PageLimits(most_pages=chosen.most_pages, most_pixels=settings.max_pixels)
    return Ocr(reader=reader, limits=limits)


def _transcription(chosen: argparse.Namespace) -> Service:
    opened = partial(
        Whisper,
        chosen.folder,
        device=chosen.device or "auto",
        compute_type=chosen.compute_type,
    )
    return Transcription(open=opened, most_seconds=chosen.most_seconds)


def _embedding(chosen: argparse.Namespace) -> Service:
    settings = EmbeddingSettings(
        kind="bge-m3", folder=chosen.folder, model=chosen.model, max_tokens=chosen.context
    )
    return EmbeddingService(open=partial(open_bge_m3_embedder, settings))


_SERVICES: Final = {"ocr": _ocr, "transcription": _transcription, "embedding": _embedding}
