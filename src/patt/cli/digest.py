"""`patt digest`: what officers are told on Discord."""

from __future__ import annotations

from patt.bootstrap import Services
from patt.cli.options import DryRunOption, GuildOption, JsonOption, guild_number, with_services
from patt.cli.output import print_json, say
from sv_common.guild_sync.domain.announcement import Announcement
from sv_common.guild_sync.domain.errors import ConfigurationError
from sv_common.guild_sync.reporter import preview_digest, send_digest
from sv_common.guild_sync.store import guilds


def digest(dry_run: DryRunOption = False, guild: GuildOption = None, as_json: JsonOption = False) -> None:
    """Tell the officers' channel what is new now; a worker does it by itself when the news have settled."""

    async def preview(services: Services) -> Announcement | None:
        number = await guild_number(services, guild)
        return await preview_digest(services.pool, guild_id=number, page_url=_page(services))

    async def work(services: Services) -> int:
        number = await guild_number(services, guild)
        async with services.pool.snapshot() as conn:
            chosen = await guilds.get(conn, number)
        if services.outside.announcer is None:
            raise ConfigurationError("Discord is not set up: set PATT_DISCORD_BOT_TOKEN.")
        if chosen.audit_channel_id is None:
            raise ConfigurationError(
                f"{chosen.name} has no audit channel. Set one with `patt guild add … --audit-channel`."
            )
        return await send_digest(services.pool, services.outside.announcer, guild_id=number, page_url=_page(services))

    if not dry_run:
        changed = with_services(work)
        if as_json:
            print_json({"messages": changed})
        else:
            say(f"Told: {changed} messages posted or rewritten." if changed else "There is nothing new to tell.")
        return
    announcement = with_services(preview)
    if as_json:
        print_json(announcement.as_json() if announcement else None)
    else:
        _print(announcement)


def _page(services: Services) -> str | None:
    return services.settings.public_page("/admin/data-quality")


def _print(announcement: Announcement | None) -> None:
    if announcement is None:
        say("There is nothing new to tell.")
        return
    say(announcement.title)
    say(announcement.body)
    for section in announcement.sections:
        say(f"\n{section.heading}")
        for line in section.lines:
            say(f"  {line}")
