"""The examples of `stale_character`."""

from __future__ import annotations

from sv_common.guild_sync.core.language import mark
from sv_common.guild_sync.rulebook.example import Character, Example, Outcome

EXAMPLES = (
    Example(
        mark("Last login 31 days ago"),
        mark("shown"),
        Outcome.NO_FIX,
        (Character("Mito", owner="Mito", last_login_days=31),),
    ),
    Example(
        mark("Last login 31 days ago; the same player logged in yesterday on another character"),
        mark("shown as quiet, with the character that the player is active on"),
        Outcome.NO_FIX,
        (
            Character("Altrek", owner="Mito", last_login_days=31),
            Character("Mito", owner="Mito", is_main=True, last_login_days=1),
        ),
    ),
    Example(
        mark("Last login 31 days ago; an officer has said that the player is away, and the day of return has not come"),
        mark("the officer knows why"),
        Outcome.NO_FINDING,
        (Character("Mito", owner="Mito", last_login_days=31),),
        hiatuses={"Mito": 30},
    ),
    Example(
        mark("An alt and the main of a player who is away; only its note says whose the alt is"),
        mark("the hiatus is the player's, so it holds for each linked character"),
        Outcome.NO_FINDING,
        (
            Character("Altrek", "alt of Mito", owner="Mito", last_login_days=400),
            Character("Mito", owner="Mito", is_main=True, is_confirmed=True, last_login_days=31),
        ),
        hiatuses={"Mito": 30},
    ),
    Example(
        mark("Last login 31 days ago; the player was away until yesterday"),
        mark("shown: a hiatus ends automatically on its day"),
        Outcome.NO_FIX,
        (Character("Mito", owner="Mito", last_login_days=31),),
        hiatuses={"Mito": -1},
    ),
    Example(
        mark("Last login 29 days ago"),
        mark("not long enough"),
        Outcome.NO_FINDING,
        (Character("Mito", owner="Mito", last_login_days=29),),
    ),
    Example(
        mark("The last login was never seen"),
        mark("no login date, so ignored"),
        Outcome.NO_FINDING,
        (Character("Mito", owner="Mito", last_login_days=None),),
    ),
)
