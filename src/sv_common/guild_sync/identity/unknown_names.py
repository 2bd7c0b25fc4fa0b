"""Notes with a name that no one in the guild has: why they need review, and which words are nicknames."""

from __future__ import annotations

from sv_common.guild_sync.core.language import tr
from sv_common.guild_sync.identity.facts import KnownCharacter
from sv_common.guild_sync.identity.resolver import Resolver
from sv_common.guild_sync.identity.verdicts import Decision, Verdict
from sv_common.guild_sync.notes import Mention, is_whole_note, stands_alone


def review_reason(resolver: Resolver, decision: Decision, character: KnownCharacter) -> str | None:
    """Return why an unknown name needs review; None where it has all the form of a name.

    The form of a name: it stands alone, or where a note says that a name stands ("alt of Zork"), and is written as a name,
    or as this guild writes names. A word that looks like a known name is probably that one, misspelled.
    """
    mention = decision.mention
    if decision.verdict is not Verdict.UNKNOWN or mention is None:
        return None
    said = tr("The note says “{word}”, but no one here has that name.", word=mention.text)
    if (near := resolver.misspelled(mention.readings[0].key)) is not None:
        return f"{said} {tr('It looks like {name}, spelled differently.', name=near)}"
    if not stands_alone(mention, character.note or ""):
        return f"{said} {tr('It may be an ordinary word, not a name.')}"
    if mention.text == mention.text.lower() != mention.text.upper() and not resolver.writes_names_small:
        return f"{said} {tr('It is not written like a name, so it may be any word.')}"
    return None


def rejected_player(resolver: Resolver, mention: Mention, character: KnownCharacter) -> str | None:
    """Return the player that a word names and that an officer has ruled out for the character.

    Such a word is not an unknown name, although the character cannot belong to that player.
    """
    players = sorted(player for number, player in resolver.facts.rejections if number == character.id)
    return next(
        (resolver.facts.players[each].display_name for each in players if resolver.names_player(mention, each)), None
    )


def nickname_of(resolver: Resolver, character: KnownCharacter) -> str | None:
    """Return the key of the unknown name that is the whole note, if it is one."""
    decision = resolver.resolve_alone(character)
    if decision.verdict is not Verdict.UNKNOWN or decision.mention is None:
        return None
    is_all = is_whole_note(decision.mention, character.note or "")
    return decision.mention.readings[0].key if is_all else None
