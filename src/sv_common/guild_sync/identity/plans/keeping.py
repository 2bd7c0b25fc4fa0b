"""Keeping a character where it is, though a member has proven it with a Battle.net sign-in: an officer's word against proof."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from sv_common.guild_sync.changes import row_changes as change
from sv_common.guild_sync.changes.changeset import Changeset, RowChange
from sv_common.guild_sync.core.errors import Refused
from sv_common.guild_sync.core.language import tr
from sv_common.guild_sync.core.plain_text import checked_reason
from sv_common.guild_sync.identity import decision_fields as fields
from sv_common.guild_sync.identity.decision_fields import ManualDecision
from sv_common.guild_sync.identity.facts import GuildFacts, KnownCharacter, KnownMember
from sv_common.guild_sync.identity.lookup import find_character, find_member
from sv_common.guild_sync.identity.plans.linking import SAYS_SO, decided, player_of
from sv_common.guild_sync.identity.resolver import Resolver


@dataclass(frozen=True, slots=True)
class OverruleProof(ManualDecision):
    """The character stays as it is, though this Discord member has proven it with a Battle.net sign-in.

    The member's player is ruled out for it, and the officer stands for the link that it has. That counts until the member signs in
    again. It takes a reason, which is kept and shown.
    """

    character: fields.CharacterName
    member: fields.MemberName
    reason: fields.Reason = ""
    decision: Literal["overrule_proof"] = field(default="overrule_proof", kw_only=True)

    def plan(self, resolver: Resolver) -> Changeset:
        facts = resolver.facts
        character, member = find_character(facts, self.character), find_member(facts, self.member)
        names = {"character": character.label, "member": member.display_name}
        rows = list(_kept(facts, character, member, checked_reason(self.reason) or SAYS_SO))
        if not rows:
            raise Refused(
                tr("{member} has no player, and {character} belongs to no one. There is nothing to keep.", **names)
            )
        if character.player_id is None:
            return decided(rows, tr("{character} stays without a player, though {member} proved it", **names))
        player = facts.players[character.player_id].display_name
        return decided(rows, tr("{character} stays {player}’s, though {member} proved it", player=player, **names))

    def overrules(self, resolver: Resolver) -> str:
        facts = resolver.facts
        character, member = find_character(facts, self.character), find_member(facts, self.member)
        return tr(
            "{member} proved {character} with a Battle.net sign-in.",
            member=member.display_name,
            character=character.label,
        )


def _kept(facts: GuildFacts, character: KnownCharacter, member: KnownMember, why: str) -> Iterator[RowChange]:
    """Yield what says that it stays, each as of now: an officer may have said the same before the sign-in."""
    theirs = player_of(facts, member)
    if theirs is not None and character.player_id == theirs.id:
        raise Refused(tr("{character} is {member}’s already.", character=character.label, member=member.display_name))
    if character.player_id is not None:
        player = facts.players[character.player_id].named
        is_proven = character.basis == "proven"
        yield (
            change.keep_proven(character.named, player)
            if is_proven
            else change.link(character.named, player, why, former=player)
        )
    if theirs is not None:
        pair = (character.id, theirs.id)
        yield change.rule_out_again(
            theirs.named,
            character.named,
            why,
            was_said=pair in facts.rejections,
            was_unlinked=pair in facts.unlinked,
        )
