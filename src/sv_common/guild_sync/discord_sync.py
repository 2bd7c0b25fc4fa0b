"""Write the roles and members of a Discord server: in sets, whole or not at all, and repeatable."""

from __future__ import annotations

from datetime import datetime

from sv_common.db.pool import Pool
from sv_common.guild_sync.core.errors import Refused, SuspiciousSource
from sv_common.guild_sync.core.language import tr
from sv_common.guild_sync.core.reports import SyncReport
from sv_common.guild_sync.roster import guilds, held_losses, members
from sv_common.guild_sync.roster.loss import Loss
from sv_common.guild_sync.sources.models import DiscordGuild


async def sync_discord_members(
    pool: Pool,
    guild: DiscordGuild,
    *,
    guild_id: int | None = None,
    accept_losses: bool = False,
    fetched_at: datetime | None = None,
) -> SyncReport:
    """Make the known roles and members those of a Discord server.

    Members who left keep their row and their player. `fetched_at` is when the fetch began, on the database's clock: a list
    older than the last one changes nothing, and roles of a member that were seen later stay. Raises `SuspiciousSource` for a
    list without people, and for one that would mark more than 30 % of the known people (and at least 3) as gone, unless an
    officer has released exactly them or `accept_losses`; `Refused` for another guild's server.
    """
    people = [member for member in guild.members if not member.is_bot]
    if not people:
        raise SuspiciousSource(
            tr(
                "Discord sent an empty member list, which counts as a failed fetch. No member was marked as gone. Try "
                "again later, and check the Discord server under Settings → Guild."
            )
        )
    number = await guilds.resolve_guild(pool, guild_id)
    async with held_losses.keeping_losses(pool, number), pool.writing(number) as here:
        known_as = await guilds.get(here)
        if known_as.discord_guild_id != guild.guild_id:
            raise Refused(
                tr(
                    "{guild} belongs to the Discord server {own}, but this list is from {server} ({number}). "
                    "Nothing was changed.",
                    guild=known_as.name,
                    own=known_as.discord_guild_id or tr("(none set)"),
                    server=guild.name,
                    number=guild.guild_id,
                )
            )
        as_of = await guilds.take_in_if_newer(here, "members", fetched_at)
        if as_of is None:
            counts = {"members": len(people), "new": 0, "returned": 0, "left": 0, "roles": len(guild.roles)}
            notice = tr("A newer member list was already synced, so this one changed nothing.")
            return SyncReport("discord", counts, (notice,))
        known = await members.present_people(here)
        await members.apply_roles(here, guild.roles)
        # Each member once: one may be on two pages when another one joins in between.
        moves = await members.apply_members(here, list({m.user_id: m for m in guild.members}.values()), as_of=as_of)
        loss = Loss("discord", moves.left_ids, len(known))
        await held_losses.judge(here, loss, is_accepted=accept_losses)
    counts = {
        "members": len(people),
        "new": moves.new,
        "returned": moves.returned,
        "left": moves.left,
        "roles": len(guild.roles),
    }
    return SyncReport("discord", counts)
