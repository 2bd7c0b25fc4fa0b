"""`patt losses`: who is missing from a list that was refused for it, and letting just them go."""

from __future__ import annotations

from typing import Annotated

import typer

from patt.api import losses as api
from patt.api.losses import Loss, Release
from patt.bootstrap import Services
from patt.cli.options import GuildOption, JsonOption, operator, with_services
from patt.cli.output import print_json, say, table
from patt.json_data import as_json_data
from sv_common.guild_sync.domain.errors import BadInput, NotFound
from sv_common.guild_sync.domain.loss import SOURCES

app = typer.Typer(help="Lists that were refused because too many are missing from them.", no_args_is_help=True)


@app.command("list")
def list_losses(guild: GuildOption = None, as_json: JsonOption = False) -> None:
    """Show who would be marked as gone."""
    found = with_services(lambda services: _read(services, guild))
    if as_json:
        print_json(as_json_data(found))
        return
    if not found:
        say("No list waits for anybody: the newest ones were taken in.")
    for loss in found:
        say(loss.sentence)
        rows = [(each.name, each.place or "none", each.player or "nobody") for each in loss.subjects]
        table("who", "rank or role", "player", rows=rows)
        if loss.released_at is None:
            say(f"If they have left: patt losses release {loss.source} --key {loss.key[:12]}")


@app.command()
def release(
    source: Annotated[str, typer.Argument(help="Whose list: battlenet or discord.")],
    key: Annotated[str, typer.Option(help="The key that “patt losses list” shows, or its beginning.")],
    guild: GuildOption = None,
) -> None:
    """Let just those go whom the list showed, once. The next sync marks them as gone."""
    named = next((each for each in SOURCES if each == source), None)
    if named is None:
        raise BadInput(f"“{source}” is no source of lists. Say battlenet or discord.")

    async def work(services: Services) -> str:
        loss = next((each for each in await _read(services, guild) if each.source == named), None)
        if loss is None:
            raise NotFound("Nothing waits here: the newest list was taken in, or none was refused.")
        whole = loss.key if len(key) >= SHORTEST_KEY and loss.key.startswith(key) else key
        return (await api.release(services, operator(), Release(named, whole), guild)).sentence

    say(with_services(work))


SHORTEST_KEY = 8
"""Letters of a key that are enough: there is one list for each source, and the key only says that it is the one seen."""


async def _read(services: Services, guild: int | None) -> list[Loss]:
    return await api.listed(services, guild)
