"""The settings of a guild: rules, ranks and words in notes, with preview, history and undo."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated

import typer

from patt.api import current_settings
from patt.api import settings as settings_api
from patt.bootstrap import Services
from patt.cli.output import JsonOption, print_json, say, show, show_rows, table
from patt.cli.runner import GuildOption, actor, call, on_installation, read, row_number, write
from patt.cli.speech.words import word as in_words
from patt.json_data import as_json_data
from sv_common.db.pool import Connection, GuildConnection
from sv_common.guild_sync.core.errors import BadInput, NotFound
from sv_common.guild_sync.core.language import mark, speak, tr, tr_in, tr_n
from sv_common.guild_sync.core.names import name_key
from sv_common.guild_sync.core.paging import PAGE_SIZE, Page
from sv_common.guild_sync.core.text import name_of
from sv_common.guild_sync.identity import words
from sv_common.guild_sync.notes import Category
from sv_common.guild_sync.roster import guilds, ranks
from sv_common.guild_sync.roster.ranks import Rank
from sv_common.guild_sync.rulebook.parameter import RuleSettings
from sv_common.guild_sync.rulebook.settings import read_overrides
from sv_common.guild_sync.rules import RULES
from sv_common.guild_sync.settings import changes, readings, requests
from sv_common.guild_sync.settings.model import RanksSetting, WordSetting, threshold_in_words
from sv_common.guild_sync.settings.readings import TriedNote
from sv_common.guild_sync.settings.service import SettingReport, preview_setting, recorded, save_setting

app = typer.Typer(no_args_is_help=True)
ranks_app = typer.Typer(no_args_is_help=True)
words_app = typer.Typer(no_args_is_help=True)
PreviewOption = Annotated[bool, typer.Option("--preview", help=mark("Show what would happen, and change nothing."))]
RankArgument = Annotated[int, typer.Argument(min=0, max=9, help=mark("Index of the rank; 0 is the guild master."))]
WordArgument = Annotated[str, typer.Argument(metavar="WORD", help=mark("A word or a short phrase."))]
NOT_SET = "unset"


@app.command("show", help=mark("Show how every rule is set."))
def show_settings(guild: GuildOption = None, as_json: JsonOption = False) -> None:
    async def settings_and_size(guild: GuildConnection) -> tuple[Mapping[str, RuleSettings], int]:
        wishes = await read_overrides(guild)
        merged = {name: rule.settings(wishes.get(name, rule.unset)) for name, rule in RULES.items()}
        return merged, await guilds.roster_size(guild)

    settings, size = read(guild, settings_and_size)

    def thresholds(name: str) -> str:
        parameters = RULES[name].parameters
        return "; ".join(f"{each.name}: {threshold_in_words(each, settings[name], size)}" for each in parameters)

    def cells(name: str, each: RuleSettings) -> tuple[object, ...]:
        is_on = tr_in("rule", "on") if each.is_enabled else tr_in("rule", "off")
        return name, is_on, _yes(each.auto_mitigate), each.severity, thresholds(name)

    columns = tr("rule"), tr_in("on or off", "is"), tr("automatic fixes"), tr("severity"), tr("thresholds")
    rows = [cells(name, each) for name, each in settings.items()]
    show(list(settings.values()), as_json, lambda _: table(*columns, rows=rows))


@app.command(help=mark("Set a rule, and scan the guild at once."))
def rule(
    issue_type: Annotated[str, typer.Argument(metavar="RULE", help=mark("A rule, such as stale_character."))],
    is_enabled: Annotated[bool | None, typer.Option("--on/--off", help=mark("Whether scans use it."))] = None,
    is_automatic: Annotated[
        str | None,
        typer.Option("--automatic", metavar="yes|no|default", help=mark("Whether certain fixes run automatically.")),
    ] = None,
    severity: Annotated[str | None, typer.Option(help=mark("info, warning, error or default."))] = None,
    thresholds: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=NUMBER", help=mark("A threshold; NAME= is the default. May be repeated.")),
    ] = None,
    to_default: Annotated[
        bool, typer.Option("--default", help=mark("The rulebook's default for everything else."))
    ] = False,
    preview: PreviewOption = False,
    guild: GuildOption = None,
    as_json: JsonOption = False,
) -> None:
    parameters = dict(_threshold(each) for each in thresholds or ())
    request = requests.RuleRequest(issue_type, is_enabled, _yes_no(is_automatic), severity, parameters, to_default)
    change_setting(request, preview, guild, as_json)


@app.command(help=mark("Map a rank to a Discord role, and compare roles at once."))
def rank(
    index: Annotated[int, typer.Argument(metavar="RANK", min=0, max=9, help=mark("0 is the guild master."))],
    role: Annotated[
        str, typer.Argument(help=mark("Id of the Discord role, “none” for no role on purpose, or “unset”."))
    ],
    is_managed: Annotated[
        bool, typer.Option("--managed/--not-managed", help=mark("Whether fixes give and take it."))
    ] = True,
    preview: PreviewOption = False,
    guild: GuildOption = None,
    as_json: JsonOption = False,
) -> None:
    wish = requests.RoleWish({NOT_SET: "", requests.NO_ROLE: requests.NO_ROLE}.get(role, role), is_managed)
    change_setting(requests.RanksRequest({index: wish}), preview, guild, as_json)


@app.command(help=mark("Set what a word in notes means in this guild, and read all notes again."))
def word(
    text: WordArgument,
    reading: Annotated[
        str, typer.Argument(help=mark("A category, “name” for a word that may be a name, or “default”."))
    ],
    preview: PreviewOption = False,
    guild: GuildOption = None,
    as_json: JsonOption = False,
) -> None:
    change_setting(requests.WordRequest(text, reading), preview, guild, as_json)


@app.command(help=mark("Show for how many days data is kept, or set it. What is open or can be undone always stays."))
def keep(
    days: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME=DAYS", help=mark("Such as uploads=30; NAME= is the default. May be repeated.")),
    ] = None,
    preview: PreviewOption = False,
    guild: GuildOption = None,
    as_json: JsonOption = False,
) -> None:
    if days:
        change_setting(requests.RetentionRequest(dict(_days(each) for each in days)), preview, guild, as_json)
        return
    found = read(guild, current_settings.kept)
    columns = tr("name"), tr("kept"), tr("least"), tr("most"), tr("what")
    rows = [(each.name, each.now, each.least, each.most, f"{each.label}. {each.about}") for each in found.lives]
    show(as_json_data(found), as_json, lambda _: table(*columns, rows=rows))


@app.command(help=mark("Set what is done with account evidence: off, suggest or automatic. Off erases what was read."))
def accounts(
    mode: Annotated[str, typer.Argument(metavar="off|suggest|automatic", help=mark("What is done with it."))],
    gives_rights: Annotated[
        bool | None,
        typer.Option(
            "--rights/--no-rights",
            help=mark(
                "Whether links by the same account count like confirmed ones, for Discord roles and for access. Accounts can "
                "be shared by two people."
            ),
        ),
    ] = None,
    preview: PreviewOption = False,
    guild: GuildOption = None,
    as_json: JsonOption = False,
) -> None:
    change_setting(requests.AccountsRequest(mode, gives_rights), preview, guild, as_json)


@app.command("try", help=mark("Show how a note is read in this guild, and why."))
def try_note(
    note: Annotated[str, typer.Argument(help=mark("A note, as if it were on a new character."))],
    guild: GuildOption = None,
    as_json: JsonOption = False,
) -> None:
    def lines(tried: TriedNote) -> None:
        say(tried.sentence)
        rows = [(tr("sure"), in_words(tried.verdict)), (tr("kind"), in_words(tried.kind))]
        rows += [(tr("could mean"), each) for each in tried.candidates]
        rows += [(tr_in("the note", "names"), f"{each.text} ({in_words(each.kind)})") for each in tried.mentions]
        rows += [(tr("known word"), f"{each.word}: {each.is_here}") for each in tried.known_words]
        table("", "", rows=rows)

    show(read(guild, readings.try_note, note), as_json, lines)


@app.command(help=mark("Show the newest changes of the settings."))
def history(guild: GuildOption = None, as_json: JsonOption = False) -> None:
    async def newest(conn: Connection) -> Page[changes.SettingChange]:
        found = await guilds.the_only(conn, guild)
        speak(found.language)
        return await changes.newest(conn, found.id)

    found = on_installation(newest).items  # tokens for every guild are of none
    columns = tr_in("column", "change"), tr("when"), tr("who"), tr("what"), tr("undone by")
    show_rows(
        found,
        as_json,
        columns,
        lambda each: (each.id, each.at, name_of(each.actor), each.sentence, name_of(each.undone_by or "")),
    )


@app.command(help=mark("Undo a change of the settings; that is a change too."))
def undo(
    change: Annotated[int, typer.Argument(parser=row_number, metavar="CHANGE", help=mark("Number of the change."))],
    preview: PreviewOption = False,
    guild: GuildOption = None,
    as_json: JsonOption = False,
) -> None:
    change_setting(requests.UndoRequest(change), preview, guild, as_json)


@ranks_app.command("list", help=mark("Show the rank table."))
def list_ranks(guild: GuildOption = None, as_json: JsonOption = False) -> None:
    def cells(each: Rank) -> tuple[object, ...]:
        role = tr("none, on purpose") if each.is_without_role else each.discord_role_name
        is_managed = _yes(each.is_role_managed)
        return each.wow_rank_index, each.name, each.name_in_game, role, each.discord_role_id, is_managed

    found = read(guild, ranks.all_ranks)
    columns = tr("rank"), tr("name"), tr("in the game"), tr("Discord role"), tr("role id"), tr("managed")
    show_rows(found, as_json, columns, cells)


@ranks_app.command("map", help=mark("Map a rank to a Discord role."))
def map_rank(
    rank: RankArgument,
    role_id: Annotated[str, typer.Argument(help=mark("Id of the Discord role."))],
    role_name: Annotated[str, typer.Option("--name", help=mark("Name of the role, until the next Discord sync."))] = "",
    is_managed: Annotated[
        bool, typer.Option("--managed/--not-managed", help=mark("Whether PATT may assign this role."))
    ] = True,
    guild: GuildOption = None,
) -> None:
    async def mapped(guild: GuildConnection) -> str | None:
        known_as = await requests.check_role(guild, rank, role_id)
        name = known_as or role_name or None
        async with recorded(guild, RanksSetting.of([rank]), actor=actor()):
            await ranks.map_to_role(guild, rank, role_id, name, is_managed=is_managed)
        return known_as

    known_as = write(guild, mapped)
    say(tr("Rank {rank} maps to the Discord role {role}.", rank=rank, role=known_as or role_name or role_id))
    if known_as is None:
        say(tr("The role is not checked, because Discord was never synced. Run: patt sync discord"))


@ranks_app.command(help=mark("Map a rank to no Discord role, on purpose."))
def unmap(rank: RankArgument, guild: GuildOption = None) -> None:
    async def unmapped(guild: GuildConnection) -> None:
        async with recorded(guild, RanksSetting.of([rank]), actor=actor()):
            await ranks.leave_without_role(guild, rank)

    write(guild, unmapped)
    say(tr("Rank {rank} maps to no Discord role.", rank=rank))


@ranks_app.command(
    help=mark("Confirm the rank names of the game. Check with “patt ranks list” that each still maps to its role.")
)
def confirm(guild: GuildOption = None) -> None:
    async def confirmed(guild: GuildConnection) -> tuple[int, list[Rank]]:
        known = [rank.wow_rank_index for rank in await ranks.all_ranks(guild)]
        async with recorded(guild, RanksSetting.of(known), actor=actor()):
            count = await ranks.confirm_names(guild)
        return count, await ranks.all_ranks(guild)

    count, table_now = write(guild, confirmed)
    say(tr_n("{n} rank name confirmed.", "{n} rank names confirmed.", count))
    without_role = ", ".join(f"{rank.wow_rank_index} ({rank.name})" for rank in table_now if not rank.is_decided)
    if without_role:
        say(
            tr(
                "These ranks have no Discord role yet: {ranks}. Map them with “patt ranks map”, or clear them with "
                "“patt ranks unmap”.",
                ranks=without_role,
            )
        )


@words_app.command("list", help=mark("Show the words that this guild reads differently."))
def list_words(guild: GuildOption = None, as_json: JsonOption = False) -> None:
    found = read(guild, words.all_words)
    columns = tr("word"), tr("is here"), tr("set by")
    show_rows(found, as_json, columns, lambda each: (each.word, each.category or tr("may be a name"), each.updated_by))


@words_app.command(
    "add", help=mark("Set that a word is no name in this guild, such as a raid team. It counts from the next scan on.")
)
def add_word(
    word: WordArgument,
    category: Annotated[Category, typer.Argument(help=mark("What the word is, instead of a name."))],
    guild: GuildOption = None,
) -> None:
    _set_word(word, category, guild)
    say(tr("“{word}” is now read as {category}.", word=word, category=category))


@words_app.command(
    "remove",
    help=mark("Set that a word of the vocabulary may be a name in this guild. It counts from the next scan on."),
)
def remove_word(word: WordArgument, guild: GuildOption = None) -> None:
    _set_word(word, None, guild)
    say(tr("“{word}” may now be a name.", word=word))


@words_app.command("reset", help=mark("Read a word as every other guild does again."))
def reset_word(word: WordArgument, guild: GuildOption = None) -> None:
    async def forgotten(guild: GuildConnection) -> bool:
        async with recorded(guild, WordSetting(name_key(word), is_said=False), actor=actor()):
            return await words.forget(guild, word)

    if not write(guild, forgotten):
        raise NotFound(tr("This guild has no setting for the word “{word}”.", word=word))
    say(tr("“{word}” is read as in every other guild again.", word=word))


def _set_word(word: str, category: Category | None, guild: int | None) -> None:
    async def changed(guild: GuildConnection) -> None:
        async with recorded(guild, WordSetting(name_key(word), is_said=False), actor=actor()):
            await words.say(guild, word, category, actor=actor())

    write(guild, changed)


def change_setting(request: requests.SettingRequest, preview: bool, guild: int | None, as_json: bool) -> None:
    """Change a setting, or show what would come of it."""

    async def changed(services: Services) -> SettingReport:
        bot = services.sources.discord
        if preview:
            report = await preview_setting(
                services.pool, request, guild_id=guild, with_discord=bot is not None, secret=services.secret
            )
            obstacles = await settings_api.obstacles_of(services, report)
            return replace(report, notices=(*report.notices, *report.unrelated, *obstacles))
        return await save_setting(
            services.pool, request, actor=actor(), guild_id=guild, discord_bot=bot, secret=services.secret
        )

    report = call(changed)
    if as_json:
        names = ("sentence", "guild_id", "differences", "counts", "effects", "readings", "notices", "change_id")
        print_json({name: getattr(report, name) for name in names})
    else:
        _say_report(report)


def _say_report(report: SettingReport) -> None:
    is_preview = report.change_id is None
    rows = [(each.what, each.before, each.after) for each in report.differences]
    table(tr("what"), tr("now") if is_preview else tr("before"), tr("then"), rows=rows)
    say(report.sentence)
    for notice in report.notices:
        say(f"! {notice}")
    for effect in report.effects[:PAGE_SIZE]:
        say(f"  {in_words(effect.move)}: {effect.summary}")
    for reading in report.readings[:PAGE_SIZE]:
        say(f"  {reading.character}: {reading.before} → {reading.after}")
    left = max(0, len(report.effects) - PAGE_SIZE) + max(0, len(report.readings) - PAGE_SIZE)
    if left:
        say("  " + tr_n("… and {n} more.", "… and {n} more.", left))
    if not is_preview:
        say(tr("To undo: patt settings undo {change}", change=report.change_id))


def _threshold(text: str) -> tuple[str, str]:
    name, sign, number = (part.strip() for part in text.partition("="))
    if not name or not sign:
        raise BadInput(
            tr("“{text}” cannot be used. Write --set NAME=NUMBER, such as --set stale_after_days=45.", text=text)
        )
    return name, number


def _days(text: str) -> tuple[str, str]:
    name, sign, number = (part.strip() for part in text.partition("="))
    if not name or not sign:
        raise BadInput(tr("“{text}” cannot be used. Write NAME=DAYS, such as uploads=30.", text=text))
    return name, number


def _yes_no(text: str | None) -> requests.YesNo | None:
    match text:
        case None | "yes" | "no" | "default":
            return text
        case _:
            raise BadInput(
                tr(
                    "--automatic: “{text}” cannot be used. Use yes, no or {default}.",
                    text=text,
                    default=requests.DEFAULT,
                )
            )


def _yes(value: bool) -> str:
    return tr("yes") if value else tr("no")
