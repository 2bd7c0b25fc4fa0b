"""What comes of looking at a guild anew: which issues open, which are resolved, and which are fixed by themselves.

All in the transaction of the caller, who holds the guild's lock and may roll it back. What would be done on Discord is
only planned, for Discord forgets nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import structlog
from pydantic import Field

from sv_common.db.lost import raise_if_lost
from sv_common.db.pool import Connection
from sv_common.guild_sync.core.errors import reason_of
from sv_common.guild_sync.core.progress import Count
from sv_common.guild_sync.engine.command import Command
from sv_common.guild_sync.engine.fix import fix_in_database
from sv_common.guild_sync.engine.planning import PlannedFix
from sv_common.guild_sync.engine.results import FixOutcome, FixResult
from sv_common.guild_sync.engine.scan import scan
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.issues.model import Issue
from sv_common.guild_sync.mitigations import automatic_limits
from sv_common.guild_sync.rules import RULES

log = structlog.get_logger(__name__)


class Move(StrEnum):
    """What becomes of an issue."""

    OPENS = "opens"
    RESOLVES = "resolves"
    FIXED = "fixed"


@dataclass(frozen=True, slots=True)
class IssueEffect:
    """What becomes of one issue."""

    move: Move
    issue_type: str
    summary: str
    issue_hash: Annotated[str, Field(exclude=True)]
    issue_id: Annotated[int | None, Field(description="Null: the issue is not open now.")]
    steps: Annotated[tuple[str, ...], Field(description="What the fix does, where it is fixed by itself.")] = ()
    on_discord: Annotated[bool, Field(description="Whether the fix is carried out on Discord.")] = False


@dataclass(frozen=True, slots=True)
class Sight:
    """A guild after it was looked at: what is open, what was fixed, what would be on Discord, what could not be told."""

    open: Mapping[str, Issue]
    results: Sequence[FixResult]
    on_discord: Mapping[str, Sequence[PlannedFix]]
    notices: tuple[str, ...]


async def look_and_mend(conn: Connection, guild_id: int) -> Sight:
    """Run every rule that is switched on, and fix in the database what fixes itself."""
    checks = await scan(conn, list(RULES.values()), guild_id)
    notices = [f"{RULES[check.issue_type].name}: {check.error}" for check in checks if check.error]
    results: list[FixResult] = []
    on_discord: dict[str, Sequence[PlannedFix]] = {}
    for issue_type, limit in (await automatic_limits(conn, guild_id)).items():
        found = [issue.id for issue in await lifecycle.open_of_rule(conn, guild_id, issue_type)]
        if found:
            try:
                async with conn.transaction():
                    here = await fix_in_database(
                        conn,
                        RULES,
                        RULES[issue_type],
                        guild_id,
                        found,
                        Command.automation(),
                        Count(len(found)),
                        limit=limit,
                    )
            except Exception as error:  # one rule's failure never stops the others
                raise_if_lost(error, conn)
                log.exception("automatic_fixes_failed", rule=issue_type, guild_id=guild_id)
                notices.append(f"{RULES[issue_type].name}: {reason_of(error)}")
            else:
                results += here.results
                on_discord[issue_type] = here.on_discord
                notices += _held(RULES[issue_type].name, here.results)
    return Sight(await open_now(conn, guild_id), results, on_discord, tuple(notices))


async def open_now(conn: Connection, guild_id: int) -> dict[str, Issue]:
    """Return the guild's open issues as they are in the log, by hash."""
    found = [issue for each in RULES for issue in await lifecycle.open_of_rule(conn, guild_id, each)]
    return {issue.issue_hash: issue for issue in found}


async def effects_between(conn: Connection, guild_id: int, before: Sight, after: Sight) -> list[IssueEffect]:
    """Return what became of issues between two looks: rule by rule, those that open first."""
    fixed = {result.issue_id: result for result in after.results if result.outcome is FixOutcome.FIXED}
    planned_before = {fix.issue.issue_hash for fixes in before.on_discord.values() for fix in fixes}
    on_discord = {
        fix.issue.issue_hash: fix
        for fixes in after.on_discord.values()
        for fix in fixes
        if fix.issue.issue_hash not in planned_before
    }
    effects = [
        _effect(Move.FIXED, issue, before, tuple(fixed[issue.id].steps))
        for issue in await lifecycle.get_many(conn, fixed, guild_id)
    ]
    effects += [
        _effect(Move.FIXED, fix.issue, before, tuple(fix.sentences), on_discord=True) for fix in on_discord.values()
    ]
    settled = {effect.issue_hash for effect in effects}
    effects += [
        _effect(Move.OPENS, issue, before)
        for key, issue in after.open.items()
        if key not in before.open and key not in settled
    ]
    effects += [
        _effect(Move.RESOLVES, issue, before)
        for key, issue in before.open.items()
        if key not in after.open and key not in settled
    ]
    return sorted(effects, key=_order)


def counts_of(effects: Iterable[IssueEffect]) -> dict[Move, int]:
    """Return how many issues make each move."""
    listed = list(effects)
    return {move: sum(effect.move is move for effect in listed) for move in Move}


def _effect(
    move: Move, issue: Issue, before: Sight, steps: tuple[str, ...] = (), *, on_discord: bool = False
) -> IssueEffect:
    is_known = issue.issue_hash in before.open
    return IssueEffect(
        move,
        issue.issue_type,
        issue.summary,
        issue.issue_hash,
        issue.id if is_known else None,
        steps,
        on_discord,
    )


def _order(effect: IssueEffect) -> tuple[int, int, str, str]:
    return list(RULES).index(effect.issue_type), list(Move).index(effect.move), effect.summary, effect.issue_hash


def _held(rule: str, results: Sequence[FixResult]) -> list[str]:
    held = [result.reason for result in results if result.outcome is FixOutcome.HELD]
    return [f"{rule}: {held[0]}"] if held else []
