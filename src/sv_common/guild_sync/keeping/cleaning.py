"""Deleting what is kept no longer, of all guilds at once: in bounded batches, each a transaction of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, LiteralString

import structlog
from psycopg import sql
from psycopg.types.json import Jsonb

from sv_common.db.guild import Connection, GuildConnection
from sv_common.db.pool import Pool
from sv_common.db.sql import load_sql

SQL = load_sql(__package__, "cleaning.sql")

log = structlog.get_logger(__name__)

BATCH: Final = 1000
"""Rows that one transaction deletes."""

MOST_IN_PREVIEW: Final = 100_000
"""Rows of a kind up to which a preview counts."""


@dataclass(frozen=True, slots=True)
class AccessLives:
    """How long the installation keeps what is about signing in, and after how long an idle session has ended."""

    days: int
    idle: timedelta


_FIND: LiteralString = """
select found.guild_id, found.id
from guild_identity.guilds g
cross join lateral (select t.guild_id, t.id {rows} limit %(limit)s for update of t skip locked) found
where %(guild_id)s::integer is null or g.id = %(guild_id)s
limit %(limit)s
"""
EXPENDABLE: Mapping[str, LiteralString] = {
    name: _FIND.format(rows=rows) for name, rows in load_sql(__package__, "expendable.sql").items()
}
"""Statements that find a batch of rows, in one guild or, without its number, in all. Rows that somebody else holds wait."""

_DELETE: LiteralString = (
    "with expendable as ({found}) delete from {table} t using expendable e "
    "where t.guild_id = e.guild_id and t.id = e.id"
)
_COUNT: LiteralString = "select count(*) from ({found}) expendable"
_TABLES: Mapping[str, sql.Identifier] = {
    "attempts": sql.Identifier("guild_identity", "fix_attempts"),
    "matches": sql.Identifier("guild_identity", "match_requests"),
    "issues": sql.Identifier("guild_identity", "audit_issues"),
    "refreshes": sql.Identifier("guild_identity", "issue_events"),
    "events": sql.Identifier("guild_identity", "issue_events"),
    "runs": sql.Identifier("guild_identity", "sync_log"),
    "uploads": sql.Identifier("guild_identity", "addon_uploads"),
    "contents": sql.Identifier("guild_identity", "addon_uploads"),
    "announcements": sql.Identifier("guild_identity", "announcements"),
    "characters": sql.Identifier("guild_identity", "wow_characters"),
    "members": sql.Identifier("guild_identity", "discord_users"),
    "former_names": sql.Identifier("guild_identity", "former_names"),
    "settings": sql.Identifier("guild_identity", "setting_changes"),
}
"""By the statement that finds them, in the order in which they go: attempts before the issues that they name."""

_SPECIAL: Mapping[str, LiteralString] = {
    "attempts": (
        "with expendable as ({found}), gone as ("
        "delete from {table} t using expendable e where t.guild_id = e.guild_id and t.id = e.id "
        "returning t.guild_id, t.issue_type, t.outcome, t.is_automatic), counted as ("
        "insert into guild_identity.forgotten_attempts as f (guild_id, issue_type, outcome, is_automatic, attempts) "
        "select guild_id, issue_type, outcome, is_automatic, count(*) from gone group by 1, 2, 3, 4 "
        "on conflict (guild_id, issue_type, outcome, is_automatic) "
        "do update set attempts = f.attempts + excluded.attempts) select from gone"
    ),
    "contents": (
        "with expendable as ({found}) update {table} t set characters = null from expendable e "
        "where t.guild_id = e.guild_id and t.id = e.id"
    ),
}
"""What is not only deleted: attempts are counted, and uploads lose what they hold."""


async def clean_daily(pool: Pool, access: AccessLives) -> Mapping[str, int] | None:
    """Delete what is kept no longer, unless that was done today; return how many rows of what, None where it was done."""
    async with pool.installation() as conn:
        is_due = await (await conn.execute(SQL["begin"])).fetchone()
    return await clean(pool, access) if is_due else None


async def clean(pool: Pool, access: AccessLives) -> Mapping[str, int]:
    """Delete what is kept no longer, of all guilds; return how many rows of what. Doing it again deletes nothing."""
    deleted: Counter[str] = Counter()
    while found := await _round(pool, access):
        deleted += found
    async with pool.installation() as conn:
        await conn.execute(SQL["end"], {"deleted": Jsonb(dict(deleted))})
    if deleted:
        log.info("cleaned", **deleted)
    return dict(deleted)


async def expendable(guild: GuildConnection) -> dict[str, int]:
    """Return how many rows of a guild the next cleaning would delete, by what they are; of each so many at most."""
    found = {
        name: await guild.value(sql.SQL(_COUNT).format(found=sql.SQL(EXPENDABLE[name])), limit=MOST_IN_PREVIEW)
        for name in _TABLES
    }
    return {name: count for name, count in found.items() if count}


async def _round(pool: Pool, access: AccessLives) -> Counter[str]:
    """Delete all of each kind once. Some can go only when others have gone."""
    deleted: Counter[str] = Counter()
    for name, table in _TABLES.items():
        statement = sql.SQL(_SPECIAL.get(name, _DELETE)).format(found=sql.SQL(EXPENDABLE[name]), table=table)
        deleted[name] += await _in_batches(pool, statement, {"guild_id": None})
    for name in ("links", "sessions", "accounts", "tokens", "keys", "claim_sessions", "claim_readings"):
        values = {"days": access.days, "idle": access.idle}
        deleted[name] += await _in_batches(pool, sql.SQL(SQL[name]), values)
    return +deleted


async def _in_batches(pool: Pool, statement: sql.Composed | sql.SQL, values: Mapping[str, object]) -> int:
    count = 0
    while True:
        async with pool.installation() as conn:
            batch = await _run(conn, statement, values)
        count += batch
        if batch < BATCH:
            return count


async def _run(conn: Connection, statement: sql.Composed | sql.SQL, values: Mapping[str, object]) -> int:
    return (await conn.execute(statement, {**values, "limit": BATCH})).rowcount
