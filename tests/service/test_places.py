"""Where a source is: `rdm:abc12`, a mount, or a folder; and the id that its project gets."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from contracts.problems import InvalidRequest
from rag.models import ProjectId
from service.sources.places import (
    FolderPlace,
    MountPlace,
    NodePlace,
    folder_ids,
    mounted_node,
    node_project_id,
    parse_place,
)


@pytest.mark.parametrize(
    ("location", "place"),
    [
        ("rdm:abc12", NodePlace("rdm", "abc12")),
        ("osf:abc12", NodePlace("osf", "abc12")),
        ("rdmfs:/mnt/rdm", MountPlace("/mnt/rdm")),
        ("/data/合金", FolderPlace("/data/合金")),
        ("C:/data", FolderPlace("C:/data")),
    ],
)
def test_a_place_is_told_by_its_beginning(location: str, place: object) -> None:
    assert parse_place(location) == place


@pytest.mark.parametrize("location", ["rdm:", "rdm:../x", "osf:ABC12", "rdm:abc12/", "rdm:abc"])
def test_what_is_no_id_of_a_node_is_refused(location: str) -> None:
    with pytest.raises(InvalidRequest, match="location"):
        parse_place(location)


def test_a_node_has_the_same_id_as_a_project_wherever_it_is_written() -> None:
    assert NodePlace("rdm", "abc12").location == "rdm:abc12"
    assert node_project_id("rdm", "abc12") == "rdm-abc12"


@pytest.mark.parametrize(
    ("project_id", "default"), [("rdm-abc12", None), ("rdm-abc12", "other"), (None, "abc12")]
)
def test_the_mounted_node_is_the_named_one_or_the_surrounding_one(
    project_id: str | None, default: str | None
) -> None:
    assert mounted_node(project_id, default) == "abc12"


@pytest.mark.parametrize("project_id", [None, "alloy!", "osf-abc12", "rdm-"])
def test_what_names_no_node_is_refused(project_id: str | None) -> None:
    with pytest.raises(InvalidRequest, match="project_id"):
        mounted_node(project_id, None)


@given(st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1))
def test_every_name_gives_proper_ids(name: str) -> None:
    for made in folder_ids(Path("/data") / name):
        assert TypeAdapter[str](ProjectId).validate_python(made) == made
