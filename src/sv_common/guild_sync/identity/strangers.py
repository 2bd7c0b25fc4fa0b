"""Notes that name somebody whom nobody here is called: what may be done about them, and which words are nicknames."""

from __future__ import annotations

from sv_common.guild_sync.identity.facts import KnownCharacter
from sv_common.guild_sync.identity.resolver import Directory
from sv_common.guild_sync.identity.verdicts import Decision, Verdict
from sv_common.guild_sync.notes import Mention, is_whole_note, stands_alone


def why_wait(directory: Directory, decision: Decision, character: KnownCharacter) -> str | None:
    """Return why a stranger's name is no reason to act by itself; None where it has all the form of a name.

    The form of a name: it stands alone, or where a note says that a name stands ("alt of Zork"), and is written as a name,
    or as this guild writes names. A word that looks like somebody's name is rather that one, badly written.
    """
    mention = decision.mention
    if decision.verdict is not Verdict.UNKNOWN or mention is None:
        return None
    said = f"The note says “{mention.text}”, whom nobody here is called"
    if (near := directory.misspelt(mention.readings[0].key)) is not None:
        return f"{said}, but it looks like {near}, written differently."
    if not stands_alone(mention, character.note or ""):
        return f"{said}. It stands among other words and may be no name."
    if mention.text == mention.text.lower() != mention.text.upper() and not directory.writes_names_small:
        return f"{said}. It is not written as a name, so it may be any word."
    return None


def ruled_out(directory: Directory, mention: Mention, character: KnownCharacter) -> str | None:
    """Return the player whom a word names, and of whom an officer has said that the character is not theirs.

    Such a word is no stranger's, although it means nobody to whom the character could belong.
    """
    players = sorted(player for number, player in directory.facts.rejections if number == character.id)
    return next(
        (directory.facts.players[each].display_name for each in players if directory.names_player(mention, each)), None
    )


def nickname_of(directory: Directory, character: KnownCharacter) -> str | None:
    """Return the key of the strange name that the whole note is, if it is one."""
    decision = directory.decide_alone(character)
    if decision.verdict is not Verdict.UNKNOWN or decision.mention is None:
        return None
    is_all = is_whole_note(decision.mention, character.note or "")
    return decision.mention.readings[0].key if is_all else None
