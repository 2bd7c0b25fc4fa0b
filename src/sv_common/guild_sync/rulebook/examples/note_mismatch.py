"""The examples of `note_mismatch`."""

from __future__ import annotations

from sv_common.guild_sync.core.language import mark
from sv_common.guild_sync.rulebook.example import Character, Example, Outcome

_ELREK = Character("Elrek", owner="Elrek", is_main=True)
_MITO = Character("Mito", owner="Mito", is_main=True)
_RENAMED = Character("Torvan", owner="Torvan", is_main=True, formerly="Elrek")

EXAMPLES = (
    Example(
        mark("A character linked to Elrek; its note changes from “Elrek” to “Mito”, a player"),
        mark("linked to Mito instead"),
        Outcome.AUTOMATIC,
        (Character("Altrek", "Mito", owner="Elrek", linked_under="Elrek"), _ELREK, _MITO),
        after={"Altrek": "Mito"},
    ),
    Example(
        mark("A character linked to Elrek; its note changes to “Zork”, and no one here has that name"),
        mark("unlinked, then an orphan_wow"),
        Outcome.AUTOMATIC,
        (Character("Altrek", "Zork", owner="Elrek", linked_under="Elrek"), _ELREK),
        after={"Altrek": None},
    ),
    *(
        Example(
            given,
            mark("the note names its player"),
            Outcome.NO_FINDING,
            (Character("Altrek", note, owner="Elrek"), _ELREK, _MITO),
        )
        for note, given in (
            ("Elrek's bank", mark("A character linked to Elrek; its note says “Elrek's bank”")),
            ("alt of Elrek", mark("A character linked to Elrek; its note says “alt of Elrek”")),
        )
    ),
    *(
        Example(
            given,
            mark("the note names no one"),
            Outcome.NO_FINDING,
            (Character("Altrek", note, owner="Elrek"), _ELREK, _MITO),
        )
        for note, given in (
            ("Alch 300", mark("A character linked to Elrek; its note becomes “Alch 300”")),
            ("Bank", mark("A character linked to Elrek; its note becomes “Bank”")),
            ("2026-01-31", mark("A character linked to Elrek; its note becomes a date")),
            ("", mark("A character linked to Elrek; its note becomes empty")),
        )
    ),
    Example(
        mark("A character linked to Elrek under the note “Elrek”; Elrek's main is renamed to Torvan"),
        mark("“Elrek” is a former name of the same player"),
        Outcome.NO_FINDING,
        (Character("Altrek", "Elrek", owner="Torvan", linked_under="Elrek"), _RENAMED),
    ),
    Example(
        mark("The same, and a new player's main takes the name Elrek"),
        mark("the names changed, not the note"),
        Outcome.NO_FIX,
        (Character("Altrek", "Elrek", owner="Torvan", linked_under="Elrek"), _RENAMED, _ELREK),
    ),
    Example(
        mark("A character linked to Elrek; its note still says “Mito”, as when it was linked"),
        mark("the note has not changed since the link"),
        Outcome.NEEDS_CLICK,
        (Character("Altrek", "Mito", owner="Elrek", linked_under="Mito"), _ELREK, _MITO),
        after={"Altrek": "Mito"},
    ),
    Example(
        mark("The note says “Elreck”"),
        mark("it looks like Elrek, spelled differently"),
        Outcome.NO_FIX,
        (Character("Altrek", "Elreck", owner="Elrek"), _ELREK),
    ),
    *(
        Example(
            given,
            mark("the note is about another person"),
            Outcome.NO_FINDING,
            (Character("Altrek", note, owner="Elrek"), _ELREK, _MITO),
        )
        for note, given in (
            ("Mito's recruit", mark("A character linked to Elrek; its note says “Mito's recruit”")),
            ("guest of Mito", mark("A character linked to Elrek; its note says “guest of Mito”")),
            ("formerly Mito", mark("A character linked to Elrek; its note says “formerly Mito”")),
        )
    ),
    Example(
        mark("The note says “Holy”, and a character of another player is called Holy"),
        mark("also a common word"),
        Outcome.NO_FIX,
        (Character("Altrek", "Holy", owner="Elrek"), _ELREK, Character("Holy", owner="Mito", is_main=True)),
    ),
    Example(
        mark("The note says “Mito”; the mains of two players on different realms have that name"),
        mark("the name fits both"),
        Outcome.NO_FIX,
        (
            Character("Altrek", "Mito", owner="Elrek"),
            _ELREK,
            Character("Mito", owner="Mito", is_main=True, realm="dalaran"),
            Character("Mito", owner="Mito the Other", is_main=True, realm="stormrage"),
        ),
    ),
    Example(
        mark("The note says “Mìto”; no one has exactly that name, and Mito is a player"),
        mark("similar, not identical, so an officer checks first"),
        Outcome.NEEDS_CLICK,
        (Character("Altrek", "Mìto", owner="Elrek", linked_under="Elrek"), _ELREK, _MITO),
        after={"Altrek": "Mito"},
    ),
    Example(
        mark("An officer linked the character to Elrek; its note changes to “Mito”"),
        mark("an officer's decision stays"),
        Outcome.NEEDS_CLICK,
        (Character("Altrek", "Mito", owner="Elrek", linked_under="Elrek", is_confirmed=True), _ELREK, _MITO),
        after={"Altrek": "Mito"},
    ),
    Example(
        mark("The character is an Officer; its note changes from “Elrek” to “Mito”"),
        mark("its rank gives a role, so an officer checks first"),
        Outcome.NEEDS_CLICK,
        (Character("Altrek", "Mito", owner="Elrek", linked_under="Elrek", rank="Officer"), _ELREK, _MITO),
        after={"Altrek": "Mito"},
    ),
)
