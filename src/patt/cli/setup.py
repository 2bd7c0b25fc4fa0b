"""Setting up a guild in a dialogue, checking an installation, and its guilds."""

from __future__ import annotations

import contextlib
import getpass
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from inspect import Parameter, Signature
from typing import Annotated, Any

import typer
from rich.markup import escape

from patt.bootstrap import PermitsOfServices, Services, make_ready, run
from patt.cli.output import JsonOption, out, say, say_error, show, show_rows, table
from patt.cli.runner import DryRunOption, GuildOption, actor, call, on_installation
from patt.config import Settings, load_settings
from patt.doctor.checks import Check
from patt.doctor.doctor import examine
from patt.setup import guild_moves
from patt.setup.finding import read_region
from patt.setup.guild_moves import GuildMove, NewName
from patt.setup.session import Choice, Dialogue, SetupSession, StepSkipped
from patt.setup.wizard import STEPS, set_up
from sv_common.db.pool import make_pool
from sv_common.guild_sync.core.errors import BadInput, Refused
from sv_common.guild_sync.core.names import name_key
from sv_common.guild_sync.roster import guilds
from sv_common.guild_sync.sources.http import http_client
from sv_common.guild_sync.sources.models import GuildAddress

app = typer.Typer(no_args_is_help=True)
_STOPPED = 130
_AGREED = {"y", "yes"}
_REFUSED = {"n", "no"}
_STEP_NAMES = tuple(step.name for step in STEPS)
_SEEN = "Better set it in the environment, because shells store commands:"

_ANSWERS: Mapping[str, tuple[Any, Any]] = {
    "guild": (str, typer.Option(help="Name of the guild, as the game shows it.")),
    "realm": (str, typer.Option(help="Realm of the guild, in any language.")),
    "region": (str, typer.Option(help="us, eu, kr or tw.")),
    "moved": (
        bool,
        typer.Option(help="The known guild has a new name or realm."),
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
    "uploader": (str, typer.Option(help="The player that the first upload key is for.")),
}
"""The answers that may be given as options, by the names that the steps use."""

_SKIP = typer.Option(help=f"A step to skip ({', '.join(_STEP_NAMES)}); may be repeated.")
_YES = typer.Option("--yes", "-y", help="Do not prompt: use the options, what is set up, and what is suggested.")


def init(skip: list[str] | None, yes: bool, **answers: str | bool | list[str] | None) -> None:
    given = {name.replace("_", "-"): _as_text(value) for name, value in answers.items() if value not in (None, [])}
    left_out = _read_skips(skip or ())
    dialogue = _dialogue(given, asks_nothing=yes)
    out.print("[bold]Setting up a guild.[/] Ctrl-C stops; finished steps are kept.")
    try:
        settings = load_settings()
        url = make_ready(settings)
        say("The database is ready." if settings.database_url else f"The database is ready, in {settings.data_dir}.")
        not_done = run(_set_up(dialogue, left_out, settings, url))
    except (EOFError, KeyboardInterrupt):
        say("\nStopped. Finished steps are kept; “patt init” continues from there.")
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


@app.command("add")
def add_guild(
    name: Annotated[str, typer.Argument(help="The guild's name as the game shows it.")],
    realm: Annotated[str, typer.Option(help="Slug of the guild's realm, as in its Armory address.")],
    region: Annotated[str, typer.Option(help="us, eu, kr or tw.")] = "us",
    discord_server: Annotated[str | None, typer.Option(help="Id of the Discord server.")] = None,
    audit_channel: Annotated[str | None, typer.Option(help="Id of the Discord channel for summaries.")] = None,
) -> None:
    """Add a guild, or change the Discord server and channel of a known one. Retail only: no Classic games yet."""
    if not name.strip() or not realm.strip():
        raise BadInput("Give the guild's name as the game shows it, and the slug of its realm.")
    address = GuildAddress(read_region(region), realm, name.lower().replace(" ", "-"))
    number = on_installation(guilds.add, address, name, discord_guild_id=discord_server, audit_channel_id=audit_channel)
    say(f"{name} is guild {number}.")


@app.command("move")
def move_guild(
    name: Annotated[str, typer.Argument(help="The guild's new name, as the game shows it.")],
    realm: Annotated[str | None, typer.Option(help="Its realm, in any language; by default the current one.")] = None,
    region: Annotated[str | None, typer.Option(help="us, eu, kr or tw; by default the current one.")] = None,
    dry_run: DryRunOption = False,
    guild: GuildOption = None,
) -> None:
    """Change the name or realm of a guild. Try --dry-run first; characters, players and settings stay."""

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
        say(f"{found.guild.name} is {found.name} now. Fetch its roster: patt sync battlenet")
    elif found.problem is not None:
        raise Refused(found.problem)


@app.command("list")
def list_guilds(as_json: JsonOption = False) -> None:
    """List the guilds."""
    columns = ("guild", "name", "region", "realm", "Discord server")
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
        raise BadInput("PATT cannot prompt without a terminal. Give the answers as options, with --yes.")
    return TerminalDialogue(given)


def _read_skips(steps: Sequence[str]) -> set[str]:
    for step in steps:
        if step not in _STEP_NAMES:
            raise BadInput(f"“{step}” is not a step. The steps are: {', '.join(_STEP_NAMES)}.")
    return set(steps)


def _say_what_is_next(not_done: list[str]) -> None:
    out.print("\n[bold]What to do next[/]")
    if not_done:
        say(f"  patt init               continues with: {', '.join(not_done)}")
    say("  patt serve              serves the pages and runs the syncs")
    say("  patt admin link         prints a sign-in link")
    say("  patt match --dry-run    shows which characters would be linked, and why")
    say("  patt doctor             checks the set-up")
    say(
        "Players install the addon (docs/addon.md) and run the companion, each with their own key (patt keys add NAME)."
    )


def _say_checks(checks: Sequence[Check]) -> None:
    width = max(len(check.name) for check in checks)
    for check in checks:
        word = "[green]ok[/]    " if check.ok else "[red]failed[/]"
        out.print(f"{word}  {check.name:<{width}}  {escape(check.message)}", soft_wrap=True)
        if check.remedy:
            out.print(f"{'':>{width + 8}}  [yellow]→[/] {escape(check.remedy)}", soft_wrap=True)
    faults = sum(not check.ok for check in checks)
    say(f"\n{f'{faults} of {len(checks)} checks failed.' if faults else 'All checks passed.'}")


class _Printing(Dialogue):
    say = staticmethod(say)
    complain = staticmethod(say_error)
    step = ""

    def begin(self, step: str, heading: str) -> None:
        self.step = step
        out.print(f"\n[bold]{escape(heading)}[/]")

    def warn(self, sentence: str) -> None:
        out.print(f"[yellow]![/] {escape(sentence)}", soft_wrap=True)

    def show(self, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        table(*columns, rows=rows)


class TerminalDialogue(_Printing):
    """Prompts a user. Enter without an answer takes the default, or leaves the step for later."""

    is_interactive = True

    def prompt(self, option: str, question: str, *, default: str = "", is_secret: bool = False) -> str:
        answer = self.take(option)
        if answer is None:
            enter = f"Enter: {default}" if default else "Enter: later"
            answer = _read(f"{question} ({'not shown; ' if is_secret else ''}{enter}): ", is_secret=is_secret)
        if not answer.strip() and not default:
            raise StepSkipped("no answer")
        return answer.strip() or default

    def choose(self, option: str, question: str, choices: Sequence[Choice], *, default: str = "") -> str:
        given = self.take(option)
        if given is not None:
            return _chosen(given, choices)
        for number, choice in enumerate(choices, start=1):
            say(f"  {number:>2}  {choice.label}")
        usual = next((choice.label for choice in choices if choice.value == default), "later")
        while True:
            answer = _read(f"{question} (number; Enter: {usual}): ").strip()
            if not answer and not default:
                raise StepSkipped("no selection")
            if not answer:
                return default
            try:
                return _chosen(answer, choices, by_number=True)
            except BadInput as error:
                say_error(error)

    def confirm(self, option: str, question: str, *, default: bool = True) -> bool:
        answer = self.take(option)
        while True:
            answer = _read(f"{question}? ({'Y/n' if default else 'y/N'}): ") if answer is None else answer
            key = answer.strip().lower()
            if key in _AGREED | _REFUSED or not key:
                return key in _AGREED if key else default
            say("Answer y or n.")
            answer = None

    def try_again(self) -> bool:
        return not _read("Enter: try again; s: leave this step for later: ").strip()

    @contextlib.contextmanager
    def working(self, what: str) -> Iterator[None]:
        with out.status(f"{escape(what)} …"):
            yield


class ScriptDialogue(_Printing):
    """Prompts no one: takes the options, then defaults, and names the option if there is neither."""

    is_interactive = False

    def prompt(self, option: str, question: str, *, default: str = "", is_secret: bool = False) -> str:  # noqa: ARG002 -- nothing is shown
        answer = (self.take(option) or default).strip()
        if not answer:
            raise BadInput(self._missing(option, question))
        return answer

    def choose(self, option: str, question: str, choices: Sequence[Choice], *, default: str = "") -> str:
        given = self.take(option)
        if given is not None:
            return _chosen(given, choices)
        if not default:
            raise BadInput(f"{self._missing(option, question)}. There are: {_listing(choices)}")
        return default

    def confirm(self, option: str, question: str, *, default: bool = True) -> bool:  # noqa: ARG002 -- nothing is shown
        answer = self.take(option)
        return default if answer is None else answer.strip().lower() in _AGREED

    def try_again(self) -> bool:
        return False

    @contextlib.contextmanager
    def working(self, what: str) -> Iterator[None]:
        say(f"{what} …")
        yield

    def _missing(self, option: str, question: str) -> str:
        return f"{question}: this is missing. Give it with --{option}, or skip the step: --skip {self.step}"


def _chosen(answer: str, choices: Sequence[Choice], *, by_number: bool = False) -> str:
    """Return the value of the choice with this number in the list, value, label or name. Raises `BadInput`."""
    if by_number and answer.isdecimal() and 1 <= int(answer) <= len(choices):
        return choices[int(answer) - 1].value
    if answer in {choice.value for choice in choices}:
        return answer
    key = name_key(answer)
    meant = [choice.value for choice in choices if key in (name_key(choice.label), name_key(choice.name))]
    if len(meant) == 1:
        return meant[0]
    raise BadInput(
        f"“{answer}” {'fits more than one choice' if meant else 'is not a choice'}. Use one of: {_listing(choices)}"
    )


def _listing(choices: Sequence[Choice]) -> str:
    return ", ".join(f"{choice.value} ({choice.label})" for choice in choices)


def _read(prompt: str, *, is_secret: bool = False) -> str:
    """Read one line. Ctrl-C ends the program here too; asyncio would wait until the line is read."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return getpass.getpass(prompt) if is_secret else input(prompt)
    finally:
        signal.signal(signal.SIGINT, before)
