"""Lines by the ink of rows."""

from PIL import Image, ImageDraw

from inference.model_server.line_boxes import line_boxes
from tests.inference.model_server.made import page


def test_each_line_of_a_page_has_a_box_around_its_ink() -> None:
    first, second = line_boxes(page("Stainless steel 316L", "annealed at 1050 C"))
    assert first[3] <= second[1]
    assert 30 <= first[0] <= 50
    assert first[1] < 60 < first[3]


def test_marks_above_a_line_belong_to_it() -> None:
    picture = Image.new("L", (400, 200), 255)
    drawing = ImageDraw.Draw(picture)
    for top in (60, 140):
        drawing.rectangle((40, top, 300, top + 30), 0)
        drawing.rectangle((80, top - 5, 90, top - 3), 0)  # an accent, as Vedic has them
    assert [box[1] for box in line_boxes(picture)] == [53, 133]


def test_white_on_black_is_read_too() -> None:
    dark = page("Stainless steel").convert("L").point(lambda value: 255 - value)
    assert line_boxes(dark) == line_boxes(page("Stainless steel"))


def test_an_empty_page_and_dust_are_no_lines() -> None:
    empty = Image.new("L", (400, 200), 255)
    assert line_boxes(empty) == []
    empty.putpixel((10, 10), 0)
    assert line_boxes(empty) == []
