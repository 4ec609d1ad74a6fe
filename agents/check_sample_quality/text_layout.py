"""Fields and running text of a submission that is no JSON: lines, tables, sentences."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from agents.check_sample_quality.labels import LONGEST_LABEL, unit_of_label
from agents.check_sample_quality.sentences import sentences_in
from agents.check_sample_quality.statements import IsLabel, Statement
from agents.check_sample_quality.tables import delimited_fields, piped_fields

_LINE = re.compile(r"[^\n]+")
_PAIR = re.compile(
    rf"""
    \s* (?:[-*・●■◆○]\s*)? (?:\*\*|__)?
    (?P<label>[^\n:=|,\t]{{1,{LONGEST_LABEL}}}?)
    (?:\*\*|__)? \s* [:=\t] (?:\*\*|__)? (?!//) \s*
    (?P<value>.*) $
    """,
    re.VERBOSE,
)
_BRACKET_PAIR = re.compile(r"\s*[【\[](?P<label>[^】\]]{1,40})[】\]]\s*(?P<value>.*)$")
_NEXUS_GROUP = re.compile(r"\s*\w+:NX\w+\s*")
_ENTRY_END = re.compile(r"。|(?<!\b[A-Z])\.(?=\s[A-Z])")  # "A. Okawa" goes on
_LONGEST_OWN_LABEL = 24  # a label we do not know is taken for one if it is short
_WORDS_OF_OWN_LABEL = 4


def text_statements(text: str, is_label: IsLabel) -> list[Statement]:
    """Return the statements of folded text in order; `is_label` knows the names of fields."""
    lines = [line for line in _LINE.finditer(text) if _says_something(line.group())]
    fields = delimited_fields(lines, is_label)
    return list(_blocks(text, lines, is_label)) if fields is None else fields


def _says_something(line: str) -> bool:
    return bool(line.strip()) and _NEXUS_GROUP.fullmatch(line) is None


def _blocks(text: str, lines: list[re.Match[str]], is_label: IsLabel) -> Iterator[Statement]:
    for is_table, block in groupby(lines, _is_piped):
        if is_table:
            yield from piped_fields(block, is_label)
        else:
            yield from _lines(text, list(block), is_label)


def _is_piped(line: re.Match[str]) -> bool:
    return line.group().lstrip().startswith("|") or " | " in line.group()


def _lines(text: str, lines: Sequence[re.Match[str]], is_label: IsLabel) -> Iterator[Statement]:
    for position, line in enumerate(lines):
        pair = _pair(line.group(), is_label)
        if pair is None:
            yield from _sentences(text, line.start(), line.end(), is_label)
        elif pair["value"]:
            end = line.start() + _first_sentence_end(line.group(), pair.start("value"))
            yield from _field(text, pair, line.start(), end)
            yield from _sentences(text, end, line.end(), is_label)
        else:
            yield from _field(text, pair, line.start(), _block_end(lines[position:]))


def _pair(line: str, is_label: IsLabel) -> re.Match[str] | None:
    """Split `label: value`; without a value, a short label is believed though unknown."""
    match = _PAIR.match(line) or _BRACKET_PAIR.match(line)
    if match is None:
        return None
    label = match["label"]
    believed = is_label(label) or (not match["value"] and _looks_like_label(label))
    return match if believed else None


def _looks_like_label(label: str) -> bool:
    return (
        0 < len(label.split()) <= _WORDS_OF_OWN_LABEL
        and len(label) <= _LONGEST_OWN_LABEL
        and re.search(r"[。、はがをに]", label) is None
    )


def _field(text: str, pair: re.Match[str], offset: int, end: int) -> Iterator[Statement]:
    start = offset + pair.start("value")
    value = text[start:end]
    start += len(value) - len(value.lstrip(" \t\n\"'"))
    end -= len(value) - len(value.rstrip(" \t\n\"',"))
    if end > start:
        label = pair["label"].strip(" *_\"'")
        yield Statement(start, end, label, unit_of_label(label))


def _first_sentence_end(line: str, start: int) -> int:
    """Return where an entry ends that is followed by running text: 「試料：A-1。基板は…」."""
    end = _ENTRY_END.search(line, start)
    return end.end() if end else len(line)


def _block_end(lines: Sequence[re.Match[str]]) -> int:
    """Return where the indented lines or list items end that follow a label without a value."""
    label, *rest = lines
    end = label.end()
    for line in rest:
        is_deeper = _indent(line) > _indent(label)
        if not is_deeper and not line.group().lstrip().startswith("- "):
            break
        end = line.end()
    return end


def _indent(line: re.Match[str]) -> int:
    return len(line.group()) - len(line.group().lstrip())


def _sentences(text: str, start: int, end: int, is_label: IsLabel) -> Iterator[Statement]:
    for sentence in sentences_in(text, start, end):
        pair = _PAIR.match(sentence.text(text))
        if pair is not None and is_label(pair["label"]):
            yield from _field(text, pair, sentence.start, sentence.end)
        yield sentence
