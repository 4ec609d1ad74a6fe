"""What a document says of itself that it is about: keywords of its properties or front matter."""

import re
from collections.abc import Iterable, Iterator
from typing import Final, cast

import yaml

_FRONT_MATTER: Final = re.compile(
    r"\A---[ \t]*\n(.{0,20000}?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL
)
_FIELDS: Final = ("tags", "keywords")
_BETWEEN: Final = re.compile(r"[,;、，；\n]")
_MOST: Final = 50
_LONGEST: Final = 100  # characters: more is a sentence


def listed_keywords(found: object) -> tuple[str, ...]:
    """Return the first 50 keywords of a property: a list, or a text with commas between them."""
    named = (word.strip() for part in _texts(found) for word in _BETWEEN.split(part))
    fitting = (word for word in named if 0 < len(word) <= _LONGEST)
    return tuple(dict.fromkeys(fitting))[:_MOST]


def front_matter_keywords(text: str) -> tuple[str, ...]:
    """Return `tags` and `keywords` of the YAML that a Markdown file begins with, if it does."""
    block = _FRONT_MATTER.match(text)
    if block is None:
        return ()
    try:
        facts: object = yaml.safe_load(block[1])
    except (yaml.YAMLError, ValueError):  # a rule above a paragraph, say: it is text, as before
        return ()
    if not isinstance(facts, dict):
        return ()
    named = {
        str(name).casefold(): value for name, value in cast("dict[object, object]", facts).items()
    }
    return listed_keywords([word for field in _FIELDS for word in _texts(named.get(field))])


def _texts(found: object) -> Iterator[str]:
    if isinstance(found, str | int | float):
        yield str(found)
    elif isinstance(found, list | tuple):
        for each in cast("Iterable[object]", found):
            if isinstance(each, str | int | float):
                yield str(each)
