"""Undoing the rows of attempts: whole, or in parts that share no player, character or member."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from sv_common.db.pool import GuildConnection
from sv_common.guild_sync.changes import apply
from sv_common.guild_sync.changes.apply import RowKey
from sv_common.guild_sync.changes.attempts import Attempt
from sv_common.guild_sync.changes.changeset import RowChange
from sv_common.guild_sync.changes.in_the_way import changed_between
from sv_common.guild_sync.core.errors import PlanStale
from sv_common.guild_sync.core.language import mark, tr, tr_n
from sv_common.guild_sync.issues import lifecycle

BETWEEN = mark("Something else changed the same between these changes, so they cannot be undone together.")

_Node: TypeAlias = tuple[str, object]
_POINTERS = {
    "player_id": "player",
    "main_character_id": "character",
    "offspec_character_id": "character",
    "character_id": "character",
    "discord_user_id": "member",
}
"""What a row's columns refer to; rows that refer to the same belong together."""


@dataclass(frozen=True, slots=True)
class Part:
    """Changes that can only be undone together. `player_ids` are the players that they are about."""

    changes: tuple[RowChange, ...]
    player_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class BlockedPart:
    """A part that cannot be undone now, and why."""

    part: Part
    reason: str


@dataclass(frozen=True, slots=True)
class UndoneParts:
    """Which parts were undone, and which could not be."""

    done: Sequence[Part]
    blocked: Sequence[BlockedPart]

    @property
    def undone(self) -> list[RowChange]:
        return [change for part in self.done for change in part.changes]

    @property
    def left(self) -> list[RowChange]:
        return [change for each in self.blocked for change in each.part.changes]


def parts_of(changes: Sequence[RowChange]) -> list[Part]:
    """Return the parts of a journal, in the order of their first changes."""
    group_of: dict[_Node, int] = {}
    members: dict[int, list[_Node]] = defaultdict(list)
    places: dict[int, list[int]] = defaultdict(list)
    for place, change in enumerate(changes):
        nodes = set(_nodes(change))
        known = sorted({group_of[node] for node in nodes if node in group_of})
        group = known[0] if known else place
        for other in known[1:]:
            places[group] += places.pop(other)
            members[group] += members.pop(other)
        members[group] += nodes
        places[group].append(place)
        group_of |= dict.fromkeys(members[group] if len(known) > 1 else nodes, group)
    return [
        Part(tuple(changes[place] for place in sorted(places[group])), _players(members[group]))
        for group in sorted(places)
    ]


def _nodes(change: RowChange) -> Iterator[_Node]:
    kind = "character" if change.table in ("link", "shared", "account") else change.table
    yield kind, change.id if kind in ("character", "player") else change.key
    for row in (change.before, change.after):
        for column, refers_to in _POINTERS.items():
            if row and row.get(column) is not None:
                yield refers_to, row[column]


def _players(nodes: Sequence[_Node]) -> tuple[int, ...]:
    return tuple(sorted({int(str(number)) for kind, number in nodes if kind == "player"}))


def rows_of(found: Sequence[Attempt]) -> list[RowChange]:
    """Return the rows that attempts changed and that are not undone, in the order of writing."""
    return [row for attempt in sorted(found, key=lambda each: each.id) for row in attempt.rows]


async def undo_whole(guild: GuildConnection, found: Sequence[Attempt], *, actor: str) -> None:
    """Undo every row that attempts changed, or none. Raises `PlanStale`."""
    if _changed_between(found):
        raise PlanStale(tr(BETWEEN))
    await _undo_rows(guild, found, rows_of(found), actor=actor)


async def undo_parts(guild: GuildConnection, found: Sequence[Attempt], *, actor: str) -> UndoneParts:
    """Undo every part of attempts that can be; an obstacle to one stops no other."""
    parts = parts_of(rows_of(found))
    obstacles = await obstacles_of(guild, found)
    blocked = [BlockedPart(part, reason) for part in parts if (reason := _obstacle(part, obstacles))]
    others = [part for part in parts if _obstacle(part, obstacles) is None]
    tried = await _try_together(guild, found, others, actor) if others else UndoneParts((), ())
    order = {id(part): place for place, part in enumerate(parts)}
    return UndoneParts(tried.done, sorted([*blocked, *tried.blocked], key=lambda each: order[id(each.part)]))


async def obstacles_of(guild: GuildConnection, found: Sequence[Attempt]) -> dict[RowKey, str]:
    """Return, by row, what keeps attempts from being undone, as far as it shows before it is tried."""
    return {**await apply.obstacles(guild, rows_of(found)), **dict.fromkeys(_changed_between(found), tr(BETWEEN))}


def _changed_between(found: Sequence[Attempt]) -> set[RowKey]:
    return changed_between([attempt.rows for attempt in sorted(found, key=lambda each: each.id)])


async def _undo_rows(
    guild: GuildConnection, found: Sequence[Attempt], changes: Sequence[RowChange], *, actor: str
) -> None:
    """Undo rows, all or none. Raises `PlanStale`.

    Issues point again to deleted players that exist again; those about players that are deleted are resolved.
    """
    made = [change.id for change in changes if change.table == "player" and change.before is None]
    orphaned = await lifecycle.about_players(guild, made)
    await apply.undo(guild, changes, written_at=min(attempt.started_at for attempt in found))
    again = {change.id: change.before["player_id"] for change in changes if change.table == "issue" and change.before}
    await lifecycle.point_again(guild, again)
    if orphaned:
        await lifecycle.resolve(
            guild,
            orphaned,
            resolved_by=actor,
            reason=_no_more(found),
        )


def _no_more(found: Sequence[Attempt]) -> str:
    """Say why an issue about a player that the attempts had created is resolved."""
    if len(found) == 1:
        return tr("Attempt {attempt} was undone, so the player is no more.", attempt=found[0].id)
    return tr_n(
        "{n} attempt was undone, so the player is no more.",
        "{n} attempts were undone, so the player is no more.",
        len(found),
    )


def _obstacle(part: Part, found: Mapping[RowKey, str]) -> str | None:
    return next((found[change.key] for change in part.changes if change.key in found), None)


async def _try_together(
    guild: GuildConnection, found: Sequence[Attempt], parts: Sequence[Part], actor: str
) -> UndoneParts:
    """Try parts together, and halves of them where that fails, so few obstacles among many parts cost few statements."""
    try:
        async with guild.savepoint():
            changes = [change for part in parts for change in part.changes]
            await _undo_rows(guild, found, changes, actor=actor)
    except PlanStale as obstacle:
        if len(parts) == 1:
            return UndoneParts((), [BlockedPart(parts[0], str(obstacle))])
        middle = len(parts) // 2
        first = await _try_together(guild, found, parts[:middle], actor)
        second = await _try_together(guild, found, parts[middle:], actor)
        return UndoneParts([*first.done, *second.done], [*first.blocked, *second.blocked])
    return UndoneParts(parts, ())
