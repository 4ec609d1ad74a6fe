"""Breaks of a layout are undone; breaks that mean something stay."""

import pytest

from rag.parsing.line_breaks import join_lines, usual_width
from rag.parsing.markdown import markdown_pieces

FILLED_JA = "溶体化処理から水冷までの移し替えの時間は、アルミニウム合金では"
FILLED_EN = "The overshoot on 18 June is traced to the door seal: cold air reached the"


@pytest.mark.parametrize(
    ("lines", "joined"),
    [
        ([FILLED_JA, "10秒を超えない。"], f"{FILLED_JA}10秒を超えない。"),
        ([FILLED_EN, "control thermocouple."], f"{FILLED_EN} control thermocouple."),
        ([FILLED_EN + " furnace.", "Next."], f"{FILLED_EN} furnace.\nNext."),
        ([FILLED_EN, "- an item"], f"{FILLED_EN}\n- an item"),
        ([FILLED_EN, "  12) an item"], f"{FILLED_EN}\n  12) an item"),
        (["試料: A-12", "温度: 400 ℃"], "試料: A-12\n温度: 400 ℃"),
        ([], ""),
    ],
)
def test_a_break_is_undone_behind_a_full_line_alone(lines: list[str], joined: str) -> None:
    assert join_lines(lines, usual=60) == joined


def test_a_full_line_is_as_wide_as_most_long_lines() -> None:
    assert usual_width(["見出し", "漢" * 30, "漢" * 31, "漢" * 29, "終わり。"]) == 60
    assert usual_width([]) == 0


def test_a_paragraph_that_was_wrapped_by_hand_is_whole() -> None:
    [piece] = markdown_pieces(f"{FILLED_EN}\ncontrol thermocouple.")
    assert piece.text == f"{FILLED_EN} control thermocouple."


def test_short_lines_of_a_paragraph_are_kept() -> None:
    [piece] = markdown_pieces("試料: A-12\n温度: 400 ℃\n- 急冷\n  - 水")
    assert piece.text == "試料: A-12\n温度: 400 ℃\n- 急冷\n  - 水"
