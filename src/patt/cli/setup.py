"""Setting up a guild in a dialogue, checking an installation, and its guilds."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from inspect import Parameter, Signature
from typing import Annotated, Any

import typer
from rich.markup import escape

from patt.bootstrap import PermitsOfServices, Services, make_ready, run
from patt.cli.output import JsonOption, out, say, show, show_rows
from patt.cli.runner import DryRunOption, GuildOption, actor, call, on_installation, read
from patt.cli.settings import PreviewOption, change_setting
from patt.cli.speech.dialogue import ScriptDialogue, TerminalDialogue
from patt.config import Settings, load_settings
from patt.doctor.checks import Check, label_of
from patt.doctor.doctor import examine
from patt.setup import guild_moves
from patt.setup.finding import read_region
from patt.setup.guild_moves import GuildMove, NewName
from patt.setup.session import Dialogue, SetupSession
from patt.setup.wizard import STEPS, set_up
from sv_common.db.pool import make_pool
from sv_common.guild_sync.core.errors import BadInput, Refused
from sv_common.guild_sync.core.language import LANGUAGES, mark, number, tr, tr_n
from sv_common.guild_sync.roster import guilds
from sv_common.guild_sync.settings.requests import LanguageRequest
from sv_common.guild_sync.sources.http import http_client
from sv_common.guild_sync.sources.models import GuildAddress

app = typer.Typer(no_args_is_help=True)
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


def doctor(as_json: JsonOption = False) -> None:
    checks = run(examine())
    show({"checks": checks}, as_json, lambda _: _say_checks(checks))
    if not all(check.ok for check in checks):
        raise typer.Exit(1)


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


@app.command("list", help=mark("List the guilds."))
def list_guilds(as_json: JsonOption = False) -> None:
    columns = tr("guild"), tr("name"), tr("region"), tr("realm"), tr("Discord server")
    found = on_installation(guilds.all_guilds)
    show_rows(found, as_json, columns, lambda g: (g.id, g.name, g.region, g.realm_slug, g.discord_guild_id))


async def _set_up(dialogue: Dialogue, left_out: set[str], settings: Settings, url: str) -> list[str]:
    async with make_pool(url) as pool, http_client() as http:
        await pool.wait()
        permits = PermitsOfServices.of(pool)
        try:
            return await set_up(SetupSession(dialogue, pool, http, settings, actor(), permits), left_out)
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


def _say_checks(checks: Sequence[Check]) -> None:
    words = {True: tr("ok"), False: tr("failed")}
    first, width = max(map(len, words.values())), max(len(label_of(check.name)) for check in checks)
    for check in checks:
        color, word = "green" if check.ok else "red", words[check.ok].ljust(first)
        out.print(
            f"[{color}]{escape(word)}[/]  {label_of(check.name):<{width}}  {escape(check.message)}", soft_wrap=True
        )
        if check.remedy:
            out.print(f"{'':>{first + 2 + width}}  [yellow]→[/] {escape(check.remedy)}", soft_wrap=True)
    faults = sum(not check.ok for check in checks)
    say("")
    failed = tr_n("{failed} of {n} check failed.", "{failed} of {n} checks failed.", len(checks), failed=number(faults))
    say(failed if faults else tr("All checks passed."))
