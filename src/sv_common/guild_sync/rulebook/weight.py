"""Characters whose rank gives a right or a Discord role: whoever has one has power, so automation leaves it where it is.

The rank of the character decides, not the other characters of the player that it would go to: rights and roles come from
ranks, so a character without weight brings nobody anything. Where a whole player would become a Discord member, all of the
player's characters count.
"""

from __future__ import annotations

from collections.abc import Iterable

from sv_common.guild_sync.identity.facts import GuildFacts, KnownCharacter


def waits_for_weight(character: str, weight: str) -> str:
    """Say why automation leaves a character of such a rank where it is; `weight` is what its rank gives."""
    return f"{character} has the rank {weight}. Whose such a character is, is not changed automatically."


def waits_for_spelling(named: str | None, label: str) -> str:
    """Say why automation leaves a name to an officer that the note spells otherwise."""
    return f"The note says “{named}”, which is {label} in another spelling, so an officer looks at it first."


def why_weight_waits(facts: GuildFacts, characters: Iterable[KnownCharacter]) -> str | None:
    """Say why automation leaves a decision about these characters to an officer; None where none of them has weight."""
    weights = ((character.label, facts.weight_of(character)) for character in characters)
    return next((waits_for_weight(label, weight) for label, weight in weights if weight), None)
