"""What a step of a run has counted, in words."""

from __future__ import annotations

from collections.abc import Mapping

from sv_common.guild_sync.core.language import mark, number, tr

_COUNTED = {
    "characters": mark("{n} characters"),
    "members": mark("{n} members"),
    "roles": mark("{n} roles"),
    "realms": mark("{n} realms"),
    "new": mark("{n} new"),
    "joined": mark("{n} joined"),
    "returned": mark("{n} returned"),
    "left": mark("{n} left"),
    "renamed": mark("{n} renamed"),
    "refused": mark("{n} refused"),
    "waiting": mark("{n} waiting"),
    "erased": mark("{n} erased"),
    "expired": mark("{n} expired"),
    "shown": mark("{n} shown"),
    "gone": mark("{n} gone"),
    "hidden": mark("{n} hidden"),
    "failed": mark("{n} failed"),
    "skipped": mark("{n} skipped"),
    "notes_changed": mark("{n} notes changed"),
    "mismatches_logged": mark("{n} mismatches logged"),
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
    "players_created": mark("{n} players created"),
    "characters_linked": mark("{n} characters linked"),
    "left_alone": mark("{n} left alone"),
    "finished": mark("{n} finished"),
    "posted": mark("{n} posted"),
}
"""One that is missing here is shown by its name."""


def count_in_words(name: str, count: int) -> str:
    """Return one count with what was counted: “3 joined”."""
    told = _COUNTED.get(name)
    return tr(told, n=number(count)) if told else f"{number(count)} {name.replace('_', ' ')}"


def counts_in_words(counts: Mapping[str, int]) -> str:
    """Return the counts that are not zero, each with its name: “3 joined, 1 left”. Without any: “nothing new”."""
    return ", ".join(count_in_words(name, count) for name, count in counts.items() if count) or tr("nothing new")
