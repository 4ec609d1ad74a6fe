import json
from pathlib import Path

from click.testing import CliRunner

from agents.check_sample_quality.record import SampleSubmission
from evals.sample_quality.__main__ import main
from evals.sample_quality.cases import Case
from evals.sample_quality.scoring import Agreement, Outcome, Score, micro, score
from tests.agents.check_sample_quality.checking import check

TEXT = "試料ID：W-3\n組成：W\n膜厚：150 ℃"
MISSING = dict.fromkeys(
    ["substrate", "process", "dimensions", "structure", "characterisation"], "missing"
)
CASE = {
    "id": "film",
    "class": "thin_film",
    "lang": "ja",
    "tag": "injection",
    "input": TEXT,
    "aspects": {
        "identifier": "present",
        "composition": "present",
        "thickness": "present",
        **MISSING,
    },
    "spans": {"identifier": "W-3", "composition": "W"},
    "findings": [{"code": "unit_dimension", "span": "150 ℃"}],
    "overall": "contradictory",
    "must_ask": ["substrate", "process"],
}


async def _score(**changed: object) -> Score:
    case = Case.model_validate({**CASE, **changed})
    named = await check(SampleSubmission(text=case.input, profile=case.profile))
    return score([Outcome(case, named, await check(SampleSubmission(text=case.input)))])


async def test_a_verdict_that_agrees_scores_full_marks() -> None:
    total = await _score()
    assert (total.overall.value, total.mistaken) == (1, [])
    assert micro(total.aspects.values()) == Agreement(hits=3)
    assert total.findings == {"unit_dimension": Agreement(hits=1)}
    assert (total.asked.right, total.asked.of) == (2, 2)


async def test_a_missed_aspect_and_an_imagined_one_are_told_apart() -> None:
    aspects = {"identifier": "missing", "substrate": "present", "thickness": "partial"}
    total = await _score(aspects=aspects)
    assert total.aspects["identifier"] == Agreement(false_alarms=1)
    assert total.aspects["substrate"] == Agreement(misses=1)
    assert (total.states.right, total.states.of) == (0, 3)


async def test_a_finding_in_another_place_is_a_false_alarm_and_a_miss() -> None:
    total = await _score(findings=[{"code": "unit_dimension", "span": "W-3"}])
    assert total.findings["unit_dimension"] == Agreement(false_alarms=1, misses=1)


async def test_a_wrong_verdict_is_listed() -> None:
    total = await _score(overall="sufficient")
    assert total.mistaken == ["film: sufficient → contradictory"]
    assert total.by_tag["injection"].right == 0


async def test_an_ambiguous_case_counts_for_the_verdict_only() -> None:
    total = await _score(ambiguous=True)
    assert (total.overall.of, total.states.of, dict(total.findings)) == (1, 0, {})


async def test_a_quote_of_other_words_does_not_overlap() -> None:
    total = await _score(spans={"composition": "150"})
    assert (total.quotes.right, total.quotes.of) == (0, 1)


def test_nothing_reported_is_precise_and_nothing_there_is_recalled() -> None:
    assert (Agreement().precision, Agreement().recall) == (1, 1)
    assert Agreement(hits=1, false_alarms=1, misses=3).precision == 0.5
    assert Agreement(hits=1, false_alarms=1, misses=3).recall == 0.25


def test_the_command_prints_tables_or_counts(tmp_path: Path) -> None:
    (tmp_path / "cases.jsonl").write_text(json.dumps(CASE), encoding="utf-8")
    tables = CliRunner().invoke(main, ["--data", str(tmp_path)])
    counts = CliRunner().invoke(main, ["--data", str(tmp_path), "--json"])
    assert "unit_dimension" in tables.output
    assert json.loads(counts.output)["overall"] == {"right": 1, "of": 1}
