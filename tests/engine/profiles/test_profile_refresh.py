"""Refreshing what profiles say: all within the hour's requests, and nothing changed by an answer that cannot be used."""

from __future__ import annotations

from typing import Any

import pytest

from engine.profiles.installation import AN_HOUR_S, Installation
from sv_common.db.pool import counting_statements
from sv_common.guild_sync.core.errors import SourceDenied
from sv_common.guild_sync.db_sync import RESERVED_REQUESTS


async def test_a_roster_alone_knows_no_logins_and_a_refresh_brings_them(installed: Installation) -> None:
    character = installed.world.characters[0]
    assert await installed.known(character) == (None, None)
    report = await installed.refresh()
    assert report.counts == {"shown": 12, "hidden": 0, "gone": 0, "failed": 0, "waiting": 0, "erased": 0, "expired": 0}
    assert report.notices == ()
    for each in installed.world.characters:
        assert await installed.known(each) == (each.item_level, each.last_login_ms)


async def test_one_run_refreshes_the_largest_guild_within_the_hours_requests(installed: Installation) -> None:
    await installed.load(1000)
    assert (await installed.refresh()).counts["shown"] == 1000
    rows = await installed.rows(
        "select blizzard_character_id, last_login_timestamp from guild_identity.wow_characters where removed_at is null"
    )
    assert dict(rows) == {each.character_id: each.last_login_ms for each in installed.world.characters}


async def test_within_a_small_budget_those_asked_for_longest_ago_come_first(installed: Installation) -> None:
    """A fifth of it is kept for those that have waited too long."""
    installed.source = installed.client(requests_an_hour=RESERVED_REQUESTS + 10)
    asked: list[set[int]] = []
    for _ in range(3):
        installed.clock.now += AN_HOUR_S
        report = await installed.refresh()
        asked.append(
            {
                row[0]
                for row in await installed.rows(
                    "select character_id from guild_identity.character_profiles order by requested_at desc limit 4"
                )
            }
        )
        await installed.age(0.25)
    assert [len(group) for group in asked] == [4, 4, 4]
    assert not asked[0] & asked[1]
    assert len(asked[0] | asked[1] | asked[2]) == 12
    assert report.counts["waiting"] == 8
    assert report.notices == ("8 profiles were not fetched this time. The next run starts with them.",)


async def test_when_the_hour_is_used_up_no_profile_is_asked_for(installed: Installation) -> None:
    installed.source = installed.client(requests_an_hour=RESERVED_REQUESTS)
    report = await installed.refresh()
    assert (report.counts["shown"], installed.simulator.calls["profile"]) == (0, 0)


async def test_the_number_of_statements_does_not_grow_with_the_guild(installed: Installation) -> None:
    counted = []
    for size in (12, 120):
        await installed.load(size)
        with counting_statements() as counter:
            await installed.refresh()
        counted.append(counter.statements)
    assert counted[0] == counted[1]


async def test_a_profile_that_cannot_be_read_changes_nothing(installed: Installation) -> None:
    await installed.refresh()
    character = installed.world.characters[0]
    before = await installed.known(character)
    character.last_login_ms += 1
    installed.simulator.faults.status("profile", 503, times=None, path=character.name.lower())
    report = await installed.refresh()
    assert (report.counts["shown"], report.counts["failed"]) == (11, 1)
    assert "1 profile could not be read and stays unchanged." in report.notices[0]
    assert await installed.known(character) == before


async def test_rejected_credentials_change_nothing_at_all(installed: Installation) -> None:
    await installed.refresh()
    await installed.age(31)
    before = await installed.everything()
    installed.simulator.faults.status("profile", 401, times=None)
    with pytest.raises(SourceDenied):
        await installed.refresh_what_is_due()
    assert await installed.everything() == before


async def test_values_that_cannot_be_count_as_unknown(installed: Installation) -> None:
    await installed.refresh()
    future, huge = installed.world.characters[:2]
    future.last_login_ms = installed.world.now_ms * 2
    huge.item_level = 40_000
    await installed.refresh()
    assert await installed.known(future) == (future.item_level, None)
    assert await installed.known(huge) == (None, huge.last_login_ms)


async def test_a_character_that_was_renamed_while_it_was_asked_for_is_left_alone(
    installed: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch = installed.source.fetch_profiles
    character = installed.world.characters[0]

    async def fetch_and_rename(region: str, characters: Any) -> Any:
        answers = await fetch(region, characters)
        installed.world.rename(character, "Newname")
        await installed.roster()
        return answers

    monkeypatch.setattr(installed.source, "fetch_profiles", fetch_and_rename)
    await installed.refresh()
    assert await installed.known(character) == (None, None)
    assert len(await installed.rows("select 1 from guild_identity.character_profiles")) == 11
