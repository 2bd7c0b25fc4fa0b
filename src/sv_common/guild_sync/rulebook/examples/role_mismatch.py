"""The examples of `role_mismatch`."""

from __future__ import annotations

from sv_common.guild_sync.core.language import mark
from sv_common.guild_sync.rulebook.example import Character, Example, Member, Outcome

_CONFIRMED_OFFICER = Character("Mito", owner="Mito", rank="Officer", is_confirmed=True)
_CONFIRMED_RAIDER = Character("Mito", owner="Mito", rank="Raider", is_confirmed=True)

_BY_ACCOUNT = Character("Velquin", owner="Mito", rank="Raider", account="1", is_by_account=True)
_OF_THE_ACCOUNT = Character("Mito", owner="Mito", is_confirmed=True, account="1")

EXAMPLES = (
    Example(
        mark("Highest rank Officer, Discord role Raider"),
        mark("Officer is given, then Raider is taken"),
        Outcome.AUTOMATIC,
        (_CONFIRMED_OFFICER,),
        (Member("mito", ["Raider", "DJ"], player="Mito", is_confirmed=True),),
        after={"mito": ["Officer", "DJ"]},
    ),
    Example(
        mark("Highest rank Raider, no guild role on Discord"),
        mark("Raider is given"),
        Outcome.AUTOMATIC,
        (_CONFIRMED_RAIDER,),
        (Member("mito", player="Mito", is_confirmed=True),),
        after={"mito": ["Raider"]},
    ),
    Example(
        mark("The right role and a wrong managed one"),
        mark("the wrong one is taken"),
        Outcome.AUTOMATIC,
        (_CONFIRMED_RAIDER,),
        (Member("mito", ["Raider", "Social"], player="Mito", is_confirmed=True),),
        after={"mito": ["Raider"]},
    ),
    Example(
        mark("The same, but no officer has confirmed that the character is Mito's"),
        mark("the preview says what the link rests on"),
        Outcome.NEEDS_CLICK,
        (Character("Mito", owner="Mito", rank="Raider"),),
        (Member("mito", ["Raider", "Social"], player="Mito", is_confirmed=True),),
        after={"mito": ["Raider"]},
    ),
    Example(
        mark("The highest character is linked by the same Battle.net account as one that an officer linked"),
        mark("Raider is given when you click; the preview says what the link rests on"),
        Outcome.NEEDS_CLICK,
        (_BY_ACCOUNT, _OF_THE_ACCOUNT),
        (Member("mito", player="Mito", is_confirmed=True),),
        after={"mito": ["Raider"]},
    ),
    Example(
        mark("The same in a guild that lets links by the same account give rights"),
        mark("Raider is given; the fix says that the link counts by account evidence"),
        Outcome.AUTOMATIC,
        (_BY_ACCOUNT, _OF_THE_ACCOUNT),
        (Member("mito", player="Mito", is_confirmed=True),),
        after={"mito": ["Raider"]},
        accounts_give_rights=True,
    ),
    Example(
        mark("The Officer character has left the guild; a Raider character remains"),
        mark("Raider is right"),
        Outcome.AUTOMATIC,
        (
            Character("Boss", owner="Mito", rank="Officer", is_confirmed=True, has_left=True),
            Character("Mito", owner="Mito", rank="Raider", is_confirmed=True),
        ),
        (Member("mito", ["Officer"], player="Mito", is_confirmed=True),),
        after={"mito": ["Raider"]},
    ),
    Example(
        mark("All characters have left the guild, but no officer has confirmed the links; the member has Raider"),
        mark("Raider is taken; once an officer confirms the links, Departed Member with Roles finds it instead"),
        Outcome.NEEDS_CLICK,
        (Character("Mito", owner="Mito", rank="Raider", has_left=True),),
        (Member("mito", ["Raider"], player="Mito", is_confirmed=True),),
        after={"mito": []},
    ),
    Example(
        mark("The rank has no role on purpose; the member has Raider"),
        mark("Raider is taken"),
        Outcome.NEEDS_CLICK,
        (Character("Mito", owner="Mito", rank="Social", is_confirmed=True),),
        (Member("mito", ["Raider"], player="Mito", is_confirmed=True),),
        ranks_without_role=["Social"],
        after={"mito": []},
    ),
    Example(
        mark("The guild master's rank has no role on purpose"),
        mark("a guild master keeps their roles"),
        Outcome.NO_FINDING,
        (Character("Mito", owner="Mito", rank="Guild Master", is_confirmed=True),),
        (Member("mito", ["Officer"], player="Mito", is_confirmed=True),),
        ranks_without_role=["Guild Master"],
    ),
    Example(
        mark("The role Raider was deleted on Discord; several players should have it"),
        mark("one finding, for the role"),
        Outcome.NO_FIX,
        (_CONFIRMED_RAIDER, Character("Zork", owner="Zork", rank="Raider", is_confirmed=True)),
        (Member("mito", player="Mito", is_confirmed=True), Member("zork", player="Zork", is_confirmed=True)),
        missing_roles=["Raider"],
        finds=["Raider"],
    ),
    Example(
        mark("The guild does not let PATT manage the role of the rank"),
        mark("its roles are never touched"),
        Outcome.NO_FINDING,
        (_CONFIRMED_RAIDER,),
        (Member("mito", ["DJ"], player="Mito", is_confirmed=True),),
        unmanaged_ranks=["Raider"],
    ),
)
