"""Requests as `multipart/form-data`: sound, which is too long for JSON."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import uuid4

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from inference.gateway.asked import Asked, Part
from inference.gateway.endpoints import Endpoint
from inference.gateway.problems import FieldRefused, RequestUnreadable

_MOST_PARTS: Final = 32
_LONGEST_NAME: Final = 200
_FILE: Final = "file"
_ENDING: Final = re.compile(r"\.[a-z0-9]{1,5}$")
_TRUE: Final = frozenset({"true", "1"})


def read_form(endpoint: Endpoint, content_type: str, body: bytes) -> Asked:
    """Read the body of a request.

    Raises:
        RequestUnreadable: it is no form, or names no model, or has no file.
        FieldRefused: it has a field that this endpoint does not take.
    """
    parts = _parts(content_type, body)
    texts = {part.name: part.content for part in parts if part.ending is None}
    model = texts.get("model", b"").decode(errors="replace")
    if not model or len(model) > _LONGEST_NAME:
        raise RequestUnreadable(f"`model` is missing, or longer than {_LONGEST_NAME} characters")
    for part in parts:
        known = endpoint.handed_on | endpoint.left_out | {"model", "stream"}
        if part.name not in known or (part.ending is not None) != (part.name == _FILE):
            raise FieldRefused(part.name[:64], "this endpoint does not take it so")
    if not any(part.name == _FILE for part in parts):
        raise RequestUnreadable("it has no `file`")
    return Asked(
        endpoint=endpoint,
        model=model,
        fields={},
        form=[part for part in parts if part.name in endpoint.handed_on | {"stream"}],
        is_stream=texts.get("stream", b"").decode(errors="replace").lower() in _TRUE,
    )


def as_form(fields: Mapping[str, str], parts: Sequence[Part]) -> tuple[bytes, str]:
    """Return a form's body and its content type; `fields` come before the parts."""
    boundary = uuid4().hex
    written = [Part(name, value.encode()) for name, value in fields.items()]
    out: list[bytes] = []
    for part in [*written, *parts]:
        disposition = f'form-data; name="{part.name}"'
        if part.ending is not None:
            disposition += f'; filename="sound{part.ending}"'
        out += [f"--{boundary}\r\nContent-Disposition: {disposition}\r\n\r\n".encode()]
        out += [part.content, b"\r\n"]
    out.append(f"--{boundary}--\r\n".encode())
    return b"".join(out), f"multipart/form-data; boundary={boundary}"


def _parts(content_type: str, body: bytes) -> list[Part]:
    kind, options = parse_options_header(content_type)
    boundary = options.get(b"boundary")
    if kind != b"multipart/form-data" or not boundary:
        raise RequestUnreadable("it is no `multipart/form-data`")
    reader = _Reader()
    try:
        parser = MultipartParser(boundary, reader.callbacks())
        parser.write(body)
        parser.finalize()
    except (FormParserError, ValueError) as error:
        raise RequestUnreadable("its form is damaged") from error
    if not reader.is_whole:
        raise RequestUnreadable("its form has no end")
    return reader.parts


class _Reader:
    """Gathers what the parser finds."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.is_whole = False
        self._field = b""
        self._value = b""
        self._disposition = b""
        self._content: list[bytes] = []

    def callbacks(self) -> Any:  # noqa: ANN401 - the library's type is not for import
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._on_field,
            "on_header_value": self._on_value,
            "on_header_end": self._on_header,
            "on_part_data": self._on_data,
            "on_part_end": self._end,
            "on_end": self._whole,
        }

    def _begin(self) -> None:
        if len(self.parts) >= _MOST_PARTS:
            raise FormParserError("too many parts")
        self._disposition, self._content = b"", []

    def _on_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header(self) -> None:
        if self._field.lower() == b"content-disposition":
            self._disposition = self._value
        self._field = self._value = b""

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        self._content.append(data[start:end])

    def _end(self) -> None:
        _, options = parse_options_header(self._disposition)
        name = options.get(b"name", b"").decode(errors="replace")
        file = options.get(b"filename")
        ending = None if file is None else _ending(file.decode(errors="replace"))
        self.parts.append(Part(name, b"".join(self._content), ending))

    def _whole(self) -> None:
        self.is_whole = True


def _ending(name: str) -> str:
    found = _ENDING.search(name.lower())
    return found[0] if found else ".bin"
