"""How places and long texts are shown."""

import pytest

from rag.models import Anchor
from service.cli.render import place_of


@pytest.mark.parametrize(
    ("anchor", "shown"),
    [
        (Anchor(), ""),
        (Anchor(page=3, heading=("2. 結果", "2.1 硬さ")), "p. 3 › 2. 結果 › 2.1 硬さ"),
        (Anchor(sheet="試料", cells="A2:F9"), "試料!A2:F9"),
        (Anchor(sheet="控え", cells="A2:F2", hidden=True), "控え!A2:F2 › (hidden)"),
        (Anchor(cells="A2:B2"), "A2:B2"),
        (Anchor(cell="a1b2"), "cell a1b2"),
    ],
)
def test_a_place_is_named_as_far_as_its_format_has_places(anchor: Anchor, shown: str) -> None:
    assert place_of(anchor) == shown
