"""Guilds of any size for tests of what happens at the same moment."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from typing import Any, TypeVar

from laws.guilds import RANKS, CharacterSpec, GuildSpec, LinkSpec, MemberSpec, PlayerSpec, RankSpec
from laws.life import Life
from sv_common.db.pool import Pool
from sv_common.guild_sync.sources.models import AddonCharacter

LONGEST_WAIT = 60
"""Seconds after which two that wait for each other are taken to wait for ever."""

_UNMAPPED = (RankSpec(None, is_managed=False),) * RANKS
_Result = TypeVar("_Result")


def name(prefix: str, number: int) -> str:
    """A name of letters only, another for each number."""
    letters = ""
    for _ in range(4):
        number, digit = divmod(number, 20)
        letters += "bcdfghjklmnpqrstvwxz"[digit] + "a"
    return prefix + letters


def crowd(size: int) -> GuildSpec:
    """Characters without notes and without players."""
    return GuildSpec(
        characters=tuple(CharacterSpec(name("Cra", number), 0, number % RANKS, "", 1) for number in range(size))
    )


def linked_crowd(size: int) -> GuildSpec:
    """As many characters as players: each character linked to a player, whom its note names. None is a guild's master."""
    return GuildSpec(
        characters=tuple(CharacterSpec(name("Cra", n), 0, 1 + n % (RANKS - 1), name("Pla", n), 1) for n in range(size)),
        ranks=_UNMAPPED,
        players=tuple(PlayerSpec(name("Pla", number), None) for number in range(size)),
        links=tuple(LinkSpec(number, number, "full_match", as_main=True) for number in range(size)),
    )


def wrong_roles(size: int) -> GuildSpec:
    """Players who hold a managed role that is not theirs; the first has a second character of that role's rank."""
    return GuildSpec(
        characters=(
            *(CharacterSpec(name("Cra", number), 0, 1, "", 1) for number in range(size)),
            CharacterSpec("Second", 0, 2, "", 1),
        ),
        members=tuple(MemberSpec(name("mem", n), None, None, frozenset({"102"}), is_bot=False) for n in range(size)),
        ranks=(_UNMAPPED[0], RankSpec("101", is_managed=True), RankSpec("102", is_managed=True), *_UNMAPPED[3:]),
        players=tuple(PlayerSpec(name("Pla", number), number) for number in range(size)),
        links=(
            *(LinkSpec(number, number, "full_match", as_main=True) for number in range(size)),
            LinkSpec(size, 0, "full_match", as_main=False),
        ),
    )


def with_notes(life: Life, prefix: str, numbers: range, size: int) -> list[AddonCharacter]:
    """An upload in which these characters' notes name the next player of the crowd, or somebody called `prefix`..."""
    return [
        replace(row, note=name(prefix, (number + 1) % size)) if number in numbers else row
        for number, row in enumerate(life.upload())
    ]


def on(life: Life, pool: Pool) -> Life:
    return replace(life, pool=pool, results=[])


async def at_once(*work: Awaitable[_Result]) -> list[_Result]:
    """Do it all at the same moment; a deadlock ends the test."""
    async with asyncio.timeout(LONGEST_WAIT):
        return list(await asyncio.gather(*work))


async def runs(life: Life) -> list[dict[str, Any]]:
    """The sync log, in the order in which the runs began."""
    return sorted(await life.rows("sync_log"), key=lambda run: str(run["started_at"]))
