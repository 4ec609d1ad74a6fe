"""A submission made readable: one text, folded, without orders to a checker, cut in statements."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agents.check_sample_quality.blanks import blank_instructions
from agents.check_sample_quality.folding import Folded, fold
from agents.check_sample_quality.labels import unit_of_label
from agents.check_sample_quality.layout import is_known_label, statements_of
from agents.check_sample_quality.record import CellValue, Language, SampleSubmission
from agents.check_sample_quality.statements import Statement

_ESCAPED = re.compile(r"\\u[0-9A-Fa-f]{4}")
_JAPANESE = re.compile(r"[\u3041-\u30ff\u4e00-\u9fff]")
_LETTER = re.compile(r"[^\W\d_]")
JAPANESE_FROM = 0.05  # of the letters; English texts name a Japanese maker now and then


@dataclass(frozen=True, slots=True)
class Submission:
    """`folded.source` is what quotes come from; `text` is what rules and models may read.

    Both have the offsets of `folded.text`. `is_rewritten` tells that `source` is not what was sent.
    """

    folded: Folded
    text: str
    statements: Sequence[Statement]
    language: Language
    is_rewritten: bool

    @property
    def readable(self) -> str:
        """`folded.source` with the same words blanked as in `text`; its offsets are those of it."""
        source = list(self.folded.source)
        for place, (kept, folded) in enumerate(zip(self.text, self.folded.text, strict=True)):
            if kept != folded:
                source[self.folded.origin[place]] = " "
        return "".join(source)


def read_submission(request: SampleSubmission) -> Submission:
    """Render fields and escaped JSON to text, and cut it into statements."""
    if request.fields is not None:
        source, statements = _rendered(request.fields)
    else:
        source, statements = _unescaped(request.text or ""), None
    folded = fold(source)
    text = blank_instructions(folded.text)
    if statements is None:
        statements = statements_of(text)
    spoken = _without_keys(text, statements)
    return Submission(
        folded=folded,
        text=text,
        statements=statements,
        language=_language(spoken) if request.language == "auto" else request.language,
        is_rewritten=source != request.text,
    )


def _rendered(fields: Mapping[str, CellValue]) -> tuple[str, list[Statement]]:
    """Write one `label: value` a line; a column we do not know is running text as a whole."""
    lines: list[str] = []
    statements: list[Statement] = []
    offset = 0
    for name, value in fields.items():
        label, shown = " ".join(name.split()), _shown(value)
        line = f"{label}: {shown}"
        lines.append(line)
        folded_label, end = fold(label).text, offset + len(fold(line).text)
        start = end - len(fold(shown).text)
        if shown and is_known_label(folded_label):
            statements.append(Statement(start, end, folded_label, unit_of_label(folded_label)))
        elif shown:
            statements.append(Statement(offset, end))
        offset = end + 1
    return "\n".join(lines), statements


def _shown(value: CellValue) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return " ".join(str(value).split())


def _unescaped(text: str) -> str:
    r"""Write JSON with `\u…` escapes as the letters they stand for; leave other text alone."""
    if not _ESCAPED.search(text):
        return text
    try:
        return json.dumps(json.loads(text), ensure_ascii=False)
    except ValueError:
        return text


def _without_keys(text: str, statements: Sequence[Statement]) -> str:
    """Keep what was entered in JSON: its keys are a program's."""
    if not text.lstrip().startswith(("{", "[")):
        return text
    return "\n".join(statement.text(text) for statement in statements)


def _language(text: str) -> Language:
    """Japanese from a small share of kana and kanji on, since names and units are Latin.

    Japanese as well when there are no letters: most submitters read it.
    """
    letters = len(_LETTER.findall(text))
    japanese = len(_JAPANESE.findall(text))
    return "ja" if japanese >= JAPANESE_FROM * letters else "en"
