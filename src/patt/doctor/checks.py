"""One line of the check-up, and what builds it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import Annotated, TypeVar

from pydantic import Field

from sv_common.guild_sync.core.errors import SourceError
from sv_common.guild_sync.core.language import tr

_OF_GUILD = re.compile(r"guild (\d+) (.+)")
_Found = TypeVar("_Found")
Fault = tuple[str, str]
"""What is wrong, and what to do about it."""


@dataclass(frozen=True, slots=True)
class Check:
    """One result. `name` stays the same from version to version; `remedy` is blank unless the check failed."""

    name: str
    ok: bool
    message: str
    remedy: Annotated[str, Field(exclude=True)] = ""


def label_of(name: str) -> str:
    """Return how the check of a name is called: names stay the same in each language, for scripts."""
    guild, what = match.groups() if (match := _OF_GUILD.fullmatch(name)) else (None, name)
    return tr(what) if guild is None else tr("guild {number} {check}", number=guild, check=tr(what))


def check(name: str, passed: str, fault: Fault | None = None) -> Check:
    """Return a check that failed with this fault, or passed without one."""
    return Check(name, True, passed) if fault is None else Check(name, False, *fault)


def failed(name: str, message: str, remedy: str) -> Check:
    return Check(name, False, message, remedy)


def not_checked(names: Sequence[str], needed: str) -> list[Check]:
    """Return checks that could not be made, because another one failed."""
    return [
        failed(
            name,
            tr("Not checked, because “{check}” failed.", check=label_of(needed)),
            tr("Fix “{check}” first.", check=label_of(needed)),
        )
        for name in names
    ]


async def fetched(name: str, request: Awaitable[_Found], remedy: str) -> _Found | Check:
    """Return what a source answers; if it fails, a check that says so."""
    try:
        return await request
    except SourceError as error:
        return failed(name, str(error), remedy)
