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
    """Put notices of the same kind and guild whose rows follow each other together; the order stays.

    Notices with a gap between them are left apart: the rows in the gap were told of before, or are old ones.
    """
    kept: list[Notice] = []
    for each in notices:
        before = next((place for place, known in enumerate(kept) if _follows(known, each)), None)
        if before is None:
            kept.append(each)
        else:
            kept[before] = replace(kept[before], last=max(kept[before].last, each.last))
    return kept


def _follows(known: Notice, each: Notice) -> bool:
    is_same = (known.guild_id, known.kind) == (each.guild_id, each.kind)
    return is_same and known.first <= each.first <= known.last + 1
