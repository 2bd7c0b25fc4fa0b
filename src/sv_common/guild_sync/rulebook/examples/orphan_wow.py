"""The examples of `orphan_wow`."""

from __future__ import annotations

from sv_common.guild_sync.core.language import mark
from sv_common.guild_sync.rulebook.example import Character, Example, Member, Outcome

_MITO = Character("Mito", owner="Mito", is_main=True)

EXAMPLES = (
    Example(
        mark("The note says “alt of Mito”, and Mito is a player"),
        mark("linked to Mito"),
        Outcome.AUTOMATIC,
        (Character("Altrek", "alt of Mito"), _MITO),
        after={"Altrek": "Mito"},
    ),
    Example(
        mark("No note; one Discord member has exactly the character's name"),
        mark("linked to that member's player, created if needed"),
        Outcome.NEEDS_CLICK,
        (Character("Zephyr"),),
        (Member("Zephyr"),),
        after={"Zephyr": "Zephyr"},
    ),
    Example(
        mark("No note; the character is on one Battle.net account with Mito, which an officer has linked"),
        mark("linked to Mito; automatically only where the guild lets account evidence link"),
        Outcome.NEEDS_CLICK,
        (
            Character("Altrek", account="1"),
            Character("Mito", owner="Mito", is_main=True, is_confirmed=True, account="1"),
        ),
        after={"Altrek": "Mito"},
    ),
    Example(
        mark("The note says “Alch 300”"),
        mark("the note names no one"),
        Outcome.NO_FIX,
        (Character("Altrek", "Alch 300"), _MITO),
    ),
    Example(
        mark("The note says “Grim”; there are Grimrokk and Grimaldo"),
        mark("both are suggested"),
        Outcome.NO_FIX,
        (
            Character("Altrek", "Grim"),
            Character("Grimrokk", owner="Grimrokk", is_main=True),
            Character("Grimaldo", owner="Grimaldo", is_main=True),
        ),
    ),
    Example(
        mark("No note; the character is Ton, and a Discord member is washington"),
        mark("part of a word is not enough"),
        Outcome.NO_FIX,
        (Character("Ton"),),
        (Member("washington"),),
    ),
    Example(
        mark("The note says “alt of Mìto”; no one has exactly that name, and Mito is a player"),
        mark("similar, not identical, so an officer checks first"),
        Outcome.NEEDS_CLICK,
        (Character("Altrek", "alt of Mìto"), _MITO),
        after={"Altrek": "Mito"},
    ),
    Example(
        mark("The note says “alt of Mito”, and the character is an Officer"),
        mark("its rank gives a role, so an officer checks first"),
        Outcome.NEEDS_CLICK,
        (Character("Altrek", "alt of Mito", rank="Officer"), _MITO),
        after={"Altrek": "Mito"},
    ),
    Example(
        mark("The character has a player, or has left the guild"),
        mark("only characters in the guild count"),
        Outcome.NO_FINDING,
        (_MITO, Character("Altrek", "alt of Mito", has_left=True)),
    ),
)
