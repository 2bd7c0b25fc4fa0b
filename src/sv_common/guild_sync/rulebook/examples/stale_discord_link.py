"""The examples of `stale_discord_link`."""

from __future__ import annotations

from sv_common.guild_sync.core.language import mark
from sv_common.guild_sync.rulebook.example import Character, Example, Member, Outcome

_HERE = Character("Altrek", owner="Mito", is_confirmed=True)
_GONE = Member("mito", player="Mito", is_confirmed=True, has_left=True)

EXAMPLES = (
    Example(
        mark("The player's Discord member has left the server; a character is still in the guild"),
        mark("shown"),
        Outcome.NO_FIX,
        (_HERE,),
        (_GONE,),
    ),
    Example(
        mark("The same, and a new member of the same name is on the server"),
        mark("shown with the new member as a candidate: a name alone moves no link"),
        Outcome.NO_FIX,
        (_HERE,),
        (_GONE, Member("mito")),
        after={},
    ),
    Example(
        mark("All characters of the player have left the guild, too"),
        mark("who has left both is no longer of interest"),
        Outcome.NO_FINDING,
        (Character("Altrek", owner="Mito", is_confirmed=True, has_left=True),),
        (_GONE,),
    ),
    Example(
        mark("The Discord member is on the server, or is back"),
        mark("the link is right"),
        Outcome.NO_FINDING,
        (_HERE,),
        (Member("mito", player="Mito", is_confirmed=True),),
    ),
)
