"""Pictures and sound come with the request: a model server is never made to fetch an address."""

from collections.abc import Iterator, Mapping
from typing import Final, cast

import msgspec

from inference.gateway.problems import FieldRefused, RequestUnreadable

_MAY_HOLD_MEDIA: Final = ("messages", "input")
_HINTS: Final = (b"url", b"file", b"\\u")
"""A part that names an address has one of them, if only behind an escape."""
_ADDRESS_KEYS: Final = frozenset({"url", "image_url", "video_url", "audio_url", "file_url"})


def with_own_media(fields: Mapping[str, msgspec.Raw]) -> dict[str, msgspec.Raw]:
    """Return the fields, those that may name addresses written anew as they were understood.

    So a model server cannot understand them otherwise, such as where a name comes twice.

    Raises:
        FieldRefused: a picture, sound or film is named by an address that is no `data:` URL.
        RequestUnreadable: it is nested too deep.
    """
    own = dict(fields)
    for name in _MAY_HOLD_MEDIA:
        raw = fields.get(name)
        if raw is None or not any(hint in memoryview(raw).tobytes() for hint in _HINTS):
            continue
        try:
            value = msgspec.json.decode(raw)
            if any(not address.startswith("data:") for address in _addresses(value)):
                raise FieldRefused(name, "send pictures and sound as `data:` URLs, not by address")
            own[name] = msgspec.Raw(msgspec.json.encode(value))
        except RecursionError as error:
            raise RequestUnreadable(f"`{name}` is nested too deep") from error
    return own


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
