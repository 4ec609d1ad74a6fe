"""How collections are named."""

from hypothesis import given
from hypothesis import strategies as st

from rag.store.schema import collection_name


def test_the_name_of_a_collection_can_be_read() -> None:
    name = collection_name("all-MiniLM-L6-v2@0.1.0")
    assert name.startswith("docs__all-minilm-l6-v2_0.1.0__")


def test_models_whose_names_differ_in_signs_alone_do_not_share_a_collection() -> None:
    names = {collection_name(model) for model in ("org/bge", "org_bge", "Org/bge", "org@bge")}
    assert len(names) == 4


@given(st.text())
def test_any_model_name_gives_a_safe_folder_name(model: str) -> None:
    name = collection_name(model)
    assert len(name) < 120
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789._-")
