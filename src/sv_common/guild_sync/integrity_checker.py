"""Scanning a whole guild: every rule's detector, and the run over all of them. Nothing is fixed here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sv_common.db.pool import Pool
from sv_common.guild_sync.core.errors import Refused
from sv_common.guild_sync.core.progress import OnProgress, ignore_progress
from sv_common.guild_sync.engine.scan import DETECTION, scan
from sv_common.guild_sync.issues.reports import CheckReport, RuleCheck
from sv_common.guild_sync.roster import guilds
from sv_common.guild_sync.rulebook.note_mismatch import detect as detect_note_mismatch
from sv_common.guild_sync.rulebook.orphan_discord import detect as detect_orphan_discord
from sv_common.guild_sync.rulebook.orphan_wow import detect as detect_orphan_wow
from sv_common.guild_sync.rulebook.role_mismatch import detect as detect_role_mismatch
from sv_common.guild_sync.rulebook.rule import RuleDefinition
from sv_common.guild_sync.rulebook.stale_character import detect as detect_stale_character
from sv_common.guild_sync.rules import RULES, rule_named

__all__ = [
    "detect_note_mismatch",
    "detect_orphan_discord",
    "detect_orphan_wow",
    "detect_role_mismatch",
    "detect_stale_character",
    "run_integrity_check",
]


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
    rules = [_looking(name) for name in issue_types] if issue_types is not None else list(RULES.values())
    async with pool.connection() as conn:
        guild_ids = await guilds.ids_of(conn, guild_id)
    checks: list[RuleCheck] = []
    for each in guild_ids:
        checks += await _check_guild(pool, rules, each, actor, now, on_progress)
    return CheckReport(checks)


def _looking(issue_type: str) -> RuleDefinition:
    rule = rule_named(issue_type)
    if rule.detect is None:
        raise Refused(f"The rule “{rule.name}” has no detector, so there is nothing to check.")
    return rule


async def _check_guild(
    pool: Pool,
    rules: Sequence[RuleDefinition],
    guild_id: int,
    actor: str,
    now: datetime | None,
    on_progress: OnProgress,
) -> list[RuleCheck]:
    """Check one guild in one transaction."""
    async with pool.connection() as conn:
        await guilds.lock(conn, guild_id)
        return await scan(conn, rules, guild_id, actor=actor, now=now, on_progress=on_progress)
