"""Dates that do not exist, and dates in an order that cannot be."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from agents.check_sample_quality.dates import FoundDate, find_dates
from agents.check_sample_quality.findings.contradiction import Contradiction
from agents.check_sample_quality.statements import Statement

Stage = Literal["collected", "made", "bought", "measured"]

_STAGES: dict[Stage, re.Pattern[str]] = {
    "collected": re.compile(r"採取|採材|固定日|collected|harvested|sampling|perfused"),
    "made": re.compile(
        r"作製|作成|調製|合成|成膜|製造|薄切|塗工|溶製|切片"
        r"|prepar|\bmade\b|synthes|deposit|\bgrown\b|growth|\bcast\b|melted|fabricat|section|coated",
        re.IGNORECASE,
    ),
    "bought": re.compile(r"購入|入手|受領|納品|purchased|bought|received", re.IGNORECASE),
    "measured": re.compile(
        r"測定|試験|評価|観察|分析|計測|measure|\btest|examin|analy[sz]ed|characteri[sz]|observed",
        re.IGNORECASE,
    ),
}
_BEFORE: tuple[tuple[Stage, Stage], ...] = (
    ("collected", "made"),
    ("collected", "measured"),
    ("made", "measured"),
    ("bought", "measured"),
)
_CLAUSE_END = re.compile(r"[、。;\n]|,\s")


@dataclass(frozen=True, slots=True)
class _Event:
    stage: Stage
    date: FoundDate


def wrong_dates(text: str, statements: Sequence[Statement]) -> Iterator[Contradiction]:
    """Yield impossible dates of folded text, and uses of a sample before there was one."""
    found = find_dates(text)
    for date in found:
        if not date.possible:
            yield Contradiction(
                "date_order",
                date.start,
                date.end,
                ja="存在しない日付です。",
                en="There is no such date.",
            )
    events = [event for date in found if (event := _event(text, date, statements))]
    for first_stage, then_stage in _BEFORE:
        begun = [event.date for event in events if event.stage == first_stage]
        begin = min(begun, key=lambda date: date.ymd, default=None)
        for event in events:
            if begin and event.stage == then_stage and event.date.ymd < begin.ymd:
                yield _too_early(text, begin, event.date)


def _too_early(text: str, earlier: FoundDate, later: FoundDate) -> Contradiction:
    other = text[earlier.start : earlier.end]
    return Contradiction(
        "date_order",
        later.start,
        later.end,
        ja=f"{other} より前の日付になっています。",
        en=f"This lies before {other}, which has to come first.",
    )


def _event(text: str, date: FoundDate, statements: Sequence[Statement]) -> _Event | None:
    """Tell what happened on a date from its label, its clause, or else its sentence."""
    if not date.possible:
        return None
    around = [part for part in statements if part.start <= date.start < part.end]
    labels = [part.label for part in around if part.label]
    sentences = [part for part in around if part.label is None]
    contexts = [*labels, *(_clause(text, date, part) for part in sentences)]
    contexts += [part.text(text) for part in sentences]
    stages = (stage for context in contexts if (stage := _stage(context)))
    stage = next(stages, None)
    return _Event(stage, date) if stage else None


def _clause(text: str, date: FoundDate, sentence: Statement) -> str:
    before = _CLAUSE_END.split(text[sentence.start : date.start])[-1]
    after = _CLAUSE_END.split(text[date.end : sentence.end])[0]
    return f"{before} {after}"


def _stage(context: str) -> Stage | None:
    """Return the only stage that the words name; None if they name none, or several."""
    named = [stage for stage, words in _STAGES.items() if words.search(context)]
    return named[0] if len(named) == 1 else None
