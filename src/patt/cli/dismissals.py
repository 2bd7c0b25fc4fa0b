"""`patt dismissals`: what was set aside, and what of it hides nothing any more."""

from __future__ import annotations

from typing import Annotated

import typer

from patt.bootstrap import Services
from patt.cli.options import GuildOption, JsonOption, PageOption, guild_number, with_services
from patt.cli.output import print_json, say, table
from sv_common.guild_sync import overview
from sv_common.guild_sync.domain.paging import Page
from sv_common.guild_sync.overview import Dismissal


def dismissals(
    idle: Annotated[bool, typer.Option("--idle", help="Only those that hide nothing any more.")] = False,
    page: PageOption = 1,
    guild: GuildOption = None,
    as_json: JsonOption = False,
) -> None:
    """List what was set aside, newest first, and what of it hides nothing any more. Remove one with `patt wake`."""

    async def work(services: Services) -> Page[Dismissal]:
        number = await guild_number(services, guild)
        async with services.pool.connection() as conn:
            return await overview.dismissals(conn, number, only_idle=idle, number=page)

    found = with_services(work)
    if as_json:
        print_json(found)
        return
    rows = [
        (i.issue.id, i.issue.summary, i.issue.dismissed_by, i.issue.dismissed_reason, i.why_idle) for i in found.items
    ]
    table("issue", "what", "dismissed by", "because", "hides nothing, because", rows=rows)
    say(f"{found.total} dismissals; page {found.number} of {found.pages}.")
