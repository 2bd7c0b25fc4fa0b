"""The examples of `orphan_discord`."""

from __future__ import annotations

from sv_common.guild_sync.core.language import mark
from sv_common.guild_sync.rulebook.example import Character, Example, Member, Outcome

EXAMPLES = (
    Example(
        mark("Member Mito; two unlinked characters with the note “Mito”"),
        mark("the player Mito is created with both"),
        Outcome.NEEDS_CLICK,
        (Character("Altrek", "Mito"), Character("Banktrek", "Mito")),
        (Member("Mito", ["Raider"]),),
        after={"Altrek": "Mito", "Banktrek": "Mito"},
    ),
    Example(
        mark("Member Bob; the player Bob exists without a Discord member"),
        mark("Bob joins that player"),
        Outcome.NEEDS_CLICK,
        (Character("Bob", owner="Bob", is_main=True),),
        (Member("Bob", ["Raider"]),),
    ),
    Example(
        mark("Member Zephyr; no note and no name says Zephyr"),
        mark("you choose one of their characters"),
        Outcome.NO_FIX,
        (Character("Altrek", "Alch 300"),),
        (Member("Zephyr", ["Raider"]),),
    ),
    Example(
        mark("A bot with a guild role; a member without one; a member who has left"),
        mark("none of them needs a player"),
        Outcome.NO_FINDING,
        (),
        (
            Member("Robot", ["Raider"], is_bot=True),
            Member("Guest", ["DJ"]),
            Member("Gone", ["Raider"], has_left=True),
        ),
    ),
)
