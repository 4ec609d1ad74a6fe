"""What an answer says is read as text that everybody can keep, or not at all."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.rdm.replies import object_in
from tests.connectors.rdm.asking import aokis_world, listed_files

_ANY_TEXT = st.text(st.characters(exclude_categories=()))


@settings(max_examples=50)
@given(_ANY_TEXT)
def test_text_of_an_answer_can_be_encoded_whatever_it_holds(text: str) -> None:
    document = object_in(json.dumps({text: [text]}).encode())
    assert document is not None
    assert json.dumps(document, ensure_ascii=False).encode()


def test_whole_characters_stay_as_they_are() -> None:
    assert object_in(b'{"name": "\\ud83d\\ude00\\u6728"}') == {"name": "\U0001f600木"}


@pytest.mark.parametrize("body", [b'{"name": "\xed\xa0\x80"}', b'{"name": "\xff"}', b"[]", b"{"])
def test_what_is_no_object_in_utf_8_is_no_answer(body: bytes) -> None:
    assert object_in(body) is None


async def test_half_a_character_in_a_name_or_a_description_hides_no_other_file() -> None:
    world = aokis_world()
    world.edit("abc12", description="半分の文字 \ud83d")
    for name in ("/\ud83d.txt", "/b.txt"):
        world.put("abc12", name, b"a file")
    assert {"about/project.md", "osfstorage/b.txt"} < set(await listed_files(world))
