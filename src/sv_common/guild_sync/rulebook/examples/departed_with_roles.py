"""The examples of `departed_with_roles`."""

from __future__ import annotations

from sv_common.guild_sync.core.language import mark
from sv_common.guild_sync.rulebook.example import Character, Example, Member, Outcome

_LEFT = Character("Mito", owner="Mito", rank="Raider", is_confirmed=True, has_left=True)
_MEMBER = Member("mito", ["Raider", "DJ"], player="Mito", is_confirmed=True)

EXAMPLES = (
    Example(
        mark("All characters have left the guild; the member has Raider and DJ"),
        mark("Raider is taken; DJ belongs to no rank and stays"),
        Outcome.AUTOMATIC,
        (_LEFT, Character("Altrek", owner="Mito", has_left=True)),
        (_MEMBER,),
        after={"mito": ["DJ"]},
    ),
    Example(
        mark("The same, but the player is away until a day that has not come"),
        mark("an officer expects the player back, so you decide"),
        Outcome.NEEDS_CLICK,
        (_LEFT,),
        (_MEMBER,),
        hiatuses={"Mito": 30},
        after={"mito": ["DJ"]},
    ),
    Example(
        mark("The same, but a character without a player has the same name on another realm"),
        mark("it may be the same one after a transfer, so you decide"),
        Outcome.NEEDS_CLICK,
        (_LEFT, Character("Mito", realm="stormrage")),
        (_MEMBER,),
        after={"mito": ["DJ"]},
    ),
    Example(
        mark("The same, but a character without a player has the note “Mito”"),
        mark("the player is still in the guild: link that character first"),
        Outcome.NO_FIX,
        (_LEFT, Character("Zork", "Mito")),
        (_MEMBER,),
    ),
    Example(
        mark("One character is still in the guild, although only its note says whose it is"),
        mark("the player has not left"),
        Outcome.NO_FINDING,
        (_LEFT, Character("Altrek", "Mito", owner="Mito", rank="Raider")),
        (_MEMBER,),
    ),
    Example(
        mark("All characters have left, but no officer has confirmed that one of them was Mito's"),
        mark("it may be someone else who left: Discord Role Mismatch finds it"),
        Outcome.NO_FINDING,
        (Character("Mito", owner="Mito", rank="Raider", has_left=True),),
        (_MEMBER,),
    ),
    Example(
        mark("All characters have left; the member has no role of the rank table"),
        mark("nothing to take"),
        Outcome.NO_FINDING,
        (_LEFT,),
        (Member("mito", ["DJ"], player="Mito", is_confirmed=True),),
    ),
    Example(
        mark("All characters have left, and so has the Discord member"),
        mark("who is not on the server holds no role"),
        Outcome.NO_FINDING,
        (_LEFT,),
        (Member("mito", ["Raider"], player="Mito", is_confirmed=True, has_left=True),),
    ),
)
