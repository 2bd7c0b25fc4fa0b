"""Uploads by people's companions, at odd moments and of every kind."""

from __future__ import annotations

from patt.bootstrap import Services
from patt.queue import Task
from simulation.clock import FakeClock
from simulation.guilds import LivingGuild
from simulation.tally import LawBroken, Tally
from sv_common.guild_sync.domain.addon_export import read_addon_export
from sv_common.guild_sync.simulators import addon
from sv_common.guild_sync.store import uploads

LOST = 0.2
"""Share of the uploads for which no job is asked for, as when the web process dies in between; the planner must find them."""


async def upload(
    guild: LivingGuild, services: Services, clock: FakeClock, tally: Tally, *, in_full: bool = False
) -> None:
    """Send what somebody's client has exported; now and then by one who sees no notes, or the same a second time."""
    if guild.last_export and not in_full and guild.rng.random() < 0.15:
        tally.add("uploads", "sent again")
        await _send(guild, services, is_known=True)
        return
    sees_notes = in_full or guild.rng.random() > 0.1
    sees_officer_notes = in_full or guild.rng.random() > 0.3
    # Older files do not say what their uploader may not see.
    style: addon.Style = "older" if sees_notes and sees_officer_notes and guild.rng.random() < 0.3 else "current"
    guild.last_export = addon.render(
        guild.world,
        style=style,
        sees_notes=sees_notes,
        sees_officer_notes=sees_officer_notes,
        exported_at_ms=clock.now_ms,
    ).encode()
    tally.add("uploads", "new" if sees_notes else "without notes")
    await _send(guild, services, is_known=False)


async def _send(guild: LivingGuild, services: Services, *, is_known: bool) -> None:
    export = read_addon_export(guild.last_export)
    async with services.pool.connection() as conn:
        upload_id, is_new, _ = await uploads.receive(conn, guild.guild_id, guild.upload_key_id, export)
    if is_known and is_new:
        raise LawBroken(f"the same export of guild {guild.guild_id} became a second upload, {upload_id}")
    is_asked_for = guild.rng.random() > LOST
    if is_new and is_asked_for and services.queue is not None:
        await services.queue.ask_for(Task.UPLOADS, guild.guild_id)
