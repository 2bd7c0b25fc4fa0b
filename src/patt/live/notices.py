"""PostgreSQL's notices: which guild, what kind of change, the numbers of the rows; and several of a kind as one."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Notice:
    """Something of a guild has changed: rows `first` to `last` of the kind's table, where they have numbers."""

    guild_id: int
    kind: str
    first: int = 0
    last: int = 0


def read_notice(payload: str) -> Notice:
    """Read what a trigger has written."""
    told = json.loads(payload)
    return Notice(int(told["guild"]), str(told["kind"]), told.get("first", 0), told.get("last", 0))


def gathered(notices: Iterable[Notice]) -> list[Notice]:
    """Put notices of the same kind and guild together, in the order in which each kind came first.

    Rows of one kind are told in the order of their numbers, so nothing that was not told lies between them for long: it
    is on its way.
    """
    kinds: dict[tuple[int, str], Notice] = {}
    for each in notices:
        known = kinds.get((each.guild_id, each.kind))
        kinds[each.guild_id, each.kind] = (
            each
            if known is None
            else replace(known, first=min(known.first, each.first), last=max(known.last, each.last))
        )
    return list(kinds.values())
