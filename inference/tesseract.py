"""OCR with the Tesseract program, in a process of its own with limits."""

import asyncio
import contextlib
import io
import os
import resource
import shutil
import signal
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, UnidentifiedImageError

from inference.problems import ImageUnreadable, OcrTimedOut, OcrUnavailable
from inference.settings import OcrSettings
from inference.tesseract_lines import Line, lines_of_tsv

_MODELS = {  # ISO 639-1 → Tesseract's models, best first, and the Debian packages that hold them
    "sa": (
        ("script/Devanagari", "Devanagari", "san"),
        "tesseract-ocr-script-deva tesseract-ocr-san",
    ),
    "ja": (("jpn",), "tesseract-ocr-jpn"),
    "en": (("eng",), "tesseract-ocr-eng"),
}
_FORMATS = ("PNG", "JPEG", "TIFF")
_ENVIRONMENT = ("PATH", "TESSDATA_PREFIX")


@dataclass(frozen=True, slots=True, kw_only=True)
class TesseractOcr:
    """Implements `rag.ports.OcrEngine`."""

    settings: OcrSettings
    version: str
    installed: frozenset[str]

    @property
    def model(self) -> str:
        """Engine and version."""
        return f"tesseract {self.version}"

    async def read_image(self, image: bytes, *, languages: Sequence[str]) -> list[Line]:
        """Return the lines of a page, top to bottom.

        Raises:
            ImageUnreadable: not PNG, JPEG or TIFF, broken, or more than `max_pixels`.
            OcrUnavailable: no model for any of `languages`.
            OcrTimedOut: longer than `timeout_s`.
        """
        await asyncio.to_thread(_check_image, image, self.settings.max_pixels)
        output = await _run(
            [self.settings.tesseract, "-", "-", "-l", self._models(languages), "--psm", "3", "tsv"],
            image,
            self.settings,
        )
        if output is None:
            raise ImageUnreadable("Tesseract could not read it")
        return lines_of_tsv(output)

    def _models(self, languages: Sequence[str]) -> str:
        chosen = [found for language in languages if (found := self._model_for(language))]
        if not chosen:
            wanted = [_MODELS[language][1] for language in languages if language in _MODELS]
            raise OcrUnavailable(" ".join(wanted) or "tesseract-ocr-all")
        return "+".join(chosen)

    def _model_for(self, language: str) -> str | None:
        names = _MODELS.get(language, ((), ""))[0]
        return next((name for name in names if name in self.installed), None)


async def open_tesseract(settings: OcrSettings) -> TesseractOcr | None:
    """Return the engine, or None where the program is not installed or does not work."""
    if shutil.which(settings.tesseract) is None:
        return None
    version = await _run([settings.tesseract, "--version"], b"", settings)
    listed = await _run([settings.tesseract, "--list-langs"], b"", settings)
    if version is None or listed is None:
        return None
    _, _, number = version.partition("\n")[0].partition(" ")  # tesseract 5.3.0
    return TesseractOcr(
        settings=settings, version=number, installed=frozenset(listed.splitlines()[1:])
    )


def _check_image(image: bytes, max_pixels: int) -> None:
    """Read the header alone: a small file can claim, and cost, gigapixels."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # we set our own limit
            with Image.open(io.BytesIO(image), formats=_FORMATS) as picture:
                width, height = picture.size
    except Image.DecompressionBombError as error:
        raise ImageUnreadable(f"it has more than {max_pixels:,} pixels") from error
    except (UnidentifiedImageError, OSError, ValueError) as error:
        raise ImageUnreadable("it is no PNG, JPEG or TIFF picture, or it is broken") from error
    if width * height > max_pixels:
        raise ImageUnreadable(f"it has more than {max_pixels:,} pixels")


async def _run(command: Sequence[str], stdin: bytes, settings: OcrSettings) -> str | None:
    """Return what the program wrote; None where it failed."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
        | {"OMP_THREAD_LIMIT": "1"},
        start_new_session=True,
    )
    try:
        _limit(process.pid, settings.memory_bytes, int(settings.timeout_s) + 1)
        async with asyncio.timeout(settings.timeout_s):
            output, _ = await process.communicate(stdin)
    except TimeoutError as error:
        raise OcrTimedOut(timeout_s=settings.timeout_s) from error
    finally:
        with contextlib.suppress(ProcessLookupError):  # it ended by itself
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
    return output.decode("utf-8", "replace") if process.returncode == 0 else None


def _limit(pid: int, memory_bytes: int, cpu_s: int) -> None:
    """Limit the program before it is given the image; between fork and exec is no safe place."""
    with contextlib.suppress(ProcessLookupError):  # it ended by itself
        resource.prlimit(pid, resource.RLIMIT_AS, (memory_bytes, memory_bytes))
        resource.prlimit(pid, resource.RLIMIT_CPU, (cpu_s, cpu_s))
