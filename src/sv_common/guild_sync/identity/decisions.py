"""What an officer decides: who plays a character and who does not, who a player is on Discord, mains, aliases, merges.

Each decision is a class that plans itself: what has to be written, or why it cannot be. Characters are named by Name-Realm,
by a name that only one has, or by number (`#12`); players by display name or number; Discord members by user name, display
name or number: see `lookup`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from sv_common.guild_sync.changes import row_changes as change
from sv_common.guild_sync.changes.changeset import NEW_PLAYER, UNLINKED, Changeset, Named, RowChange
from sv_common.guild_sync.core.errors import BadInput, NotFound, Refused
from sv_common.guild_sync.core.language import mark, tr
from sv_common.guild_sync.core.names import LONGEST_ALIAS, is_alias, name_key
from sv_common.guild_sync.core.plain_text import checked_reason
from sv_common.guild_sync.identity import decision_fields as fields
from sv_common.guild_sync.identity.accounts.decisions import ShareAccount, UnshareAccount
from sv_common.guild_sync.identity.decision_fields import ManualDecision as ManualDecision  # noqa: PLC0414 -- for everybody else it is here
from sv_common.guild_sync.identity.facts import KnownCharacter
from sv_common.guild_sync.identity.lookup import find_character, find_member, find_player
from sv_common.guild_sync.identity.merging import merge
from sv_common.guild_sync.identity.plans.hiatus import end_hiatus, set_hiatus
from sv_common.guild_sync.identity.plans.keeping import OverruleProof
from sv_common.guild_sync.identity.plans.linking import (
    SAYS_SO,
    allowed,
    check_is_free,
    check_is_not_shared,
    check_is_there,
    decided,
    linked,
    linked_changeset,
    made_member,
    owner,
    player_of,
    remembered,
)
from sv_common.guild_sync.identity.plans.members import allow_member, link_member, reject_member, unlink_member
from sv_common.guild_sync.identity.plans.new_player import new_player
from sv_common.guild_sync.identity.plans.shared import mark_shared, unmark_shared
from sv_common.guild_sync.identity.resolver import Resolver


@dataclass(frozen=True, slots=True)
class LinkCharacter(ManualDecision):
    """The character is this player's; with `remember_note`, so is everyone that its note names the same way.

    It undoes an earlier unlinking of the two. Refused where an officer has rejected the player for this character.
    """

    character: fields.CharacterName
    player: fields.PlayerName
    remember_note: fields.RememberNote = False
    reason: fields.Reason = ""
    decision: Literal["link"] = field(default="link", kw_only=True)

    def plan(self, resolver: Resolver) -> Changeset:
        facts = resolver.facts
        character, player = find_character(facts, self.character), find_player(facts, self.player)
        rows = linked(facts, character, player, self.reason)
        if self.remember_note:
            rows.append(remembered(resolver, character, player.named))
        return linked_changeset(character, player, rows)


@dataclass(frozen=True, slots=True)
class ConfirmLink(ManualDecision):
    """The character is the player's it is linked to: the officer confirms the link."""

    character: fields.CharacterName
    decision: Literal["confirm"] = field(default="confirm", kw_only=True)

    def plan(self, resolver: Resolver) -> Changeset:
        character = find_character(resolver.facts, self.character)
        player = owner(
            resolver.facts, character, mark("{character} has no player, so it has no link to confirm. Link it first.")
        )
        return linked_changeset(character, player, linked(resolver.facts, character, player))


@dataclass(frozen=True, slots=True)
class UnlinkCharacter(ManualDecision):
    """The character is unlinked: no note and no name links the two again, but an officer may."""

    character: fields.CharacterName
    reason: fields.Reason = ""
    decision: Literal["unlink"] = field(default="unlink", kw_only=True)

    def plan(self, resolver: Resolver) -> Changeset:
        facts = resolver.facts
        character = find_character(facts, self.character)
        player = owner(facts, character, mark("{character} has no player to unlink from.")).named
        rows = [change.unlink(character.named, player)]
        if (character.id, player.id) not in facts.rejections:
            why = checked_reason(self.reason) or UNLINKED
            rows.append(change.reject(player, character=character.named, why=why, is_unlinking=True))
        return decided(rows, tr("{character} is unlinked", character=character.label))


@dataclass(frozen=True, slots=True)
class RejectLink(ManualDecision):
    """The character is not this player's, whatever notes and names say."""

    character: fields.CharacterName
    player: fields.PlayerName
    reason: fields.Reason = ""
    decision: Literal["reject"] = field(default="reject", kw_only=True)

    def plan(self, resolver: Resolver) -> Changeset:
        facts = resolver.facts
        character, player = find_character(facts, self.character), find_player(facts, self.player)
        pair = (character.id, player.id)
        if pair in facts.rejections - facts.unlinked:
            raise Refused(
                tr(
                    "{player} is already ruled out for {character}.",
                    player=player.display_name,
                    character=character.label,
                )
            )
        why = checked_reason(self.reason) or SAYS_SO
        rows = [change.unlink(character.named, player.named)] if character.player_id == player.id else []
        was_unlinked = pair in facts.unlinked
        rows.append(change.reject(player.named, character=character.named, why=why, was_unlinked=was_unlinked))
        return decided(
            rows, tr("{character} does not belong to {player}", character=character.label, player=player.display_name)
        )


@dataclass(frozen=True, slots=True)
class AllowLink(ManualDecision):
    """The character may be this player's after all: the rejection is undone."""

    character: fields.CharacterName
    player: fields.PlayerName
    decision: Literal["allow"] = field(default="allow", kw_only=True)

    def plan(self, resolver: Resolver) -> Changeset:
        facts = resolver.facts
        character, player = find_character(facts, self.character), find_player(facts, self.player)
        if (character.id, player.id) not in facts.rejections:
            raise NotFound(
                tr("{player} is not ruled out for {character}.", player=player.display_name, character=character.label)
            )
        row = allowed(facts, character, player)
        return decided(
            [row], tr("{character} may belong to {player} again", character=character.label, player=player.display_name)
        )


@dataclass(frozen=True, slots=True)
class LinkMember(ManualDecision):
    """The player is this Discord member; the officer confirms it where evidence says so already.

    It undoes an earlier unlinking of the two, and takes the place of a member who has left the server. Refused where either
    is already linked to another who is there, and where an officer has said that the player is not this member.
    """

    player: fields.PlayerName
    member: fields.MemberName
    reason: fields.Reason = ""
    decision: Literal["link_member"] = field(default="link_member", kw_only=True)

    def plan(self, resolver: Resolver) -> Changeset:
        facts = resolver.facts
        return link_member(facts, find_player(facts, self.player), find_member(facts, self.member))


@dataclass(frozen=True, slots=True)
class LinkCharacterToMember(ManualDecision):
    """The character is this Discord member's, who becomes a player with it where they are none yet.

    A player who has the character and no Discord member becomes the member. Where evidence says all of it already, the
    officer confirms it; with `remember_note`, everyone that its note names the same way is theirs. Refused where the
    character's player is another Discord member who is on the server.
    """

    character: fields.CharacterName
    member: fields.MemberName
    remember_note: fields.RememberNote = False
    reason: fields.Reason = ""
    decision: Literal["link_to_member"] = field(default="link_to_member", kw_only=True)

    def plan(self, resolver: Resolver) -> Changeset:
        facts = resolver.facts
        character, member = find_character(facts, self.character), find_member(facts, self.member)
        sentence = tr(
            "{character} belongs to {member} on Discord", character=character.label, member=member.display_name
        )
        theirs = player_of(facts, member)
        if theirs is None and character.player_id is None:
            check_is_not_shared(facts, character)
            check_is_there(member)
            player = Named(NEW_PLAYER, member.display_name)
            created = change.create_player(*player, member.named, character.named)
            remembered = self._remembered(resolver, character, player)
            return decided([created, change.link(character.named, player, self._why), *remembered], sentence)
        player_with_it = theirs or facts.players[character.player_id or 0]
        rows = [*linked(facts, character, player_with_it, self.reason), *made_member(facts, player_with_it, member)]
        rows += self._remembered(resolver, character, player_with_it.named)
        if not rows:
            raise Refused(
                tr(
                    "{character} is already linked to {member} by an officer.",
                    character=character.label,
                    member=member.display_name,
                )
            )
        return decided(rows, sentence)

    @property
    def _why(self) -> str:
        return checked_reason(self.reason) or SAYS_SO

    def _remembered(self, resolver: Resolver, character: KnownCharacter, player: Named) -> list[RowChange]:
        return [remembered(resolver, character, player)] if self.remember_note else []


@dataclass(frozen=True, slots=True)
class UnlinkMember(ManualDecision):
    """The player is not this Discord member: no name links the two again, but an officer may."""

    player: fields.PlayerName
    reason: fields.Reason = ""
    decision: Literal["unlink_member"] = field(default="unlink_member", kw_only=True)

    def plan(self, resolver: Resolver) -> Changeset:
        return unlink_member(resolver.facts, find_player(resolver.facts, self.player), self.reason)


@dataclass(frozen=True, slots=True)
class RejectMember(ManualDecision):
    """The player is not this Discord member, whatever names say; one who is linked to it is unlinked."""

    player: fields.PlayerName
    member: fields.MemberName
    reason: fields.Reason = ""
    decision: Literal["reject_member"] = field(default="reject_member", kw_only=True)

    def plan(self, resolver: Resolver) -> Changeset:
        facts = resolver.facts
        return reject_member(facts, find_player(facts, self.player), find_member(facts, self.member), self.reason)


@dataclass(frozen=True, slots=True)
class AllowMember(ManualDecision):
    """The player may be this Discord member after all: the rejection is undone."""

    player: fields.PlayerName
    member: fields.MemberName
    decision: Literal["allow_member"] = field(default="allow_member", kw_only=True)

    def plan(self, resolver: Resolver) -> Changeset:
        facts = resolver.facts
        return allow_member(facts, find_player(facts, self.player), find_member(facts, self.member))


@dataclass(frozen=True, slots=True)
class MergePlayers(ManualDecision):
    """Two players are one person: `player` stays and takes over everything of the other, which is deleted."""

    player: fields.StayingPlayer
    other: fields.OtherPlayer
    reason: fields.Reason = ""
    decision: Literal["merge"] = field(default="merge", kw_only=True)

    def plan(self, resolver: Resolver) -> Changeset:
        stays = find_player(resolver.facts, self.player)
        other = find_player(resolver.facts, self.other, rather_than=stays)
        return merge(resolver.facts, stays, other, self.reason)


@dataclass(frozen=True, slots=True)
class SetMain(ManualDecision):
    """The character is the main of the player that it belongs to."""

    character: fields.CharacterName
    decision: Literal["main"] = field(default="main", kw_only=True)

    def plan(self, resolver: Resolver) -> Changeset:
        facts = resolver.facts
        character = find_character(facts, self.character)
        player = owner(facts, character, mark("{character} has no player, so it cannot be a main. Link it first."))
        if player.main_character_id == character.id:
            raise Refused(
                tr(
                    "{character} is already the main of {player}.",
                    character=character.label,
                    player=player.display_name,
                )
            )
        former = facts.characters.get(player.main_character_id or 0)
        row = change.set_main(player.named, character.named, former.named if former else None)
        return decided(
            [row], tr("{character} is the main of {player}", character=character.label, player=player.display_name)
        )


@dataclass(frozen=True, slots=True)
class AddAlias(ManualDecision):
    """A word of notes means this player from now on."""

    alias: fields.Alias
    player: fields.PlayerName
    decision: Literal["add_alias"] = field(default="add_alias", kw_only=True)

    def plan(self, resolver: Resolver) -> Changeset:
        player, word = find_player(resolver.facts, self.player), self.alias.strip()
        if not is_alias(word):
            raise BadInput(
                tr(
                    "An alias is a name as written in notes: one line of 1 to {most} visible letters.",
                    most=LONGEST_ALIAS,
                )
            )
        check_is_free(resolver.facts, word)
        return decided(
            [change.remember_alias(player.named, word)],
            tr("“{word}” means {player}", word=word, player=player.display_name),
        )


@dataclass(frozen=True, slots=True)
class RemoveAlias(ManualDecision):
    """A word of notes is no longer an alias."""

    alias: fields.Alias
    decision: Literal["remove_alias"] = field(default="remove_alias", kw_only=True)

    def plan(self, resolver: Resolver) -> Changeset:
        facts = resolver.facts
        known = facts.aliases.get(name_key(self.alias))
        if known is None:
            raise NotFound(tr("“{alias}” is not an alias in this guild.", alias=self.alias))
        player, word = facts.players[known], facts.written_aliases[name_key(self.alias)]
        return decided(
            [change.forget_alias(player.named, word)],
            tr("“{word}” no longer means {player}", word=word, player=player.display_name),
        )


@dataclass(frozen=True, slots=True)
class NewPlayer(ManualDecision):
    """The characters belong to a player who is not known yet, with this name, and perhaps this Discord member.

    The one with the highest rank is the main. Refused where a character has a player or is marked as shared, and where the
    name means someone else already.
    """

    characters: fields.CharacterNames
    name: fields.NewName = None
    member: fields.OptionalMemberName = None
    remember_note: fields.RememberNote = False
    decision: Literal["new_player"] = field(default="new_player", kw_only=True)

    def plan(self, resolver: Resolver) -> Changeset:
        found = [find_character(resolver.facts, called) for called in self.characters]
        member = find_member(resolver.facts, self.member) if self.member else None
        return new_player(resolver, found, self.name, member, remember_note=self.remember_note)


@dataclass(frozen=True, slots=True)
class MarkShared(ManualDecision):
    """The character is a bank, or several people play it: it has no player, and nothing links it while it is marked.

    One that has a player is unlinked.
    """

    character: fields.CharacterName
    reason: fields.Reason = ""
    decision: Literal["mark_shared"] = field(default="mark_shared", kw_only=True)

    def plan(self, resolver: Resolver) -> Changeset:
        return mark_shared(resolver.facts, find_character(resolver.facts, self.character), self.reason)


@dataclass(frozen=True, slots=True)
class UnmarkShared(ManualDecision):
    """The character is no bank and not shared: it may have a player, and is an orphan until it has one."""

    character: fields.CharacterName
    decision: Literal["unmark_shared"] = field(default="unmark_shared", kw_only=True)

    def plan(self, resolver: Resolver) -> Changeset:
        return unmark_shared(resolver.facts, find_character(resolver.facts, self.character))


@dataclass(frozen=True, slots=True)
class SetHiatus(ManualDecision):
    """The player is away until a day, or until an officer ends it. Until then none of their characters is stale.

    On that day it ends automatically. A player who is away already gets the new day and reason.
    """

    player: fields.PlayerName
    until: fields.AwayUntil = None
    reason: fields.Reason = ""
    decision: Literal["set_hiatus"] = field(default="set_hiatus", kw_only=True)

    def plan(self, resolver: Resolver) -> Changeset:
        return set_hiatus(resolver.facts, find_player(resolver.facts, self.player), self.until, self.reason)


@dataclass(frozen=True, slots=True)
class EndHiatus(ManualDecision):
    """The player is back before the day, or there was none."""

    player: fields.PlayerName
    decision: Literal["end_hiatus"] = field(default="end_hiatus", kw_only=True)

    def plan(self, resolver: Resolver) -> Changeset:
        return end_hiatus(resolver.facts, find_player(resolver.facts, self.player))


_OfLink: TypeAlias = LinkCharacter | ConfirmLink | UnlinkCharacter | RejectLink | AllowLink | OverruleProof
_OfMember: TypeAlias = LinkMember | LinkCharacterToMember | UnlinkMember | RejectMember | AllowMember
_OfNobodyKnown: TypeAlias = NewPlayer | MarkShared | UnmarkShared | ShareAccount | UnshareAccount
Decision: TypeAlias = Annotated[
    _OfLink | _OfMember | MergePlayers | SetMain | AddAlias | RemoveAlias | _OfNobodyKnown | SetHiatus | EndHiatus,
    Field(discriminator="decision"),
]
"""Every decision there is."""
