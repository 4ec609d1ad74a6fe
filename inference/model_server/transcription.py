"""`/v1/audio/transcriptions`, as OpenAI documents it."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Final

import msgspec

from inference.gateway.problems import FieldRefused, RequestUnreadable
from inference.model_server.isolated import ChildFailed, ChildLimits, read_isolated
from inference.model_server.posted import Posted
from inference.model_server.problems import SoundUnreadable
from inference.model_server.service import Answer, Route
from inference.model_server.threads import in_thread
from inference.model_server.transcripts import Form, Grain, in_form
from inference.whisper import Transcript, Whisper, Wish

_CHILD: Final = "inference.model_server.sound_child"
_MOST_SECONDS: Final = 4 * 3_600
_LONGEST_PROMPT: Final = 4_000


class _Request(msgspec.Struct):
    language: Annotated[str, msgspec.Meta(max_length=16)] | None = None
    prompt: Annotated[str, msgspec.Meta(max_length=_LONGEST_PROMPT)] | None = None
    response_format: Form = "json"
    temperature: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0
    grains: list[Grain] = msgspec.field(
        name="timestamp_granularities[]", default_factory=lambda: ["segment"]
    )


@dataclass(kw_only=True)
class Transcription:
    """Implements `inference.model_server.service.Service`."""

    open: Callable[[], Whisper]
    most_seconds: int = _MOST_SECONDS
    limits: ChildLimits = field(
        default_factory=lambda: ChildLimits(wall_s=300, cpu_s=300, memory_bytes=3 * 2**30)
    )
    _whisper: Whisper | None = None

    async def load(self) -> None:
        """Load the model; see `Whisper`."""
        self._whisper = await asyncio.to_thread(self.open)

    def routes(self) -> Mapping[str, Route]:
        return {"/v1/audio/transcriptions": self._transcribe}

    async def _transcribe(self, posted: Posted) -> Answer:
        whisper = self._loaded()
        asked = posted.as_(_Request)
        sound = posted.files.get("file")
        if sound is None:
            raise RequestUnreadable("it has no `file`")
        language = asked.language.lower() if asked.language else None
        if language is not None and language not in whisper.languages:
            raise FieldRefused("language", "the model does not know it: ISO 639-1, such as `ja`")
        wish = Wish(
            language=language,
            prompt=asked.prompt,
            temperature=asked.temperature,
            with_words="word" in asked.grains,
        )
        seconds, samples = await self._samples(sound)
        transcript: Transcript = await in_thread(
            lambda stop: whisper.transcribe(samples, wish, stop)
        )
        return in_form(transcript, asked.response_format, seconds=seconds, grains=asked.grains)

    async def _samples(self, sound: bytes) -> tuple[float, bytes]:
        job = {"most_seconds": self.most_seconds}
        try:
            facts, samples = await read_isolated(_CHILD, job, sound, self.limits)
        except ChildFailed as failed:
            raise SoundUnreadable(failed.reason) from failed
        return float(facts["seconds"]), samples

    def _loaded(self) -> Whisper:
        if self._whisper is None:
            raise RuntimeError("asked before it was loaded")
        return self._whisper
