"""What a spreadsheet is given: every cell as it is, and none that it would carry out."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from service.usage.tables import as_csv


class Line(BaseModel, frozen=True):
    person: str
    yen: float
    first_byte_s: float | None = None


def read(table: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(table, newline="")))


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r"])
def test_a_spreadsheet_takes_no_cell_for_a_formula(sign: str) -> None:
    [row] = read(as_csv([Line(person=f"{sign}HYPERLINK(1)", yen=-0.5)], of=Line))
    assert row == {"person": f"'{sign}HYPERLINK(1)", "yen": "-0.5", "first_byte_s": ""}


def test_without_rows_there_are_the_names_of_the_columns() -> None:
    assert as_csv([], of=Line) == "person,yen,first_byte_s\r\n"


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"))))
def test_every_cell_is_read_as_it_was_written(persons: list[str]) -> None:
    rows = read(as_csv([Line(person=each, yen=1.0) for each in persons], of=Line))
    assert [row["person"].removeprefix("'") for row in rows] == [
        each.removeprefix("'") for each in persons
    ]
