"""The guilds of an installation: adding, moving and listing them, and the language of each."""

from __future__ import annotations

from typing import Annotated

import typer

from patt.bootstrap import Services
from patt.cli.output import JsonOption, say, show, show_rows
from patt.cli.runner import DryRunOption, GuildOption, actor, call, on_installation, read
from patt.cli.settings import PreviewOption, change_setting
from patt.setup import guild_moves, removal
from patt.setup.finding import read_region
from patt.setup.guild_moves import GuildMove, NewName
from patt.setup.removal import Removal
from sv_common.guild_sync.core.errors import BadInput, Refused
from sv_common.guild_sync.core.language import LANGUAGES, mark, tr
from sv_common.guild_sync.roster import guilds
from sv_common.guild_sync.settings.requests import LanguageRequest
from sv_common.guild_sync.sources.models import GuildAddress

app = typer.Typer(no_args_is_help=True)


@app.command(
    "add",
    help=mark(
        "Add a guild, or change the Discord server and channel of a known one. Retail only: no Classic games yet."
    ),
)
def add_guild(
    name: Annotated[str, typer.Argument(help=mark("The guild's name as the game shows it."))],
    realm: Annotated[str, typer.Option(help=mark("Slug of the guild's realm, as in its Armory address."))],
    region: Annotated[str, typer.Option(help=mark("us, eu, kr or tw."))] = "us",
    discord_server: Annotated[str | None, typer.Option(help=mark("Id of the Discord server."))] = None,
    audit_channel: Annotated[str | None, typer.Option(help=mark("Id of the Discord channel for summaries."))] = None,
) -> None:
    if not name.strip() or not realm.strip():
        raise BadInput(tr("Give the guild's name as the game shows it, and the slug of its realm."))
    address = GuildAddress(read_region(region), realm, name.lower().replace(" ", "-"))
    number = on_installation(guilds.add, address, name, discord_guild_id=discord_server, audit_channel_id=audit_channel)
    say(tr("{name} is guild {number}.", name=name, number=number))


@app.command(
    "move",
    help=mark("Change the name or realm of a guild. Try --dry-run first; characters, players and settings stay."),
)
def move_guild(
    name: Annotated[str, typer.Argument(help=mark("The guild's new name, as the game shows it."))],
    realm: Annotated[
        str | None, typer.Option(help=mark("Its realm, in any language; by default the current one."))
    ] = None,
    region: Annotated[str | None, typer.Option(help=mark("us, eu, kr or tw; by default the current one."))] = None,
    dry_run: DryRunOption = False,
    guild: GuildOption = None,
) -> None:
    async def moved(services: Services) -> GuildMove:
        async with services.pool.snapshot() as conn:
            now = await guilds.the_only(conn, guild)
        wanted = NewName(region or now.region, realm or now.realm_slug, name)
        if dry_run:
            return await guild_moves.preview_move(services, wanted, guild_id=now.id)
        return await guild_moves.move(services, wanted, guild_id=now.id, actor=actor(), key=None)

    found = call(moved)
    say(found.sentence)
    if not dry_run:
        say(
            tr(
                "{before} is {now} now. Fetch its roster: patt sync battlenet",
                before=found.guild.name,
                now=found.name,
            )
        )
    elif found.problem is not None:
        raise Refused(found.problem)


@app.command(
    "language",
    help=mark("Show the language in which everything about a guild is said, or set it and scan the guild at once."),
)
def guild_language(
    code: Annotated[
        str | None, typer.Argument(help=mark("Such as en or de. Without it, the current one is shown."))
    ] = None,
    preview: PreviewOption = False,
    guild: GuildOption = None,
    as_json: JsonOption = False,
) -> None:
    if code is not None:
        change_setting(LanguageRequest(code), preview, guild, as_json)
        return
    found = read(guild, guilds.get).language
    name = LANGUAGES.get(found, found)
    show({"language": found, "name": name}, as_json, lambda _: say(f"{found}: {name}"))


@app.command(
    "remove",
    help=mark("Remove a guild with everything that is stored about it. You see first what goes, and type its name."),
)
def remove_guild(
    typed: Annotated[
        str | None, typer.Option("--name", help=mark("The guild's name, instead of typing it when asked."))
    ] = None,
    dry_run: DryRunOption = False,
    guild: GuildOption = None,
) -> None:
    async def previewed(services: Services) -> Removal:
        return await removal.preview_removal(services, guild_id=guild)

    seen = call(previewed)
    say(seen.sentence)
    if dry_run:
        return
    name = typer.prompt(tr("Type the guild's name to remove it")) if typed is None else typed
    done = call(lambda services: removal.remove(services, seen, typed=name))
    say(done.sentence)
    if done.backup is not None:
        say(
            tr(
                "What it held is in {file}. Delete that file, and older backups, when nobody needs them.",
                file=done.backup,
            )
        )


@app.command("list", help=mark("List the guilds."))
def list_guilds(as_json: JsonOption = False) -> None:
    columns = tr("guild"), tr("name"), tr("region"), tr("realm"), tr("Discord server")
    found = on_installation(guilds.all_guilds)
    show_rows(found, as_json, columns, lambda g: (g.id, g.name, g.region, g.realm_slug, g.discord_guild_id))
