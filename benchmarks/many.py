"""Many guilds in one database: one is made by the product and then copied by SQL, with every row that belongs to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import LiteralString

from psycopg import sql

from benchmarks import stage
from benchmarks.stage import Twin
from benchmarks.synthetic import synthetic_guild
from sv_common.db.pool import Pool
from sv_common.db.sql import load_sql
from sv_common.guild_sync.db_sync import sync_addon_data, sync_blizzard_roster
from sv_common.guild_sync.discord_sync import sync_discord_members
from sv_common.guild_sync.integrity_checker import run_integrity_check

SQL = load_sql(__package__, "many.sql")
_STRIDE = 20_000
"""By how much the numbers of two copies of a row differ: no guild that is copied has a row with a higher number."""

_OF_A_COPY: dict[str, LiteralString] = {
    "guild": "{} + k",
    "moved": "{} + k * {stride}",
    "own": "{} || k",
    "same": "{}",
}


@dataclass(frozen=True, slots=True)
class Original:
    """The guild that is copied. `issue_id` is one of its open issues, `player_id` a player who has several characters."""

    twin: Twin
    issue_id: int
    player_id: int
    character_id: int

    @property
    def guild_id(self) -> int:
        return self.twin.guild_id


async def make_original(pool: Pool, characters: int) -> Original:
    """Make a guild of so many characters: by its sources, by officers who linked most of it, and with a past."""
    twin = await stage.new_twin(pool, synthetic_guild(characters), "the-original", "81")
    await sync_blizzard_roster(pool, twin.roster, guild_id=twin.guild_id)
    await stage.map_ranks(pool, twin)
    await sync_discord_members(pool, twin.server, guild_id=twin.guild_id)
    await sync_addon_data(pool, twin.rows_now, guild_id=twin.guild_id)
    await stage.link_people(pool, twin)
    values = {"guild_id": twin.guild_id, "characters": characters}
    async with pool.connection() as conn:
        await conn.execute(SQL["past"], values)
    await run_integrity_check(pool, guild_id=twin.guild_id)
    async with pool.connection() as conn:
        row = await (await conn.execute(SQL["shown"], values)).fetchone()
    assert row is not None  # noqa: S101 -- a row of numbers always comes
    return Original(twin, *row)


async def copy(pool: Pool, original: Original, copies: int) -> None:
    """Add so many copies of the guild; each of them stands together, as it does when its sources are read one by one."""
    values = {"guild_id": original.guild_id, "copies": copies}
    async with pool.connection() as conn:
        # No trigger and no foreign key is looked at: what is copied fits.
        await conn.execute("set local session_replication_role = replica")
        await conn.execute(SQL["guilds"], values)
        for schema, table, names, kinds in await (await conn.execute(SQL["tables"])).fetchall():
            await conn.execute(_copying(sql.Identifier(schema, table), names, kinds), values)
        await conn.execute(SQL["sessions"])
        await conn.execute(SQL["sequences"], {"beyond": _STRIDE * (copies + 1)})
    await stage.tidy(pool)


def _copying(table: sql.Identifier, names: list[str], kinds: list[str]) -> sql.Composed:
    columns = [sql.Identifier(name) for name in names]
    copied = [
        sql.SQL(_OF_A_COPY[kind]).format(column, stride=_STRIDE) for column, kind in zip(columns, kinds, strict=True)
    ]
    return sql.SQL(
        "insert into {table} ({columns}) overriding system value select {copied} from {table} "
        "cross join generate_series(1, %(copies)s) k where guild_id = %(guild_id)s order by k"
    ).format(table=table, columns=sql.SQL(", ").join(columns), copied=sql.SQL(", ").join(copied))
