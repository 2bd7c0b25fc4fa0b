"""Two players who are one person, and what officers decide about them."""

from __future__ import annotations

from dataclasses import dataclass

from guild_builder import GuildBuilder
from laws import snapshot
from laws.snapshot import Snapshot


@dataclass(frozen=True)
class Two:
    """Mito, and Zed, who was made of a note and is Mito too. `numbers` are rows by name."""

    guild: GuildBuilder
    mito: int
    zed: int
    numbers: dict[str, int]


async def people(guild: GuildBuilder) -> Snapshot:
    """All rows that say who is who."""
    return await snapshot.take(guild.pool, tables=snapshot.PEOPLE_TABLES)


async def player_row(guild: GuildBuilder, number: int) -> tuple[str, int | None, int | None, int | None] | None:
    """Name, Discord member, main and off-spec of a player, if there is such a player."""
    rows = await guild.rows(
        "select display_name, discord_user_id, main_character_id, offspec_character_id "
        "from guild_identity.players where id = %(number)s",
        {"number": number},
    )
    return (rows[0][0], rows[0][1], rows[0][2], rows[0][3]) if rows else None
