"""A bank or shared character: the changesets that mark one, and that take the mark away."""

from __future__ import annotations

from sv_common.guild_sync.changes import changeset as change
from sv_common.guild_sync.changes.changeset import Changeset
from sv_common.guild_sync.core.errors import Refused
from sv_common.guild_sync.core.plain_text import checked_reason
from sv_common.guild_sync.identity.facts import GuildFacts, KnownCharacter
from sv_common.guild_sync.identity.plans.linking import SAYS_SO, decided


def mark_shared(facts: GuildFacts, character: KnownCharacter, reason: str) -> Changeset:
    """Plan that a character is a bank or shared. Raises `Refused` where it is marked already."""
    if (marked_by := facts.shared.get(character.id)) is not None:
        raise Refused(f"{character.label} is already marked as a bank or shared character by {marked_by}.")
    rows = [change.mark_shared(character.named, checked_reason(reason) or SAYS_SO)]
    if character.player_id is not None:
        rows.insert(0, change.unlink(character.named, facts.players[character.player_id].named))
    return decided(rows, f"{character.label} is a bank or shared character")


def unmark_shared(facts: GuildFacts, character: KnownCharacter) -> Changeset:
    """Plan that a character may have a player again. Raises `Refused` where it is not marked."""
    if character.id not in facts.shared:
        raise Refused(f"{character.label} is not marked as a bank or shared character.")
    return decided([change.unmark_shared(character.named)], f"{character.label} is not a bank or shared character")
