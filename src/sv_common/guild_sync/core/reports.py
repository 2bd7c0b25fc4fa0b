"""What a run did: the typed results of syncs, checks, fixes and pipelines, and what they have counted, in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sv_common.guild_sync.core.language import mark, number, tr, tr_n

_THINGS: Mapping[str, Callable[[int], str]] = {
    "characters": lambda n: tr_n("{n} character", "{n} characters", n),
    "members": lambda n: tr_n("{n} member", "{n} members", n),
    "roles": lambda n: tr_n("{n} role", "{n} roles", n),
    "realms": lambda n: tr_n("{n} realm", "{n} realms", n),
    "accounts": lambda n: tr_n("{n} account", "{n} accounts", n),
    "notes_changed": lambda n: tr_n("{n} note changed", "{n} notes changed", n),
    "mismatches_logged": lambda n: tr_n("{n} mismatch logged", "{n} mismatches logged", n),
    "players_created": lambda n: tr_n("{n} player created", "{n} players created", n),
    "characters_linked": lambda n: tr_n("{n} character linked", "{n} characters linked", n),
}
"""Counts with a noun, which has a form for one."""

_COUNTED = {
    "new": mark("{n} new"),
    "joined": mark("{n} joined"),
    "returned": mark("{n} returned"),
    "left": mark("{n} left"),
    "renamed": mark("{n} renamed"),
    "refused": mark("{n} refused"),
    "waiting": mark("{n} waiting"),
    "erased": mark("{n} erased"),
    "expired": mark("{n} expired"),
    "read": mark("{n} read"),
    "shown": mark("{n} shown"),
    "gone": mark("{n} gone"),
    "hidden": mark("{n} hidden"),
    "failed": mark("{n} failed"),
    "skipped": mark("{n} skipped"),
    "unknown": mark("{n} unknown"),
    "ambiguous": mark("{n} ambiguous"),
    "doubtful": mark("{n} doubtful"),
    "older": mark("{n} older"),
    "found": mark("{n} found"),
    "opened": mark("{n} opened"),
    "recurred": mark("{n} recurred"),
    "refreshed": mark("{n} refreshed"),
    "resolved": mark("{n} resolved"),
    "reopened": mark("{n} reopened"),
    "fixed": mark("{n} fixed"),
    "held": mark("{n} held"),
    "unverified": mark("{n} unverified"),
    "nothing_to_do": mark("{n} nothing to do"),
    "left_alone": mark("{n} left alone"),
    "finished": mark("{n} finished"),
    "posted": mark("{n} posted"),
}
"""One that is missing in both is shown by its name."""


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What one sync of one source changed, in counts; `notices` are sentences that an officer should read.

    `as_of` is of when the source's news are now, where that is not the present. With `is_superseded`, all of it was known
    from newer news, and nothing was changed.
    `is_partial`: so much of it failed that it does not count as done.
    """

    source: str
    counts: dict[str, int]
    notices: tuple[str, ...] = ()
    as_of: datetime | None = None
    is_superseded: bool = False
    is_partial: bool = False


@dataclass(frozen=True, slots=True)
class StepReport:
    """One step of a pipeline: its counts, how long it took (milliseconds) and what went wrong."""

    name: str
    duration_ms: int
    counts: dict[str, int] = field(default_factory=dict)
    notices: Sequence[str] = ()
    error: str | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "duration_ms": self.duration_ms,
            "counts": self.counts,
            "notices": list(self.notices),
            "error": self.error,
        }


def count_in_words(name: str, count: int) -> str:
    """Return one count with what was counted: “3 joined”, “1 character”."""
    if name in _THINGS:
        return _THINGS[name](count)
    told = _COUNTED.get(name)
    return tr(told, n=number(count)) if told else f"{number(count)} {name.replace('_', ' ')}"


def counts_in_words(counts: Mapping[str, int]) -> str:
    """Return the counts that are not zero, each with its name: “3 joined, 1 left”. Without any: “nothing new”."""
    return ", ".join(count_in_words(name, count) for name, count in counts.items() if count) or tr("nothing new")
