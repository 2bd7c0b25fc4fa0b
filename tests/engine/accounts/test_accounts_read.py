"""Reading pets in a guild's life: what is found, when it is read again, and what changes a grouping."""

from __future__ import annotations

import random

import pytest

from engine.accounts.comparing import ComparingGuild
from sv_common.guild_sync.accounts.evidence import DOUBTED_AFTER, KEPT, READ_AGAIN_AFTER
from sv_common.guild_sync.core.errors import SourceDenied
from sv_common.guild_sync.scheduler import run_blizzard_sync
from sv_common.guild_sync.simulators.accounts import WorldAccount

A_DAY = 1.01
OLD_ENOUGH = READ_AGAIN_AFTER.days * 1.26
"""Days after which each character is due again."""


async def test_the_accounts_of_a_guild_are_found_as_they_are(guild: ComparingGuild) -> None:
    report = await guild.compare()
    assert report.counts["read"] == len(guild.world.characters)
    assert await guild.groups() == guild.true_groups
    assert guild.true_groups


async def test_nothing_is_read_and_nothing_written_where_it_is_off(guild: ComparingGuild) -> None:
    await guild.switch("off")
    guild.simulator.calls.clear()
    assert (await guild.compare()).counts == {}
    report = await run_blizzard_sync(guild.pool, guild_id=guild.guild_id, sources=guild.sources)
    assert "refresh_accounts" not in [step.name for step in report.steps]
    assert (guild.simulator.calls["pets"], await guild.evidence()) == (0, [])


async def test_a_sync_reads_pets_after_profiles_and_before_the_scan(guild: ComparingGuild) -> None:
    report = await run_blizzard_sync(guild.pool, guild_id=guild.guild_id, sources=guild.sources)
    names = [step.name for step in report.steps]
    assert names.index("refresh_profiles") < names.index("refresh_accounts") < names.index("run_integrity_check")
    assert (report.status, await guild.groups()) == ("done", guild.true_groups)


async def test_each_character_is_read_once_and_again_at_a_moment_of_its_own(guild: ComparingGuild) -> None:
    await guild.compare()
    assert (await guild.compare()).counts["read"] == 0
    await guild.age(READ_AGAIN_AFTER.days * 1.1)
    some = (await guild.compare()).counts["read"]
    assert 0 < some < len(guild.world.characters)
    await guild.age(OLD_ENOUGH - READ_AGAIN_AFTER.days * 1.1)
    assert (await guild.compare()).counts["read"] == len(guild.world.characters) - some
    assert KEPT.days > OLD_ENOUGH, "what is due is read again before it is erased"


async def test_a_character_without_a_shown_profile_is_not_read(guild: ComparingGuild) -> None:
    await guild.rows("update guild_identity.character_profiles set gone_since = now() returning character_id")
    assert (await guild.compare()).counts["read"] == 0


async def test_new_pets_and_released_ones_change_no_account(guild: ComparingGuild) -> None:
    await guild.compare()
    before = await guild.groups()
    chance = random.Random(1)  # noqa: S311
    for person in guild.world.people:
        account = guild.world.account_of(person.main)
        account.catch(chance, 40)
        account.pets = account.pets[len(account.pets) // 8 :]
    await guild.age(OLD_ENOUGH)
    await guild.compare()
    assert await guild.groups() >= before


async def test_a_character_of_another_account_moves_when_a_second_reading_says_so(guild: ComparingGuild) -> None:
    await guild.compare()
    before = await guild.groups()
    moved = guild.siblings()[-1]
    moved.account = WorldAccount.drawn("another")
    moved.account.catch(random.Random(2), 20)  # noqa: S311
    await guild.age(OLD_ENOUGH)
    await guild.compare()
    assert await guild.groups() == before, "one reading moves nobody"
    assert (await guild.compare()).counts["read"] == 0, "and it is not asked at once for another one"
    await guild.age(DOUBTED_AFTER.days * A_DAY)
    assert (await guild.compare()).counts["read"] == 1
    assert await guild.groups() == guild.true_groups != before


async def test_a_wrong_answer_that_is_never_repeated_moves_nobody(guild: ComparingGuild) -> None:
    await guild.compare()
    before = await guild.groups()
    victim = guild.siblings()[0]
    victim.account = WorldAccount.drawn("by mistake")
    victim.account.catch(random.Random(2), 20)  # noqa: S311
    await guild.age(OLD_ENOUGH)
    await guild.compare()
    victim.account = None
    await guild.age(A_DAY)
    await guild.compare()
    assert await guild.groups() == before
    assert not any(is_doubted for *_, is_doubted in await guild.evidence())


async def test_a_collection_that_is_empty_once_parts_nobody(guild: ComparingGuild) -> None:
    await guild.compare()
    before = await guild.groups()
    guild.siblings()[0].account = WorldAccount()
    await guild.age(OLD_ENOUGH)
    await guild.compare()
    assert await guild.groups() == before


async def test_a_first_collection_counts_at_once(guild: ComparingGuild) -> None:
    first, *others = guild.siblings()
    first.account = WorldAccount()
    await guild.compare()
    first.account = None
    await guild.age(OLD_ENOUGH)
    await guild.compare()
    assert any(f"{first.name}-{first.realm.slug}" in group for group in await guild.groups()) is bool(others)


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_what_cannot_be_read_changes_nothing_and_makes_the_run_partial(
    guild: ComparingGuild, status: int
) -> None:
    await guild.compare()
    before = await guild.groups()
    await guild.age(OLD_ENOUGH)
    guild.simulator.faults.status("pets", status, times=None)
    report = await run_blizzard_sync(guild.pool, guild_id=guild.guild_id, sources=guild.sources)
    assert (report.status, await guild.groups()) == ("partial", before)


async def test_rejected_credentials_leave_the_sync_and_what_is_known(guild: ComparingGuild) -> None:
    await guild.compare()
    before = await guild.groups()
    await guild.age(OLD_ENOUGH)
    guild.simulator.faults.status("pets", 401, times=None)
    with pytest.raises(SourceDenied):
        await guild.compare()
    report = await run_blizzard_sync(guild.pool, guild_id=guild.guild_id, sources=guild.sources)
    assert (report.status, await guild.groups()) == ("partial", before)


async def test_half_of_an_hours_requests_is_left_to_rosters_and_profiles(guild: ComparingGuild) -> None:
    guild.source = guild.client(requests_an_hour=20)
    assert (await guild.compare()).counts["read"] == 10
    assert (await guild.compare()).counts["read"] == 0


async def test_the_number_of_statements_does_not_grow_with_the_guild(guild: ComparingGuild) -> None:
    small = await run_blizzard_sync(guild.pool, guild_id=guild.guild_id, sources=guild.sources)
    await guild.load(90)
    large = await run_blizzard_sync(guild.pool, guild_id=guild.guild_id, sources=guild.sources)
    assert large.statements <= small.statements + 5
