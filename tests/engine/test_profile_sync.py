"""Refreshing and forgetting what profiles say, with the real client against the simulated Battle.net."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any, LiteralString

import httpx2
import pytest

from sv_common.db.pool import Pool, counting_statements
from sv_common.guild_sync.clients.battlenet import BattleNetClient
from sv_common.guild_sync.clients.battlenet_api import LIMITS
from sv_common.guild_sync.clients.http import RateLimiter, Timing, http_client
from sv_common.guild_sync.db_sync import sync_blizzard_roster
from sv_common.guild_sync.domain.errors import NotFound, SourceDenied
from sv_common.guild_sync.domain.guild import GuildAddress
from sv_common.guild_sync.domain.report import SyncReport
from sv_common.guild_sync.integrity_checker import run_integrity_check
from sv_common.guild_sync.profile_sync import (
    NAMES_IN_A_NOTICE,
    RESERVED_REQUESTS,
    erase_expired_profiles,
    refresh_profiles,
)
from sv_common.guild_sync.simulators import GuildSimulator, GuildWorld
from sv_common.guild_sync.simulators.clock import SimulatedClock
from sv_common.guild_sync.simulators.model import WorldCharacter
from sv_common.guild_sync.store import guilds

AN_HOUR_S = 3600.0


@dataclass
class Installation:
    """A guild whose roster has been read, and what stands in the database about it."""

    pool: Pool
    simulator: GuildSimulator
    http: httpx2.AsyncClient
    clock: SimulatedClock = field(default_factory=SimulatedClock)
    source: BattleNetClient = field(init=False)
    guild_id: int = 0

    def __post_init__(self) -> None:
        self.source = self.client()

    @property
    def world(self) -> GuildWorld:
        return self.simulator.world

    def client(self, requests_an_hour: int = LIMITS[1][0]) -> BattleNetClient:
        timing = Timing(self.clock.clock, self.clock.sleep, self.clock.jitter)
        return BattleNetClient(
            self.http,
            client_id=self.simulator.client_id,
            client_secret=self.simulator.client_secret,
            token_url=self.simulator.token_url,
            api_url=self.simulator.battlenet_url,
            limiter=RateLimiter([LIMITS[0], (requests_an_hour, AN_HOUR_S)], timing),
            timing=timing,
        )

    async def load(self, size: int) -> None:
        """Show a guild of this size, whose characters all have a profile, and read its roster."""
        self.simulator.load(GuildWorld.seeded(7, size))
        for character in self.world.characters:
            character.has_profile = True
        async with self.pool.connection() as conn:
            self.guild_id = await guilds.add(conn, self.world.address, self.world.guild_name)
        await self.roster()

    async def roster(self) -> None:
        roster = await self.client().fetch_members(self.world.address)
        await sync_blizzard_roster(self.pool, roster.members, guild_id=self.guild_id, accept_losses=True)

    async def refresh(self) -> SyncReport:
        return await refresh_profiles(self.pool, self.source, guild_id=self.guild_id)

    async def known(self, character: WorldCharacter) -> tuple[Any, ...]:
        """Item level and last login as the database has them."""
        rows = await self.rows(
            "select item_level, last_login_timestamp from guild_identity.wow_characters "
            "where blizzard_character_id = %(id)s",
            {"id": character.character_id},
        )
        return rows[0]

    async def age(self, days: float) -> None:
        """Let so much time pass: everything that is remembered happened so much earlier."""
        await self.rows(
            "with profiles as (update guild_identity.character_profiles set asked_at = asked_at - %(age)s::interval, "
            "fetched_at = fetched_at - %(age)s::interval, gone_since = gone_since - %(age)s::interval, "
            "gone_confirmed_at = gone_confirmed_at - %(age)s::interval) "
            "update guild_identity.wow_characters set first_seen = first_seen - %(age)s::interval returning id",
            {"age": f"{days} days"},
        )

    async def rows(self, query: LiteralString, values: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
        async with self.pool.connection() as conn:
            return await (await conn.execute(query, values)).fetchall()

    async def everything(self) -> list[tuple[Any, ...]]:
        return await self.rows(
            "select to_jsonb(c) from guild_identity.wow_characters c "
            "union all select to_jsonb(p) from guild_identity.character_profiles p order by 1"
        )


@pytest.fixture(scope="module")
def simulator() -> Iterator[GuildSimulator]:
    with GuildSimulator(GuildWorld.seeded(7, 1)) as running:
        yield running


@pytest.fixture
async def installed(pool: Pool, simulator: GuildSimulator) -> AsyncIterator[Installation]:
    async with http_client(trust_env=False) as http:
        installation = Installation(pool, simulator, http)
        await installation.load(12)
        yield installation


async def test_a_roster_alone_knows_no_logins_and_a_refresh_brings_them(installed: Installation) -> None:
    character = installed.world.characters[0]
    assert await installed.known(character) == (None, None)
    report = await installed.refresh()
    assert report.counts == {
        "shown": 12,
        "hidden": 0,
        "gone": 0,
        "failed": 0,
        "waiting": 0,
        "erased": 0,
        "expired": 0,
    }
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
    installed.source = installed.client(requests_an_hour=RESERVED_REQUESTS + 10)
    asked: list[set[int]] = []
    for _ in range(3):
        installed.clock.now += AN_HOUR_S
        report = await installed.refresh()
        asked.append(
            {
                row[0]
                for row in await installed.rows(
                    "select character_id from guild_identity.character_profiles order by asked_at desc limit 5"
                )
            }
        )
        await installed.age(0.25)
    assert [len(group) for group in asked] == [5, 5, 5]
    assert not asked[0] & asked[1]
    assert len(asked[0] | asked[1] | asked[2]) == 12
    assert report.counts["waiting"] == 7
    assert report.notices == ("7 profiles were not asked for this time; the next run begins with them.",)


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
    assert "1 profiles could not be read and stay as they were." in report.notices[0]
    assert await installed.known(character) == before


async def test_rejected_credentials_change_nothing_at_all(installed: Installation) -> None:
    await installed.refresh()
    await installed.age(31)
    before = await installed.everything()
    installed.simulator.faults.status("profile", 401, times=None)
    with pytest.raises(SourceDenied):
        await installed.refresh()
    assert await installed.everything() == before


async def test_values_that_cannot_be_count_as_unknown(installed: Installation) -> None:
    await installed.refresh()
    future, huge = installed.world.characters[:2]
    future.last_login_ms = installed.world.now_ms * 2
    huge.item_level = 40_000
    await installed.refresh()
    assert await installed.known(future) == (future.item_level, None)
    assert await installed.known(huge) == (None, huge.last_login_ms)


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
    ("is_valid", "words"), [(True, "is no longer known to Battle.net"), (False, "is no longer valid, Battle.net says")]
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
        f"“{character.name}” {words}, confirmed twice: what its profile said was erased, and the roster's own data stays.",
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
    assert (report.counts["erased"], len(report.notices)) == (25, NAMES_IN_A_NOTICE + 1)
    assert report.notices[-1] == "The same was done for 5 more characters."


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
    assert report.notices == (f"Not read again for 28 days, so what the profile said was erased: {hidden.name}.",)
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
