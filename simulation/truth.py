"""Whether the database says in the end what the worlds are, after all that went wrong on the way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from simulation.guilds import LivingGuild
from simulation.tally import LawBroken
from sv_common.db.pool import Pool
from sv_common.db.sql import load_sql

SQL = load_sql(__package__, "truth.sql")


async def demand_the_truth(pool: Pool, guilds: Sequence[LivingGuild]) -> None:
    """Raise `LawBroken` unless characters, notes, members and roles are those of the worlds, and nothing is left to do."""
    for guild in guilds:
        await _compare(pool, guild, "characters", _characters(guild))
        await _compare(pool, guild, "members", _members(guild))
    async with pool.connection() as conn:
        left = await (await conn.execute(SQL["left_to_do"])).fetchall()
    if left:
        raise LawBroken(f"something was never finished: {left}")


async def _compare(pool: Pool, guild: LivingGuild, what: str, truth: set[tuple[Any, ...]]) -> None:
    async with pool.connection() as conn:
        rows = await (await conn.execute(SQL[what], {"guild_id": guild.guild_id})).fetchall()
    if wrong := set(rows) ^ truth:
        raise LawBroken(f"the {what} of guild {guild.guild_id} are not as they are: {sorted(wrong, key=repr)}")


def _characters(guild: LivingGuild) -> set[tuple[Any, ...]]:
    return {
        (each.name, each.realm.slug, each.character_id, each.rank, each.note, each.officer_note)
        for each in guild.world.characters
    }


def _members(guild: LivingGuild) -> set[tuple[Any, ...]]:
    return {
        (each.user_id, each.username, each.display_name, " ".join(sorted(each.role_ids)))
        for each in guild.world.members
    }
