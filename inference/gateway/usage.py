"""What a model server says that a call used, read from the bytes of its answer."""

import re
from typing import Final

import msgspec

from inference.prices import Used

# Inside a JSON string a quotation mark is escaped: these bytes are always a key of the answer.
_USAGE: Final = re.compile(rb',?\s*"usage"\s*:\s*(?P<value>\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\})')
_NAME: Final = b'"usage"'
USED_HEADER: Final = b"x-fumikura-used"
"""The same, as our own model server tells it where the answer is no JSON."""
_MOST_TOKENS: Final = 10**12
_MOST_AUDIO_S: Final = 1e9
"""More than any call can use: what sums up within what databases and limits hold."""


class _Details(msgspec.Struct):
    cached_tokens: int | None = None


class _Usage(msgspec.Struct):
    """As of `/v1/chat/completions`, `/v1/responses`, `/v1/messages`, transcriptions, our OCR."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None
    prompt_tokens_details: _Details | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    input_tokens_details: _Details | None = None
    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    seconds: float | None = None
    pages: int | None = None

    def used(self) -> Used:
        details = self.prompt_tokens_details or self.input_tokens_details or _Details()
        completion = _count(self.completion_tokens or self.output_tokens)
        prompt = self.prompt_tokens or self.input_tokens
        read_again = _count(self.cache_read_input_tokens)
        if read_again or self.cache_creation_input_tokens:  # Anthropic's: not among the others
            prompt = _count(prompt) + read_again + _count(self.cache_creation_input_tokens)
        if prompt is None:  # vLLM counts only the total of a reranking
            prompt = _count(self.total_tokens) - completion
        prompt = _count(prompt)
        return Used(
            prompt_tokens=prompt,
            cached_tokens=min(_count(details.cached_tokens) + read_again, prompt),
            completion_tokens=completion,
            audio_s=min(max(self.seconds or 0.0, 0.0), _MOST_AUDIO_S),
            pages=_count(self.pages),
        )


_DECODER: Final = msgspec.json.Decoder(_Usage)


def usage_in(answer: bytes) -> Used | None:
    """Return the last usage that an answer names; None where it names none that can be read."""
    last = _USAGE.search(answer, max(0, answer.rfind(_NAME)))
    if last is not None:
        return usage_of(last["value"])
    named = [found["value"] for found in _USAGE.finditer(answer)]
    return usage_of(named[-1]) if named else None


def usage_of(usage: bytes) -> Used | None:
    """Return what a usage says; None where it cannot be read."""
    try:
        return _DECODER.decode(usage).used()
    except msgspec.DecodeError:
        return None


def names_usage(event: bytes) -> bool:
    """Tell whether an event of a stream names what was used."""
    return _USAGE.search(event) is not None


def without_usage(event: bytes) -> bytes:
    """Return an event of a stream without the usage that it names."""
    return _USAGE.sub(b"", event, count=1)


def _count(number: int | None) -> int:
    return min(max(number or 0, 0), _MOST_TOKENS)
