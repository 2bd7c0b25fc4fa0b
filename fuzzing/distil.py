"""A corpus made small: of many inputs the shortest ones that still reach every step from line to line."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable
from types import FrameType
from typing import Any

from fuzzing.target import Target

Step = tuple[str, int, int]
"""A file, and two lines that ran one after the other in it."""

LONGEST_KEPT = 600
MOST_KEPT = 250


def distilled(target: Target, inputs: Iterable[bytes]) -> list[bytes]:
    """Return the inputs to keep, shortest first; none may break a promise."""
    reached_by: dict[bytes, set[Step]] = {}
    reached = Counter[Step]()
    for each in sorted({one for one in inputs if len(one) <= LONGEST_KEPT}, key=lambda one: (len(one), one)):
        taken = steps(target, each)
        if any(step not in reached for step in taken):
            reached_by[each] = taken
            reached.update(taken)
    for each in reversed(list(reached_by)):
        if all(reached[step] > 1 for step in reached_by[each]):
            reached.subtract(reached_by.pop(each))
    return list(reached_by)[:MOST_KEPT]


def steps(target: Target, data: bytes) -> set[Step]:
    """Return which steps a target takes for an input, in the packages that are watched."""
    check, found, last = target.check, set[Step](), dict[FrameType, int]()
    parts = tuple(name.replace(".", "/") for name in target.watched)

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        name = frame.f_code.co_filename
        if event == "call":
            return trace if any(part in name for part in parts) else None
        if event == "line":
            found.add((name, last.get(frame, 0), frame.f_lineno))
            last[frame] = frame.f_lineno
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        check(data)
    finally:
        sys.settrace(before)
    return found
