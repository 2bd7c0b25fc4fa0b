"""A guild's own settings of the rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from psycopg.types.json import Jsonb

from sv_common.db.pool import Connection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.domain.rule import RulePage, RuleSettings

SQL = load_sql(__package__, "rules.sql")


async def read_settings(conn: Connection, guild_id: int, pages: Iterable[RulePage]) -> dict[str, RuleSettings]:
    """Return the guild's settings of each rule, the rulebook's defaults where it has set nothing."""
    rows = await (await conn.execute(SQL["settings"], {"guild_id": guild_id})).fetchall()
    chosen = {row[0]: row[1:] for row in rows}
    return {page.issue_type: _merged(page, chosen.get(page.issue_type)) for page in pages}


async def save_settings(
    conn: Connection,
    guild_id: int,
    issue_type: str,
    *,
    actor: str,
    is_enabled: bool = True,
    auto_mitigate: bool | None = None,
    severity: str | None = None,
    parameters: Mapping[str, Any] | None = None,
) -> None:
    """Replace the guild's settings of one rule; None means the rulebook's default."""
    values = {
        "guild_id": guild_id,
        "issue_type": issue_type,
        "is_enabled": is_enabled,
        "auto_mitigate": auto_mitigate,
        "severity": severity,
        "parameters": Jsonb(dict(parameters or {})),
        "actor": actor,
    }
    await conn.execute(SQL["save"], values)


def _merged(page: RulePage, row: tuple[Any, ...] | None) -> RuleSettings:
    is_enabled, auto_mitigate, severity, parameters = row or (True, None, None, {})
    return RuleSettings(
        page.issue_type,
        is_enabled,
        page.auto_mitigate if auto_mitigate is None else auto_mitigate,
        severity or page.severity,
        {**page.parameters, **parameters},
    )
