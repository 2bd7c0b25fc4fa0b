"""Account evidence on the command line: which characters belong to one Battle.net account."""

from __future__ import annotations

from patt.cli.output import JsonOption, print_json, say, table
from patt.cli.runner import GuildOption, read
from sv_common.guild_sync.core.language import tr
from sv_common.guild_sync.insights.accounts.listing import accounts as read_accounts


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
        )
        for account in found.accounts
    ]
    if rows:
        table(tr("player"), tr("characters of one account"), rows=rows)
