"""A guild's settings of the rules: read with the defaults filled in, and compared in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from psycopg.types.json import Jsonb

from sv_common.db.pool import GuildConnection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.rulebook.parameter import RuleOverrides, RuleSettings
from sv_common.guild_sync.rulebook.rule import RuleDefinition

SQL = load_sql(__package__, "settings.sql")


async def read_settings(guild: GuildConnection, rules: Iterable[RuleDefinition]) -> dict[str, RuleSettings]:
    overrides = await read_overrides(guild)
    return {rule.issue_type: rule.settings(overrides.get(rule.issue_type, rule.unset)) for rule in rules}


async def read_overrides(guild: GuildConnection) -> dict[str, RuleOverrides]:
    """Return what the guild has set of its rules; a rule without settings is missing."""
    rows = await guild.rows(SQL["settings"])
    return {row[0]: RuleOverrides(*row[1:]) for row in rows}


async def save_settings(
    guild: GuildConnection,
    issue_type: str,
    *,
    actor: str,
    is_enabled: bool = True,
    auto_mitigate: bool | None = None,
    severity: str | None = None,
    parameters: Mapping[str, Any] | None = None,
) -> None:
    """Replace the guild's settings of one rule; None means the rulebook's default."""
    await guild.run(
        SQL["save"],
        issue_type=issue_type,
        is_enabled=is_enabled,
        auto_mitigate=auto_mitigate,
        severity=severity,
        parameters=Jsonb(dict(parameters or {})),
        actor=actor,
    )
