"""Fields of a JSON submission, each with the place of its value."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from agents.check_sample_quality.statements import IsLabel, Statement

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|-?\d[\d.eE+-]*|true|false|null')
_SENTENCE_SIGN = re.compile(r'^[^"]{20,}$(?<=[.!?])|^[^"]*[。はがを][^"]*$')
MAX_DEPTH = 40

# Term ids of general sample attributes in RDE invoices (NIMS, rdetoolkit), and what they mean.
RDE_TERMS = {
    "3adf9874-7bcb-e5f8-99cb-3d6fd9d7b55e": "一般名称",
    "0aadfff2-37de-411f-883a-38b62b2abbce": "化学式",
    "e2d20d02-2e38-2cd3-b1b3-66fdb8a11057": "CAS番号",
    "efcf34e7-4308-c195-6691-6f4d28ffc9bb": "結晶構造",
    "7cc57dfb-8b70-4b3a-5315-fbce4cbf73d0": "試料形状",
    "1e70d11d-cbdd-bfd1-9301-9612c29b4060": "購入日",
    "5e166ac4-bfcd-457a-84bc-8626abe9188f": "購入元",
    "0d0417a3-3c3b-496a-b0fb-5a26f8a74166": "ロット番号",
}
_NAME_KEYS = ("termid", "name", "key", "label", "property", "term", "title")
_VALUE_KEYS = ("value", "nominal", "val", "content")
_UNIT_KEYS = ("unit", "units")


@dataclass(slots=True)
class _Node:
    kind: Literal["object", "array", "leaf"]
    start: int
    end: int = 0
    raw: str = ""
    members: list[tuple[str, "_Node"]] = field(default_factory=list[tuple[str, "_Node"]])

    def member(self, *keys: str) -> "_Node | None":
        named = {key.lower(): node for key, node in self.members}
        return next((named[key] for key in keys if key in named), None)

    @property
    def is_empty(self) -> bool:
        return self.raw in {"null", '""'} if self.kind == "leaf" else not self.members


class _Malformed(Exception):
    """Not JSON: read as text instead."""


def json_statements(
    text: str, *, is_label: IsLabel, takes_object: IsLabel
) -> list[Statement] | None:
    """Return the fields of folded JSON that `is_label` knows, and its sentences.

    None when it is not JSON. Under a label that `takes_object`, an object is a field as a whole,
    such as the conditions of a deposition; its members are fields of their own in any case.
    """
    if not text.strip().startswith(("{", "[")):
        return None
    tokens = list(_TOKEN.finditer(text))
    try:
        node, used = _read(tokens, 0, 0)
    except (_Malformed, IndexError):
        return None
    if used != len(tokens):
        return None
    return list(_known(text, _fields(node, None), is_label, takes_object))


def _known(
    text: str, fields: Iterable[Statement], is_label: IsLabel, takes_object: IsLabel
) -> Iterator[Statement]:
    """Keep fields we know; a sentence under another label is running text."""
    for field_ in fields:
        is_object = text[field_.start - 1] == "{"
        if field_.label and (takes_object if is_object else is_label)(field_.label):
            yield field_
        elif not is_object and _SENTENCE_SIGN.search(field_.text(text)):
            yield Statement(field_.start, field_.end)


def _read(tokens: list[re.Match[str]], at: int, depth: int) -> tuple[_Node, int]:
    token = tokens[at]
    if depth > MAX_DEPTH:
        raise _Malformed
    if token.group() == "{":
        return _read_members(tokens, at, depth, closing="}")
    if token.group() == "[":
        return _read_members(tokens, at, depth, closing="]")
    if token.group() in "}]:,":
        raise _Malformed
    quoted = token.group().startswith('"')
    leaf = _Node("leaf", token.start() + quoted, token.end() - quoted, token.group())
    return leaf, at + 1


def _read_members(
    tokens: list[re.Match[str]], at: int, depth: int, *, closing: str
) -> tuple[_Node, int]:
    node = _Node("object" if closing == "}" else "array", tokens[at].end())
    at += 1
    while tokens[at].group() != closing:
        key = ""
        if closing == "}":
            key = tokens[at].group().strip('"')
            if tokens[at + 1].group() != ":":
                raise _Malformed
            at += 2
        child, at = _read(tokens, at, depth + 1)
        node.members.append((key, child))
        if tokens[at].group() == ",":
            at += 1
    node.end = tokens[at].start()
    return node, at + 1


def _fields(node: _Node, label: str | None) -> Iterator[Statement]:
    if node.kind == "leaf":
        if label is not None and not node.is_empty:
            yield Statement(node.start, node.end, label)
    elif node.kind == "array":
        for _, child in node.members:
            yield from _fields(child, label)
    else:
        yield from _object_fields(node, label)


def _object_fields(node: _Node, label: str | None) -> Iterator[Statement]:
    value, unit = node.member(*_VALUE_KEYS), node.member(*_UNIT_KEYS)
    name = node.member(*_NAME_KEYS)
    if value is not None:
        own = _meaning(name.raw.strip('"')) if name is not None else label
        if not value.is_empty:
            end = max(value.end, unit.end) if unit is not None else value.end
            yield Statement(value.start, end, own, unit.raw.strip('"') if unit else None)
        return
    if label is not None and node.members and not all(child.is_empty for _, child in node.members):
        yield Statement(node.start, node.end, label)
    for key, child in node.members:
        yield from _fields(child, _meaning(key))


def _meaning(key: str) -> str:
    return RDE_TERMS.get(key.lower(), key)
