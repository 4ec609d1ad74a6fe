"""A transcript in each of the forms that OpenAI's clients ask for."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final, Literal

from inference.model_server.service import Answer, as_json
from inference.whisper import Segment, Transcript

Form = Literal["json", "text", "srt", "verbose_json", "vtt"]
Grain = Literal["word", "segment"]
_TEXT: Final = b"text/plain; charset=utf-8"


def in_form(
    transcript: Transcript, form: Form, *, seconds: float, grains: Sequence[Grain]
) -> Answer:
    """Return it, and with it how many seconds of sound were heard."""
    used = {"type": "duration", "seconds": round(seconds, 3)}
    if form in _TEXTS:
        return Answer(_TEXTS[form](transcript).encode(), _TEXT, used)
    if form == "json":
        return as_json({"text": transcript.text, "usage": used})
    return as_json(_verbose(transcript, seconds, grains) | {"usage": used})


def _verbose(transcript: Transcript, seconds: float, grains: Sequence[Grain]) -> dict[str, Any]:
    whole: dict[str, Any] = {
        "task": "transcribe",
        "language": transcript.language,
        "duration": round(seconds, 3),
        "text": transcript.text,
    }
    if "segment" in grains:
        whole["segments"] = [
            _numbered(number, segment) for number, segment in enumerate(transcript.segments)
        ]
    if "word" in grains:
        whole["words"] = [asdict(word) for segment in transcript.segments for word in segment.words]
    return whole


def _numbered(number: int, segment: Segment) -> dict[str, Any]:
    told = asdict(segment)
    del told["words"]
    return {"id": number, "seek": 0, **told}


def _srt(transcript: Transcript) -> str:
    return "\n".join(
        f"{number}\n{_clock(segment.start, ',')} --> {_clock(segment.end, ',')}\n{_line(segment)}\n"
        for number, segment in enumerate(transcript.segments, start=1)
    )


def _vtt(transcript: Transcript) -> str:
    cues = [
        f"{_clock(segment.start, '.')} --> {_clock(segment.end, '.')}\n{_line(segment)}\n"
        for segment in transcript.segments
    ]
    return "\n".join(["WEBVTT\n", *cues])


def _line(segment: Segment) -> str:
    """Return it in one line, without what would be an arrow between times."""
    return " ".join(segment.text.split()).replace("-->", "->")


def _clock(seconds: float, point: str) -> str:
    milliseconds = round(seconds * 1000)
    minutes, milliseconds = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    whole, milliseconds = divmod(milliseconds, 1000)
    return f"{hours:02}:{minutes:02}:{whole:02}{point}{milliseconds:03}"


_TEXTS: Final[Mapping[Form, Callable[[Transcript], str]]] = {
    "text": lambda transcript: f"{transcript.text}\n",
    "srt": _srt,
    "vtt": _vtt,
}
