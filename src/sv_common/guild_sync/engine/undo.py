"""Undoing an attempt: every row as it was, or a sentence why not; in parts, where an officer says so."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from sv_common.db.pool import GuildConnection, Pool
from sv_common.guild_sync.changes import apply, attempts
from sv_common.guild_sync.changes.apply import RowKey
from sv_common.guild_sync.changes.attempts import Attempt
from sv_common.guild_sync.changes.changeset import NameOf, RowChange, fold
from sv_common.guild_sync.changes.describe import Names, describe
from sv_common.guild_sync.core.errors import PlanStale
from sv_common.guild_sync.engine.command import Guard, Rules, unguarded
from sv_common.guild_sync.engine.results import UndoReport
from sv_common.guild_sync.engine.scan import rescan
from sv_common.guild_sync.engine.undo_roles import check_undoable, undo_roles
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.issues.history import Seen, check_unchanged
from sv_common.guild_sync.sources.ports import DiscordSource

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
    kind = "character" if change.table in ("link", "shared") else change.table
    yield kind, change.id if kind in ("character", "player") else change.key
    for row in (change.before, change.after):
        for column, refers_to in _POINTERS.items():
            if row and row.get(column) is not None:
                yield refers_to, row[column]


def _players(nodes: Sequence[_Node]) -> tuple[int, ...]:
    return tuple(sorted({int(str(number)) for kind, number in nodes if kind == "player"}))


async def undo_rows(guild: GuildConnection, attempt: Attempt, changes: Sequence[RowChange], *, actor: str) -> None:
    """Undo rows that an attempt changed, all or none. Raises `PlanStale`.

    Issues point again to deleted players that exist again; those about players that are deleted are resolved.
    """
    made = [change.id for change in changes if change.table == "player" and change.before is None]
    orphaned = await lifecycle.about_players(guild, made)
    await apply.undo(guild, changes, written_at=attempt.started_at)
    again = {change.id: change.before["player_id"] for change in changes if change.table == "issue" and change.before}
    await lifecycle.point_again(guild, again)
    if orphaned:
        reason = f"Attempt {attempt.id} was undone, so the player is no more."
        await lifecycle.resolve(guild, orphaned, resolved_by=actor, reason=reason)


async def undo_parts(guild: GuildConnection, attempt: Attempt, parts: Sequence[Part], *, actor: str) -> UndoneParts:
    """Undo every part that can be; an obstacle to one stops no other."""
    found = await apply.obstacles(guild, [change for part in parts for change in part.changes])
    blocked = [BlockedPart(part, reason) for part in parts if (reason := _obstacle(part, found))]
    others = [part for part in parts if _obstacle(part, found) is None]
    tried = await _try_together(guild, attempt, others, actor) if others else UndoneParts((), ())
    order = {id(part): place for place, part in enumerate(parts)}
    return UndoneParts(tried.done, sorted([*blocked, *tried.blocked], key=lambda each: order[id(each.part)]))


def _obstacle(part: Part, found: Mapping[RowKey, str]) -> str | None:
    return next((found[change.key] for change in part.changes if change.key in found), None)


async def _try_together(guild: GuildConnection, attempt: Attempt, parts: Sequence[Part], actor: str) -> UndoneParts:
    """Try parts together, and halves of them where that fails, so few obstacles among many parts cost few statements."""
    try:
        async with guild.savepoint():
            changes = [change for part in parts for change in part.changes]
            await undo_rows(guild, attempt, changes, actor=actor)
    except PlanStale as obstacle:
        if len(parts) == 1:
            return UndoneParts((), [BlockedPart(parts[0], str(obstacle))])
        middle = len(parts) // 2
        first = await _try_together(guild, attempt, parts[:middle], actor)
        second = await _try_together(guild, attempt, parts[middle:], actor)
        return UndoneParts([*first.done, *second.done], [*first.blocked, *second.blocked])
    return UndoneParts(parts, ())


async def undo(
    pool: Pool,
    rules: Rules,
    attempt_id: int,
    *,
    actor: str,
    guild_id: int,
    source: DiscordSource | None = None,
    seen: Seen | None = None,
    partly: bool = False,
    guard: Guard = unguarded,
) -> UndoReport:
    """Undo exactly what an attempt changed, rescan the affected rules, and record who undid it.

    `partly` undoes what can be, person by person; the rest can be undone later. Automation does not repeat an undone plan.
    Raises `NotFound`; `Refused` when there is nothing to undo or it was undone before, and what the guard of the rows refuses;
    `Busy` while another process changes the member's roles; `PlanStale` when a row has changed since, or the issue is not as
    it was `seen`; `SourceError` when Discord does not allow it. What was undone on Discord until then is recorded, so that
    another undo does the rest.
    """
    async with pool.writing(guild_id, alone=False) as guild:
        known = await attempts.get(guild, attempt_id)
    if known.is_on_discord:
        undone = await undo_roles(pool, rules, known, source, actor=actor, seen=seen)
        return UndoReport(attempt_id, _sentences(undone))
    async with pool.writing(known.guild_id) as guild:
        attempt = await attempts.get(guild, attempt_id)
        check_undoable(attempt)
        await check_unchanged(guild, attempt.issue_id, seen)
        async with guard(guild):
            report = await (_undo_what_can_be if partly else _undo_whole)(guild, attempt, actor)
        await rescan(guild, rules, attempt.issue_type)
    return report


async def _undo_whole(guild: GuildConnection, attempt: Attempt, actor: str) -> UndoReport:
    names = await attempts.names_of(guild, attempt) if attempt.undone else {}
    sentences = _again(attempt.rows, names) if attempt.undone else _sentences(attempt)
    await undo_rows(guild, attempt, attempt.rows, actor=actor)
    await attempts.mark_undone(guild, attempt.id, actor=actor)
    return UndoReport(attempt.id, sentences)


async def _undo_what_can_be(guild: GuildConnection, attempt: Attempt, actor: str) -> UndoReport:
    """Undo the parts that can be. Raises `PlanStale` where none can."""
    names = await attempts.names_of(guild, attempt)
    put_back = await undo_parts(guild, attempt, parts_of(attempt.rows), actor=actor)
    if not put_back.done:
        raise PlanStale(put_back.blocked[0].reason)
    if put_back.blocked:
        await attempts.undo_a_part(guild, attempt.id, put_back.undone, put_back.left, actor=actor)
    else:
        await attempts.mark_undone(guild, attempt.id, actor=actor)
    lines = _again(put_back.undone, names)
    left = [f"{Names(names).people(each.part.player_ids)}: {each.reason}" for each in put_back.blocked]
    return UndoReport(attempt.id, lines, left)


def _again(rows: Sequence[RowChange], names: NameOf) -> list[str]:
    return [f"{each.what}: {each.after} again." for each in describe((row.inverse for row in fold(rows)), names)]


def _sentences(attempt: Attempt) -> list[str]:
    """What was done of the plan, last first; of role changes only those that were made."""
    changed = {role.role_id for role in attempt.roles}
    done = [each for each in attempt.plan if each["table"] != "role" or each["after"]["role_id"] in changed]
    return [f"Undone: {each['sentence']}" for each in reversed(done)]
