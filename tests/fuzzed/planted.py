"""A reader with a fault that no chance finds, but whoever sees which lines are reached."""

from __future__ import annotations


def check(data: bytes) -> None:
    if data[:1] != b"P":
        return
    if data[1:2] != b"A":
        return
    if data[2:3] != b"T":
        return
    if data[3:4] == b"T":
        raise AssertionError("a planted fault")
