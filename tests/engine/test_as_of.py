"""Lists of sources and looks at members carry when they began: what began earlier never changes what came of the later."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from engine.memory_discord import MemoryDiscord
from guild_builder import OFFICER, RAIDER, ROLE_OF_RANK, SOCIAL, GuildBuilder, entry, person, server
from sv_common.guild_sync.db_sync import sync_blizzard_roster
from sv_common.guild_sync.discord_sync import sync_discord_members
from sv_common.guild_sync.engine.results import FixOutcome
from sv_common.guild_sync.integrity_checker import run_integrity_check
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.mitigations import fix_one
from sv_common.guild_sync.roster import members, profiles, runs
from sv_common.guild_sync.scheduler import run_discord_sync
from sv_common.guild_sync.sources.models import (
    CharacterAddress,
    CharacterProfile,
    DiscordGuild,
    ProfileAnswer,
    ProfileState,
)
from sv_common.guild_sync.sources.ports import Sources

OFFICER_ROLE, RAIDER_ROLE, SOCIAL_ROLE = (ROLE_OF_RANK[rank] for rank in (OFFICER, RAIDER, SOCIAL))
A_YEAR = timedelta(days=365)
APART = timedelta(days=1)


async def now(guild: GuildBuilder) -> datetime:
    async with guild.pool.connection() as conn:
        return await runs.now(conn)


async def held(guild: GuildBuilder) -> list[list[str]]:
    return [row[0] for row in await guild.rows("select all_guild_roles from guild_identity.discord_users order by id")]


async def open_mismatches(guild: GuildBuilder) -> list[int]:
    return [issue.id for issue in await guild.call(lifecycle.open_of_rule, "role_mismatch")]


async def test_a_list_fetched_before_a_role_fix_does_not_reopen_the_issue_that_the_fix_closed(
    guild: GuildBuilder,
) -> None:
    await guild.main("Elrek", rank=OFFICER, roles=[RAIDER_ROLE])
    (user_id,) = (await guild.rows("select discord_id from guild_identity.discord_users"))[0]
    await run_integrity_check(guild.pool)
    (issue_id,) = await open_mismatches(guild)

    class SlowDiscord(MemoryDiscord):
        """Shows the list as it was when the fetch began; meanwhile an officer fixes."""

        async def fetch_guild(self, discord_guild_id: str) -> DiscordGuild:  # noqa: ARG002 -- as the port says
            old = server(guild, person(user_id, "Elrek", *self.roles[user_id]))
            result = await fix_one(guild.pool, issue_id, actor="alice", discord_bot=self)
            assert result.outcome is FixOutcome.FIXED
            return old

    source = SlowDiscord({user_id: [RAIDER_ROLE]})
    await run_discord_sync(guild.pool, guild_id=guild.guild_id, sources=Sources(discord=source))
    assert await held(guild) == [[OFFICER_ROLE]]
    assert await open_mismatches(guild) == []
    later = server(guild, person(user_id, "Elrek", SOCIAL_ROLE))
    await sync_discord_members(guild.pool, later, fetched_at=await now(guild))
    assert await held(guild) == [[SOCIAL_ROLE]], "a list that was fetched after the fix counts again"


async def test_a_look_that_is_older_than_a_list_which_saw_the_same_changes_nothing(guild: GuildBuilder) -> None:
    """A member who is as before in a list is not written, and yet the list counts."""
    member = server(guild, person("1", "Elrek", RAIDER_ROLE))
    await sync_discord_members(guild.pool, member, fetched_at=await now(guild))
    looked_at = await now(guild)
    await sync_discord_members(guild.pool, member, fetched_at=await now(guild))
    ((number,),) = await guild.rows("select id from guild_identity.discord_users")
    await guild.call(members.set_roles, {number: [SOCIAL_ROLE]}, looked_at=looked_at)
    assert await held(guild) == [[RAIDER_ROLE]]
    await guild.call(members.set_roles, {number: [SOCIAL_ROLE]}, looked_at=await now(guild))
    assert await held(guild) == [[SOCIAL_ROLE]]


async def test_a_roster_that_was_fetched_earlier_than_the_last_says_so(guild: GuildBuilder) -> None:
    began = await now(guild)
    for minutes, is_late in ((2, False), (3, True), (1, False)):
        roster = [entry("Elrek", rank=minutes), entry(f"Only{chr(96 + minutes)}")]
        report = await sync_blizzard_roster(
            guild.pool, roster, guild_id=guild.guild_id, fetched_at=began - timedelta(minutes=minutes)
        )
        assert any("A newer roster was already synced" in notice for notice in report.notices) == is_late


async def test_a_clock_that_was_a_year_ahead_does_not_hold_up_what_comes_after_it(guild: GuildBuilder) -> None:
    ahead = datetime.now(UTC) + A_YEAR
    await sync_blizzard_roster(guild.pool, [entry("Elrek"), entry("Mito")], guild_id=guild.guild_id, fetched_at=ahead)
    await sync_discord_members(guild.pool, server(guild, person("1", "Elrek", RAIDER_ROLE)), fetched_at=ahead)
    await guild.execute(
        "update guild_identity.guilds set roster_as_of = roster_as_of + interval '1 year', "
        "members_as_of = members_as_of + interval '1 year'"
    )
    await guild.execute("update guild_identity.discord_users set roles_as_of = roles_as_of + interval '1 year'")
    await sync_blizzard_roster(
        guild.pool, [entry("Elrek"), entry("Zoe")], guild_id=guild.guild_id, fetched_at=await now(guild)
    )
    await sync_discord_members(
        guild.pool, server(guild, person("1", "Elrek", OFFICER_ROLE)), fetched_at=await now(guild)
    )
    assert await held(guild) == [[OFFICER_ROLE]]
    assert await guild.rows(
        "select character_name from guild_identity.wow_characters where removed_at is null order by 1"
    ) == [("Elrek",), ("Zoe",)]


def _shown(item_level: int) -> ProfileAnswer:
    return ProfileAnswer(
        ProfileState.SHOWN, CharacterProfile(1, "Elrek", "area-52", None, None, None, item_level, None)
    )


async def _record(guild: GuildBuilder, answer: ProfileAnswer, began: datetime) -> list[int]:
    """Record what was answered of the only character."""
    ((number,),) = await guild.rows("select id from guild_identity.wow_characters")
    due = profiles.DueProfile(number, CharacterAddress("area-52", "Elrek", None))
    return list(await guild.call(profiles.record, [(due, answer)], apart=APART, began=began))


@pytest.mark.parametrize("is_in_order", [True, False])
async def test_of_two_readings_of_a_profile_the_one_that_began_later_counts(
    guild: GuildBuilder, is_in_order: bool
) -> None:
    await sync_blizzard_roster(guild.pool, [entry("Elrek")], guild_id=guild.guild_id)
    first, second = (await now(guild), await now(guild))
    readings = [(first, 500), (second, 600)]
    for began, item_level in readings if is_in_order else reversed(readings):
        await _record(guild, _shown(item_level), began)
    assert await guild.rows("select item_level from guild_identity.wow_characters") == [(600,)]


async def test_a_roster_that_began_before_a_profile_was_read_keeps_what_the_profile_said(guild: GuildBuilder) -> None:
    await sync_blizzard_roster(guild.pool, [entry("Elrek", item_level=400)], guild_id=guild.guild_id)
    began = await now(guild)
    await _record(guild, _shown(600), await now(guild))
    old = [entry("Elrek", item_level=500, rank=1)]
    await sync_blizzard_roster(guild.pool, old, guild_id=guild.guild_id, fetched_at=began)
    assert await guild.rows("select item_level, rank_index from guild_identity.wow_characters") == [(600, 1)]


async def test_a_profile_that_was_read_by_a_clock_a_year_ahead_holds_nothing_up(guild: GuildBuilder) -> None:
    await sync_blizzard_roster(guild.pool, [entry("Elrek", item_level=400)], guild_id=guild.guild_id)
    await _record(guild, _shown(600), await now(guild))
    await guild.execute(
        "update guild_identity.character_profiles set requested_at = now() + interval '1 year', "
        "fetched_at = now() + interval '1 year', gone_since = now() + interval '1 year', "
        "gone_confirmed_at = now() + interval '1 year'"
    )
    await sync_blizzard_roster(guild.pool, [entry("Elrek", item_level=500)], guild_id=guild.guild_id)
    assert await guild.rows("select item_level from guild_identity.wow_characters") == [(500,)]
    await guild.execute("update guild_identity.wow_characters set first_seen = now() - interval '40 days'")
    assert len((await guild.call(profiles.due, share=5, most=5, pause=APART, stale_after_days=30))[0]) == 1
    assert [each.name for each in await guild.call(profiles.expire, kept=timedelta(days=28))] == ["Elrek"]


async def test_an_end_that_was_told_by_a_clock_a_year_ahead_is_counted_from_the_next_word(guild: GuildBuilder) -> None:
    await sync_blizzard_roster(guild.pool, [entry("Elrek", item_level=400)], guild_id=guild.guild_id)
    gone = ProfileAnswer(ProfileState.GONE, None)
    await _record(guild, gone, await now(guild) - timedelta(days=3))
    await guild.execute("update guild_identity.character_profiles set gone_since = now() + interval '1 year'")
    assert await _record(guild, gone, await now(guild) - timedelta(days=2)) == []
    assert len(await _record(guild, gone, await now(guild))) == 1
