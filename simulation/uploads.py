"""Uploads by people's companions, at odd moments and of every kind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace

from patt.bootstrap import Services
from patt.queue.tasks import Task
from simulation import happenings
from simulation.clock import FakeClock
from simulation.founding import RANKS_WITH_RIGHTS
from simulation.guilds import LivingGuild
from simulation.tally import LawBroken, Tally
from sv_common.guild_sync.core.errors import BadInput
from sv_common.guild_sync.roster import uploads
from sv_common.guild_sync.roster.upload_origin import refuse_foreign
from sv_common.guild_sync.simulators import addon
from sv_common.guild_sync.sources.addon.export import AddonExport, read_addon_export

FORGED = 0.1
"""Share of the exports in which whoever has the upload key has written that characters of power are somebody else's."""

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
    is_forged = sees_notes and not in_full and guild.rng.random() < FORGED
    with _forged_claim(guild) if is_forged else nullcontext():
        export = addon.render(
            guild.world,
            style=style,
            sees_notes=sees_notes,
            sees_officer_notes=sees_officer_notes,
            exported_at_ms=clock.now_ms,
        ).encode()
    guild.exports.append(export)
    tally.add("uploads", "forged" if is_forged else "new" if sees_notes else "without notes")
    await _send(guild, services, export, is_known=False)


@contextmanager
def _forged_claim(guild: LivingGuild) -> Iterator[None]:
    """Let the notes of characters whose rank gives rights say for a moment that they are somebody else's."""
    powerful = {each: each.note for each in guild.world.characters if each.rank in RANKS_WITH_RIGHTS}
    for character in powerful:
        guild.world.set_note(character, happenings.claim_on(guild, character))
    yield
    for character, note in powerful.items():
        guild.world.set_note(character, note)


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
    """Send an export that says it is another guild's; it must be refused at the door, or by the worker if it came past it."""
    export = replace(read_addon_export(guild.exports[-1]), guild_name=f"Not {guild.world.guild_name}")
    if guild.rng.random() < 0.5:
        await _send_past_the_door(guild, services, export)
        return
    try:
        async with services.pool.writing(guild.guild_id, alone=False) as here:
            await refuse_foreign(here, export.origin, lambda: export.characters)
    except BadInput:
        return
    raise LawBroken(f"guild {guild.guild_id} takes in an export of {export.guild_name}")


async def _send_past_the_door(guild: LivingGuild, services: Services, export: AddonExport) -> None:
    """Store a foreign export without a check, as if the guild had borne that name when it was received."""
    export = replace(export, export_id=f"foreign {len(guild.foreign_uploads)}")  # what an export says is not its guild
    async with services.pool.writing(guild.guild_id, alone=False) as here:
        received = await uploads.receive(here, guild.upload_key_id, export)
    guild.foreign_uploads.add(received.upload_id)
    guild.is_last_sent_newest = False


async def _send(guild: LivingGuild, services: Services, content: bytes, *, is_known: bool) -> None:
    export = read_addon_export(content)
    async with services.pool.writing(guild.guild_id, alone=False) as here:
        await refuse_foreign(here, export.origin, lambda: export.characters)
        received = await uploads.receive(here, guild.upload_key_id, export)
    guild.is_last_sent_newest = content == guild.exports[-1]
    if is_known and received.is_new:
        raise LawBroken(f"the same export of guild {guild.guild_id} became a second upload, {received.upload_id}")
    is_asked_for = guild.rng.random() > LOST
    if received.is_new and is_asked_for and services.queue is not None:
        await services.queue.enqueue(Task.UPLOADS, guild.guild_id)
