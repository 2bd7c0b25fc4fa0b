"""One rule, one guild: look at what is, and make the audit log say so."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import psycopg
import structlog

from sv_common.db.pool import Connection
from sv_common.guild_sync import issues
from sv_common.guild_sync.domain.errors import PattError
from sv_common.guild_sync.domain.report import Reconciliation
from sv_common.guild_sync.domain.rule import RuleDefinition, RuleSettings
from sv_common.guild_sync.store.rules import read_settings

log = structlog.get_logger(__name__)

DETECTION = "detection"
"""The actor of moves that a scan makes."""


async def look_again(conn: Connection, rules: Iterable[RuleDefinition], guild_id: int) -> None:
    """Check rules whose findings something else has just changed, each in a savepoint: one that cannot conclude stops nothing."""
    chosen = list(rules)
    settings = await read_settings(conn, guild_id, [rule.page for rule in chosen])
    for rule in chosen:
        if settings[rule.issue_type].is_enabled:
            try:
                async with conn.transaction():
                    await check_rule(conn, rule, settings[rule.issue_type], guild_id)
            except (PattError, psycopg.Error) as error:
                log.warning(
                    "rule_concluded_nothing", rule=rule.issue_type, guild_id=guild_id, error=type(error).__name__
                )


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
