"""`fumikura search` narrowed, page by page, and in bold."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from rich.style import Style
from rich.text import Text

from rag.models import Passage
from service.cli.render import hits_table
from tests.rag.hits import hit
from tests.service.cli.conftest import Fumikura


@pytest.fixture
def indexed(fumikura: Fumikura, project: Path) -> Fumikura:
    """A command line behind which two files of 2024 and 2025 are indexed."""
    for name, year in [("熱処理.md", 2024), ("tensile.csv", 2025)]:
        changed = datetime(year, 6, 1, tzinfo=UTC).timestamp()
        os.utime(project / name, (changed, changed))
    fumikura("index", str(project))
    return fumikura


def _paths(ran: Any) -> list[str]:  # noqa: ANN401 - what a command printed
    return [found["path"] for found in ran.json()["hits"]]


@pytest.mark.parametrize(
    ("options", "path"),
    [
        (("--type", "csv"), "tensile.csv"),
        (("--path", "熱"), "熱処理.md"),
        (("--language", "ja"), "熱処理.md"),
        (("--since", "2025-01-01"), "tensile.csv"),
        (("--before", "2025-01-01T00:00:00"), "熱処理.md"),
        (("--type", "csv", "--type", "md", "--path", "熱"), "熱処理.md"),
    ],
)
def test_options_narrow_a_search(indexed: Fumikura, options: tuple[str, ...], path: str) -> None:
    assert set(_paths(indexed("search", "AZ91 AZ-01 溶体化", *options, "--json"))) == {path}


def test_options_narrow_a_question_too(indexed: Fumikura) -> None:
    asked = indexed("ask", "AZ91は何度で溶体化しましたか", "--type", "csv", "--json").json()
    assert {found["path"] for found in asked["hits"]} <= {"tensile.csv"}


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--since", "yesterday"), "does not match"),
        (("--since", "2025-01-01", "--before", "2024-01-01"), "must be earlier"),
        (("--tag", " "), "nothing is left of it"),
        (("--cursor", "AAAA"), "does not belong to this search"),
    ],
)
def test_options_that_make_no_sense_are_refused(
    indexed: Fumikura, options: tuple[str, ...], told: str
) -> None:
    ran = indexed("search", "AZ91", *options)
    assert (ran.status, told in ran.err) == (2, True)


def test_a_search_goes_on_page_by_page(indexed: Fumikura) -> None:
    first = indexed("search", "AZ91 AZ-01 溶体化", "-n", "1")
    cursor = first.out.split("--cursor=")[1].strip()
    second = indexed("search", "AZ91 AZ-01 溶体化", "-n", "1", "--cursor", cursor, "--json")
    assert [found["number"] for found in second.json()["hits"]] == [2]


def _styled(text: str, *, neighbour: str | None = None) -> list[tuple[str, str | Style]]:
    """Return the styled parts of the shown passage."""
    around = (
        [Passage(passage_id="n", anchor=hit(1, "").anchor, text=neighbour)] if neighbour else []
    )
    found = hit(1, text).model_copy(update={"before": around})
    [cell] = hits_table([found], "hardness 処理").columns[3].cells
    assert isinstance(cell, Text)
    return [(cell.plain[span.start : span.end], span.style) for span in cell.spans]


def test_what_was_asked_stands_in_bold() -> None:
    assert _styled("The HARDNESS after 処理.") == [("HARDNESS", "bold"), ("処理", "bold")]


def test_a_hit_with_neighbours_is_shown_whole_between_them() -> None:
    assert _styled("One. The hardness.", neighbour="Before it.") == [
        ("Before it.", "dim"),
        ("hardness", "bold"),
    ]
