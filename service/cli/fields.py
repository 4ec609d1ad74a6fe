"""Requests typed as `name=text`, `name=@file`, `name:=json`, `name:=@file`, as HTTPie has them."""

import base64
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from contracts.problems import InvalidRequest

_ITEM = re.compile(r"(?P<name>[A-Za-z_]\w*)(?P<kind>:?=)(?P<value>.*)", re.DOTALL)
_FORMS: Final = "Write each field as name=text, name=@file, name:=json or name:=@file.json."


def fields_of(items: Sequence[str]) -> dict[str, object]:
    """Return the fields by name; a file that is no UTF-8 text comes as base64.

    Raises:
        InvalidRequest: an item has another form, a file cannot be read, or JSON is broken.
    """
    return dict(_field(item) for item in items)


def _field(item: str) -> tuple[str, object]:
    match = _ITEM.fullmatch(item)
    if match is None:
        raise InvalidRequest(f"{item[:40]!r} is no field.", hint=_FORMS)
    value = match["value"]
    raw = _content(value[1:]) if value.startswith("@") else value
    return match["name"], raw if match["kind"] == "=" else _from_json(match["name"], raw)


def _content(name: str) -> str:
    try:
        content = Path(name).expanduser().read_bytes()
    except OSError as error:
        reason = error.strerror or "not readable"
        raise InvalidRequest(f"The file {name!r} cannot be read: {reason}.", hint=_FORMS) from error
    try:
        return content.decode()
    except UnicodeDecodeError:
        return base64.b64encode(content).decode("ascii")


def _from_json(name: str, raw: str) -> object:
    try:
        value: object = json.loads(raw)
    except ValueError as error:
        raise InvalidRequest(f"{name}: this is no JSON.", hint=_FORMS) from error
    return value
