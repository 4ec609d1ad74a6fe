"""Draw times against sizes, both in powers of ten, as an SVG for light and dark pages."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from math import ceil, floor, log10
from typing import Final

_WIDTH: Final = 460
_HEIGHT: Final = 340
_LEFT: Final = 62
_RIGHT: Final = 38
_TOP: Final = 46
_BOTTOM: Final = 52
_STYLE: Final = """
text { font: 12px sans-serif; fill: #333; }
.title { font-size: 14px; font-weight: bold; }
.grid { stroke: #ccc; }
.fit { stroke: #888; stroke-dasharray: 5 4; fill: none; }
.line { stroke: #0b65c2; stroke-width: 2; fill: none; }
.dot { fill: #0b65c2; }
.page { fill: #fff; }
@media (prefers-color-scheme: dark) {
  text { fill: #ddd; }
  .grid { stroke: #444; }
  .line { stroke: #6cb2ff; }
  .dot { fill: #6cb2ff; }
  .page { fill: #15181c; }
}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Times at sizes, all above 0, and the power that was fitted to them."""

    title: str
    unit: str
    sizes: Sequence[float]
    times: Sequence[float]
    exponent: float


def draw(curves: Sequence[Curve]) -> str:
    """Return the curves side by side, each with its fit: a straight line."""
    parts = [
        f'<g transform="translate({number * _WIDTH})">{"".join(_drawn(curve))}</g>'
        for number, curve in enumerate(curves)
    ]
    width = _WIDTH * len(curves)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {_HEIGHT}">'
        f'<style>{_STYLE}</style><rect class="page" width="{width}" height="{_HEIGHT}"/>'
        f"{''.join(parts)}</svg>\n"
    )


def _drawn(curve: Curve) -> Iterator[str]:
    frame = _Frame.around(curve)
    yield _text(_LEFT, 20, curve.title, "start", "title")
    yield _text(_LEFT, 37, f"grows with the power {curve.exponent:.2f} of the size", "start")
    for power in range(frame.left, frame.right + 1):
        x = frame.x(10**power)
        yield f'<path class="grid" d="M{x:.1f} {_TOP}V{_HEIGHT - _BOTTOM}"/>'
        yield _text(x, _HEIGHT - _BOTTOM + 17, f"{10**power:,}", "middle")
    for power in range(frame.bottom, frame.top + 1):
        y = frame.y(10**power)
        yield f'<path class="grid" d="M{_LEFT} {y:.1f}H{_WIDTH - _RIGHT}"/>'
        yield _text(_LEFT - 7, y + 4, f"{10.0**power:g} {curve.unit}", "end")
    yield _text((_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 14, "passages", "middle")
    points = [(frame.x(s), frame.y(t)) for s, t in zip(curve.sizes, curve.times, strict=True)]
    yield f'<path class="fit" d="{_path(frame.fitted(curve))}"/>'
    yield f'<path class="line" d="{_path(points)}"/>'
    yield from (f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="4"/>' for x, y in points)


@dataclass(frozen=True, slots=True)
class _Frame:
    """The powers of ten at the edges."""

    left: int
    right: int
    bottom: int
    top: int

    @classmethod
    def around(cls, curve: Curve) -> "_Frame":
        return cls(*_powers(curve.sizes), *_powers(curve.times))

    def x(self, size: float) -> float:
        share = (log10(size) - self.left) / (self.right - self.left)
        return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)

    def y(self, time: float) -> float:
        share = (log10(time) - self.bottom) / (self.top - self.bottom)
        return _HEIGHT - _BOTTOM - share * (_HEIGHT - _BOTTOM - _TOP)

    def fitted(self, curve: Curve) -> list[tuple[float, float]]:
        """Return the ends of the fit, which goes through the middle of the logarithms."""
        middle_size, middle_time = (
            10 ** (sum(map(log10, values)) / len(values)) for values in (curve.sizes, curve.times)
        )
        return [
            (self.x(size), self.y(middle_time * (size / middle_size) ** curve.exponent))
            for size in (min(curve.sizes), max(curve.sizes))
        ]


def _powers(values: Sequence[float]) -> tuple[int, int]:
    low, high = floor(log10(min(values))), ceil(log10(max(values)))
    return low, max(high, low + 1)


def _path(points: Sequence[tuple[float, float]]) -> str:
    (x, y), *_ = points
    return f"M{x:.1f} {y:.1f}" + "".join(f"L{x:.1f} {y:.1f}" for _, (x, y) in pairwise(points))


def _text(x: float, y: float, text: str, anchor: str, kind: str = "label") -> str:
    return (
        f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
    )
