"""Scanning a whole guild: every rule's detector, and the run over all of them. Nothing is fixed here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import structlog

from sv_common.db.pool import Connection, GuildConnection, Pool
from sv_common.guild_sync.core.errors import Refused
from sv_common.guild_sync.core.language import tr
from sv_common.guild_sync.core.progress import OnProgress, ignore_progress
from sv_common.guild_sync.engine.scan import DETECTION, scan
from sv_common.guild_sync.issues.model import Finding
from sv_common.guild_sync.issues.reports import CheckReport, RuleCheck
from sv_common.guild_sync.roster import guilds
from sv_common.guild_sync.rules import RULES, rule_named

log = structlog.get_logger(__name__)

__all__ = [
    "detect_account_conflict",
    "detect_departed_with_roles",
    "detect_note_mismatch",
    "detect_orphan_discord",
    "detect_orphan_wow",
    "detect_role_mismatch",
    "detect_stale_character",
    "detect_stale_discord_link",
    "run_integrity_check",
]


async def detect_note_mismatch(
    conn: Connection, *, guild_id: int | None = None, now: datetime | None = None
) -> list[Finding]:
    """Find linked characters whose note, as it is now, names another player than theirs."""
    return await _detect("note_mismatch", conn, guild_id, now)


async def detect_orphan_wow(
    conn: Connection, *, guild_id: int | None = None, now: datetime | None = None
) -> list[Finding]:
    """Find characters in the guild without a player."""
    return await _detect("orphan_wow", conn, guild_id, now)


async def detect_orphan_discord(
    conn: Connection, *, guild_id: int | None = None, now: datetime | None = None
) -> list[Finding]:
    """Find Discord members with a mapped role and no player; bots and people who left do not count."""
    return await _detect("orphan_discord", conn, guild_id, now)


async def detect_role_mismatch(
    conn: Connection, *, guild_id: int | None = None, now: datetime | None = None
) -> list[Finding]:
    """Find players on Discord whose managed roles differ from what their rank says, and roles that cannot be given."""
    return await _detect("role_mismatch", conn, guild_id, now)


async def detect_departed_with_roles(
    conn: Connection, *, guild_id: int | None = None, now: datetime | None = None
) -> list[Finding]:
    """Find players who have left the guild, over links that are confirmed, and still hold managed roles on Discord."""
    return await _detect("departed_with_roles", conn, guild_id, now)


async def detect_stale_character(
    conn: Connection, *, guild_id: int | None = None, now: datetime | None = None
) -> list[Finding]:
    """Find characters without a login for longer than the guild's `stale_after_days` (30 by default)."""
    return await _detect("stale_character", conn, guild_id, now)


async def detect_stale_discord_link(
    conn: Connection, *, guild_id: int | None = None, now: datetime | None = None
) -> list[Finding]:
    """Find players with a character in the guild whose Discord member has left the server."""
    return await _detect("stale_discord_link", conn, guild_id, now)


async def detect_account_conflict(
    conn: Connection, *, guild_id: int | None = None, now: datetime | None = None
) -> list[Finding]:
    """Find players who share a Battle.net account, and those with two accounts whose notes disagree."""
    return await _detect("account_conflict", conn, guild_id, now)


async def run_integrity_check(
    pool: Pool,
    *,
    guild_id: int | None = None,
    issue_types: Sequence[str] | None = None,
    actor: str = DETECTION,
    now: datetime | None = None,
    on_progress: OnProgress = ignore_progress,
) -> CheckReport:
    """Run the detectors of one guild or of every guild, and make the audit log agree with what they find.

    A detector that cannot conclude changes nothing of its rule and stops no other; its error is in the report.
    Progress is reported for each rule, guild by guild.
    Raises `NotFound` for a rule or a guild that does not exist, and `Refused` for a named rule without a detector.
    """
    rules = list(RULES.values()) if issue_types is None else [rule_named(name) for name in issue_types]
    for rule in rules:
        if issue_types is not None and rule.detect is None:
            raise Refused(tr("The rule “{rule}” has no detector, so it cannot be scanned.", rule=rule.name))
    checks: list[RuleCheck] = []
    for each in await guilds.guild_ids(pool, guild_id):
        async with pool.writing(each) as guild:
            checks += await scan(guild, rules, actor=actor, now=now, on_progress=on_progress)
    return CheckReport(checks)


async def _detect(issue_type: str, conn: Connection, guild_id: int | None, now: datetime | None) -> list[Finding]:
    """Return what a rule finds in one guild, or in every guild.

    A guild of which it can conclude nothing is left out. Raises `Refused` where that leaves none, and `NotFound`.
    """
    findings: list[Finding] = []
    refusals: list[Refused] = []
    asked = await guilds.chosen(conn, guild_id)
    for guild in asked:
        try:
            findings += await RULES[issue_type].findings(GuildConnection(conn, guild.id), now=now)
        except Refused as refusal:
            refusals.append(refusal)
    if refusals and len(refusals) == len(asked):
        raise refusals[0]
    if refusals:
        log.warning("guilds_left_out", rule=issue_type, guilds=len(refusals))
    return findings
