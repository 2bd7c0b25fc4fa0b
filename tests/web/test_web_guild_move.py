"""A guild that was renamed or moved: its new name is looked at first, kept by one button, and the old one stays its past."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx2
import pytest
from fastapi import FastAPI

from guild_builder import GuildBuilder
from patt.bootstrap import Services, sources
from sv_common.db.pool import Pool
from sv_common.guild_sync.core.errors import SourceError
from sv_common.guild_sync.roster import guilds
from sv_common.guild_sync.scheduler import run_blizzard_sync
from sv_common.guild_sync.simulators import GuildSimulator, GuildWorld
from sv_common.guild_sync.sources.http import http_client
from web.helpers import BASE_URL, Seen, made, officer, session, settings

API = "/api/v1/admin/settings/guild"
PAGE = "/admin/settings/guild"


@dataclass
class Moved:
    """A guild that was synced, and has another name in the game since."""

    services: Services
    world: GuildWorld
    guild_id: int
    app: FastAPI

    @property
    def new_name(self) -> dict[str, str]:
        """Where the guild is now, as an officer types it."""
        return {"region": "us", "realm": self.world.address.realm_slug, "name": "New Watch"}


@pytest.fixture
async def moved(discord: GuildSimulator, pool: Pool) -> AsyncIterator[Moved]:
    world = GuildWorld.seeded(7, 8)
    discord.load(world)
    options = settings(
        BASE_URL,
        blizzard_client_id=discord.client_id,
        blizzard_client_secret=discord.client_secret,
        blizzard_token_url=discord.token_url,
        blizzard_api_url=discord.battlenet_url,
    )
    async with http_client(trust_env=False) as http:
        services = Services(options, pool, sources(options, http))
        async with pool.connection() as conn:
            guild_id = await guilds.add(conn, world.address, world.guild_name)
        await run_blizzard_sync(pool, guild_id=guild_id, sources=services.sources)
        world.guild_name, world.guild_slug = "New Watch", "new-watch"
        yield Moved(services, world, guild_id, made(services))


@pytest.fixture
async def boss(moved: Moved) -> AsyncIterator[httpx2.AsyncClient]:
    async with officer(moved.app, await session(moved.services.pool)) as client:
        yield client


async def where(moved: Moved) -> tuple[str, str]:
    async with moved.services.pool.writing(moved.guild_id, alone=False) as here:
        guild = await guilds.get(here)
    return guild.name, guild.name_slug


async def test_the_sentence_of_a_guild_that_is_not_found_leads_to_a_page_that_helps(
    moved: Moved, boss: httpx2.AsyncClient
) -> None:
    with pytest.raises(SourceError, match="change it under Settings → Guild, or with “patt guild move”"):
        await run_blizzard_sync(moved.services.pool, guild_id=moved.guild_id, sources=moved.services.sources)
    assert "Renamed or moved?" in Seen(await boss.get(PAGE)).text()


async def test_the_new_name_is_looked_at_on_the_page_and_kept_by_one_button(
    moved: Moved, boss: httpx2.AsyncClient
) -> None:
    before = await where(moved)
    looked_for = {**moved.new_name, "guild": str(moved.guild_id), "realm": moved.world.realms[0].name}
    page = await boss.get(f"{PAGE}/move", params=looked_for)
    text = Seen(page).text()
    count = len(moved.world.characters)
    assert f"Of the {count} known here, {count} are the same." in text
    assert await where(moved) == before, "looking changes nothing"
    key = page.text.split('name="key" value="')[1].split('"')[0]
    form = {**looked_for, "key": key, "back": f"{PAGE}?guild={moved.guild_id}"}
    answer = await boss.post(f"/api/v1/admin/settings/guild/move?guild={moved.guild_id}", data=form)
    assert answer.status_code == 303
    told = Seen(await boss.get(answer.headers["location"])).text()
    assert f"{before[0]} is New Watch" in told
    assert f"{moved.world.address.realm_slug} (US), until" in told
    assert await where(moved) == ("New Watch", "new-watch")
    report = await run_blizzard_sync(moved.services.pool, guild_id=moved.guild_id, sources=moved.services.sources)
    assert (report.status, report.steps[0].counts["left"]) == ("done", 0)


async def test_the_api_does_the_same_and_refuses_another_move_than_was_previewed(
    moved: Moved, boss: httpx2.AsyncClient
) -> None:
    body = {**moved.new_name, "name": "new watch"}
    seen = (await boss.post(f"{API}/move/preview", json=body)).json()
    assert (seen["problem"], seen["same"], seen["known"]) == (None, 8, 8)
    wrong = await boss.post(f"{API}/move", json={**body, "key": "0" * 64})
    assert (wrong.status_code, "Preview it again" in wrong.json()["detail"]) == (409, True)
    assert (await boss.post(f"{API}/move", json={**body, "key": seen["key"]})).status_code == 200
    (former,) = (await boss.get(API)).json()["former"]
    assert (former["name"], former["changed_by"]) == (GuildWorld.seeded(7, 8).guild_name, "officer alice")
    again = await boss.post(f"{API}/move", json=body)
    assert (again.status_code, "already has this name and address" in again.json()["detail"]) == (409, True)


async def test_another_guild_is_not_taken_for_this_one(moved: Moved, boss: httpx2.AsyncClient) -> None:
    strangers = GuildBuilder(moved.services.pool, moved.guild_id, "7000")
    await strangers.execute(
        "update guild_identity.wow_characters set character_name = 'X' || id, name_key = 'x' || id, "
        "blizzard_character_id = id, blizzard_realm_id = 99999, realm_slug = 'elsewhere'"
    )
    seen = (await boss.post(f"{API}/move/preview", json=moved.new_name)).json()
    assert "so it is another guild" in seen["problem"]
    answer = await boss.post(f"{API}/move", json=moved.new_name)
    assert (answer.status_code, "Nothing was changed." in answer.json()["detail"]) == (409, True)
    assert (await where(moved))[0] != "New Watch"


async def test_characters_that_moved_to_another_realm_are_counted_by_their_names(
    moved: Moved, boss: httpx2.AsyncClient
) -> None:
    builder = GuildBuilder(moved.services.pool, moved.guild_id, "7000")
    await builder.execute(
        "update guild_identity.wow_characters set blizzard_character_id = id, blizzard_realm_id = 99999, "
        "realm_slug = 'elsewhere'"
    )
    seen = (await boss.post(f"{API}/move/preview", json=moved.new_name)).json()
    assert (seen["problem"], seen["same"], seen["namesakes"]) == (None, 0, 8)


async def test_a_name_that_nobody_bears_leads_back_with_what_was_typed(moved: Moved, boss: httpx2.AsyncClient) -> None:
    asked = {**moved.new_name, "guild": str(moved.guild_id), "name": "Nobody Here"}
    answer = await boss.get(f"{PAGE}/move", params=asked)
    assert answer.status_code == 303
    back = await boss.get(answer.headers["location"])
    assert "has no guild “Nobody Here”" in Seen(back).text()
    assert 'value="Nobody Here"' in back.text


async def test_a_guild_cannot_move_to_the_address_of_another_one(moved: Moved, boss: httpx2.AsyncClient) -> None:
    async with moved.services.pool.connection() as conn:
        await guilds.add(conn, moved.world.address, "New Watch")
    answer = await boss.post(f"{API}/move?guild={moved.guild_id}", json=moved.new_name)
    assert (answer.status_code, "Another guild here already" in answer.json()["detail"]) == (409, True)
