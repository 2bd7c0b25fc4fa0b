"""The examples of `unverified_member`."""

from __future__ import annotations

from sv_common.guild_sync.core.language import mark
from sv_common.guild_sync.rulebook.example import Character, Example, Member, Outcome

_ELREK = Member("elrek", player="Elrek", is_confirmed=True)

EXAMPLES = (
    Example(
        mark("A member whose character an officer linked, and who has not signed in with Battle.net"),
        mark("shown: proof is stronger than an officer’s word"),
        Outcome.NO_FIX,
        (Character("Altrek", owner="Elrek", is_confirmed=True),),
        (_ELREK,),
    ),
    Example(
        mark("A member who proved one of two characters"),
        mark("the member is verified"),
        Outcome.NO_FINDING,
        (
            Character("Altrek", owner="Elrek", is_proven=True, proven_by="elrek"),
            Character("Elrek", owner="Elrek", is_main=True),
        ),
        (_ELREK,),
    ),
    Example(
        mark("A member on Discord without a character in the guild"),
        mark("there is nothing to verify"),
        Outcome.NO_FINDING,
        (),
        (Member("mito"),),
    ),
    Example(
        mark("The member has left the Discord server"),
        mark("no one can be asked"),
        Outcome.NO_FINDING,
        (Character("Altrek", owner="Elrek"),),
        (Member("elrek", player="Elrek", has_left=True),),
    ),
)
