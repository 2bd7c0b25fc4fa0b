"""`patt init`: sets up a guild step by step."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from patt.bootstrap import run
from patt.cli.dialogues import ScriptDialogue, TerminalDialogue
from patt.cli.options import actor
from patt.cli.output import out, say
from patt.config import Settings, load_settings
from patt.database import make_ready
from patt.setup.bench import Bench
from patt.setup.dialogue import Dialogue
from patt.setup.flow import STEPS, set_up
from sv_common.db.pool import make_pool
from sv_common.guild_sync.clients.http import http_client
from sv_common.guild_sync.domain.errors import BadInput

_STOPPED = 130

_STEP_NAMES = tuple(step.name for step in STEPS)
_SEEN = "Better set in the environment, for a shell remembers its commands:"


def init(
    guild: Annotated[str | None, typer.Option(help="Name of the guild, as the game shows it.")] = None,
    realm: Annotated[str | None, typer.Option(help="Realm of the guild, in any language.")] = None,
    region: Annotated[str | None, typer.Option(help="us, eu, kr or tw.")] = None,
    moved: Annotated[
        bool | None,
        typer.Option(help="Whether it is the known guild that is no longer found, under a new name or realm."),
    ] = None,
    battlenet_client_id: Annotated[str | None, typer.Option(help="Client id of develop.battle.net.")] = None,
    battlenet_client_secret: Annotated[
        str | None, typer.Option(help=f"Its secret. {_SEEN} PATT_BLIZZARD_CLIENT_SECRET.")
    ] = None,
    discord_bot_token: Annotated[
        str | None, typer.Option(help=f"Token of the bot. {_SEEN} PATT_DISCORD_BOT_TOKEN.")
    ] = None,
    discord_server: Annotated[str | None, typer.Option(help="Id of the guild's Discord server.")] = None,
    audit_channel: Annotated[str | None, typer.Option(help="Id or name of the channel for summaries.")] = None,
    export: Annotated[str | None, typer.Option(help="The addon's file PATTSync.lua.")] = None,
    map_rank: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="RANK=ROLE", help="Role of a rank, by name or id, or “none”; may be repeated."),
    ] = None,
    managed: Annotated[bool | None, typer.Option(help="Whether fixes may give and take the roles.")] = None,
    base_url: Annotated[str | None, typer.Option(help="Address at which people reach the pages.")] = None,
    uploader: Annotated[str | None, typer.Option(help="Whose companion gets the first upload key.")] = None,
    skip: Annotated[
        list[str] | None, typer.Option(help=f"A step to leave out ({', '.join(_STEP_NAMES)}); may be repeated.")
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Ask nothing: take what is given, what is there, and what is suggested.")
    ] = False,
) -> None:
    """Set up a guild step by step. It may be run again at any time: what is there is shown, and stays."""
    given = {
        "guild": guild,
        "realm": realm,
        "region": region,
        "moved": _yes_or_no(moved),
        "battlenet-client-id": battlenet_client_id,
        "battlenet-client-secret": battlenet_client_secret,
        "discord-bot-token": discord_bot_token,
        "discord-server": discord_server,
        "audit-channel": audit_channel,
        "export": export,
        "map": "\n".join(map_rank) if map_rank else None,
        "managed": _yes_or_no(managed),
        "base-url": base_url,
        "uploader": uploader,
    }
    left_out = _read_skips(skip or ())
    dialogue = _dialogue({name: value for name, value in given.items() if value is not None}, asks_nothing=yes)
    try:
        run(_set_up(dialogue, left_out, *_ready()))
    except (EOFError, KeyboardInterrupt):
        say("\nStopped. What was done stays done; “patt init” goes on from there.")
        raise typer.Exit(_STOPPED) from None


def _dialogue(given: dict[str, str], *, asks_nothing: bool) -> Dialogue:
    if asks_nothing:
        return ScriptDialogue(given)
    if not sys.stdin.isatty():
        raise BadInput("There is no terminal to ask at. Give the answers as options, together with --yes.")
    return TerminalDialogue(given)


def _yes_or_no(flag: bool | None) -> str | None:
    return None if flag is None else "yes" if flag else "no"


def _read_skips(steps: Sequence[str]) -> set[str]:
    for step in steps:
        if step not in _STEP_NAMES:
            raise BadInput(f"“{step}” is no step that could be left out. The steps are: {', '.join(_STEP_NAMES)}.")
    return set(steps)


def _ready() -> tuple[Settings, str]:
    """Return the settings, and the URL of the database that they name, which is ready then."""
    out.print("[bold]Setting up a guild.[/] Ctrl-C stops; what was done stays done.")
    settings = load_settings()
    url = make_ready(settings)
    say("The database is ready." if settings.database_url else f"The database is ready, in {settings.data_dir}.")
    return settings, url


async def _set_up(dialogue: Dialogue, left_out: set[str], settings: Settings, url: str) -> None:
    async with make_pool(url) as pool, http_client() as http:
        await pool.wait()
        not_done = await set_up(Bench(dialogue, pool, http, settings, actor()), left_out)
    _say_what_is_next(not_done)


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
