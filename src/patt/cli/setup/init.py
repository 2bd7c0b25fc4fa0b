"""Setting up a guild in a dialogue."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from inspect import Parameter, Signature
from typing import Annotated, Any

import typer
from rich.markup import escape

from patt.bootstrap import PermitsOfServices, make_ready, run
from patt.cli.output import out, say
from patt.cli.runner import operator
from patt.cli.speech.dialogue import ScriptDialogue, TerminalDialogue
from patt.config import Settings, load_settings
from patt.setup.session import Dialogue, SetupSession
from patt.setup.wizard import STEPS, set_up
from sv_common.db.pool import make_pool
from sv_common.guild_sync.core.errors import BadInput
from sv_common.guild_sync.core.language import mark, tr
from sv_common.guild_sync.sources.http import http_client

_STOPPED = 130
_STEP_NAMES = tuple(step.name for step in STEPS)

_ANSWERS: Mapping[str, tuple[Any, Any]] = {
    "guild": (str, typer.Option(help=mark("Name of the guild, as the game shows it."))),
    "realm": (str, typer.Option(help=mark("Realm of the guild, in any language."))),
    "region": (str, typer.Option(help=mark("us, eu, kr or tw."))),
    "moved": (
        bool,
        typer.Option(help=mark("The known guild has a new name or realm.")),
    ),
    "battlenet_client_id": (str, typer.Option(help=mark("Client id of develop.battle.net."))),
    "battlenet_client_secret": (
        str,
        typer.Option(
            help=mark(
                "Its secret. Better set it in the environment, because shells store commands: PATT_BLIZZARD_CLIENT_SECRET."
            )
        ),
    ),
    "discord_bot_token": (
        str,
        typer.Option(
            help=mark(
                "Token of the bot. Better set it in the environment, because shells store commands: PATT_DISCORD_BOT_TOKEN."
            )
        ),
    ),
    "discord_server": (str, typer.Option(help=mark("Id of the guild's Discord server."))),
    "audit_channel": (str, typer.Option(help=mark("Id or name of the channel for summaries."))),
    "export": (str, typer.Option(help=mark("The addon's file PATTSync.lua."))),
    "map": (
        list[str],
        typer.Option(
            "--map", metavar="RANK=ROLE", help=mark("Role of a rank, by name or id, or “none”; may be repeated.")
        ),
    ),
    "managed": (bool, typer.Option(help=mark("Whether fixes may give and take the roles."))),
    "base_url": (str, typer.Option(help=mark("Address at which people reach the pages."))),
    "uploader": (str, typer.Option(help=mark("The player that the first upload key is for."))),
}
"""The answers that may be given as options, by the names that the steps use."""

_SKIP = typer.Option(
    help=mark(
        "A step to skip (battlenet, guild, discord, server, channel, roster, export, ranks, members, address, key); "
        "may be repeated."
    )
)
_YES = typer.Option("--yes", "-y", help=mark("Do not prompt: use the options, what is set up, and what is suggested."))


def init(skip: list[str] | None, yes: bool, **answers: str | bool | list[str] | None) -> None:
    given = {name.replace("_", "-"): _as_text(value) for name, value in answers.items() if value not in (None, [])}
    left_out = _read_skips(skip or ())
    dialogue = _dialogue(given, asks_nothing=yes)
    heading, hint = tr("Setting up a guild."), tr("Ctrl-C stops; finished steps are kept.")
    out.print(f"[bold]{escape(heading)}[/] {escape(hint)}")
    try:
        settings = load_settings()
        url = make_ready(settings)
        if settings.database_url:
            say(tr("The database is ready."))
        else:
            say(tr("The database is ready, in {folder}.", folder=settings.data_dir))
        not_done = run(_set_up(dialogue, left_out, settings, url))
    except (EOFError, KeyboardInterrupt):
        say("")
        say(tr("Stopped. Finished steps are kept; “patt init” continues from there."))
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


async def _set_up(dialogue: Dialogue, left_out: set[str], settings: Settings, url: str) -> list[str]:
    async with make_pool(url) as pool, http_client() as http:
        await pool.wait()
        permits = PermitsOfServices.of(pool)
        try:
            who = operator()
            session = SetupSession(dialogue, pool, http, settings, who.actor, permits, person=who.name)
            return await set_up(session, left_out)
        finally:
            await permits.close()


def _as_text(answer: object) -> str:
    if isinstance(answer, bool):
        return "yes" if answer else "no"
    return "\n".join(answer) if isinstance(answer, list) else str(answer)


def _dialogue(given: dict[str, str], *, asks_nothing: bool) -> Dialogue:
    if asks_nothing:
        return ScriptDialogue(given)
    if not sys.stdin.isatty():
        raise BadInput(tr("PATT cannot prompt without a terminal. Give the answers as options, with --yes."))
    return TerminalDialogue(given)


def _read_skips(steps: Sequence[str]) -> set[str]:
    for step in steps:
        if step not in _STEP_NAMES:
            raise BadInput(
                tr("“{step}” is not a step. The steps are: {steps}.", step=step, steps=", ".join(_STEP_NAMES))
            )
    return set(steps)


def _say_what_is_next(not_done: list[str]) -> None:
    heading = tr("What to do next")
    out.print(f"\n[bold]{escape(heading)}[/]")
    if not_done:
        say("  patt init               " + tr("continues with: {steps}", steps=", ".join(not_done)))
    say("  patt serve              " + tr("serves the pages and runs the syncs"))
    say("  patt admin link         " + tr("prints a sign-in link"))
    say("  patt match --dry-run    " + tr("shows which characters would be linked, and why"))
    say("  patt doctor             " + tr("checks the set-up"))
    say(
        tr(
            "Players install the addon (docs/addon.md) and run the companion, each with their own key (patt keys add NAME)."
        )
    )
