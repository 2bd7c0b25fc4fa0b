"""Promises that every reader makes of what it gives on."""

from __future__ import annotations

from dataclasses import fields, is_dataclass

from sv_common.guild_sync.sources.http import LARGEST_INTEGER

_ENDLESS_NUMBERS = frozenset({"allowed", "allow", "deny"})
"""Discord's permissions, which may grow beyond 64 bits and are stored nowhere."""


def fits_the_database(value: object, name: str = "") -> None:
    """Fail where a value holds something that no column takes."""
    match value:
        case None | bool() | float():
            return
        case str():
            assert "\0" not in value, f"{name} holds a NUL"
            value.encode()  # fails for half a character
        case int():
            assert name in _ENDLESS_NUMBERS or -LARGEST_INTEGER - 1 <= value <= LARGEST_INTEGER, f"{name} is {value}"
        case list() | tuple() | frozenset() | set():
            for each in value:
                fits_the_database(each, name)
        case dict():
            fits_the_database([*value, *value.values()], name)
        case _ if is_dataclass(value):
            for field in fields(value):
                fits_the_database(getattr(value, field.name), field.name)
        case _:
            raise AssertionError(f"{name} is of a type that nobody expects: {type(value).__name__}")
