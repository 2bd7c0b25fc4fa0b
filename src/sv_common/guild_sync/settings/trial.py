"""What a scan changes: which issues open, which are resolved, and which are fixed automatically.

Everything happens in the transaction of the caller, who holds the guild's lock and may roll it back. Fixes on Discord are
only planned, because Discord has no rollback.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import structlog
from pydantic import Field

from sv_common.db.lost import raise_if_lost
from sv_common.db.pool import GuildConnection
from sv_common.guild_sync.core.errors import reason_of
from sv_common.guild_sync.engine.command import FixRun
from sv_common.guild_sync.engine.fix import fix_in_database
from sv_common.guild_sync.engine.planning import PlannedFix
from sv_common.guild_sync.engine.results import FixOutcome, FixResult
from sv_common.guild_sync.engine.scan import scan
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.issues.model import Issue
from sv_common.guild_sync.mitigations import automated_rules
from sv_common.guild_sync.rules import RULES

log = structlog.get_logger(__name__)


class Move(StrEnum):
    """What happens to an issue."""

    OPENS = "opens"
    RESOLVES = "resolves"
    FIXED = "fixed"


@dataclass(frozen=True, slots=True)
class IssueEffect:
    """What happens to one issue."""

    move: Move
    issue_type: str
    summary: str
    issue_hash: Annotated[str, Field(exclude=True)]
    issue_id: Annotated[int | None, Field(description="Null: the issue is not open now.")]
    steps: Annotated[tuple[str, ...], Field(description="What the automatic fix does.")] = ()
    on_discord: Annotated[bool, Field(description="Whether the fix is applied on Discord.")] = False


@dataclass(frozen=True, slots=True)
class ScannedGuild:
    """A guild after a scan: what is open, what was fixed, what would be on Discord, and what went wrong."""

    open: Mapping[str, Issue]
    results: Sequence[FixResult]
    on_discord: Mapping[str, Sequence[PlannedFix]]
    notices: tuple[str, ...]


async def scan_and_fix(guild: GuildConnection) -> ScannedGuild:
    """Run every rule that is switched on, and apply automatic fixes in the database."""
    checks = await scan(guild, list(RULES.values()))
    notices = [f"{RULES[check.issue_type].name}: {check.error}" for check in checks if check.error]
    results: list[FixResult] = []
    on_discord: dict[str, Sequence[PlannedFix]] = {}
    for issue_type, automation in (await automated_rules(guild)).items():
        rule = RULES[issue_type]
        found = [issue.id for issue in await lifecycle.open_of_rule(guild, issue_type)]
        if not found:
            continue
        run = FixRun(RULES, rule, guild.id, found, automation.command, limit=automation.limit)
        try:
            async with guild.savepoint():
                here = await fix_in_database(guild, run)
        except Exception as error:  # one rule's failure never stops the others
            raise_if_lost(error, guild.conn)
            log.exception("automatic_fixes_failed", rule=issue_type, guild_id=guild.id)
            notices.append(f"{rule.name}: {reason_of(error)}")
        else:
            results += here.results
            on_discord[issue_type] = here.on_discord
            notices += [f"{rule.name}: {each.reason}" for each in here.results if each.outcome is FixOutcome.HELD][:1]
    return ScannedGuild(await open_issues(guild), results, on_discord, tuple(notices))


async def open_issues(guild: GuildConnection) -> dict[str, Issue]:
    """Return the guild's open issues in the log, by hash."""
    found = [issue for each in RULES for issue in await lifecycle.open_of_rule(guild, each)]
    return {issue.issue_hash: issue for issue in found}


async def effects_between(guild: GuildConnection, before: ScannedGuild, after: ScannedGuild) -> list[IssueEffect]:
    """Return what happened to issues between two scans: rule by rule, those that open first."""
    steps = {result.issue_id: result.steps for result in after.results if result.outcome is FixOutcome.FIXED}
    planned_before = {fix.issue.issue_hash for fixes in before.on_discord.values() for fix in fixes}
    on_discord = [
        fix for fixes in after.on_discord.values() for fix in fixes if fix.issue.issue_hash not in planned_before
    ]
    fixed = [(issue, steps[issue.id], False) for issue in await lifecycle.get_many(guild, steps)]
    fixed += [(fix.issue, fix.sentences, True) for fix in on_discord]
    hashes = {issue.issue_hash for issue, _, _ in fixed}
    opened = [issue for key, issue in after.open.items() if key not in before.open.keys() | hashes]
    resolved = [issue for key, issue in before.open.items() if key not in after.open.keys() | hashes]

    def effect(move: Move, issue: Issue, steps: Sequence[str] = (), *, is_on_discord: bool = False) -> IssueEffect:
        number = issue.id if issue.issue_hash in before.open else None
        return IssueEffect(move, issue.issue_type, issue.summary, issue.issue_hash, number, tuple(steps), is_on_discord)

    effects = [
        *(effect(Move.OPENS, issue) for issue in opened),
        *(effect(Move.RESOLVES, issue) for issue in resolved),
        *(effect(Move.FIXED, issue, each, is_on_discord=there) for issue, each, there in fixed),
    ]
    rules, moves = list(RULES), list(Move)
    return sorted(effects, key=lambda e: (rules.index(e.issue_type), moves.index(e.move), e.summary, e.issue_hash))
