"""One rule, one guild: look at what is, and make the audit log say so."""

from __future__ import annotations

from datetime import datetime

from sv_common.db.pool import Connection
from sv_common.guild_sync import issues
from sv_common.guild_sync.domain.report import Reconciliation
from sv_common.guild_sync.domain.rule import RuleDefinition, RuleSettings

DETECTION = "detection"
"""The actor of moves that a scan makes."""


async def check_rule(
    conn: Connection,
    rule: RuleDefinition,
    settings: RuleSettings,
    guild_id: int,
    *,
    actor: str = DETECTION,
    now: datetime | None = None,
) -> Reconciliation:
    """Detect and reconcile. The caller holds the guild's lock. Whatever the detector raises, nothing was concluded."""
    findings = await rule.detect_fn(conn, guild_id=guild_id, now=now)
    return await issues.reconcile(
        conn,
        guild_id=guild_id,
        issue_type=rule.issue_type,
        severity=settings.severity,
        findings=findings,
        actor=actor,
        now=now,
    )
