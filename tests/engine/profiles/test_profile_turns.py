"""When a profile has its turn: when it is old enough for its use, spread over days, and shared fairly among guilds."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from engine.profiles.installation import Installation
from guild_builder import entry
from sv_common.db.pool import Pool
from sv_common.guild_sync.db_sync import RESERVED_REQUESTS, refresh_profiles, sync_blizzard_roster
from sv_common.guild_sync.roster import guilds
from sv_common.guild_sync.sources.models import (
    CharacterAddress,
    CharacterProfile,
    GuildAddress,
    GuildRoster,
    ProfileAnswer,
    ProfileState,
)

_EVERY = timedelta(hours=6)


@pytest.mark.parametrize(("asleep_days", "age"), [(0, 2), (20, 2), (27, 1), (33, 1), (60, 3)])
async def test_a_profile_is_read_again_when_it_is_old_enough_for_its_use(
    installed: Installation, asleep_days: int, age: int
) -> None:
    """Most often where the next login decides whether the character is inactive."""
    for each in installed.world.characters:
        installed.world.last_login(each, asleep_days, installed.world.now_ms)
    await installed.refresh()
    await installed.age(age - 0.1)
    assert (await installed.refresh_what_is_due()).counts["shown"] == 0
    await installed.age(age / 2 + 0.1)
    assert (await installed.refresh_what_is_due()).counts["shown"] == 12


async def test_who_is_said_to_be_gone_is_asked_for_again_after_a_day(installed: Installation) -> None:
    await installed.refresh()
    installed.world.characters[0].has_profile = False
    await installed.refresh()
    await installed.age(1)
    report = await installed.refresh_what_is_due()
    assert (report.counts["gone"], report.counts["erased"]) == (1, 1)


async def test_a_guild_that_was_read_at_once_is_spread_over_the_next_days(installed: Installation) -> None:
    await installed.load(80)
    for each in installed.world.characters:
        installed.world.last_login(each, 0, installed.world.now_ms)
    await installed.refresh()
    read = []
    for _ in range(12):
        await installed.age(_EVERY / timedelta(days=1))
        read.append((await installed.refresh_what_is_due()).counts["shown"])
    assert sum(read) == 80
    assert max(read) <= 80 / 3


async def test_a_profile_that_says_the_same_writes_no_character_anew(installed: Installation) -> None:
    await installed.refresh()
    changed = installed.world.characters[0]
    changed.item_level += 1
    before = await _versions(installed)
    assert (await installed.refresh()).counts["shown"] == 12
    assert len(await _versions(installed) - before) == 1


async def _versions(installed: Installation) -> set[tuple[Any, ...]]:
    return set(await installed.rows("select id, ctid::text, xmin::text from guild_identity.wow_characters"))


async def test_the_largest_guild_leaves_the_others_their_share(pool: Pool) -> None:
    """Their turns come one after the other, hours apart, and the hour's requests do not suffice for all at once."""
    community = await _Community.of(pool, sizes=(40, 5, 5), requests=20)
    for _ in range(4 * 5):
        for guild_id in community.guild_ids:
            await community.pass_on(_EVERY / 3)
            await community.refresh(guild_id)
    ages = await community.ages()
    assert max(ages.values()) <= timedelta(days=5)


@pytest.mark.parametrize("days", [pytest.param(20, marks=pytest.mark.nightly), 3])
async def test_a_guild_whose_turn_always_comes_when_the_hour_is_used_up_does_not_starve(pool: Pool, days: int) -> None:
    """Nothing is erased because its turn never came, and each character is read within two days of its first."""
    community = await _Community.of(pool, sizes=(60, 4, 4), requests=20)
    for _ in range(4 * days):
        await community.pass_on(_EVERY)
        for guild_id in community.guild_ids:
            assert (await community.refresh(guild_id))["expired"] == 0
    ages = await community.ages()
    assert set(ages) == set(community.guild_ids)
    assert max(ages.values()) <= timedelta(days=16)


@dataclass
class _Community:
    """Guilds that share one small Battle.net, on a clock that goes when it is told to."""

    pool: Pool
    requests_an_hour: int
    guild_ids: list[int] = field(default_factory=list)
    now: timedelta = timedelta(0)
    sent: deque[timedelta] = field(default_factory=deque)

    @classmethod
    async def of(cls, pool: Pool, *, sizes: Sequence[int], requests: int) -> _Community:
        made = cls(pool, RESERVED_REQUESTS + requests)
        for number, size in enumerate(sizes):
            async with pool.connection() as conn:
                made.guild_ids.append(await guilds.add(conn, GuildAddress("us", "area-52", f"g{number}"), f"G{number}"))
            names = [f"Wanderer{'abcdefghij'[n // 10]}{'abcdefghij'[n % 10]}" for n in range(size)]
            await sync_blizzard_roster(pool, [entry(name) for name in names], guild_id=made.guild_ids[-1])
        return made

    @property
    def spare_requests(self) -> int:
        while self.sent and self.sent[0] <= self.now - timedelta(hours=1):
            self.sent.popleft()
        return self.requests_an_hour - len(self.sent)

    async def fetch_members(self, guild: GuildAddress) -> GuildRoster:
        raise AssertionError(guild)

    async def fetch_profiles(self, region: str, characters: Sequence[CharacterAddress]) -> Sequence[ProfileAnswer]:
        """Answer with the login of this moment, which was never known before."""
        assert region == "us"
        self.sent.extend([self.now] * len(characters))
        assert self.spare_requests >= RESERVED_REQUESTS
        login = 1_700_000_000_000 + self.now // timedelta(milliseconds=1)
        return [
            ProfileAnswer(
                ProfileState.SHOWN,
                CharacterProfile(each.character_id or 0, each.name, each.realm_slug, "Area 52", 1, 1, 600, login),
            )
            for each in characters
        ]

    async def refresh(self, guild_id: int) -> dict[str, int]:
        return dict((await refresh_profiles(self.pool, self, guild_id=guild_id)).counts)

    async def pass_on(self, time: timedelta) -> None:
        """Let so much time pass: what is remembered happened so much earlier."""
        self.now += time
        async with self.pool.connection() as conn:
            await conn.execute(
                "update guild_identity.character_profiles set requested_at = requested_at - %(time)s, "
                "fetched_at = fetched_at - %(time)s",
                {"time": time},
            )
            await conn.execute(
                "update guild_identity.wow_characters set first_seen = first_seen - %(time)s", {"time": time}
            )

    async def ages(self) -> dict[int, timedelta]:
        """Return how old the oldest profile of each guild is, of characters that were never read the time since they came."""
        async with self.pool.connection() as conn:
            rows = await (
                await conn.execute(
                    "select c.guild_id, max(now() - coalesce(p.fetched_at, c.first_seen)) "
                    "from guild_identity.wow_characters c left join guild_identity.character_profiles p "
                    "on p.guild_id = c.guild_id and p.character_id = c.id group by c.guild_id"
                )
            ).fetchall()
        return dict(rows)
