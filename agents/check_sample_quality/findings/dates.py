"""Dates that do not exist, and dates in an order that cannot be."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from agents.check_sample_quality.dates import FoundDate, find_dates
from agents.check_sample_quality.description import Description
from agents.check_sample_quality.findings.contradiction import Contradiction
from agents.check_sample_quality.statements import Statement

Stage = Literal["collected", "made", "bought", "measured"]

MOST_DATES = 500  # looked at; each is compared with the statements around it
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


def wrong_dates(description: Description) -> Iterator[Contradiction]:
    """Yield impossible dates, and uses of a sample before there was one."""
    text = description.text
    found = find_dates(text)[:MOST_DATES]
    for date in found:
        if not date.possible:
            yield Contradiction(
                "date_order",
                date.start,
                date.end,
                ja="存在しない日付です。",
                en="There is no such date.",
            )
    events = [event for date in found if (event := _event(description, date))]
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


def _event(description: Description, date: FoundDate) -> _Event | None:
    """Tell what happened on a date from its label, its clause, or else its sentence."""
    if not date.possible:
        return None
    text = description.text
    labels = [part.label for part in _around(date, description.statements) if part.label]
    sentences = _around(date, description.parts.prose)
    contexts = [*labels, *(_clause(text, date, part) for part in sentences)]
    contexts += [part.text(text) for part in sentences]
    for context in contexts:
        if stage := _stage(context):
            return _Event(stage, date)
    return None


def _around(date: FoundDate, parts: Sequence[Statement]) -> list[Statement]:
    return [part for part in parts if part.start <= date.start < part.end]


def _clause(text: str, date: FoundDate, sentence: Statement) -> str:
    before = _CLAUSE_END.split(text[sentence.start : date.start])[-1]
    after = _CLAUSE_END.split(text[date.end : sentence.end])[0]
    return f"{before} {after}"


def _stage(context: str) -> Stage | None:
    """Return the only stage that the words name; None if they name none, or several."""
    named: list[Stage] = [stage for stage, words in _STAGES.items() if words.search(context)]
    return named[0] if len(named) == 1 else None
