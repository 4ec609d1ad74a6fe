"""What was posted: fields and files, from JSON or a form, within bounds."""

import base64
import binascii
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import msgspec
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import Field, File, FormParser, parse_options_header

from inference.gateway.problems import BodyOverLimit, FieldRefused, RequestUnreadable

_MOST_PARTS: Final = 32
_MOST_FIELD_BYTES: Final = 64 * 2**10
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
_Form = TypeVar("_Form")


class HungUp(Exception):
    """The caller left before the end of the body."""


@dataclass(frozen=True, slots=True)
class Posted:
    """A request's body. In a form every value is a text, and a name may come several times."""

    fields: Mapping[str, Any]
    files: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    is_form: bool = False

    def as_(self, form: type[_Form]) -> _Form:
        """Return the fields as the endpoint has them.

        Raises:
            RequestUnreadable: they do not fit; says which one.
        """
        try:
            return msgspec.convert(self.fields, form, strict=not self.is_form)
        except msgspec.ValidationError as error:
            raise RequestUnreadable(str(error)) from error


async def read_posted(
    headers: Mapping[bytes, bytes], receive: Receive, *, most_bytes: int
) -> Posted:
    """Read a body; a form's parts are taken apart as they come.

    Raises:
        BodyOverLimit: it has more bytes than `most_bytes`.
        RequestUnreadable: it is neither JSON nor a form, or damaged.
        HungUp: the caller left.
    """
    told = headers.get(b"content-length", b"0")
    if told.isdigit() and int(told) > most_bytes:
        raise BodyOverLimit(limit=most_bytes)
    kind, options = parse_options_header(headers.get(b"content-type", b"").decode("latin-1"))
    parts = _Parts(receive, most_bytes)
    if kind == b"multipart/form-data" and (boundary := options.get(b"boundary")):
        return await _form(parts, boundary)
    body = b"".join([part async for part in parts])
    try:
        return Posted(msgspec.json.decode(body, type=dict[str, Any]))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RequestUnreadable("it is neither a JSON object nor a form") from error


def bytes_of_data_url(name: str, url: str) -> bytes:
    """Return what a `data:` URL holds; nothing is fetched.

    Raises:
        FieldRefused: it is none, or not in base64.
    """
    head, _, data = url.partition(",")
    if not head.startswith("data:") or not head.endswith(";base64"):
        raise FieldRefused(name, "it is no `data:` URL in base64")
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError) as error:
        raise FieldRefused(name, "its base64 is damaged") from error


class _Parts:
    """The body as it comes, up to its bound."""

    def __init__(self, receive: Receive, most_bytes: int) -> None:
        self._receive = receive
        self._most = most_bytes

    async def __aiter__(self) -> AsyncGenerator[bytes]:
        count, more = 0, True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise HungUp
            part: bytes = message.get("body", b"")
            count += len(part)
            if count > self._most:
                raise BodyOverLimit(limit=self._most)
            yield part
            more = message.get("more_body", False)


async def _form(parts: _Parts, boundary: bytes) -> Posted:
    gathered = _Gathered()
    try:
        parser = FormParser(
            "multipart/form-data",
            gathered.on_field,
            gathered.on_file,
            gathered.on_end,
            boundary=boundary,
            config={"MAX_MEMORY_FILE_SIZE": 2**62, "MAX_BODY_SIZE": float("inf")},  # we count
        )
        async for part in parts:
            parser.write(part)
        parser.finalize()
    except (FormParserError, ValueError) as error:
        raise RequestUnreadable("its form is damaged") from error
    if not gathered.is_whole:
        raise RequestUnreadable("its form has no end")
    return Posted(gathered.fields, gathered.files, is_form=True)


class _Gathered:
    """What a form's parser found; files stay in memory."""

    def __init__(self) -> None:
        self.fields: dict[str, Any] = {}
        self.files: dict[str, bytes] = {}
        self.is_whole = False
        self._count = 0

    def on_field(self, found: Field) -> None:
        name, value = _name(found.field_name), found.value or b""
        self._counted(name)
        if len(value) > _MOST_FIELD_BYTES:
            raise FormParserError(f"{name} is too long")
        text = value.decode("utf-8", "replace")
        if name.endswith("[]"):
            self.fields.setdefault(name, []).append(text)
        else:
            self.fields[name] = text

    def on_file(self, found: File) -> None:
        name = _name(found.field_name)
        self._counted(name)
        found.file_object.seek(0)
        self.files[name] = found.file_object.read()
        found.close()

    def on_end(self) -> None:
        self.is_whole = True

    def _counted(self, name: str) -> None:
        self._count += 1
        if self._count > _MOST_PARTS or not name:
            raise FormParserError("too many parts, or one without a name")


def _name(field_name: bytes | None) -> str:
    return (field_name or b"").decode("utf-8", "replace")
