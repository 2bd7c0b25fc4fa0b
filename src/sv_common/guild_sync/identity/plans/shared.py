"""A bank or shared character: the changesets that mark one, and that take the mark away."""

from __future__ import annotations

from sv_common.guild_sync.changes import row_changes as change
from sv_common.guild_sync.changes.changeset import Changeset
from sv_common.guild_sync.core.errors import Refused
from sv_common.guild_sync.core.language import tr
from sv_common.guild_sync.core.plain_text import checked_reason
from sv_common.guild_sync.core.text import name_of
from sv_common.guild_sync.identity.facts import GuildFacts, KnownCharacter
from sv_common.guild_sync.identity.plans.linking import SAYS_SO, decided


def mark_shared(facts: GuildFacts, character: KnownCharacter, reason: str) -> Changeset:
    """Plan that a character is a bank or shared. Raises `Refused` where it is marked already."""
    if (marked_by := facts.shared.get(character.id)) is not None:
        raise Refused(
            tr(
                "{character} is already marked as a bank or shared character by {officer}.",
                character=character.label,
                officer=name_of(marked_by),
            )
        )
    rows = [change.mark_shared(character.named, checked_reason(reason) or SAYS_SO)]
    if character.player_id is not None:
        rows.insert(0, change.unlink(character.named, facts.players[character.player_id].named))
    return decided(rows, tr("{character} is a bank or shared character", character=character.label))


def unmark_shared(facts: GuildFacts, character: KnownCharacter) -> Changeset:
    """Plan that a character may have a player again. Raises `Refused` where it is not marked."""
    if character.id not in facts.shared:
        raise Refused(tr("{character} is not marked as a bank or shared character.", character=character.label))
    return decided(
        [change.unmark_shared(character.named)],
        tr("{character} is not a bank or shared character", character=character.label),
    )
