"""Open issues are what is wrong with a guild: nothing in a clean one, and all of it after any life."""

from __future__ import annotations

import asyncio

from hypothesis import given

from laws import snapshot
from laws.guilds import (
    BY_OFFICERS,
    BY_THEMSELVES,
    IN_THE_GAME,
    ON_DISCORD,
    CharacterSpec,
    Event,
    GuildSpec,
    LinkSpec,
    PlayerSpec,
    clean_guild_specs,
    events,
    guild_specs,
)
from laws.happenings import live
from laws.judgment import assert_log_is_right, unresolved
from laws.law import empty, tried_on
from laws.life import Life
from sv_common.db.pool import Pool
from sv_common.guild_sync.rules import RULES


@tried_on()
@given(clean_guild_specs())
async def test_a_clean_guild_has_no_findings(pool: Pool, spec: GuildSpec) -> None:
    await empty(pool)
    life = await Life.begin(pool, spec)
    async with pool.writing(life.guild_id, alone=False) as guild:
        for rule in (each for each in RULES.values() if each.is_on):
            assert await rule.findings(guild) == []
    await life.scan()
    await life.automate()
    assert await life.rows("audit_issues") == []


async def test_an_empty_guild_has_no_findings(pool: Pool) -> None:
    life = await Life.begin(pool, GuildSpec())
    await life.scan()
    assert await life.rows("audit_issues") == []


@tried_on()
@given(guild_specs(), events(*IN_THE_GAME, *ON_DISCORD, *BY_OFFICERS, *BY_THEMSELVES))
async def test_open_issues_are_what_a_brute_force_oracle_finds_and_a_second_scan_changes_nothing(
    pool: Pool, spec: GuildSpec, life_of: list[Event]
) -> None:
    await empty(pool)
    life = await Life.begin(pool, spec)
    await life.scan()
    await live(life, life_of)
    before = await unresolved(life)
    await life.scan()
    await assert_log_is_right(life, before)
    first = await snapshot.take(pool)
    await life.scan()
    assert snapshot.differences(first, await snapshot.take(pool)) == {}


async def test_notes_that_list_each_other_do_not_hold_up_a_scan(pool: Pool) -> None:
    """Notes are untrusted text: a family of 30 whose notes name three others each is read like any other."""
    layers = [[f"Q{layer}a{place}" for place in "abc"] for layer in "bcdfghjklm"]
    family = [
        CharacterSpec(name, 0, 1, "/".join(below), 1)
        for layer, below in zip(layers, [*layers[1:], []], strict=True)
        for name in layer
    ]
    spec = GuildSpec(
        characters=(CharacterSpec("Mito", 0, 1, layers[0][0], 1), *family),
        players=(PlayerSpec("Mito", None),),
        links=(LinkSpec(0, 0, "full_match", as_main=False),),
    )
    life = await Life.begin(pool, spec)
    # Following every list of every note would take three times as long with each layer, and not come to an end here.
    async with asyncio.timeout(60):
        await life.scan()
        await life.match()
