"""Discord's sync, on a real database."""

from __future__ import annotations

from typing import Any

import pytest

from guild_builder import ROLE_OF_RANK, SOCIAL, GuildBuilder, person, server
from sv_common.guild_sync.core.errors import Refused
from sv_common.guild_sync.discord_sync import sync_discord_members

SOCIAL_ROLE = ROLE_OF_RANK[SOCIAL]


async def _members(guild: GuildBuilder) -> list[Any]:
    return await guild.rows(
        "select display_name, all_guild_roles, highest_guild_role, is_bot, is_present from guild_identity.discord_users order by 1"
    )


async def test_members_arrive_with_their_roles_and_bots_are_marked(guild: GuildBuilder) -> None:
    everybody = server(guild, person("1", "Elrek", "900", SOCIAL_ROLE), person("2", "Robot", is_bot=True))
    report = await sync_discord_members(guild.pool, everybody)
    assert report.counts == {"members": 1, "new": 2, "returned": 0, "left": 0, "roles": 4}
    assert await _members(guild) == [
        ("Elrek", [SOCIAL_ROLE, "900"], "Social", False, True),
        ("Robot", [], None, True, True),
    ]


async def test_a_member_who_leaves_keeps_the_player_and_returns_to_it(guild: GuildBuilder) -> None:
    people = [person(str(n), f"P{n}") for n in range(1, 6)]
    await sync_discord_members(guild.pool, server(guild, *people))
    (row,) = await guild.rows("select id from guild_identity.discord_users where display_name = 'P5'")
    await guild.player("P5", member=row[0])
    assert (await sync_discord_members(guild.pool, server(guild, *people[:4]))).counts["left"] == 1
    assert (await sync_discord_members(guild.pool, server(guild, *people))).counts["returned"] == 1
    assert await guild.rows("select discord_user_id from guild_identity.players") == [(row[0],)]


async def test_names_follow_discord_because_only_the_id_identifies(guild: GuildBuilder) -> None:
    await sync_discord_members(guild.pool, server(guild, person("1", "Elrek")))
    await sync_discord_members(guild.pool, server(guild, person("1", "Somebody Else")))
    assert [row[0] for row in await _members(guild)] == ["Somebody Else"]


async def test_a_member_who_is_as_before_in_a_list_is_not_written_anew(guild: GuildBuilder) -> None:
    people = [person(str(n), f"P{n}", SOCIAL_ROLE) for n in range(1, 9)]
    await sync_discord_members(guild.pool, server(guild, *people))
    before = await _versions(guild)
    await sync_discord_members(guild.pool, server(guild, *people))
    assert await _versions(guild) == before
    await sync_discord_members(guild.pool, server(guild, person("1", "P1"), person("2", "Renamed"), *people[2:]))
    assert len(set(await _versions(guild)) - set(before)) == 2


async def _versions(guild: GuildBuilder) -> list[Any]:
    """The version of each row; one that is merely locked has the same, and another xmax."""
    return await guild.rows(
        "select id, ctid::text, xmin::text, xmax::text from guild_identity.discord_users order by id"
    )


async def test_the_list_of_another_server_is_refused(guild: GuildBuilder) -> None:
    await GuildBuilder.create(guild.pool, "Other Guild", "7001")
    with pytest.raises(Refused, match="belongs to the Discord server 7001"):
        await sync_discord_members(guild.pool, server(guild, person("1", "Elrek")), guild_id=guild.guild_id + 1)


async def test_a_member_listed_twice_counts_once_with_the_last_word(guild: GuildBuilder) -> None:
    await sync_discord_members(guild.pool, server(guild, person("1", "Elrek"), person("1", "Elrek", SOCIAL_ROLE)))
    assert await _members(guild) == [("Elrek", [SOCIAL_ROLE], "Social", False, True)]


async def test_a_renamed_role_is_renamed_in_the_rank_table_and_the_mapping_stays(guild: GuildBuilder) -> None:
    await guild.execute("update common.guild_ranks set discord_role_name = 'Old name' where wow_rank_index = 3")
    await sync_discord_members(guild.pool, server(guild, person("1", "Elrek")))
    rows = await guild.rows(
        "select discord_role_id, discord_role_name from common.guild_ranks where wow_rank_index = 3"
    )
    assert rows == [(SOCIAL_ROLE, "Social")]
