"""Writing what Discord says into the database: in sets, whole or not at all, and again without harm."""

from __future__ import annotations

from sv_common.db.pool import Connection, Pool
from sv_common.guild_sync.domain.errors import Refused, SuspiciousSource
from sv_common.guild_sync.domain.guild import DiscordGuild, DiscordMember
from sv_common.guild_sync.domain.report import SyncReport
from sv_common.guild_sync.store import discord, guilds

LARGEST_LOSS = 0.3
"""Share of the known people who may leave between two syncs; beyond it the fetch is taken for a failed one."""


async def sync_discord_members(
    pool: Pool, guild: DiscordGuild, *, guild_id: int | None = None, accept_losses: bool = False
) -> SyncReport:
    """Make the known roles and members those of a Discord server.

    People who left keep their row and their player. Raises `SuspiciousSource` for a list without people, and for one in
    which more than 30 % of the known people are missing unless `accept_losses`; `Refused` for another guild's server.
    """
    people = [member for member in guild.members if not member.is_bot]
    if not people:
        raise SuspiciousSource(
            "Discord's member list came back empty, so it counts as a failed fetch. Nobody was marked as gone. Try again "
            "later, and check that the server's id in the settings is the right one."
        )
    async with pool.connection() as conn:
        row_id = await _guild_of(conn, guild, guild_id)
        await guilds.lock(conn, row_id)
        known = await discord.present_people(conn, row_id)
        missing = len(known - {member.user_id for member in people})
        if not accept_losses and missing > len(known) * LARGEST_LOSS:
            raise SuspiciousSource(
                f"{missing} of {len(known)} known people are missing from Discord's list. More than 30 % at once counts as a "
                "failed fetch: nobody was marked as gone. If they really left, sync again and accept the losses."
            )
        await discord.apply_roles(conn, row_id, guild.roles)
        new, returned, left = await discord.apply_members(conn, row_id, _storable(guild))
    counts = {"members": len(people), "new": new, "returned": returned, "left": left, "roles": len(guild.roles)}
    return SyncReport("discord", counts)


async def _guild_of(conn: Connection, server: DiscordGuild, guild_id: int | None) -> int:
    guild = await guilds.the_only(conn, guild_id)
    if guild.discord_guild_id != server.guild_id:
        raise Refused(
            f"{guild.name} belongs to the Discord server {guild.discord_guild_id or '(none set)'}, and this list is of "
            f"{server.name} ({server.guild_id}). Nothing was changed."
        )
    return guild.id


def _storable(guild: DiscordGuild) -> list[DiscordMember]:
    """Each member once, the last word counting: a member may be listed on two pages when somebody joins in between."""
    return list({member.user_id: member for member in guild.members}.values())
