"""What reasoning models think, in the field `reasoning_content`, whatever their servers do."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final, cast

import msgspec

from inference.reasoning import Split, Splitter, split

_DATA: Final = b"data: "
_OTHER_NAME: Final = "reasoning"
_NAME: Final = "reasoning_content"


class Thoughts:
    """Takes an answer apart, whole or event by event."""

    def __init__(self, *, begins_thinking: bool) -> None:
        """Begin with thinking where the model's template opens the mark."""
        self._begins_thinking = begins_thinking
        self._splitters: dict[int, Splitter] = defaultdict(self._splitter)

    def in_whole(self, body: bytes) -> bytes:
        """Return an answer that is no stream; what is no such answer stays as it is."""
        answer = _object(body)
        if answer is None:
            return body
        for choice in _mappings(answer.get("choices")):
            message = choice.get("message")
            if isinstance(message, dict):
                self._take_apart(cast("dict[str, Any]", message))
        return msgspec.json.encode(answer)

    def in_event(self, event: bytes) -> bytes:
        """Return an event of a stream; one that is none of an answer stays as it is."""
        answer = _object(event.removeprefix(_DATA)) if event.startswith(_DATA) else None
        if answer is None:
            return event
        for choice in _mappings(answer.get("choices")):
            delta = choice.get("delta")
            if isinstance(delta, dict):
                index = choice.get("index")
                is_end = choice.get("finish_reason") is not None
                splitter = self._splitters[index if isinstance(index, int) else 0]
                _split_delta(cast("dict[str, Any]", delta), splitter, is_end=is_end)
        return _DATA + msgspec.json.encode(answer) + b"\n\n"

    def _splitter(self) -> Splitter:
        return Splitter(begins_thinking=self._begins_thinking)

    def _take_apart(self, message: dict[str, Any]) -> None:
        content = message.get("content")
        if isinstance(content, str) and not _renamed(message):
            parts = split(content, begins_thinking=self._begins_thinking)
            _put(message, parts)
            message["content"] = parts.said


def _split_delta(delta: dict[str, Any], splitter: Splitter, *, is_end: bool) -> None:
    if _renamed(delta):
        return
    content = delta.get("content")
    parts = splitter.feed(content) if isinstance(content, str) else Split("", "")
    if is_end:
        rest = splitter.end()
        parts = Split(parts.thought + rest.thought, parts.said + rest.said)
    if isinstance(content, str) or parts.said:
        delta["content"] = parts.said
    _put(delta, parts)


def _put(message: dict[str, Any], parts: Split) -> None:
    if parts.thought:
        message[_NAME] = parts.thought


def _renamed(message: dict[str, Any]) -> bool:
    """Give thoughts that the server has taken apart already the one name; tell if there are any."""
    thought = message.pop(_OTHER_NAME, None)
    if isinstance(thought, str) and thought:
        message[_NAME] = thought
    return isinstance(message.get(_NAME), str) and bool(message[_NAME])


def _object(raw: bytes) -> dict[str, Any] | None:
    try:
        return msgspec.json.decode(raw, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _mappings(value: object) -> list[Mapping[str, Any]]:
    if not isinstance(value, list):
        return []
    listed = cast("list[object]", value)
    return [cast("Mapping[str, Any]", each) for each in listed if isinstance(each, dict)]
