"""Setting up a guild and checking the set-up; the guilds of an installation."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from inspect import Parameter, Signature
from typing import Annotated, Any

import typer
from rich.markup import escape

from patt.bootstrap import Services, run
from patt.cli.dialogue import ScriptDialogue, TerminalDialogue
from patt.cli.output import JsonOption, out, print_json, say, show, table
from patt.cli.runner import (
    DryRunOption,
    GuildOption,
    actor,
    call,
    guild_number,
    read_installation,
    write_installation,
)
from patt.config import Settings, load_settings
from patt.database import make_ready
from patt.doctor.checks import Check
from patt.doctor.doctor import examine
from patt.setup import guild_moves
from patt.setup.finding import read_region
from patt.setup.guild_moves import GuildMove, NewName
from patt.setup.session import Dialogue, SetupSession
from patt.setup.wizard import STEPS, set_up
from sv_common.db.pool import make_pool
from sv_common.guild_sync.core.errors import BadInput, Refused
from sv_common.guild_sync.roster import guilds
from sv_common.guild_sync.roster.guilds import Guild
from sv_common.guild_sync.sources.http import http_client
from sv_common.guild_sync.sources.models import GuildAddress

app = typer.Typer(no_args_is_help=True)
_STOPPED = 130
_STEP_NAMES = tuple(step.name for step in STEPS)
_SEEN = "Better set in the environment, for a shell remembers its commands:"

_ANSWERS: Mapping[str, tuple[Any, Any]] = {
    "guild": (str, typer.Option(help="Name of the guild, as the game shows it.")),
    "realm": (str, typer.Option(help="Realm of the guild, in any language.")),
    "region": (str, typer.Option(help="us, eu, kr or tw.")),
    "moved": (
        bool,
        typer.Option(help="Whether it is the known guild that is no longer found, under a new name or realm."),
    ),
    "battlenet_client_id": (str, typer.Option(help="Client id of develop.battle.net.")),
    "battlenet_client_secret": (str, typer.Option(help=f"Its secret. {_SEEN} PATT_BLIZZARD_CLIENT_SECRET.")),
    "discord_bot_token": (str, typer.Option(help=f"Token of the bot. {_SEEN} PATT_DISCORD_BOT_TOKEN.")),
    "discord_server": (str, typer.Option(help="Id of the guild's Discord server.")),
    "audit_channel": (str, typer.Option(help="Id or name of the channel for summaries.")),
    "export": (str, typer.Option(help="The addon's file PATTSync.lua.")),
    "map": (
        list[str],
        typer.Option("--map", metavar="RANK=ROLE", help="Role of a rank, by name or id, or “none”; may be repeated."),
    ),
    "managed": (bool, typer.Option(help="Whether fixes may give and take the roles.")),
    "base_url": (str, typer.Option(help="Address at which people reach the pages.")),
    "uploader": (str, typer.Option(help="Whose companion gets the first upload key.")),
}
"""The answers of the set-up that may be given beforehand, by the names under which its steps ask for them."""

_SKIP = typer.Option(help=f"A step to leave out ({', '.join(_STEP_NAMES)}); may be repeated.")
_YES = typer.Option("--yes", "-y", help="Ask nothing: take what is given, what is there, and what is suggested.")


def init(skip: list[str] | None, yes: bool, **answers: str | bool | list[str] | None) -> None:
    given = {name.replace("_", "-"): _as_text(value) for name, value in answers.items() if value not in (None, [])}
    left_out = _read_skips(skip or ())
    dialogue = _dialogue(given, asks_nothing=yes)
    out.print("[bold]Setting up a guild.[/] Ctrl-C stops; what was done stays done.")
    try:
        settings = load_settings()
        url = make_ready(settings)
        say("The database is ready." if settings.database_url else f"The database is ready, in {settings.data_dir}.")
        not_done = run(_set_up(dialogue, left_out, settings, url))
    except (EOFError, KeyboardInterrupt):
        say("\nStopped. What was done stays done; “patt init” goes on from there.")
        raise typer.Exit(_STOPPED) from None
    _say_what_is_next(not_done)


def _parameter(name: str, kind: Any, option: Any, default: object = None) -> Parameter:
    return Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[kind, option])


init.__signature__ = Signature(  # type: ignore[attr-defined]
    [
        *(_parameter(name, kind | None, option) for name, (kind, option) in _ANSWERS.items()),
        _parameter("skip", list[str] | None, _SKIP),
        _parameter("yes", bool, _YES, default=False),
    ]
)


def doctor(as_json: JsonOption = False) -> None:
    checks = run(examine())
    if as_json:
        print_json({"checks": checks})
    else:
        _say_checks(checks)
    if not all(check.ok for check in checks):
        raise typer.Exit(1)


@app.command("add")
def add_guild(
    name: Annotated[str, typer.Argument(help="The guild's name as the game shows it.")],
    realm: Annotated[str, typer.Option(help="Slug of the guild's realm, as in its Armory address.")],
    region: Annotated[str, typer.Option(help="us, eu, kr or tw.")] = "us",
    discord_server: Annotated[str | None, typer.Option(help="Id of the Discord server.")] = None,
    audit_channel: Annotated[str | None, typer.Option(help="Id of the Discord channel for summaries.")] = None,
) -> None:
    """Add a guild, or change the Discord server and channel of one that is there. Retail only: no Classic games yet."""
    if not name.strip() or not realm.strip():
        raise BadInput("Give the guild's name as the game shows it, and the slug of its realm.")
    address = GuildAddress(read_region(region), realm, name.lower().replace(" ", "-"))
    number = write_installation(
        guilds.add, address, name, discord_guild_id=discord_server, audit_channel_id=audit_channel
    )
    say(f"{name} is guild {number}.")


@app.command("move")
def move_guild(
    name: Annotated[str, typer.Argument(help="The guild's new name, as the game shows it.")],
    realm: Annotated[str | None, typer.Option(help="Its realm, in any language; unless told, as before.")] = None,
    region: Annotated[str | None, typer.Option(help="us, eu, kr or tw; unless told, as before.")] = None,
    dry_run: DryRunOption = False,
    guild: GuildOption = None,
) -> None:
    """Say that a guild was renamed or moved. Look first with --dry-run; characters, players and settings stay."""

    async def moved(services: Services) -> GuildMove:
        number = await guild_number(services, guild)
        async with services.pool.reading(number) as here:
            now = await guilds.get(here)
        wanted = NewName(region or now.region, realm or now.realm_slug, name)
        if dry_run:
            return await guild_moves.preview_move(services, wanted, guild_id=number)
        return await guild_moves.move(services, wanted, guild_id=number, actor=actor(), key=None)

    found = call(moved)
    say(found.sentence)
    if not dry_run:
        say(f"{found.guild.name} is {found.name} from now on. Its roster: patt sync battlenet")
    elif found.problem is not None:
        raise Refused(found.problem)


@app.command("list")
def list_guilds(as_json: JsonOption = False) -> None:
    """List the guilds."""

    def row(each: Guild) -> tuple[object, ...]:
        return each.id, each.name, each.region, each.realm_slug, each.discord_guild_id

    columns = ("guild", "name", "region", "realm", "Discord server")
    show(read_installation(guilds.all_guilds), as_json, lambda found: table(*columns, rows=map(row, found)))


async def _set_up(dialogue: Dialogue, left_out: set[str], settings: Settings, url: str) -> list[str]:
    async with make_pool(url) as pool, http_client() as http:
        await pool.wait()
        return await set_up(SetupSession(dialogue, pool, http, settings, actor()), left_out)


def _as_text(answer: object) -> str:
    if isinstance(answer, bool):
        return "yes" if answer else "no"
    return "\n".join(answer) if isinstance(answer, list) else str(answer)


def _dialogue(given: dict[str, str], *, asks_nothing: bool) -> Dialogue:
    if asks_nothing:
        return ScriptDialogue(given)
    if not sys.stdin.isatty():
        raise BadInput("There is no terminal to ask at. Give the answers as options, together with --yes.")
    return TerminalDialogue(given)


def _read_skips(steps: Sequence[str]) -> set[str]:
    for step in steps:
        if step not in _STEP_NAMES:
            raise BadInput(f"“{step}” is no step that could be left out. The steps are: {', '.join(_STEP_NAMES)}.")
    return set(steps)


def _say_what_is_next(not_done: list[str]) -> None:
    out.print("\n[bold]What is next[/]")
    if not_done:
        say(f"  patt init               takes up what is left: {', '.join(not_done)}")
    say("  patt serve              serves the pages, and reads the sources again by itself while it runs")
    say("  patt admin link         prints a link with which you sign in")
    say("  patt match --dry-run    shows who would be recognised, and why")
    say("  patt doctor             checks all of this at any time")
    say(
        "Who plays installs the addon (docs/addon.md) and runs the companion with a key of their own (patt keys add NAME)."
    )


def _say_checks(checks: Sequence[Check]) -> None:
    width = max(len(check.name) for check in checks)
    for check in checks:
        word = "[green]ok[/]   " if check.ok else "[red]wrong[/]"
        out.print(f"{word}  {check.name:<{width}}  {escape(check.message)}", soft_wrap=True)
        if check.remedy:
            out.print(f"{'':>{width + 7}}  [yellow]→[/] {escape(check.remedy)}", soft_wrap=True)
    faults = sum(not check.ok for check in checks)
    out.print(f"\n{f'{faults} of {len(checks)} checks found something wrong.' if faults else 'All is well.'}")
