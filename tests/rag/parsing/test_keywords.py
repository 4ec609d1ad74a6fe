"""Keywords that documents have of their own."""

import pytest

from rag.parsing.keywords import front_matter_keywords, listed_keywords


@pytest.mark.parametrize(
    ("front", "keywords"),
    [
        ("tags: [XRD, 熱処理]", ("XRD", "熱処理")),
        ("tags:\n  - XRD\n  - 2024", ("XRD", "2024")),
        ("title: A\nKeywords: XRD, hardness; 硬さ、XRD", ("XRD", "hardness", "硬さ")),
        ("tags: a\nkeywords: b", ("a", "b")),
        ("tags: {a: 1}", ()),
        ("tags:", ()),
        ("just a line", ()),
        ("broken: [", ()),
        ("when: 2024-99-99", ()),
    ],
)
def test_front_matter_names_them(front: str, keywords: tuple[str, ...]) -> None:
    assert front_matter_keywords(f"---\n{front}\n---\n# Text") == keywords


@pytest.mark.parametrize(
    "text", ["# Text", "\n---\ntags: a\n---\n", "--- tags: a ---", "---\ntags: a"]
)
def test_only_at_the_beginning_of_a_text_is_front_matter(text: str) -> None:
    assert front_matter_keywords(text) == ()


@pytest.mark.parametrize("found", [None, object(), [None, ["a"]], "", " , ;"])
def test_what_names_nothing_gives_none(found: object) -> None:
    assert listed_keywords(found) == ()


def test_sentences_are_no_keywords_and_the_rest_is_bounded() -> None:
    assert listed_keywords(["x" * 101, *map(str, range(99))]) == tuple(map(str, range(50)))
