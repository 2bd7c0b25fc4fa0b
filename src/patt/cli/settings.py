"""`patt settings`: what a guild has set, changing it with a preview, and taking a change back."""

from __future__ import annotations

from typing import Annotated

import typer

from patt.bootstrap import Services
from patt.cli.options import GuildOption, JsonOption, actor, guild_number, row_number, with_services
from patt.cli.output import print_json, say, table
from sv_common.guild_sync import setting_readings
from sv_common.guild_sync.domain.errors import BadInput
from sv_common.guild_sync.domain.paging import PAGE_SIZE
from sv_common.guild_sync.domain.rule import RuleSettings, RuleWishes
from sv_common.guild_sync.domain.setting_words import threshold_in_words
from sv_common.guild_sync.guild_settings import SettingReport, preview_setting, save_setting
from sv_common.guild_sync.rules import RULES
from sv_common.guild_sync.setting_readings import TriedNote
from sv_common.guild_sync.setting_requests import (
    DEFAULT,
    NO_ROLE,
    RanksRequest,
    RoleWish,
    RuleRequest,
    SettingRequest,
    UndoRequest,
    WordRequest,
    YesNo,
)
from sv_common.guild_sync.store import guilds, setting_changes
from sv_common.guild_sync.store.rules import read_wishes
from sv_common.guild_sync.store.setting_changes import SettingChange

app = typer.Typer(
    help="What a guild sets for itself: rules, ranks, words of notes; with preview and undo.", no_args_is_help=True
)
PreviewOption = Annotated[bool, typer.Option("--preview", help="Show what would come of it, and do nothing.")]
NOT_SET = "unset"


@app.command()
def show(guild: GuildOption = None, as_json: JsonOption = False) -> None:
    """Show how every rule is set."""

    async def work(services: Services) -> tuple[dict[str, RuleSettings], int]:
        number = await guild_number(services, guild)
        async with services.pool.snapshot() as conn:
            wishes = await read_wishes(conn, number)
            merged = {name: rule.settings(wishes.get(name, RuleWishes())) for name, rule in RULES.items()}
            return merged, await guilds.roster_size(conn, number)

    settings, size = with_services(work)
    if as_json:
        print_json(list(settings.values()))
        return
    rows = [
        (
            name,
            "on" if each.is_enabled else "off",
            "yes" if each.auto_mitigate else "no",
            each.severity,
            "; ".join(
                f"{parameter.name}: {threshold_in_words(parameter, each, size)}" for parameter in RULES[name].parameters
            ),
        )
        for name, each in settings.items()
    ]
    table("rule", "is", "fixes by itself", "severity", "thresholds", rows=rows)


@app.command()
def rule(
    issue_type: Annotated[str, typer.Argument(metavar="RULE", help="A rule, such as stale_character.")],
    is_enabled: Annotated[bool | None, typer.Option("--on/--off", help="Whether it is looked for.")] = None,
    fixes_itself: Annotated[
        str | None, typer.Option("--fixes-itself", metavar="yes|no|default", help="Whether certain fixes run alone.")
    ] = None,
    severity: Annotated[str | None, typer.Option(help="info, warning, error or default.")] = None,
    thresholds: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=NUMBER", help="A threshold; NAME= is the default. May be repeated."),
    ] = None,
    to_default: Annotated[bool, typer.Option("--default", help="Everything else as the rulebook says.")] = False,
    preview: PreviewOption = False,
    guild: GuildOption = None,
    as_json: JsonOption = False,
) -> None:
    """Set a rule, and look at the guild at once."""
    request = RuleRequest(
        issue_type,
        is_enabled,
        _yes_no(fixes_itself),
        severity,
        dict(_threshold(each) for each in thresholds or ()),
        to_default,
    )
    _change(request, preview, guild, as_json)


@app.command()
def rank(
    index: Annotated[int, typer.Argument(metavar="RANK", min=0, max=9, help="0 is the guild master.")],
    role: Annotated[str, typer.Argument(help="Id of the Discord role, “none” on purpose, or “unset”.")],
    is_managed: Annotated[bool, typer.Option("--managed/--not-managed", help="Whether fixes give and take it.")] = True,
    preview: PreviewOption = False,
    guild: GuildOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say to which Discord role a rank maps, and compare roles at once."""
    wish = RoleWish({NOT_SET: "", NO_ROLE: NO_ROLE}.get(role, role), is_managed)
    _change(RanksRequest({index: wish}), preview, guild, as_json)


@app.command()
def word(
    text: Annotated[str, typer.Argument(metavar="WORD", help="A word or a short phrase.")],
    reading: Annotated[str, typer.Argument(help="A category, “name” (it may be a name), or “default”.")],
    preview: PreviewOption = False,
    guild: GuildOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what a word of notes is in this guild, and read all notes anew."""
    _change(WordRequest(text, reading), preview, guild, as_json)


@app.command("try")
def try_note(
    note: Annotated[str, typer.Argument(help="A note, as if it were on a new character.")],
    guild: GuildOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show how a note is read in this guild, and why."""

    async def work(services: Services) -> TriedNote:
        number = await guild_number(services, guild)
        async with services.pool.snapshot() as conn:
            return await setting_readings.try_note(conn, number, note)

    tried = with_services(work)
    if as_json:
        print_json(tried)
        return
    say(tried.sentence)
    rows = [("sure", tried.verdict.value), ("kind", tried.kind.value)]
    rows += [("could mean", each) for each in tried.candidates]
    rows += [("names", f"{each.text} ({each.kind.replace('_', ' ')})") for each in tried.mentions]
    rows += [("known word", f"{each.word}: {each.is_here}") for each in tried.known_words]
    table("", "", rows=rows)


@app.command()
def history(guild: GuildOption = None, as_json: JsonOption = False) -> None:
    """Show the newest changes of the settings: who, when, and from what to what."""

    async def work(services: Services) -> list[SettingChange]:
        number = await guild_number(services, guild)
        async with services.pool.snapshot() as conn:
            return list((await setting_changes.newest(conn, number)).items)

    found = with_services(work)
    if as_json:
        print_json(found)
        return
    rows = [
        (each.id, each.at, each.actor, each.sentence, f"by {each.undone_by}" if each.undone_by else "")
        for each in found
    ]
    table("change", "when", "who", "what", "undone", rows=rows)


@app.command()
def undo(
    change: Annotated[int, typer.Argument(parser=row_number, metavar="CHANGE", help="Number of the change.")],
    preview: PreviewOption = False,
    guild: GuildOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take a change of the settings back; that is a change too."""
    _change(UndoRequest(change), preview, guild, as_json)


def _change(request: SettingRequest, preview: bool, guild: int | None, as_json: bool) -> None:
    async def work(services: Services) -> SettingReport:
        bot = services.outside.discord
        if preview:
            return await preview_setting(services.pool, request, guild_id=guild, with_discord=bot is not None)
        return await save_setting(services.pool, request, actor=actor(), guild_id=guild, discord_bot=bot)

    report = with_services(work)
    if as_json:
        print_json({"sentence": report.sentence, **_as_data(report)})
    else:
        _say(report)


def _as_data(report: SettingReport) -> dict[str, object]:
    return {
        "guild_id": report.guild_id,
        "differences": report.differences,
        "counts": report.counts,
        "effects": report.effects,
        "readings": report.readings,
        "notices": report.notices,
        "change_id": report.change_id,
    }


def _say(report: SettingReport) -> None:
    table(
        "what",
        "now" if report.change_id is None else "before",
        "then",
        rows=[(d.what, d.before, d.after) for d in report.differences],
    )
    say(report.sentence)
    for notice in (*report.notices, *(report.unrelated if report.change_id is None else ())):
        say(f"! {notice}")
    for effect in report.effects[:PAGE_SIZE]:
        say(f"  {effect.move.value}: {effect.summary}")
    for reading in report.readings[:PAGE_SIZE]:
        say(f"  {reading.character}: {reading.before} → {reading.after}")
    left = max(0, len(report.effects) - PAGE_SIZE) + max(0, len(report.readings) - PAGE_SIZE)
    if left:
        say(f"  … and {left} more.")
    if report.change_id is not None:
        say(f"To take it back: patt settings undo {report.change_id}")


def _threshold(text: str) -> tuple[str, str]:
    name, sign, number = (part.strip() for part in text.partition("="))
    if not name or not sign:
        raise BadInput(f"“{text}” sets nothing. Write --set NAME=NUMBER, such as --set stale_after_days=45.")
    return name, number


def _yes_no(said: str | None) -> YesNo | None:
    match said:
        case None | "yes" | "no" | "default":
            return said
        case _:
            raise BadInput(f"--fixes-itself: “{said}” is none of yes, no and {DEFAULT}.")
