"""The rank table: what each rank of the game is called, how high it is, and which Discord role it maps to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from psycopg.rows import class_row

from sv_common.db.pool import Connection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.domain.errors import NotFound

SQL = load_sql(__package__, "ranks.sql")


@dataclass(frozen=True, slots=True)
class Rank:
    """One rank; 0 is the guild master. `name_in_game` differs from `name` while an officer has to confirm a change."""

    wow_rank_index: int
    name: str
    name_in_game: str | None
    level: int
    discord_role_id: str | None
    discord_role_name: str | None
    is_role_managed: bool


async def ensure(conn: Connection, guild_id: int, indexes: Iterable[int]) -> None:
    """Make sure that each rank in use has a row."""
    await conn.execute(SQL["ensure"], {"guild_id": guild_id, "indexes": sorted(set(indexes))})


async def seen_in_game(conn: Connection, guild_id: int, names: Mapping[int, str]) -> None:
    """Keep the rank names that the addon saw."""
    if names:
        values = {"guild_id": guild_id, "indexes": list(names), "names": list(names.values())}
        await conn.execute(SQL["seen_in_game"], values)


async def all_ranks(conn: Connection, guild_id: int) -> list[Rank]:
    """Return the rank table, guild master first."""
    async with conn.cursor(row_factory=class_row(Rank)) as cursor:
        return await (await cursor.execute(SQL["all"], {"guild_id": guild_id})).fetchall()


async def unmapped(conn: Connection, guild_id: int) -> list[tuple[int, str, int]]:
    """Return ranks in use without a Discord role: index, name, number of characters."""
    rows = await (await conn.execute(SQL["unmapped"], {"guild_id": guild_id})).fetchall()
    return [(row[0], row[1], row[2]) for row in rows]


async def map_to_role(
    conn: Connection, guild_id: int, index: int, role_id: str | None, role_name: str | None, *, is_managed: bool
) -> None:
    """Say which Discord role a rank maps to. Raises `NotFound` for a rank that the guild does not have."""
    values = {
        "guild_id": guild_id,
        "index": index,
        "role_id": role_id,
        "role_name": role_name,
        "is_managed": is_managed and role_id is not None,
    }
    if (await conn.execute(SQL["map"], values)).rowcount == 0:
        raise NotFound(f"The guild has no rank {index}. Sync the roster first.")


async def confirm_names(conn: Connection, guild_id: int) -> int:
    """Take the rank names seen in the game as right; return how many changed."""
    return (await conn.execute(SQL["confirm"], {"guild_id": guild_id})).rowcount
