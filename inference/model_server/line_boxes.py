"""Where the lines of a page are, by how much ink its rows have: for pages of one column."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Box = tuple[int, int, int, int]
"""Left, top, right, bottom, in pixels; the last two lie outside."""

_INK_OF_ROW: Final = 0.002
"""Of a row's width: less is dust."""
_LEAST_HEIGHT: Final = 6
_SMALL_GAP: Final = 0.25
"""Of the median line's height: signs above and below a line are nearer than the next line."""
_MARGIN: Final = 2


def line_boxes(page: Image.Image) -> list[Box]:
    """Return the boxes of lines, top to bottom; none where the page is empty."""
    ink = _ink(page)
    rows = ink.sum(axis=1) > max(1.0, _INK_OF_ROW * ink.shape[1])
    bands = _runs(rows)
    heights = [bottom - top for top, bottom in bands if bottom - top >= _LEAST_HEIGHT]
    if not heights:
        return []
    joined = _joined(bands, gap=_SMALL_GAP * float(np.median(heights)))
    found = [_box(ink, top, bottom) for top, bottom in joined if bottom - top >= _LEAST_HEIGHT]
    return [box for box in found if box[2] > box[0]]


def _ink(page: Image.Image) -> NDArray[np.bool_]:
    """Tell which pixels are darker than the middle between ink and paper (Otsu 1979)."""
    grey: NDArray[np.uint8] = np.asarray(page.convert("L"))
    counts = np.bincount(grey.ravel(), minlength=256).astype(np.float64)
    below = counts.cumsum()
    above = below[-1] - below
    mean_below = (counts * np.arange(256)).cumsum()
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = mean_below / below - (mean_below[-1] - mean_below) / above
        between = np.nan_to_num(below * above * apart**2)
    if not between.any():  # one colour
        return np.zeros(grey.shape, dtype=np.bool_)
    dark: NDArray[np.bool_] = grey <= int(between.argmax())
    return dark if dark.mean() <= 0.5 else ~dark  # white on black


def _runs(marked: NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges: Any = np.flatnonzero(np.diff(np.concatenate(([False], marked, [False])).astype(np.int8)))
    return [(int(start), int(end)) for start, end in zip(edges[::2], edges[1::2], strict=True)]


def _joined(bands: list[tuple[int, int]], *, gap: float) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for top, bottom in bands:
        if joined and top - joined[-1][1] <= gap:
            joined[-1] = (joined[-1][0], bottom)
        else:
            joined.append((top, bottom))
    return joined


def _box(ink: NDArray[np.bool_], top: int, bottom: int) -> Box:
    columns: Any = np.flatnonzero(ink[top:bottom].any(axis=0))
    if not len(columns):
        return (0, top, 0, bottom)
    height, width = ink.shape
    return (
        max(0, int(columns[0]) - _MARGIN),
        max(0, top - _MARGIN),
        min(width, int(columns[-1]) + 1 + _MARGIN),
        min(height, bottom + _MARGIN),
    )
