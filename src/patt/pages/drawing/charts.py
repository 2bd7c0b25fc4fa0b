"""Small charts as SVG paths: no script and no inline style, which the content security policy forbids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sv_common.guild_sync.core.language import number, tr

WIDTH = 120
HEIGHT = 28
_MARGIN = 2


@dataclass(frozen=True, slots=True)
class Chart:
    """A line of counts over time, in a box of `WIDTH` × `HEIGHT`, and in words for whoever does not see it."""

    line: str
    area: str
    words: str


def line_chart(counts: Sequence[int], what: str) -> Chart:
    """Draw counts, oldest first; the height is that of the largest one. `what` says what was counted, and when."""
    scale = (HEIGHT - 2 * _MARGIN) / max(*counts, 1)
    step = WIDTH / max(len(counts) - 1, 1)
    points = [f"{index * step:.1f} {HEIGHT - _MARGIN - count * scale:.1f}" for index, count in enumerate(counts)]
    line = f"M{' L'.join(points)}"
    if counts[1:]:
        first, last, most = number(counts[0]), number(counts[-1]), number(max(counts))
        words = tr("{what}: from {first} to {last}, {most} at most.", what=what, first=first, last=last, most=most)
    else:
        words = tr("{what}: {n}.", what=what, n=number(counts[0]))
    return Chart(line, f"{line} L{WIDTH} {HEIGHT} L0 {HEIGHT} Z", words)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a bar, in per cent of its length."""

    kind: str
    start: float
    length: float


def bar(parts: Sequence[tuple[str, int]]) -> list[Part]:
    """Divide a bar among counts, in their order; parts of nothing are left out."""
    total, start, drawn = sum(count for _, count in parts), 0.0, []
    for kind, count in parts:
        if count:
            length = 100 * count / total
            drawn.append(Part(kind, round(start, 2), round(length, 2)))
            start += length
    return drawn
