"""Forgetting what profiles said: when an end was confirmed a day later, or before it is thirty days old, and not sooner."""

from __future__ import annotations

from typing import LiteralString

import pytest

from engine.profiles.installation import Installation
from sv_common.guild_sync.core.errors import NotFound
from sv_common.guild_sync.core.text import NAMES_IN_A_LIST
from sv_common.guild_sync.db_sync import erase_expired_profiles, sync_blizzard_roster
from sv_common.guild_sync.integrity_checker import run_integrity_check
from sv_common.guild_sync.roster import guilds
from sv_common.guild_sync.sources.models import GuildAddress


@pytest.mark.parametrize("is_valid", [True, False])
async def test_a_character_said_to_be_gone_once_keeps_what_is_known(installed: Installation, is_valid: bool) -> None:
    await installed.refresh()
    character = installed.world.characters[0]
    before = await installed.known(character)
    character.is_valid, character.has_profile = is_valid, not is_valid
    for _ in range(3):
        report = await installed.refresh()
        assert (report.counts["gone"], report.counts["erased"]) == (1, 0)
        await installed.age(0.25)
    assert await installed.known(character) == before


@pytest.mark.parametrize(
    ("is_valid", "words"), [(True, "is no longer known to Battle.net"), (False, "is no longer valid at Battle.net")]
)
async def test_a_character_confirmed_gone_a_day_later_is_erased_to_what_the_roster_says(
    installed: Installation, is_valid: bool, words: str
) -> None:
    await installed.refresh()
    character = installed.world.characters[0]
    character.is_valid, character.has_profile = is_valid, not is_valid
    await installed.refresh()
    await installed.age(1)
    report = await installed.refresh()
    assert report.counts["erased"] == 1
    assert report.notices == (
        f"“{character.name}” {words}, confirmed twice. Its profile was erased; the roster data stays.",
    )
    rows = await installed.rows(
        "select character_name, realm_slug, level, rank_index, character_class is null, item_level, "
        "last_login_timestamp, removed_at from guild_identity.wow_characters where blizzard_character_id = %(id)s",
        {"id": character.character_id},
    )
    skeleton = (character.name, character.realm.slug, character.level, character.rank)
    assert rows == [(*skeleton, False, None, None, None)]


async def test_many_ends_at_once_are_named_up_to_a_number(installed: Installation) -> None:
    await installed.load(30)
    await installed.refresh()
    for character in installed.world.characters[:25]:
        character.has_profile = False
    await installed.refresh()
    await installed.age(1)
    report = await installed.refresh()
    assert (report.counts["erased"], len(report.notices)) == (25, NAMES_IN_A_LIST + 1)
    assert report.notices[-1] == "The same for 5 more characters."


async def test_a_name_that_another_character_took_is_erased_too(installed: Installation) -> None:
    await installed.refresh()
    character = installed.world.characters[0]
    old_id, character.character_id = character.character_id, 1
    await installed.refresh()
    await installed.age(1)
    assert "has given its name to another character, confirmed twice" in (await installed.refresh()).notices[0]
    rows = await installed.rows(
        "select item_level from guild_identity.wow_characters where blizzard_character_id = %(id)s", {"id": old_id}
    )
    assert rows == [(None,)]


@pytest.mark.parametrize("comes_back", [True, False])
async def test_a_good_word_between_two_bad_ones_starts_the_count_again(
    installed: Installation, comes_back: bool
) -> None:
    await installed.refresh()
    character = installed.world.characters[0]
    character.has_profile = False
    await installed.refresh()
    await installed.age(1)
    if comes_back:
        character.has_profile = True
    else:
        installed.simulator.faults.status("status", 503, times=4)
    await installed.refresh()
    character.has_profile = False
    assert (await installed.refresh()).counts["erased"] == int(not comes_back)


async def test_who_was_confirmed_gone_is_asked_for_once_a_day_and_may_come_back(installed: Installation) -> None:
    await installed.refresh()
    character = installed.world.characters[0]
    character.has_profile = False
    for _ in range(2):
        await installed.refresh()
        await installed.age(1)
    await installed.refresh()
    installed.simulator.calls.clear()
    await installed.refresh()
    assert installed.simulator.calls["profile"] == 11
    character.has_profile = True
    await installed.age(1)
    assert (await installed.refresh()).counts["shown"] == 12
    assert await installed.known(character) == (character.item_level, character.last_login_ms)


async def test_what_is_not_read_again_is_erased_before_it_is_thirty_days_old(installed: Installation) -> None:
    await installed.refresh()
    hidden = installed.world.characters[0]
    await installed.age(27.9)
    installed.simulator.faults.json("profile", {"code": 404}, 404, times=None, path=hidden.name.lower())
    report = await installed.refresh()
    assert (report.counts["hidden"], report.counts["expired"]) == (1, 0)
    await installed.age(0.2)
    report = await installed.refresh()
    assert (report.counts["erased"], report.counts["expired"]) == (0, 1)
    assert report.notices == (f"Profiles not updated for 28 days were erased: {hidden.name}.",)
    assert await installed.known(hidden) == (None, None)


async def test_who_left_the_guild_is_not_read_again_and_forgotten_before_thirty_days(installed: Installation) -> None:
    await installed.refresh()
    character = installed.world.characters[-1]
    installed.world.leave(character)
    await installed.roster()
    await installed.age(27)
    assert (await installed.refresh()).counts["shown"] == 11
    assert await installed.known(character) != (None, None)
    await installed.age(1)
    assert (await installed.refresh()).counts["expired"] == 1
    assert await installed.known(character) == (None, None)


async def test_a_daily_sweep_that_fails_once_lets_nothing_become_older_than_thirty_days(
    installed: Installation,
) -> None:
    await installed.refresh()
    await installed.age(28)  # the sweep before was a minute too early, and one may fail
    assert (await erase_expired_profiles(installed.pool, guild_id=installed.guild_id)).counts == {"expired": 12}


async def test_the_log_of_issues_forgets_a_login_that_was_erased(installed: Installation) -> None:
    asleep = installed.world.characters[-1]
    installed.world.last_login(asleep, 60, installed.world.now_ms)
    await installed.refresh()
    await run_integrity_check(installed.pool, issue_types=["stale_character"])
    question: LiteralString = (
        "select resolved_at is null, summary, details ? 'last_login_timestamp' from guild_identity.audit_issues "
        "where details ->> 'character_id' = (select id::text from guild_identity.wow_characters "
        "where blizzard_character_id = %(id)s)"
    )
    ((is_open, summary, holds_login),) = await installed.rows(question, {"id": asleep.character_id})
    assert (is_open, asleep.name in summary, holds_login) == (True, True, True)
    installed.world.leave(asleep)
    await installed.roster()
    await run_integrity_check(installed.pool, issue_types=["stale_character"])
    await installed.age(30)
    await installed.refresh()
    assert await installed.rows(question, {"id": asleep.character_id}) == [
        (False, "The character's last login is no longer known", False)
    ]


async def test_logins_without_a_recorded_reading_are_erased_by_the_characters_own_age(installed: Installation) -> None:
    roster = await installed.client().fetch_roster(installed.world.address)
    await sync_blizzard_roster(installed.pool, roster, guild_id=installed.guild_id)
    assert (await erase_expired_profiles(installed.pool, guild_id=installed.guild_id)).counts == {"expired": 0}
    await installed.age(30)
    report = await erase_expired_profiles(installed.pool, guild_id=installed.guild_id)
    assert report.counts == {"expired": 12}


async def test_the_sweep_touches_one_guild_only(installed: Installation) -> None:
    await installed.refresh()
    await installed.age(31)
    async with installed.pool.connection() as conn:
        other = await guilds.add(conn, GuildAddress("us", "elsewhere", "other"), "Other")
    before = await installed.everything()
    assert (await erase_expired_profiles(installed.pool, guild_id=other)).counts == {"expired": 0}
    assert await installed.everything() == before
    with pytest.raises(NotFound):
        await erase_expired_profiles(installed.pool, guild_id=999)
