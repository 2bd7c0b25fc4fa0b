"""An installation of very many guilds: a page reads and names those that are near, and not every one."""

from __future__ import annotations

import re

import httpx2
import pytest

from guild_builder import GuildBuilder
from sv_common.guild_sync.core.errors import Refused
from sv_common.guild_sync.roster import guilds


async def _add(guild: GuildBuilder, more: int) -> None:
    async with guild.pool.connection() as conn:
        await conn.execute(
            "insert into guild_identity.guilds (region, realm_slug, name_slug, name) "
            "select 'us', 'area-52', 'guild-' || n, 'Guild ' || n from generate_series(1, %s) n",
            [more],
        )


async def _offered(alice: httpx2.AsyncClient, guild_id: int | None, page: str = "/admin/data-quality") -> list[int]:
    answer = await alice.get(page, params={"guild": str(guild_id)} if guild_id else {})
    assert answer.status_code == 200
    (choice,) = re.findall(r'<nav class="choices" aria-label="Guild">(.*?)</nav>', answer.text, re.DOTALL)
    return [int(number) for number in re.findall(r"guild=(\d+)", choice)]


@pytest.mark.parametrize("page", ["/admin/data-quality", "/admin/inbox", "/admin/search", "/admin/players"])
async def test_a_page_of_one_among_very_many_guilds_offers_those_that_are_near(
    guild: GuildBuilder, alice: httpx2.AsyncClient, page: str
) -> None:
    await _add(guild, 99)
    assert await _offered(alice, 50, page) == list(range(30, 71))
    assert await _offered(alice, 100, page) == list(range(80, 101))


async def test_of_a_few_guilds_a_page_offers_all(guild: GuildBuilder, alice: httpx2.AsyncClient) -> None:
    await _add(guild, 20)
    for number in (1, 11, 21):
        assert await _offered(alice, number) == list(range(1, 22))


async def test_without_a_guild_in_the_address_the_first_is_shown(
    guild: GuildBuilder, alice: httpx2.AsyncClient
) -> None:
    await _add(guild, 99)
    assert await _offered(alice, None) == list(range(1, 22))
    assert (await alice.get("/admin/data-quality", params={"guild": "1000"})).status_code == 404


async def test_who_has_to_choose_among_very_many_guilds_is_told_the_first_ones(guild: GuildBuilder) -> None:
    await _add(guild, 99)
    async with guild.pool.connection() as conn:
        with pytest.raises(Refused) as refused:
            await guilds.the_only(conn, None)
    assert str(refused.value).count("(") == 20
    assert str(refused.value).endswith(", 20 (Guild 19), …")
