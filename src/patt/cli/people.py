"""The search over everything, and the decisions about who is who: one command for each class of decision."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from inspect import Parameter, Signature
from typing import Annotated, Any

import typer

from patt.cli.output import JsonOption, print_json, say, show, table
from patt.cli.runner import DryRunOption, GuildOption, actor, call, operator, read
from patt.web.finding import Found, FoundGroup, find
from sv_common.guild_sync.changes.describe import plan_as_json
from sv_common.guild_sync.identity import decisions
from sv_common.guild_sync.identity.decisions import ManualDecision
from sv_common.guild_sync.identity_engine import apply_decision, preview_decision


def _argument(metavar: str, help_text: str) -> Any:
    return Annotated[str, typer.Argument(metavar=metavar, help=help_text)]


_CHARACTER = _argument("CHARACTER", "Name-Realm, a unique name, or #number in quotes.")
_PLAYER = _argument("PLAYER", "Display name of the player, or #number in quotes.")
_STAYS = _argument("PLAYER", "The player to keep: display name, or #number in quotes.")
_OTHER = _argument("OTHER", "The player to merge into it, then delete.")
_MEMBER = _argument("MEMBER", "User name or display name of the Discord member, or #number in quotes.")
_ALIAS = _argument("ALIAS", "A name as written in notes.")
_WHY = Annotated[str, typer.Option("--reason", help="The reason, in a few words.")]
_REMEMBER = Annotated[bool, typer.Option("--remember-note", help="Also add the name in its note as an alias.")]
_CHARACTERS = Annotated[
    list[str],
    typer.Argument(metavar="CHARACTER...", help="Each: Name-Realm, a unique name, or #number in quotes."),
]
_NAME = Annotated[str | None, typer.Option("--name", help="The player's name; else as in the note, or the main's.")]
_MEMBER_TOO = Annotated[str | None, typer.Option("--member", help="The Discord member: user name or #number.")]
_FLAGS = (
    Parameter("dry_run", Parameter.KEYWORD_ONLY, default=False, annotation=DryRunOption),
    Parameter("guild", Parameter.KEYWORD_ONLY, default=None, annotation=GuildOption),
    Parameter("as_json", Parameter.KEYWORD_ONLY, default=False, annotation=JsonOption),
)


_WORDS = Annotated[list[str], typer.Argument(metavar="WORDS", help="Part of a name, a note, an issue or a setting.")]


def find_words(words: _WORDS, guild: GuildOption = None, as_json: JsonOption = False) -> None:
    typed = " ".join(words)

    def lines(found: Found) -> None:
        for group in found.groups:
            _tell(group)
        if not found.total:
            say(f"Nothing matches “{typed}”. Try fewer letters.")

    show(read(guild, find, typed, operator().role), as_json, lines)


def _tell(group: FoundGroup) -> None:
    """Print a group, if there is anything in it."""
    if group.hits:
        numbered = [(hit, f"#{hit.id}" if hit.id is not None else hit.href) for hit in group.hits]
        more = f" (the best {len(group.hits)} of {group.total})" if group.total > len(group.hits) else ""
        table(f"{group.name}{more}", "", "", rows=[(hit.title, number, hit.why) for hit, number in numbered])


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


link = _command(decisions.LinkCharacter, _CHARACTER, _PLAYER, _REMEMBER, remember_note=False)
confirm = _command(decisions.ConfirmLink, _CHARACTER)
unlink = _command(decisions.UnlinkCharacter, _CHARACTER)
reject = _command(decisions.RejectLink, _CHARACTER, _PLAYER, _WHY, reason="")
allow = _command(decisions.AllowLink, _CHARACTER, _PLAYER)
link_member = _command(decisions.LinkMember, _PLAYER, _MEMBER)
link_to_member = _command(decisions.LinkCharacterToMember, _CHARACTER, _MEMBER)
unlink_member = _command(decisions.UnlinkMember, _PLAYER)
allow_member = _command(decisions.AllowMember, _PLAYER, _MEMBER)
new_player = _command(
    decisions.NewPlayer, _CHARACTERS, _NAME, _MEMBER_TOO, _REMEMBER, name=None, member=None, remember_note=False
)
mark_shared = _command(decisions.MarkShared, _CHARACTER, _WHY, reason="")
unmark_shared = _command(decisions.UnmarkShared, _CHARACTER)
merge = _command(decisions.MergePlayers, _STAYS, _OTHER)
main = _command(decisions.SetMain, _CHARACTER)

alias_app = typer.Typer(no_args_is_help=True)
alias_app.command("add", help="Add an alias: a word in notes means this player.")(
    _command(decisions.AddAlias, _ALIAS, _PLAYER)
)
alias_app.command("remove", help="Remove an alias.")(_command(decisions.RemoveAlias, _ALIAS))


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
        say("Nothing was changed.")
    else:
        say(f"To undo: patt undo {report.attempt_id}")
