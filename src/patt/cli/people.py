"""The search over everything, and the decisions about who is who: one command for each class of decision."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from datetime import date
from inspect import Parameter, Signature
from typing import Annotated, Any, Literal

import typer

from patt.bootstrap import Services
from patt.cli.output import JsonOption, day_of, print_file, print_json, say, show, table
from patt.cli.runner import DryRunOption, GuildOption, PageOption, actor, call, operator, read
from patt.cli.speech.words import word
from patt.web.context import LARGEST_INTEGER
from patt.web.finding import Found, FoundGroup, find
from patt.web.places import CLAIM_PREFIX
from sv_common.guild_sync.changes.describe import plan_as_json
from sv_common.guild_sync.core.basis import Basis
from sv_common.guild_sync.core.language import day, day_and_time, mark, number, tr, tr_in, tr_n
from sv_common.guild_sync.core.text import name_of
from sv_common.guild_sync.identity import decisions
from sv_common.guild_sync.identity.accounts import decisions as accounts
from sv_common.guild_sync.identity.decisions import ManualDecision
from sv_common.guild_sync.identity.plans import keeping
from sv_common.guild_sync.identity_engine import apply_decision, preview_decision
from sv_common.guild_sync.insights import people
from sv_common.guild_sync.insights.everyone.csv_text import csv_text
from sv_common.guild_sync.insights.everyone.filters import OnDiscord, PeopleFilter, Sort
from sv_common.guild_sync.insights.everyone.guild_map import MapTable, as_table, guild_map
from sv_common.guild_sync.insights.everyone.summary import PersonKind, PersonSummary
from sv_common.guild_sync.insights.everyone.table import COLUMNS, table_of
from sv_common.guild_sync.insights.everyone.verified import Verification, verification
from sv_common.guild_sync.insights.inactive import InactivePage, inactive_page
from sv_common.guild_sync.insights.people import PeoplePage
from sv_common.guild_sync.insights.timeline import Timeline, timeline_of_player_called
from sv_common.guild_sync.roster import guilds

ShownKind = Literal["players", "characters", "members", "shared", "all"]
_KINDS: Mapping[ShownKind, PersonKind | None] = {
    "players": PersonKind.PLAYER,
    "characters": PersonKind.CHARACTER,
    "members": PersonKind.MEMBER,
    "shared": PersonKind.SHARED,
    "all": None,
}


def _argument(metavar: str, help_text: str) -> Any:
    return Annotated[str, typer.Argument(metavar=metavar, help=help_text)]


_CHARACTER = _argument("CHARACTER", mark("Name-Realm, a unique name, or #number in quotes."))
PlayerArgument = Annotated[
    str, typer.Argument(metavar="PLAYER", help=mark("Display name of the player, or #number in quotes."))
]
_PLAYER: Any = PlayerArgument
_STAYS = _argument("PLAYER", mark("The player to keep: display name, or #number in quotes."))
_OTHER = _argument("OTHER", mark("The player to merge into it, then delete."))
_MEMBER = _argument("MEMBER", mark("User name or display name of the Discord member, or #number in quotes."))
_ALIAS = _argument("ALIAS", mark("A name as written in notes."))
_WHY = Annotated[str, typer.Option("--reason", help=mark("The reason, in a few words."))]
_REMEMBER = Annotated[bool, typer.Option("--remember-note", help=mark("Also add the name in its note as an alias."))]
_CHARACTERS = Annotated[
    list[str],
    typer.Argument(metavar="CHARACTER...", help=mark("Each: Name-Realm, a unique name, or #number in quotes.")),
]
_NAME = Annotated[
    str | None, typer.Option("--name", help=mark("The player's name; else as in the note, or the main's."))
]
_MEMBER_TOO = Annotated[str | None, typer.Option("--member", help=mark("The Discord member: user name or #number."))]
_UNTIL = Annotated[
    str | None,
    typer.Option("--until", metavar="DAY", help=mark("The day on which the player is back, such as 2099-12-24.")),
]
_FLAGS = (
    Parameter("dry_run", Parameter.KEYWORD_ONLY, default=False, annotation=DryRunOption),
    Parameter("guild", Parameter.KEYWORD_ONLY, default=None, annotation=GuildOption),
    Parameter("as_json", Parameter.KEYWORD_ONLY, default=False, annotation=JsonOption),
)


_WORDS = Annotated[
    list[str], typer.Argument(metavar="WORDS", help=mark("Part of a name, a note, an issue or a setting."))
]


def find_words(words: _WORDS, guild: GuildOption = None, as_json: JsonOption = False) -> None:
    typed = " ".join(words)

    def lines(found: Found) -> None:
        for group in found.groups:
            _tell(group)
        if not found.total:
            say(tr("Nothing matches “{typed}”. Try fewer letters.", typed=typed))

    show(read(guild, find, typed, operator().role), as_json, lines)


def _tell(group: FoundGroup) -> None:
    """Print a group, if there is anything in it."""
    if group.hits:
        numbered = [(hit, f"#{hit.id}" if hit.id is not None else hit.href) for hit in group.hits]
        more = ""
        if group.total > len(group.hits):
            more = " " + tr("(the best {best} of {total})", best=number(len(group.hits)), total=number(group.total))
        table(f"{group.heading}{more}", "", "", rows=[(hit.title, place, hit.why) for hit, place in numbered])


def people_list(
    search: Annotated[str, typer.Option(help=mark("Part of a name or a note."))] = "",
    show_kind: Annotated[ShownKind, typer.Option("--show", help=mark("Who to list."))] = "players",
    discord: Annotated[OnDiscord | None, typer.Option(help=mark("Only who is on Discord, or is not."))] = None,
    proof: Annotated[Basis | None, typer.Option(help=mark("Only who has a link that rests on this."))] = None,
    loose: Annotated[
        bool, typer.Option("--loose", help=mark("Only loose ends: no player, no characters, not on Discord."))
    ] = False,
    inactive_only: Annotated[bool, typer.Option("--inactive", help=mark("Only who was seen too long ago."))] = False,
    hiatus: Annotated[bool, typer.Option("--hiatus", help=mark("Only players on hiatus."))] = False,
    rank: Annotated[
        int | None, typer.Option(min=0, max=9, help=mark("Only people with this highest rank, by its index."))
    ] = None,
    character_class: Annotated[str | None, typer.Option("--class", help=mark("Only who plays this class."))] = None,
    with_issues: Annotated[bool, typer.Option("--issues", help=mark("Only with open issues."))] = False,
    sort: Annotated[Sort | None, typer.Option(help=mark("The most, or the newest, first."))] = None,
    reverse: Annotated[bool, typer.Option("--reverse", help=mark("The other way round."))] = False,
    page: Annotated[int, typer.Option(min=1, max=LARGEST_INTEGER, help=mark("Page of 100."))] = 1,
    as_csv: Annotated[bool, typer.Option("--csv", help=mark("Print all of them as CSV for a spreadsheet."))] = False,
    guild: GuildOption = None,
    as_json: JsonOption = False,
) -> None:
    chosen = PeopleFilter(
        discord,
        proof,
        loose,
        inactive_only,
        hiatus,
        rank,
        character_class,
        with_issues,
    )
    asked: dict[str, Any] = {"search": search, "kind": _KINDS[show_kind], "sort": sort, "reverse": reverse}
    if as_csv:
        print_file(csv_text(COLUMNS, table_of(read(guild, people.every_person, chosen, **asked))))
        return
    show(read(guild, people.people_page, chosen, **asked, number=page), as_json, _tell_people)


def _tell_people(found: PeoplePage) -> None:
    rows = [
        (
            word(each.kind),
            f"#{each.id}",
            each.name,
            ", ".join(character.name for character in each.played),
            each.rank,
            day_of(each.last_login_timestamp),
            each.discord_name,
            _away(each),
            each.open_issues or None,
        )
        for each in found.items
    ]
    table(
        tr("who"),
        tr("number"),
        tr("name"),
        tr("characters"),
        tr("rank"),
        tr("last seen"),
        "Discord",
        tr("away"),
        tr("open issues"),
        rows=rows,
    )
    say(
        tr_n(
            "{n} found; page {page} of {pages}.",
            "{n} found; page {page} of {pages}.",
            found.total,
            page=number(found.number),
            pages=number(found.pages),
        )
    )


def _away(each: PersonSummary) -> str | None:
    if each.away_until:
        return tr("until {day}", day=day(date.fromisoformat(each.away_until)))
    return tr("yes") if each.is_away else None


def show_map(
    loose: Annotated[bool, typer.Option("--loose", help=mark("Only loose ends."))] = False,
    guild: GuildOption = None,
    as_json: JsonOption = False,
) -> None:
    def lines(found: MapTable) -> None:
        rows = [
            (
                each.character,
                each.player or (tr("bank or shared") if each.shared else None),
                word(each.proof) if each.proof else None,
                each.member,
                word(each.member_proof) if each.member_proof else None,
                f"{each.suggested} ({word(each.suggestion)})" if each.suggested and each.suggestion else None,
            )
            for each in found.rows
            if each.loose or not loose
        ]
        table(tr("character"), tr("player"), tr("proof"), "Discord", tr("proof"), tr("could be"), rows=rows)

    show(as_table(read(guild, guild_map)), as_json, lines)


def timeline(
    player: PlayerArgument, page: PageOption = 1, guild: GuildOption = None, as_json: JsonOption = False
) -> None:
    def lines(found: Timeline) -> None:
        rows = [
            (day_and_time(e.at), word(e.what), name_of(e.actor or ""), e.sentence, e.attempt_id) for e in found.items
        ]
        table(tr("when"), tr("what"), tr_in("by whom", "by"), "", tr("attempt"), rows=rows)
        say(
            tr_n(
                "{n} entry; page {page} of {pages}.",
                "{n} entries; page {page} of {pages}.",
                found.total,
                page=number(found.number),
                pages=number(found.pages),
            )
        )

    show(read(guild, timeline_of_player_called, player, number=page), as_json, lines)


def verified(guild: GuildOption = None, as_json: JsonOption = False) -> None:
    async def found(services: Services) -> Verification:
        async with services.pool.reading(await guilds.resolve_guild(services.pool, guild)) as here:
            return await verification(here, services.settings.own_page(CLAIM_PREFIX))

    def lines(found: Verification) -> None:
        rows = [
            (each.member, each.player, f"{each.proven}/{each.characters}", each.signed_in_at and day(each.signed_in_at))
            for each in found.members
        ]
        table("Discord", tr("player"), tr("verified"), tr("signed in"), rows=rows)
        say(f"{found.counts.sentence}.")
        if found.unverified:
            say(found.reminder)

    show(call(found), as_json, lines)


def inactive(page: PageOption = 1, guild: GuildOption = None, as_json: JsonOption = False) -> None:
    def lines(found: InactivePage) -> None:
        rows = [
            (group.player or tr("no player"), each.name, day_of(each.last_login_timestamp), each.rank, group.active_on)
            for group in found.items
            for each in group.characters
        ]
        table(tr("player"), tr("character"), tr("last seen"), tr("rank"), tr("but active on"), rows=rows)
        say(
            tr_n(
                "{n} player or character without one; page {page} of {pages}.",
                "{n} players and characters without one; page {page} of {pages}.",
                found.total,
                page=number(found.number),
                pages=number(found.pages),
            )
        )

    show(read(guild, inactive_page, number=page), as_json, lines)


def _command(decision: Callable[..., ManualDecision], *parameters: Any, **defaults: object) -> Callable[..., None]:
    """Return the command for a class of decisions: its parameters are the fields of the class, in their order."""

    def command(dry_run: bool, guild: int | None, as_json: bool, **values: Any) -> None:
        _decide(decision(**values), dry_run, guild, as_json)

    names = [field.name for field in dataclasses.fields(decision) if not field.kw_only]  # type: ignore[arg-type]
    own = [
        Parameter(name, Parameter.KEYWORD_ONLY, default=defaults.get(name, Parameter.empty), annotation=annotation)
        for name, annotation in zip(names, parameters, strict=True)
    ]
    command.__signature__ = Signature([*own, *_FLAGS])  # type: ignore[attr-defined]
    return command


link = _command(decisions.LinkCharacter, _CHARACTER, _PLAYER, _REMEMBER, _WHY, remember_note=False, reason="")
confirm = _command(decisions.ConfirmLink, _CHARACTER)
unlink = _command(decisions.UnlinkCharacter, _CHARACTER, _WHY, reason="")
reject = _command(decisions.RejectLink, _CHARACTER, _PLAYER, _WHY, reason="")
allow = _command(decisions.AllowLink, _CHARACTER, _PLAYER)
overrule_proof = _command(keeping.OverruleProof, _CHARACTER, _MEMBER, _WHY, reason="")
link_member = _command(decisions.LinkMember, _PLAYER, _MEMBER, _WHY, reason="")
link_to_member = _command(
    decisions.LinkCharacterToMember, _CHARACTER, _MEMBER, _REMEMBER, _WHY, remember_note=False, reason=""
)
unlink_member = _command(decisions.UnlinkMember, _PLAYER, _WHY, reason="")
reject_member = _command(decisions.RejectMember, _PLAYER, _MEMBER, _WHY, reason="")
allow_member = _command(decisions.AllowMember, _PLAYER, _MEMBER)
new_player = _command(
    decisions.NewPlayer, _CHARACTERS, _NAME, _MEMBER_TOO, _REMEMBER, name=None, member=None, remember_note=False
)
mark_shared = _command(decisions.MarkShared, _CHARACTER, _WHY, reason="")
unmark_shared = _command(decisions.UnmarkShared, _CHARACTER)
share_account = _command(accounts.ShareAccount, _CHARACTER, _WHY, reason="")
unshare_account = _command(accounts.UnshareAccount, _CHARACTER)
set_hiatus = _command(decisions.SetHiatus, _PLAYER, _UNTIL, _WHY, until=None, reason="")
end_hiatus = _command(decisions.EndHiatus, _PLAYER)
merge = _command(decisions.MergePlayers, _STAYS, _OTHER, _WHY, reason="")
main = _command(decisions.SetMain, _CHARACTER)

alias_app = typer.Typer(no_args_is_help=True)
alias_app.command("add", help=mark("Add an alias: a word in notes means this player."))(
    _command(decisions.AddAlias, _ALIAS, _PLAYER)
)
alias_app.command("remove", help=mark("Remove an alias."))(_command(decisions.RemoveAlias, _ALIAS))


def _decide(decision: ManualDecision, dry_run: bool, guild: int | None, as_json: bool) -> None:
    if dry_run:
        report = call(lambda services: preview_decision(services.pool, decision, guild_id=guild))
    else:
        report = call(lambda services: apply_decision(services.pool, decision, actor=actor(), guild_id=guild))
    if as_json:
        print_json({"attempt_id": report.attempt_id, "reason": report.plan.reason, "steps": plan_as_json(report.plan)})
        return
    for sentence in report.sentences:
        say(sentence)
    if report.attempt_id is None:
        say(tr("Nothing was changed."))
    else:
        say(tr("To undo: patt undo {attempt}", attempt=report.attempt_id))
