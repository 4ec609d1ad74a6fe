"""Pictures and sound come with the request: a model server is never made to fetch an address."""

from collections.abc import Iterator, Mapping
from typing import Final, cast

import msgspec

from inference.gateway.problems import FieldRefused, RequestUnreadable

_NO_MEDIA: Final = frozenset({"tools", "tool_choice", "response_format", "text"})
"""These describe data, and no server looks for media there."""
_ADDRESS_KEYS: Final = frozenset(
    {
        *("url", "image_url", "video_url", "audio_url", "file_url"),
        *("image", "video", "audio", "file", "document"),
    }
)
_HINTS: Final = (b"url", b"image", b"video", b"audio", b"file", b"document", b"\\u")
"""A part that names an address has one of them, if only behind an escape."""


def with_own_media(fields: Mapping[str, msgspec.Raw]) -> dict[str, msgspec.Raw]:
    """Return the fields, those that may name addresses written anew as they were understood.

    So a model server cannot understand them otherwise, such as where a name comes twice.

    Raises:
        FieldRefused: a picture, sound or film is named by an address that is no `data:` URL.
        RequestUnreadable: it is nested too deep.
    """
    own = dict(fields)
    for name, raw in fields.items():
        if name in _NO_MEDIA or (name not in _ADDRESS_KEYS and not _may_hold_media(raw)):
            continue
        try:
            value = msgspec.json.decode(raw)
            if any(not address.startswith("data:") for address in _addresses({name: value})):
                raise FieldRefused(name, "send pictures and sound as `data:` URLs, not by address")
            own[name] = msgspec.Raw(msgspec.json.encode(value))
        except RecursionError as error:
            raise RequestUnreadable(f"`{name}` is nested too deep") from error
    return own


def _may_hold_media(raw: msgspec.Raw) -> bool:
    written = memoryview(raw).tobytes()
    return any(hint in written for hint in _HINTS)


def _addresses(value: object) -> Iterator[str]:
    """Yield every address under a value, in whatever depth."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            named = cast("dict[str, object]", each)
            for key, held in named.items():
                if key in _ADDRESS_KEYS and isinstance(held, str):
                    yield held
            waiting += named.values()
        elif isinstance(each, list):
            waiting += cast("list[object]", each)
