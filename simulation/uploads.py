"""Uploads by people's companions, at odd moments and of every kind."""

from __future__ import annotations

from dataclasses import replace

from patt.bootstrap import Services
from patt.queue import Task
from simulation.clock import FakeClock
from simulation.guilds import LivingGuild
from simulation.tally import LawBroken, Tally
from sv_common.guild_sync.domain.addon_export import read_addon_export
from sv_common.guild_sync.domain.errors import BadInput
from sv_common.guild_sync.simulators import addon
from sv_common.guild_sync.store import uploads
from sv_common.guild_sync.upload_origin import refuse_foreign

LOST = 0.2
"""Share of the uploads for which no job is asked for, as when the web process dies in between; the planner must find them."""


async def upload(
    guild: LivingGuild, services: Services, clock: FakeClock, tally: Tally, *, in_full: bool = False
) -> None:
    """Send what somebody's client has exported.

    Now and then it is by one who sees no notes, the same a second time, one of weeks ago, or another guild's.
    """
    if guild.exports and not in_full and guild.rng.random() < 0.25:
        await _send_again(guild, services, tally)
        return
    sees_notes = in_full or guild.rng.random() > 0.1
    sees_officer_notes = in_full or guild.rng.random() > 0.3
    # Older files do not say what their uploader may not see.
    style: addon.Style = "older" if sees_notes and sees_officer_notes and guild.rng.random() < 0.3 else "current"
    export = addon.render(
        guild.world,
        style=style,
        sees_notes=sees_notes,
        sees_officer_notes=sees_officer_notes,
        exported_at_ms=clock.now_ms,
    ).encode()
    guild.exports.append(export)
    tally.add("uploads", "new" if sees_notes else "without notes")
    await _send(guild, services, export, is_known=False)


async def _send_again(guild: LivingGuild, services: Services, tally: Tally) -> None:
    match guild.rng.choice(("last", "old", "foreign")):
        case "last":
            tally.add("uploads", "sent again")
            await _send(guild, services, guild.exports[-1], is_known=guild.is_last_sent_newest)
        case "old":
            tally.add("uploads", "old")
            await _send(guild, services, guild.rng.choice(guild.exports), is_known=False)
        case _:
            tally.add("uploads", "another guild's")
            await _send_foreign(guild, services)


async def _send_foreign(guild: LivingGuild, services: Services) -> None:
    """Send an export that says it is another guild's; it must be refused."""
    export = replace(read_addon_export(guild.exports[-1]), guild_name=f"Not {guild.world.guild_name}")
    try:
        async with services.pool.connection() as conn:
            await refuse_foreign(conn, guild.guild_id, export.origin, export.characters)
    except BadInput:
        return
    raise LawBroken(f"guild {guild.guild_id} takes in an export of {export.guild_name}")


async def _send(guild: LivingGuild, services: Services, content: bytes, *, is_known: bool) -> None:
    export = read_addon_export(content)
    async with services.pool.connection() as conn:
        await refuse_foreign(conn, guild.guild_id, export.origin, export.characters)
        upload_id, is_new, _ = await uploads.receive(conn, guild.guild_id, guild.upload_key_id, export)
    guild.is_last_sent_newest = content == guild.exports[-1]
    if is_known and is_new:
        raise LawBroken(f"the same export of guild {guild.guild_id} became a second upload, {upload_id}")
    is_asked_for = guild.rng.random() > LOST
    if is_new and is_asked_for and services.queue is not None:
        await services.queue.ask_for(Task.UPLOADS, guild.guild_id)
