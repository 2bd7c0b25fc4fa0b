"""The examples of `account_conflict`."""

from __future__ import annotations

from sv_common.guild_sync.core.language import mark
from sv_common.guild_sync.rulebook.example import Character, Example, Outcome

_MITO = Character("Mito", owner="Mito", is_main=True, is_confirmed=True, account="1")

EXAMPLES = (
    Example(
        mark("Mito and Grimaldo are two players, and their characters are on one account"),
        mark("the two are merged into the one that an officer stands for"),
        Outcome.NEEDS_CLICK,
        (_MITO, Character("Grimaldo", owner="Grimaldo", is_main=True, account="1")),
        finds=("Grimaldo",),
        after={"Grimaldo": "Mito"},
    ),
    Example(
        mark("Mito has two accounts, and the notes of one name Zephyr"),
        mark("an officer says whose the second account is"),
        Outcome.NO_FIX,
        (
            _MITO,
            Character("Altrek", "alt of Mito", owner="Mito", account="1"),
            Character("Velquin", "alt of Zephyr", owner="Mito", account="2", linked_under="alt of Zephyr"),
            Character("Vellone", "alt of Zephyr", owner="Mito", account="2", linked_under="alt of Zephyr"),
        ),
        finds=("Mito",),
    ),
    Example(
        mark("Two players are on one account, and an officer has said that several people play on it"),
        mark("nothing is concluded from it"),
        Outcome.NO_FINDING,
        (
            Character("Mito", owner="Mito", is_main=True, account="1", is_account_shared=True),
            Character("Grimaldo", owner="Grimaldo", is_main=True, account="1"),
        ),
    ),
    Example(
        mark("Mito has two accounts, and no note names another person"),
        mark("people may have two accounts"),
        Outcome.NO_FINDING,
        (
            _MITO,
            Character("Altrek", owner="Mito", account="1"),
            Character("Velquin", owner="Mito", account="2"),
            Character("Vellone", owner="Mito", account="2"),
        ),
    ),
)
