"""Which entry of a roster is which character, also where the roster does not tell every id."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import thoroughness
from guild_builder import GuildBuilder, entry
from sv_common.guild_sync.db_sync import sync_blizzard_roster
from sv_common.guild_sync.sources.models import RosterCharacter

NAMES = ("Elrek", "Mito", "Zoe", "Kim", "Naél", "Rox", "Arkan", "Trog", "Vex", "Una", "Bel", "Cora")
WHOLE = [entry(name, realm_id=7, character_id=100 + number) for number, name in enumerate(NAMES)]


async def sync(guild: GuildBuilder, roster: list[RosterCharacter]) -> dict[str, int]:
    counts = (await sync_blizzard_roster(guild.pool, roster, guild_id=guild.guild_id)).counts
    return {move: counts[move] for move in ("joined", "returned", "left", "renamed")}


async def rows(guild: GuildBuilder) -> list[tuple[object, ...]]:
    return await guild.rows(
        "select id, character_name, blizzard_realm_id, blizzard_character_id, removed_at is null "
        "from guild_identity.wow_characters order by id"
    )


NOTHING = {"joined": 0, "returned": 0, "left": 0, "renamed": 0}


@pytest.mark.parametrize(
    "lost", [{"realm_id": None}, {"character_id": None}, {"realm_id": None, "character_id": None}], ids=str
)
async def test_a_roster_that_lacks_ids_is_of_the_same_characters(guild: GuildBuilder, lost: dict[str, Any]) -> None:
    """Twelve characters left and twelve joined when a roster came without the ids of realms."""
    await sync(guild, WHOLE)
    before = await rows(guild)
    assert await sync(guild, [replace(each, **lost) for each in WHOLE]) == NOTHING
    assert await rows(guild) == before
    assert await sync(guild, WHOLE) == NOTHING
    assert await rows(guild) == before


async def test_an_id_under_its_name_and_realm_is_the_same_character_whatever_the_realms_id(guild: GuildBuilder) -> None:
    await sync(guild, WHOLE)
    moved = [replace(each, realm_id=8) for each in WHOLE]
    assert await sync(guild, moved) == NOTHING
    assert len(await rows(guild)) == len(NAMES)


async def test_a_rename_is_seen_without_the_realms_id_too(guild: GuildBuilder) -> None:
    await sync(guild, WHOLE)
    renamed = [replace(WHOLE[0], name="Fresh", realm_id=None), *WHOLE[1:]]
    assert await sync(guild, renamed) == {**NOTHING, "renamed": 1}


async def test_a_newcomer_who_takes_the_name_of_one_who_left_is_another_character(guild: GuildBuilder) -> None:
    await sync(guild, WHOLE)
    await sync(guild, WHOLE[1:])
    newcomer = replace(WHOLE[0], realm_id=None, character_id=999)
    assert await sync(guild, [newcomer, *WHOLE[1:]]) == {**NOTHING, "joined": 1}


async def test_a_name_without_an_id_is_the_present_character_and_not_the_one_who_left(guild: GuildBuilder) -> None:
    await sync(guild, WHOLE)
    others = WHOLE[1:]
    await sync(guild, [replace(WHOLE[0], character_id=999), *others])
    assert await sync(guild, [replace(WHOLE[0], character_id=None), *others]) == NOTHING
    present = [row for row in await rows(guild) if row[1] == "Elrek" and row[4]]
    assert [row[3] for row in present] == [999]


_flags = st.lists(st.booleans(), min_size=len(WHOLE), max_size=len(WHOLE))


@settings(
    max_examples=thoroughness.examples(12), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(without_realm=_flags, without_id=_flags)
async def test_whatever_ids_a_roster_lacks_it_makes_no_second_row(
    guild: GuildBuilder, without_realm: list[bool], without_id: list[bool]
) -> None:
    await sync(guild, WHOLE)
    told = [
        replace(
            each, realm_id=None if lacks_realm else each.realm_id, character_id=None if lacks_id else each.character_id
        )
        for each, lacks_realm, lacks_id in zip(WHOLE, without_realm, without_id, strict=True)
    ]
    assert await sync(guild, told) == NOTHING
    assert await sync(guild, list(reversed(told))) == NOTHING
