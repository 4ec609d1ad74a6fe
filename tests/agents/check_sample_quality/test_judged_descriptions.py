"""Floors on descriptions that people judged; the rules were written with them in view."""

import csv
from pathlib import Path

import pytest
from pydantic import BaseModel

from agents.check_sample_quality.record import CellValue, SampleSubmission, SampleVerdict
from evals.sample_quality.bench import measure
from evals.sample_quality.cases import load_cases
from evals.sample_quality.scoring import Score, micro
from tests.agents.check_sample_quality.checking import check


class _Judged(BaseModel):
    row: int
    overall: str
    findings: list[str]
    must_ask: list[str]


@pytest.fixture(scope="module")
async def score(shared_data: Path) -> Score:
    return await measure(load_cases(shared_data / "samples" / "cases.jsonl"))


async def test_the_overall_verdict_agrees(score: Score) -> None:
    assert score.overall.of == 70
    assert score.overall.value >= 0.97


async def test_it_agrees_as_well_when_the_rules_choose_the_profile(score: Score) -> None:
    assert score.overall_unnamed.value >= 0.95


async def test_aspects_are_found_and_not_imagined(score: Score) -> None:
    aspects = micro(score.aspects.values())
    assert (aspects.precision >= 0.98, aspects.recall >= 0.98) == (True, True)
    assert score.states.value >= 0.98


async def test_no_aspect_falls_behind(score: Score) -> None:
    weak = {name for name, each in score.aspects.items() if min(each.precision, each.recall) < 0.9}
    assert weak == set()


async def test_quotes_point_at_the_judged_words(score: Score) -> None:
    assert score.quotes.value >= 0.98


async def test_contradictions_are_found_in_their_place(score: Score) -> None:
    findings = micro(score.findings.values())
    assert (findings.precision >= 0.95, findings.recall >= 0.95) == (True, True)


async def test_the_message_names_all_that_is_open(score: Score) -> None:
    assert score.asked.value == 1


@pytest.mark.parametrize("tag", ["injection", "placeholder", "negation"])
async def test_orders_placeholders_and_denials_deceive_nobody(score: Score, tag: str) -> None:
    assert score.by_tag[tag].of > 0
    assert score.by_tag[tag].value == 1


async def test_the_rows_of_a_shift_jis_table_are_judged_one_by_one(shared_data: Path) -> None:
    folder = shared_data / "samples"
    with (folder / "batch_alloys_cp932.csv").open(encoding="cp932", newline="") as file:
        rows: list[dict[str, CellValue]] = [{**row} for row in csv.DictReader(file)]
    gold = (folder / "batch_alloys_cp932.gold.jsonl").read_text(encoding="utf-8")
    for judged in (_Judged.model_validate_json(line) for line in gold.splitlines()):
        if "duplicate_id" not in judged.findings:  # takes the other rows to know
            verdict = await check(SampleSubmission(fields=rows[judged.row - 2]))
            assert _summary(verdict) == (judged.overall, judged.findings, judged.must_ask)


def _summary(verdict: SampleVerdict) -> tuple[str, list[str], list[str]]:
    missing = [
        each.criterion
        for each in verdict.criteria
        if each.importance == "required" and each.state != "present"
    ]
    return verdict.overall, [finding.code for finding in verdict.findings], missing
