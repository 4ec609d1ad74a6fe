"""A request as it was read: who shall answer, and every field as the caller wrote it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final

import msgspec

from inference.gateway.endpoints import Endpoint
from inference.gateway.problems import FieldRefused, RequestUnreadable
from inference.prices import Used

_LONGEST_NAME: Final = 200
_MOST_CHOICES: Final = 16
_USUAL_ANSWER: Final = 2_048
"""Tokens that are held against limits where a caller names no maximum; what comes counts."""

_PLACE: Final = re.compile(r"`\$\.(?P<name>[A-Za-z_.]{1,64})`")

_Count = Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]


class _StreamOptions(msgspec.Struct):
    include_usage: bool | None = None


class _Known(msgspec.Struct):
    """What the gateway itself looks at; all else only the model reads."""

    model: str = ""
    stream: bool | None = None
    stream_options: _StreamOptions | None = None
    n: Annotated[int, msgspec.Meta(ge=1, le=_MOST_CHOICES)] | None = None
    max_tokens: _Count | None = None
    max_completion_tokens: _Count | None = None
    max_output_tokens: _Count | None = None


_KNOWN: Final = msgspec.json.Decoder(_Known)
_FIELDS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


@dataclass(frozen=True, slots=True)
class Part:
    """A field of a form; a file's ending says what it holds, its name is not handed on."""

    name: str
    content: bytes
    ending: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request to an endpoint."""

    endpoint: Endpoint
    model: str
    fields: Mapping[str, msgspec.Raw]
    """Those that are handed on, as JSON; `model` is not among them."""
    form: Sequence[Part] = ()
    """The same of a request that is a form."""
    is_stream: bool = False
    wants_usage: bool = False
    """Whether the caller asked for the usage at the end of the stream."""
    choices: int = 1
    longest: int | None = None
    """The most tokens of a choice, as the caller set it."""

    def most(self, *, context: int) -> Used:
        """Return the most that the call may use: a token is a byte at least.

        An answer without a limit counts as 2,048 tokens here.
        """
        if not self.endpoint.writes:
            return Used(prompt_tokens=self._prompt_bytes)
        answer = _USUAL_ANSWER if self.longest is None else self.longest
        return Used(
            prompt_tokens=min(self._prompt_bytes, context),
            completion_tokens=min(answer, context) * self.choices,
        )

    @property
    def _prompt_bytes(self) -> int:
        read = (
            *("messages", "prompt", "input", "instructions", "system", "tools"),
            *("query", "documents"),
        )
        return sum(len(self.fields[name]) for name in read if name in self.fields)


def read_json(endpoint: Endpoint, body: bytes) -> Asked:
    """Read the body of a request.

    Raises:
        RequestUnreadable: it is no JSON object, or names no model.
        FieldRefused: it has a field that this endpoint does not take, or one of the wrong kind.
    """
    try:
        given = _FIELDS.decode(body)
        known = _KNOWN.decode(body)
    except msgspec.ValidationError as error:
        raise _misfit(error) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RequestUnreadable("its body is no JSON") from error
    if not known.model or len(known.model) > _LONGEST_NAME:
        raise RequestUnreadable(f"`model` is missing, or longer than {_LONGEST_NAME} characters")
    return Asked(
        endpoint=endpoint,
        model=known.model,
        fields=handed_on(endpoint, given),
        is_stream=bool(known.stream),
        wants_usage=known.stream_options is not None and bool(known.stream_options.include_usage),
        choices=known.n or 1,
        longest=known.max_completion_tokens or known.max_tokens or known.max_output_tokens,
    )


def handed_on(endpoint: Endpoint, given: Mapping[str, msgspec.Raw]) -> dict[str, msgspec.Raw]:
    """Return the fields that go to the model.

    Raises:
        FieldRefused: this endpoint does not take one of them.
    """
    fields = {name: raw for name, raw in given.items() if name in endpoint.handed_on}
    for name in given.keys() - fields.keys() - endpoint.left_out - {"model"}:
        raise FieldRefused(name[:64], "this endpoint does not take it")
    return fields


def _misfit(error: msgspec.ValidationError) -> RequestUnreadable | FieldRefused:
    """Name the field: the library's messages say what was expected, and nothing that was sent."""
    reason, _, place = str(error).partition(" - at ")
    field = _PLACE.fullmatch(place)
    if field is None:
        return RequestUnreadable("its body is no JSON object")
    return FieldRefused(field["name"], reason[:1].lower() + reason[1:])
