"""Whose character is it: what an officer decides by hand."""

from __future__ import annotations

from typing import Annotated

import typer

from patt.cli.options import DryRunOption, GuildOption, JsonOption, actor, with_services
from patt.cli.output import print_json, say
from sv_common.guild_sync.changes.describe import plan_as_json
from sv_common.guild_sync.identity.decisions import (
    AddAlias,
    AllowLink,
    AllowMember,
    ConfirmLink,
    LinkCharacter,
    LinkCharacterToMember,
    LinkMember,
    ManualDecision,
    MergePlayers,
    RejectLink,
    RemoveAlias,
    SetMain,
    UnlinkCharacter,
    UnlinkMember,
)
from sv_common.guild_sync.identity_engine import apply_decision, preview_decision

CharacterArgument = Annotated[
    str, typer.Argument(metavar="CHARACTER", help="Name-Realm, a name that only one bears, or #number in quotes.")
]
PlayerArgument = Annotated[
    str, typer.Argument(metavar="PLAYER", help="Display name of the player, or #number in quotes.")
]
MemberArgument = Annotated[
    str, typer.Argument(metavar="MEMBER", help="User name or display name of the Discord member, or #number in quotes.")
]
AliasArgument = Annotated[str, typer.Argument(metavar="ALIAS", help="A name as notes write it.")]
alias_app = typer.Typer(help="Words of notes that mean a player.", no_args_is_help=True)


def link(
    character: CharacterArgument,
    player: PlayerArgument,
    remember_note: Annotated[
        bool, typer.Option("--remember-note", help="The name in its note means this player from now on.")
    ] = False,
    dry_run: DryRunOption = False,
    guild: GuildOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say that a character is this player's. Automation never changes it."""
    _decide(LinkCharacter(character, player, remember_note), dry_run, guild, as_json)


def confirm(
    character: CharacterArgument, dry_run: DryRunOption = False, guild: GuildOption = None, as_json: JsonOption = False
) -> None:
    """Say that the player to whom a character is linked is right, whatever linked it. Automation never changes it then."""
    _decide(ConfirmLink(character), dry_run, guild, as_json)


def unlink(
    character: CharacterArgument, dry_run: DryRunOption = False, guild: GuildOption = None, as_json: JsonOption = False
) -> None:
    """Take a character from its player; no note and no name gives it back."""
    _decide(UnlinkCharacter(character), dry_run, guild, as_json)


def reject(
    character: CharacterArgument,
    player: PlayerArgument,
    reason: Annotated[str, typer.Option(help="Why, in a few words.")] = "",
    dry_run: DryRunOption = False,
    guild: GuildOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say that a character is not this player's, whatever its note or name says."""
    _decide(RejectLink(character, player, reason), dry_run, guild, as_json)


def allow(
    character: CharacterArgument,
    player: PlayerArgument,
    dry_run: DryRunOption = False,
    guild: GuildOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take back that a character is not this player's."""
    _decide(AllowLink(character, player), dry_run, guild, as_json)


def link_member(
    player: PlayerArgument,
    member: MemberArgument,
    dry_run: DryRunOption = False,
    guild: GuildOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say which Discord member a player is, or confirm it."""
    _decide(LinkMember(player, member), dry_run, guild, as_json)


def link_to_member(
    character: CharacterArgument,
    member: MemberArgument,
    dry_run: DryRunOption = False,
    guild: GuildOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say that a character is a Discord member's, who becomes a player with it where they are none yet."""
    _decide(LinkCharacterToMember(character, member), dry_run, guild, as_json)


def unlink_member(
    player: PlayerArgument, dry_run: DryRunOption = False, guild: GuildOption = None, as_json: JsonOption = False
) -> None:
    """Take the Discord member from a player that it was taken for; no name gives it back."""
    _decide(UnlinkMember(player), dry_run, guild, as_json)


def allow_member(
    player: PlayerArgument,
    member: MemberArgument,
    dry_run: DryRunOption = False,
    guild: GuildOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take back that a player is not a Discord member."""
    _decide(AllowMember(player, member), dry_run, guild, as_json)


def merge(
    player: Annotated[
        str, typer.Argument(metavar="PLAYER", help="The one that stays: display name, or #number in quotes.")
    ],
    other: Annotated[str, typer.Argument(metavar="OTHER", help="The one that is merged into it, and is gone then.")],
    dry_run: DryRunOption = False,
    guild: GuildOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make two players one: the first takes over all that is the other's. Look with --dry-run first."""
    _decide(MergePlayers(player, other), dry_run, guild, as_json)


def main(
    character: CharacterArgument, dry_run: DryRunOption = False, guild: GuildOption = None, as_json: JsonOption = False
) -> None:
    """Make a character the main of its player."""
    _decide(SetMain(character), dry_run, guild, as_json)


@alias_app.command("add")
def add_alias(
    alias: AliasArgument,
    player: PlayerArgument,
    dry_run: DryRunOption = False,
    guild: GuildOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let a word of notes mean a player from now on."""
    _decide(AddAlias(alias, player), dry_run, guild, as_json)


@alias_app.command("remove")
def remove_alias(
    alias: AliasArgument, dry_run: DryRunOption = False, guild: GuildOption = None, as_json: JsonOption = False
) -> None:
    """Let a word of notes be no alias any more."""
    _decide(RemoveAlias(alias), dry_run, guild, as_json)


def _decide(decision: ManualDecision, dry_run: bool, guild: int | None, as_json: bool) -> None:
    if dry_run:
        report = with_services(lambda services: preview_decision(services.pool, decision, guild_id=guild))
    else:
        report = with_services(lambda services: apply_decision(services.pool, decision, actor=actor(), guild_id=guild))
    if as_json:
        print_json({"attempt_id": report.attempt_id, "reason": report.plan.reason, "steps": plan_as_json(report.plan)})
        return
    for sentence in report.sentences:
        say(sentence)
    if report.attempt_id is None:
        say("Nothing was changed yet.")
    else:
        say(f"To take it back: patt undo {report.attempt_id}")
