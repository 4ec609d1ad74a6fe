"""Which of the passages that were found make up a page of results, and what stands together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from rag.fusion import Fused
from rag.models import SearchRequest
from rag.pages import MOST_OF_A_FILE, mark
from rag.passages import StoredPassage

_LONG_NUMBER: Final = 19

_File = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Found:
    """A passage in its place in the ranking."""

    fused: Fused
    passage: StoredPassage

    @property
    def file(self) -> _File:
        """What it shares with all passages of its file, in any version."""
        return self.passage.project_id, self.passage.file_id


def choose(
    found: Iterable[Found], request: SearchRequest, shown: frozenset[bytes]
) -> list[list[Found]]:
    """Return what may be shown, best first: each passage for itself, or files with up to 3 each.

    Of one file only one version is shown, the newest that was found, and a text only once; with
    `unique_texts` once of all files. What the marks in `shown` stand for is left out: where files
    are grouped, whole files.
    """
    groups: dict[object, list[Found]] = {}
    seen = set(shown)
    for each in _of_newest_versions(found):
        text = _text_mark(each, request)
        if text in seen or (request.group_by and _file_mark(each) in shown):
            continue
        group = groups.setdefault(each.file if request.group_by else each.fused.id, [])
        if len(group) < MOST_OF_A_FILE:
            group.append(each)
            seen.add(text)
    return list(groups.values())


def marks_of(group: Sequence[Found], request: SearchRequest) -> set[bytes]:
    """Return the marks by which a later page knows that these were shown."""
    texts = {_text_mark(each, request) for each in group}
    if not request.group_by:
        return texts
    files = {_file_mark(each) for each in group}
    return files | texts if request.unique_texts else files


def _text_mark(found: Found, request: SearchRequest) -> bytes:
    """Return what tells a text: of all files, or of its own, which may come in a new version."""
    scope = () if request.unique_texts else found.file
    return mark("text", *scope, found.passage.text)


def _file_mark(found: Found) -> bytes:
    return mark("file", *found.file)


def _of_newest_versions(found: Iterable[Found]) -> list[Found]:
    """Leave out old versions: while a new one is being put beside the old one, both are there."""
    ranked = list(found)
    newest: dict[_File, StoredPassage] = {}
    for each in ranked:
        known = newest.get(each.file)
        if known is None or _age(each.passage) > _age(known):
            newest[each.file] = each.passage
    return [each for each in ranked if each.passage.version == newest[each.file].version]


def _age(passage: StoredPassage) -> tuple[float, int]:
    """Return what is greater of a newer version, as far as the source tells."""
    changed = passage.modified.timestamp() if passage.modified else float("-inf")
    number = passage.source_version or ""
    return changed, int(number) if number.isdecimal() and len(number) < _LONG_NUMBER else -1
