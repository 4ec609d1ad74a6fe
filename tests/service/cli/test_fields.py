"""Requests as they are typed."""

import base64
from pathlib import Path

import pytest

from contracts.problems import InvalidRequest
from service.cli.fields import fields_of


def test_text_stays_as_it_is_typed() -> None:
    assert fields_of(["text=組成=Fe 82\nCr 18"]) == {"text": "組成=Fe 82\nCr 18"}


def test_json_keeps_its_types() -> None:
    assert fields_of(["explain:=false", 'fields:={"組成": 1.5}']) == {
        "explain": False,
        "fields": {"組成": 1.5},
    }


def test_a_text_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("試料", encoding="utf-8")
    assert fields_of([f"text=@{tmp_path}/a.txt"]) == {"text": "試料"}


def test_a_file_that_is_no_text_comes_as_base64(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"\x89PNG\xff")
    encoded = base64.b64encode(b"\x89PNG\xff").decode()
    assert fields_of([f"image=@{tmp_path}/a.png"]) == {"image": encoded}


@pytest.mark.parametrize("item", ["no field", "1=x", "text=@/not/there", "fields:={"])
def test_what_is_no_field_is_told_with_the_forms(item: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        fields_of([item])
    assert "name=text" in caught.value.hint
