"""One line of the check-up: what was looked at, whether it is well, and how to mend it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. `name` stays the same from version to version; `remedy` is blank when all is well."""

    name: str
    ok: bool
    message: str
    remedy: Annotated[str, Field(exclude=True)] = ""


def well(name: str, message: str) -> Check:
    """Say that something is as it should be."""
    return Check(name, True, message)


def wrong(name: str, message: str, remedy: str) -> Check:
    """Say what is wrong, and what mends it."""
    return Check(name, False, message, remedy)


def not_made(names: Sequence[str], needed: str) -> list[Check]:
    """Say of checks that they could not be made, because of another one that failed."""
    return [wrong(name, f"Not checked: “{needed}” has to be well first.", f"Mend “{needed}”.") for name in names]
