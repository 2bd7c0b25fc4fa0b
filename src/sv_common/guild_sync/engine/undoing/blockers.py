"""Who changed what since, so that attempts cannot be undone; and which of those undone first would let them be."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated

from pydantic import Field

from sv_common.db.pool import GuildConnection
from sv_common.guild_sync.changes import attempts
from sv_common.guild_sync.changes.apply import RowKey
from sv_common.guild_sync.changes.attempts import Attempt
from sv_common.guild_sync.changes.changeset import RowChange
from sv_common.guild_sync.changes.in_the_way import stands_in_way, traces_of
from sv_common.guild_sync.changes.past import done_in_words
from sv_common.guild_sync.core.errors import Refused
from sv_common.guild_sync.core.language import number, tr, tr_n
from sv_common.guild_sync.core.text import day_of_month, name_of
from sv_common.guild_sync.engine.command import Guard
from sv_common.guild_sync.engine.undoing.parts import BlockedPart, obstacles_of, rows_of, undo_whole

MOST_TOGETHER = 20
"""Attempts that are offered to be undone together."""

_MOST_ROWS = 200
_MOST_NAMED = 200
"""Later attempts among which the one is found that stands in the way of a part."""

_REHEARSAL = "preview"


@dataclass(frozen=True, slots=True)
class About:
    """What a sentence is about, for a link to it."""

    kind: Annotated[str, Field(description="player, character, member, issue or attempt.", examples=["character"])]
    id: int
    name: str


@dataclass(frozen=True, slots=True)
class LaterAttempt:
    """A later attempt that stands in the way of an undo."""

    attempt_id: int
    actor: str
    at: datetime
    reason: str
    sentence: Annotated[
        str, Field(description="Who did what, and when.", examples=["Aldermoor linked Grimalt to Mito on 3 Nov."])
    ]
    about: Annotated[Sequence[About], Field(description="Who and what it is about.")]


@dataclass(frozen=True, slots=True)
class InTheWay:
    """Later attempts, newest first. `together`: all that would have to be undone at once; empty where that does not work."""

    later: Sequence[Attempt]
    together: Sequence[Attempt]

    @property
    def sentence(self) -> str | None:
        """Who did what, and what to do about it; None where it is unknown who."""
        if not self.later:
            return None
        return f"{_since(self.later)} {_advice(self.together)}"


def _since(later: Sequence[Attempt]) -> str:
    first, more = later[0], len(later) - 1
    if not more:
        return sentence_of(first)
    return tr_n(
        "{who} {deed} on {day}, and {n} more changed it.",
        "{who} {deed} on {day}, and {n} more changed it.",
        more,
        who=name_of(first.actor),
        deed=_deed(first),
        day=day_of_month(first.started_at),
    )


def _advice(together: Sequence[Attempt]) -> str:
    if not together:
        return tr("Undo that first.")
    if len(together) == 2:
        return tr("Undo that first, or undo both.")
    return tr("Undo that first, or undo all {n}.", n=number(len(together)))


def sentence_of(attempt: Attempt) -> str:
    """Say who did what, and when."""
    # For translators: {deed} is what someone did, such as “linked Grimalt to Mito”.
    return tr(
        "{who} {deed} on {day}.",
        who=name_of(attempt.actor),
        deed=_deed(attempt),
        day=day_of_month(attempt.started_at),
    )


def told(attempt: Attempt) -> LaterAttempt:
    return LaterAttempt(
        attempt.id, attempt.actor, attempt.started_at, attempt.reason, sentence_of(attempt), about_of(attempt)
    )


def about_of(attempt: Attempt) -> list[About]:
    """Return the characters, players and members that an attempt is about, each once, and its issue."""
    found: dict[tuple[str, int], str] = {}
    for step in attempt.plan[:MOST_TOGETHER]:
        for each in step["about"]:
            for kind in ("character", "player", "member"):
                if each.get(kind, 0) > 0:
                    found[kind, each[kind]] = each["name"]
    about = [About(kind, number, name) for (kind, number), name in found.items()]
    if attempt.issue_id:
        about.append(About("issue", attempt.issue_id, tr("issue {issue}", issue=attempt.issue_id)))
    return about


def _deed(attempt: Attempt) -> str:
    if attempt.issue_type == "full_match":
        return tr("ran a full match")
    return done_in_words(attempt.plan) or tr("changed the same")


async def in_the_way(guild: GuildConnection, found: Sequence[Attempt], guard: Guard) -> InTheWay:
    """Return what stands in the way of attempts that cannot be undone as they are. Nothing is changed.

    The caller's transaction must hold the guild's lock, or be rolled back.
    """
    first = await _blockers(guild, found)
    chain = [*first, *found]
    blockers = first
    while blockers and len(chain) <= MOST_TOGETHER:
        if await _works(guild, chain, guard):
            return InTheWay(first, sorted(chain, key=lambda each: -each.id))
        blockers = await _blockers(guild, chain)
        chain += blockers
    return InTheWay(first, ())


async def in_the_way_of_parts(
    guild: GuildConnection, found: Sequence[Attempt], blocked: Sequence[BlockedPart]
) -> list[BlockedPart]:
    """Let the reason of each part say who did what since, where that is known. Two statements, however many parts there are."""
    if not blocked:
        return []
    obstacles = await obstacles_of(guild, found)
    keys = [_in_question([row.key for row in each.part.changes], obstacles) for each in blocked]
    own = _rows_by_attempt(found, {key for some in keys for key in some})
    later = await _later(guild, own, _MOST_NAMED)
    return [_named(each, found, some, later) for each, some in zip(blocked, keys, strict=True)]


def _named(
    blocked: BlockedPart, found: Sequence[Attempt], keys: Collection[RowKey], later: Sequence[Attempt]
) -> BlockedPart:
    own = _rows_by_attempt(found, keys)
    way = InTheWay([each for each in later if _stands_in_way(each, own)], ())
    return replace(blocked, reason=way.sentence or blocked.reason)


async def _blockers(guild: GuildConnection, found: Sequence[Attempt]) -> list[Attempt]:
    """Return the later attempts that stand in the way, newest first."""
    keys = _in_question([row.key for row in rows_of(found)], await obstacles_of(guild, found))
    own = _rows_by_attempt(found, keys)
    return [each for each in await _later(guild, own, MOST_TOGETHER) if _stands_in_way(each, own)]


def _in_question(keys: Sequence[RowKey], obstacles: Collection[RowKey]) -> set[RowKey]:
    """Return the rows that have an obstacle; all of them where it does not show on any."""
    return {key for key in keys if key in obstacles} or {*keys}


def _rows_by_attempt(found: Sequence[Attempt], keys: Collection[RowKey]) -> dict[int, list[RowChange]]:
    return {attempt.id: [row for row in attempt.rows if row.key in keys][:_MOST_ROWS] for attempt in found}


async def _later(guild: GuildConnection, own: Mapping[int, Sequence[RowChange]], most: int) -> list[Attempt]:
    """Return other, later attempts with a trace of what may stand in the way of these rows, newest first."""
    traces = traces_of([row for each in own.values() for row in each][:_MOST_ROWS])
    return [each for each in await attempts.later(guild, min(own), traces, most) if each.id not in own]


def _stands_in_way(later: Attempt, own: Mapping[int, Sequence[RowChange]]) -> bool:
    return any(
        stands_in_way(row, other)
        for number, rows in own.items()
        if number < later.id
        for row in rows
        for other in later.rows
    )


async def _works(guild: GuildConnection, chain: Sequence[Attempt], guard: Guard) -> bool:
    if any(attempt.is_on_discord or attempt.undone_at is not None for attempt in chain):
        return False
    try:
        async with guild.conn.transaction(force_rollback=True), guard(guild):
            await undo_whole(guild, chain, actor=_REHEARSAL)
    except Refused:  # as the undo would be
        return False
    return True
