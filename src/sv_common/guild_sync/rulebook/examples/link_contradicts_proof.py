"""The examples of `link_contradicts_proof`."""

from __future__ import annotations

from sv_common.guild_sync.core.language import mark
from sv_common.guild_sync.rulebook.example import Character, Example, Member, Outcome

_MITO = Character("Mito", owner="Mito", is_main=True)
_ELREK = Member("elrek", player="Elrek")

EXAMPLES = (
    Example(
        mark("Elrek proved a character outside the guild; it joins, and its note gives it to Mito"),
        mark("linked to Elrek: a sign-in outranks a note"),
        Outcome.AUTOMATIC,
        (Character("Altrek", "Mito", owner="Mito", proven_by="elrek", has_joined_since=True), _MITO),
        (_ELREK,),
        after={"Altrek": "Elrek"},
    ),
    Example(
        mark("Elrek proved a character outside the guild; it joins, and no one has it"),
        mark("linked to Elrek"),
        Outcome.AUTOMATIC,
        (Character("Altrek", proven_by="elrek", has_joined_since=True),),
        (_ELREK,),
        after={"Altrek": "Elrek"},
    ),
    Example(
        mark("Elrek proved a character that an officer had linked to Mito"),
        mark("moved to Elrek: an officer decides about an officer’s decision"),
        Outcome.NEEDS_CLICK,
        (Character("Altrek", owner="Mito", is_confirmed=True, proven_by="elrek"), _MITO),
        (_ELREK,),
        after={"Altrek": "Elrek"},
    ),
    Example(
        mark("Elrek proved a character; then its link was undone"),
        mark("linked to Elrek again: the undo may have had a reason"),
        Outcome.NEEDS_CLICK,
        (Character("Altrek", proven_by="elrek"),),
        (_ELREK,),
        after={"Altrek": "Elrek"},
    ),
    Example(
        mark("The same, and Elrek has no player"),
        mark("the fix creates the player"),
        Outcome.NEEDS_CLICK,
        (Character("Altrek", proven_by="elrek", has_joined_since=True),),
        (Member("elrek"),),
        after={"Altrek": "elrek"},
    ),
    Example(
        mark("A second member signs in with the account that Elrek verified"),
        mark("a question: one account, two members"),
        Outcome.NO_FIX,
        (Character("Altrek", owner="Elrek", is_proven=True, proven_by="elrek"),),
        (_ELREK, Member("mito", contests="elrek")),
    ),
    Example(
        mark("Elrek proved a character; after that, an officer linked it to Mito with a reason"),
        mark("what an officer says after the sign-in counts"),
        Outcome.NO_FINDING,
        (Character("Altrek", owner="Mito", is_confirmed=True, proven_by="elrek", is_decided_since=True), _MITO),
        (_ELREK,),
    ),
    Example(
        mark("Elrek proved a character, and it is Elrek’s"),
        mark("proof and record agree"),
        Outcome.NO_FINDING,
        (Character("Altrek", owner="Elrek", is_proven=True, proven_by="elrek"),),
        (_ELREK,),
    ),
)
