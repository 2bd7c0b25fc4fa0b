"""What an officer says of a Battle.net account: that several people play on it, or that it is one person's after all."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from sv_common.guild_sync.changes import row_changes as change
from sv_common.guild_sync.changes.changeset import Changeset
from sv_common.guild_sync.core.errors import Refused
from sv_common.guild_sync.core.language import tr
from sv_common.guild_sync.core.plain_text import checked_reason
from sv_common.guild_sync.core.text import name_of
from sv_common.guild_sync.identity import decision_fields as fields
from sv_common.guild_sync.identity.decision_fields import ManualDecision
from sv_common.guild_sync.identity.lookup import find_character
from sv_common.guild_sync.identity.plans.linking import SAYS_SO, decided
from sv_common.guild_sync.identity.resolver import Resolver


@dataclass(frozen=True, slots=True)
class ShareAccount(ManualDecision):
    """Several people play on the account of the character: nothing is concluded from it, whatever is read later.

    It counts for every character that is of the same account, now or later.
    """

    character: fields.CharacterName
    reason: fields.Reason = ""
    decision: Literal["share_account"] = field(default="share_account", kw_only=True)

    def plan(self, resolver: Resolver) -> Changeset:
        facts = resolver.facts
        character = find_character(facts, self.character)
        members = [character, *resolver.accounts.others(character.id)]
        said = [each for each in members if each.id in facts.shared_accounts]
        if len(said) == len(members):
            raise Refused(
                tr(
                    "{officer} has already said that several people play on the account of {character}.",
                    officer=name_of(facts.shared_accounts[character.id]),
                    character=character.label,
                )
            )
        reason = checked_reason(self.reason) or SAYS_SO
        rows = [change.share_account(each.named, reason) for each in members if each not in said]
        return decided(rows, tr("several people play on the account of {character}", character=character.label))


@dataclass(frozen=True, slots=True)
class UnshareAccount(ManualDecision):
    """The account of the character is one person's after all."""

    character: fields.CharacterName
    decision: Literal["unshare_account"] = field(default="unshare_account", kw_only=True)

    def plan(self, resolver: Resolver) -> Changeset:
        facts = resolver.facts
        character = find_character(facts, self.character)
        members = [character, *resolver.accounts.others(character.id)]
        rows = [change.unshare_account(each.named) for each in members if each.id in facts.shared_accounts]
        if not rows:
            raise Refused(
                tr("Nobody has said that several people play on the account of {character}.", character=character.label)
            )
        return decided(rows, tr("the account of {character} is one person’s", character=character.label))
