"""One description, whichever way it was written."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.check_sample_quality.record import CellValue, SampleSubmission
from agents.check_sample_quality.statements import Statement
from agents.check_sample_quality.submission import read_submission
from tests.agents.check_sample_quality.checking import states_in, words_for

LINES = "試料番号：A-1\n膜厚：150 nm\n基板：SrTiO3 (001)"
LAYOUTS = {
    "lines": LINES,
    "numbered": "1. 試料番号：A-1\n2. 膜厚：150 nm\n3. 基板：SrTiO3 (001)",
    "bold": "**試料番号**: A-1\n- **膜厚**: 150 nm\n- 基板: SrTiO3 (001)",
    "brackets": "【試料番号】A-1\n【膜厚】150 nm\n【基板】SrTiO3 (001)",
    "yaml": "sample_id: A-1\nthickness: 150 nm\nsubstrate: SrTiO3 (001)",
    "two columns": "項目,値\n試料番号,A-1\n膜厚,150 nm\n基板,SrTiO3 (001)",
    "header": "試料番号,膜厚,基板\nA-1,150 nm,SrTiO3 (001)",
    "tabs": "試料番号\t膜厚 (nm)\t基板\nA-1\t150\tSrTiO3 (001)",
    "markdown": "| 項目 | 値 |\n|---|---|\n| 試料番号 | A-1 |\n| 膜厚 | 150 nm |\n"
    "| 基板 | SrTiO3 (001) |",
    "wide markdown": "| 試料番号 | 膜厚 | 基板 |\n|---|---|---|\n| A-1 | 150 nm | SrTiO3 (001) |",
    "json": json.dumps({"sampleId": "A-1", "thickness": "150 nm", "substrate": "SrTiO3 (001)"}),
    "json with units": '{"sample": {"id": "A-1", "thickness": {"value": 150, "unit": "nm"},'
    ' "substrate": "SrTiO3 (001)"}}',
    "sentence": "試料名はA-1、膜厚は150 nm、基板はSrTiO3 (001)です。",
    "nexus": 'entry:NXentry\n  sample:NXsample\n    name = "A-1"\n    thickness = "150 nm"\n'
    '    substrate = "SrTiO3 (001)"',
}


@pytest.mark.parametrize("text", LAYOUTS.values(), ids=LAYOUTS)
def test_the_same_fields_are_found_in_every_layout(text: str) -> None:
    states = states_in(text, "thin_film")
    found = {name: states.get(name) for name in ("identifier", "thickness", "substrate")}
    assert found == dict.fromkeys(found, "present")


@pytest.mark.parametrize("text", LAYOUTS.values(), ids=LAYOUTS)
def test_the_name_of_the_sample_is_quoted_from_every_layout(text: str) -> None:
    assert words_for("identifier", text, "thin_film") == "A-1"


def test_a_label_without_a_value_has_the_lines_under_it() -> None:
    text = "process:\n  - annealed at 900 °C\n  - quenched\nform: plate"
    assert words_for("process", text) == "- annealed at 900 °C\n  - quenched"


def test_an_entry_ends_where_running_text_begins() -> None:
    assert words_for("identifier", "試料：A-1。基板はMgOで、膜厚は50 nm。", "thin_film") == "A-1。"
    assert words_for("identifier", "Sample: A-1. Grown on MgO.", "thin_film") == "A-1."


def test_an_initial_does_not_end_an_entry() -> None:
    assert words_for("contact", "Contact: A. Okawa, B. Sato") == "A. Okawa, B. Sato"


def test_an_object_may_answer_a_criterion_as_a_whole() -> None:
    text = '{"substrate": {"material": "SrTiO3", "orientation": "(111)"}}'
    assert states_in(text, "thin_film")["substrate"] == "present"


def test_the_terms_of_an_rde_invoice_are_known() -> None:
    formula = "0aadfff2-37de-411f-883a-38b62b2abbce"
    text = json.dumps({"generalAttributes": [{"termId": formula, "value": "BaTiO3"}]})
    assert words_for("composition", text) == "BaTiO3"


def test_an_empty_value_is_no_entry() -> None:
    assert states_in('{"sample": {"name": "", "composition": null, "form": []}}') == {}


def test_the_conditions_in_an_object_are_one_entry() -> None:
    text = '{"deposition": {"method": "PLD", "temperature_C": 675}}'
    assert words_for("process", text, "thin_film") == '"method": "PLD", "temperature_C": 675'


@pytest.mark.parametrize("text", ['{"a": ', "{]", '{"a" 1}', "[[" * 100, '{"form": "plate"} x'])
def test_what_is_no_json_is_read_as_text(text: str) -> None:
    assert read_submission(SampleSubmission(text=text)).folded.source == text


def test_json_with_escaped_letters_is_read_as_its_letters() -> None:
    sent = json.dumps({"試料名": "A-1"})
    submission = read_submission(SampleSubmission(text=sent))
    assert submission.is_rewritten
    assert submission.folded.source == '{"試料名": "A-1"}'


def _row(fields: dict[str, CellValue]) -> list[tuple[str | None, str]]:
    submission = read_submission(SampleSubmission(fields=fields))
    return [(each.label, each.text(submission.text)) for each in submission.statements]


def test_a_row_is_written_out_and_its_known_columns_are_fields() -> None:
    row: dict[str, CellValue] = {
        "試料番号": "S-01",
        "膜厚 [nm]": 150.0,
        "室温": "高め",
        "形状": None,
    }
    assert _row(row) == [("試料番号", "S-01"), ("膜厚 [nm]", "150"), (None, "室温: 高め")]


def test_a_cell_with_lines_and_full_width_signs_keeps_its_place() -> None:
    assert _row({"組成": "Fe 82\nCr 18", "寸法": "１０ ㎜"}) == [
        ("組成", "Fe 82 Cr 18"),
        ("寸法", "10 mm"),
    ]


@given(st.text(alphabet='試料A1:：,|\t\n"{}[]。=-% ', max_size=60))
def test_any_text_is_cut_into_stretches_of_itself(text: str) -> None:
    submission = read_submission(SampleSubmission(text=text))
    assert all(_lies_inside(each, submission.text) for each in submission.statements)


def _lies_inside(statement: Statement, text: str) -> bool:
    return 0 <= statement.start < statement.end <= len(text)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("試料名：A-1\nComposition: Fe-18Cr-8Ni, hot rolled plate", "ja"),
        ("A plate of Fe-18Cr from 北浜 in Osaka, rolled at 900 °C and quenched in water.", "en"),
        ('{"termId": "3adf9874-7bcb-e5f8-99cb-3d6fd9d7b55e", "names": ["TR-試料-01"]}', "ja"),
        ("", "ja"),
    ],
)
def test_the_language_is_the_submitters(text: str, language: str) -> None:
    assert read_submission(SampleSubmission(text=text)).language == language
