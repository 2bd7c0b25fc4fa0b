"""One line of the check-up, and the one place that builds it."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import Annotated, TypeVar

from pydantic import Field

from sv_common.guild_sync.core.errors import SourceError

_Found = TypeVar("_Found")
Fault = tuple[str, str]
"""What is wrong, and what to do about it."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. `name` stays the same from version to version; `remedy` is blank when all is well."""

    name: str
    ok: bool
    message: str
    remedy: Annotated[str, Field(exclude=True)] = ""


def check(name: str, well: str, fault: Fault | None = None) -> Check:
    """Return a check: that something is wrong where there is a fault, and `well` where there is none."""
    return Check(name, True, well) if fault is None else Check(name, False, *fault)


def wrong(name: str, message: str, remedy: str) -> Check:
    """Return a check that found a fault."""
    return Check(name, False, message, remedy)


def not_made(names: Sequence[str], needed: str) -> list[Check]:
    """Return checks that could not be made, because of another one that failed."""
    return [wrong(name, f"Not checked: “{needed}” has to be well first.", f"Mend “{needed}”.") for name in names]


async def asked(name: str, question: Awaitable[_Found], remedy: str) -> _Found | Check:
    """Return what a source answers; where it fails, a check that says so."""
    try:
        return await question
    except SourceError as error:
        return wrong(name, str(error), remedy)
