"""The document about a project: what is said of it, and of its files in RDM's metadata add-on."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from pydantic import JsonValue

from connectors.rdm.about import about_text
from connectors.rdm.documents import understood
from connectors.rdm.metadata import DescribedFile, MetadataAnswer, label_of, shown_value
from connectors.rdm.problems import RdmUnavailable
from tests.connectors.rdm.asking import PROJECT

FATIGUE = DescribedFile("osfstorage/実験/疲労.csv", (("種別 (data type)", "experimental data"),))


def _described(*files: Mapping[str, object]) -> list[DescribedFile]:
    document = {"data": {"id": "abc12", "attributes": {"editable": True, "files": list(files)}}}
    return understood(MetadataAnswer, document, name="rdm", role="web server").described()


def _file(path: str, *items: Mapping[str, object]) -> Mapping[str, object]:
    return {"path": path, "folder": False, "generated": False, "hash": None, "items": list(items)}


def _item(data: Mapping[str, object], *, active: bool = True) -> Mapping[str, object]:
    return {"schema": "6409", "active": active, "data": data}


def test_a_project_with_a_title_alone_has_no_document() -> None:
    assert about_text(PROJECT, []) is None
    assert about_text(replace(PROJECT, description=" \n", tags=["", " "]), []) is None


def test_description_tags_and_described_files_make_the_document() -> None:
    node = replace(PROJECT, description="SUS304 の試験。\n\n2 年目。", tags=["鋼", "疲労"])
    assert about_text(node, [FATIGUE]) == (
        "# 鋼の疲労試験\n\n"
        "SUS304 の試験。\n\n2 年目。\n\n"
        "タグ (tags): 鋼, 疲労\n\n"
        "## osfstorage/実験/疲労.csv\n\n"
        "- 種別 (data type): experimental data\n"
    )


def test_a_path_or_title_stays_in_its_line() -> None:
    node = replace(PROJECT, title="A\n\n# B")
    text = about_text(node, [replace(FATIGUE, path="a\n# b\x1b")]) or ""
    assert text.startswith("# A # B\n")
    assert "\n## a # b\ufffd\n" in text


def test_what_is_filled_in_is_shown_with_labels_for_people() -> None:
    data: Mapping[str, object] = {
        "grdm-file:title-ja": {"value": "疲労試験 S-N 曲線", "extra": list[object]()},
        "grdm-file:title-en": {"value": ""},
        "grdm-file:data-research-field": {"value": "489"},
        "grdm-file:access-rights": {"value": "restricted access"},
        "grdm-file:d-msr-procedure": {"value": "JIS Z 2273"},
        "grdm-file:remarks-ja": {"value": None},
    }
    [described] = _described(_file("osfstorage/a.csv", _item(data)))
    assert described.facts == (
        ("名称・表題 (title)", "疲労試験 S-N 曲線"),
        ("分野 (research field)", "ナノテク・材料 (nanotechnology, materials)"),
        ("アクセス権 (access rights)", "restricted access"),
        ("d msr procedure", "JIS Z 2273"),
    )


def test_creators_are_shown_by_number_and_names() -> None:
    creators: JsonValue = [
        {"number": "00123", "name_ja": "青木 花子", "name_en": "Hanako Aoki"},
        {"number": None, "name_ja": "", "name_en": "Ren Mori"},
        {"number": None, "name_ja": "", "name_en": None},
    ]
    shown = shown_value("grdm-file:creators", creators)
    assert shown == "00123 / 青木 花子 / Hanako Aoki; Ren Mori"


def test_only_the_schema_in_use_counts() -> None:
    old = _item({"grdm-file:title-ja": {"value": "旧"}}, active=False)
    new = _item({"grdm-file:title-ja": {"value": "新"}})
    [described] = _described(_file("osfstorage/a.csv", old, new))
    assert [text for _, text in described.facts] == ["新"]


def test_files_of_which_nothing_is_filled_in_are_left_out_and_the_others_come_by_path() -> None:
    filled = _item({"grdm-file:doi": {"value": "10.1/x"}})
    described = _described(
        _file("s3/b.csv", filled), _file("s3/c.csv"), _file("osfstorage/a.csv", filled)
    )
    assert [file.path for file in described] == ["osfstorage/a.csv", "s3/b.csv"]


@pytest.mark.parametrize(
    "value", [None, "", " ", [], {}, [None, {}], True, [[[[[[[[[["x"]]]]]]]]]]]
)
def test_nothing_is_shown_where_nothing_can_be_read(value: JsonValue) -> None:
    assert shown_value("grdm-file:remarks-ja", value) == ""


def test_values_of_several_lines_and_numbers_come_in_one_line() -> None:
    assert shown_value("x", "一行目\n## 二行目\t終") == "一行目 ## 二行目 終"
    assert shown_value("x", 12) == "12"


@pytest.mark.parametrize("data", [None, [], {"k": "plain"}, {"k": None}, {"k": {"extra": []}}])
def test_fields_in_another_form_are_empty(data: object) -> None:
    assert _described(_file("osfstorage/a.csv", {"active": True, "data": data})) == []


@pytest.mark.parametrize("document", [{}, {"data": {}}, {"data": {"attributes": {"files": {}}}}])
def test_an_answer_in_another_form_is_none(document: object) -> None:
    with pytest.raises(RdmUnavailable, match="web server"):
        understood(MetadataAnswer, document, name="rdm", role="web server")


def test_a_field_without_a_label_is_named_by_its_key() -> None:
    assert label_of("grdm-file:t-abt-text/binary") == "t abt text/binary"
