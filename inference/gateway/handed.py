"""A request as a model server gets it."""

from dataclasses import dataclass
from typing import Final

import msgspec

from inference.gateway.asked import Asked
from inference.gateway.forms import as_form
from inference.gateway.media import with_own_media
from inference.gateway.served import Served

_PREFIX_BYTES: Final = 4_096
"""What calls have in common at their beginning: system prompt and tools, mostly."""
_SPEAKS_VLLM: Final = "vllm"


@dataclass(frozen=True, slots=True)
class Body:
    """What is sent."""

    content: bytes
    content_type: str = "application/json"


def handed(asked: Asked, served: Served, *, salt: str) -> Body:
    """Return the body for the model server; `salt` keeps the cache of one person from others.

    A stream always ends with its usage: what the caller did not ask for is left out on the way
    back.

    Raises:
        FieldRefused: something in it is named by an address.
    """
    if asked.endpoint.is_form:
        return Body(*as_form({"model": served.upstream_name}, asked.form))
    fields: dict[str, object] = {"model": served.upstream_name, **with_own_media(asked.fields)}
    speaks_vllm = served.runtime == _SPEAKS_VLLM
    if asked.endpoint.writes and speaks_vllm:
        fields["cache_salt"] = salt
    if asked.is_stream and not asked.endpoint.counts_of_itself:
        options: dict[str, bool] = {"include_usage": True}
        if speaks_vllm:  # with each piece, so that what a caller leaves behind is counted too
            options["continuous_usage_stats"] = True
        fields["stream_options"] = options
    return Body(msgspec.json.encode(fields))


def prefix_of(asked: Asked, *, salt: str) -> bytes | None:
    """Return what calls with the same beginning have in common; None: its answer is not cached."""
    if not asked.endpoint.writes:
        return None
    first = next((asked.fields[name] for name in _PROMPTS if name in asked.fields), None)
    return None if first is None else salt.encode() + memoryview(first)[:_PREFIX_BYTES]


_PROMPTS: Final = ("messages", "prompt", "input")
