"""Confirming the rank names seen in the game: where each Discord role goes."""

from __future__ import annotations

import pytest

from guild_builder import GuildBuilder
from sv_common.guild_sync.roster import ranks

OLD = ("Guild Master", "Officer", "Raider", "Social")


@pytest.mark.parametrize(
    ("seen", "held", "roles", "new"),
    [
        pytest.param(OLD, (0, 1, 2, 3), (None, "101", "102", "103"), 0, id="nothing new"),
        pytest.param(
            ("Boss", "Council", "Raider", "Social"), (0, 1, 2, 3), (None, "101", "102", "103"), 2, id="renamed"
        ),
        pytest.param(
            ("Guild Master", "Raider", "Officer", "Social"), (0, 1, 2, 3), (None, "102", "101", "103"), 2, id="swapped"
        ),
        pytest.param(
            ("Guild Master", "Warlord", "Officer", "Raider", "Social"),
            (0, 1, 2, 3, 4),
            (None, None, "101", "102", "103"),
            3,
            id="inserted",
        ),
        pytest.param(
            ("Guild Master", "Officer", "Officer", "Raider", "Social"),
            (0, 2, 3, 4),
            (None, None, "101", "102", "103"),
            2,
            id="inserted, and nobody holds the new one",
        ),
        pytest.param(
            ("Guild Master", "Officer", "Social", "Social"), (0, 1, 2), (None, "101", "103", None), 1, id="removed"
        ),
        pytest.param(
            ("Guild Master", "Warlord", "Council", "Officer", "Social"),
            (0, 1, 2, 3),
            (None, None, None, "101", "103"),
            3,
            id="shifted and renamed",
        ),
    ],
)
async def test_a_role_goes_where_the_name_of_its_rank_goes(
    guild: GuildBuilder, seen: tuple[str, ...], held: tuple[int, ...], roles: tuple[str | None, ...], new: int
) -> None:
    for index, name in enumerate(seen):
        await guild.execute(
            "insert into common.guild_ranks (guild_id, wow_rank_index, name, name_in_game, level) "
            "values (%(guild)s, %(index)s, %(name)s, %(name)s, 10 - %(index)s) "
            "on conflict (guild_id, wow_rank_index) do update set name_in_game = excluded.name",
            {"index": index, "name": name},
        )
    for index in held:
        await guild.character(f"Holder{'abcde'[index]}", rank=index)
    async with guild.pool.writing(guild.guild_id, alone=False) as here:
        assert await ranks.confirm_names(here) == new
        table = await ranks.all_ranks(here)
    assert tuple(rank.name for rank in table) == seen
    assert tuple(rank.discord_role_id for rank in table) == roles
    assert all(rank.is_role_managed is (rank.discord_role_id is not None) for rank in table)


async def test_a_name_that_two_ranks_had_takes_neither_role(guild: GuildBuilder) -> None:
    await guild.execute("update common.guild_ranks set name = 'Alt' where wow_rank_index in (1, 2)")
    for index, name in enumerate(("Guild Master", "Officer", "Raider", "Alt")):
        await guild.execute(
            "update common.guild_ranks set name_in_game = %(name)s where wow_rank_index = %(index)s",
            {"index": index, "name": name},
        )
        await guild.character(f"Holder{'abcd'[index]}", rank=index)
    async with guild.pool.writing(guild.guild_id, alone=False) as here:
        await ranks.confirm_names(here)
        table = await ranks.all_ranks(here)
    assert [rank.discord_role_id for rank in table] == [None, None, None, None]
