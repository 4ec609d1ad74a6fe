"""Running text, sentence by sentence."""

import re
from collections.abc import Iterator

from agents.check_sample_quality.statements import Statement

LONGEST_SENTENCE = 400  # characters; a longer one is cut, so that no rule reads without bound
_SENTENCE = re.compile(
    rf"""
    (?: [^。;\n.!?]
      | [.!?](?!\s|$)                                # inside a number or a name
      | (?<=\b[a-z])\. | (?<=no)\. | (?<=approx)\.   # an abbreviation
    ){{1,{LONGEST_SENTENCE}}} [。;.!?]?
    """,
    re.VERBOSE,
)


def sentences_in(text: str, start: int, end: int) -> Iterator[Statement]:
    """Yield the sentences of the stretch `start:end` of folded text, in order."""
    for match in _SENTENCE.finditer(text, start, end):
        if match.group().strip(" 。.;"):
            yield Statement(match.start(), match.end())
