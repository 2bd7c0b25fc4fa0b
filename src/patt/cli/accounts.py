"""Account evidence on the command line: which characters belong to one Battle.net account."""

from __future__ import annotations

from typing import Annotated

import typer

from patt.bootstrap import Services
from patt.cli.output import JsonOption, print_json, say, show, table
from patt.cli.runner import GuildOption, actor, call, read
from sv_common.guild_sync.accounts.objections import Objected, set_objection
from sv_common.guild_sync.core.language import mark, tr
from sv_common.guild_sync.identity.known import resolver_of
from sv_common.guild_sync.identity.lookup import find_character
from sv_common.guild_sync.insights.accounts.listing import accounts as read_accounts
from sv_common.guild_sync.roster import guilds


def accounts(guild: GuildOption = None, as_json: JsonOption = False) -> None:
    found = read(guild, read_accounts)
    if as_json:
        print_json([[each.address for each in account.characters] for account in found.accounts])
        return
    say(found.sentence)
    rows = [
        (
            ", ".join(sorted({each.player for each in account.characters if each.player is not None})),
            ", ".join(each.address for each in account.characters),
            account.why,
        )
        for account in found.accounts
    ]
    if rows:
        table(tr("player"), tr("characters of one account"), tr("because"), rows=rows)


def objection(
    character: Annotated[
        str, typer.Argument(metavar="CHARACTER", help=mark("Name-Realm, a unique name, or #number in quotes."))
    ],
    withdraw: Annotated[bool, typer.Option("--withdraw", help=mark("The player objects no longer."))] = False,
    guild: GuildOption = None,
    as_json: JsonOption = False,
) -> None:
    async def recorded(services: Services) -> Objected:
        number = await guilds.resolve_guild(services.pool, guild)
        async with services.pool.reading(number) as here:
            found = find_character((await resolver_of(here)).facts, character)
        return await set_objection(
            services.pool, services.secret, found.id, objects=not withdraw, actor=actor(), guild_id=number
        )

    show(call(recorded), as_json, lambda done: say(done.sentence))
