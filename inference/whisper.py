"""Whisper in this process, by faster-whisper, from a folder in CTranslate2's form."""

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any, Final

import numpy as np

from inference.problems import LibraryMissing, WeightsUnreadable

_NEEDED: Final = ("model.bin", "config.json", "tokenizer.json")
_BEAMS: Final = 5
_LADDER: Final = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
"""Tried in turn where an answer repeats itself or is improbable (Radford et al. 2022)."""
_LOUDEST: Final = 32_768.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a caller may choose."""

    language: str | None = None
    """ISO 639-1; None: the model finds out."""
    prompt: str | None = None
    temperature: float = 0.0
    with_words: bool = False


@dataclass(frozen=True, slots=True)
class Word:
    """A word, and when it was said, in seconds."""

    word: str
    start: float
    end: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """Some words, and when they were said, in seconds."""

    start: float
    end: float
    text: str
    tokens: Sequence[int]
    temperature: float
    avg_logprob: float
    compression_ratio: float
    no_speech_prob: float
    words: Sequence[Word] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """What was said."""

    language: str
    segments: Sequence[Segment]

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(segment.text for segment in self.segments).strip()


class Whisper:
    """One transcription at a time; faster-whisper uses several threads for each."""

    def __init__(
        self, folder: Path, *, device: str = "auto", compute_type: str = "default"
    ) -> None:
        """Load it; nothing is fetched.

        Raises:
            LibraryMissing: faster-whisper is not installed.
            WeightsUnreadable: a file is missing or damaged.
        """
        for name in _NEEDED:
            if not (folder / name).is_file():
                raise WeightsUnreadable(folder, reason=f"{name} is not there")
        try:
            library: Any = importlib.import_module("faster_whisper")
        except ModuleNotFoundError as error:
            raise LibraryMissing("faster-whisper") from error
        try:
            self._model = library.WhisperModel(
                str(folder), device=device, compute_type=compute_type, local_files_only=True
            )
        except Exception as error:  # the library does not name what it raises here
            raise WeightsUnreadable(
                folder, reason="its files are damaged, or not for this device"
            ) from error

    @property
    def languages(self) -> frozenset[str]:
        """Those that may be named."""
        return frozenset(self._model.supported_languages)

    def transcribe(self, sound: bytes, wish: Wish, stop: Event | None = None) -> Transcript:
        """Return what is said in 16,000 numbers of 16 bits a second, of one channel.

        Where `stop` is set meanwhile, only its beginning.
        """
        samples = np.frombuffer(sound, dtype="<i2").astype(np.float32) / _LOUDEST
        segments, info = self._model.transcribe(
            samples,
            language=wish.language,
            initial_prompt=wish.prompt,
            temperature=list(_LADDER) if wish.temperature == 0 else [wish.temperature],
            beam_size=_BEAMS,
            word_timestamps=wish.with_words,
        )
        found: list[Segment] = []
        for segment in segments:  # each one is only now worked out
            if stop is not None and stop.is_set():
                break
            found.append(_segment(segment))
        return Transcript(language=str(info.language), segments=found)


def _segment(found: Any) -> Segment:  # noqa: ANN401 - the library is no dependency of types
    """Return it in Python's numbers: the library mixes them with numpy's."""
    return Segment(
        start=float(found.start),
        end=float(found.end),
        text=str(found.text),
        tokens=[int(token) for token in found.tokens],
        temperature=float(found.temperature or 0.0),
        avg_logprob=float(found.avg_logprob),
        compression_ratio=float(found.compression_ratio),
        no_speech_prob=float(found.no_speech_prob),
        words=[Word(each.word, float(each.start), float(each.end)) for each in found.words or ()],
    )
