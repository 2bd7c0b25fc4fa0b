"""The web application on a real database, asked without a network.

Tests that change something get a database of their own (`guild`, `troubled`, asked by `alice` or `anonymous`); tests that
only look share one (`house`, asked by `reader` or `visitor`).
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from playwright.async_api import Browser, Page

from guild_builder import GuildBuilder
from patt.bootstrap import Services
from patt.queue.tasks import open_queue
from patt.web.context import SESSION_COOKIE
from sv_common.db import embedded
from sv_common.db.pool import Pool, make_pool
from sv_common.guild_sync import mitigations
from sv_common.guild_sync.jobs import matches
from sv_common.guild_sync.simulators import GuildSimulator, GuildWorld
from sv_common.guild_sync.simulators.server import serve
from sv_common.guild_sync.sources.ports import Sources
from web.browsers import SignIn
from web.claimers import Claimer, People, claim_app, claimer
from web.discord_people import CAPTAIN, Visitor, give, populate, with_discord
from web.helpers import BASE_URL, PAGE, House, application, asker, issue_number, officer, session, settings, trouble


@pytest.fixture
def app(pool: Pool) -> FastAPI:
    """The application, without any source."""
    return application(pool)


@pytest.fixture
async def services(pool: Pool, database_url: str) -> AsyncIterator[Services]:
    """What the application works with; its jobs are done where a test has a worker."""
    async with open_queue(database_url) as queue:
        yield Services(settings(BASE_URL), pool, Sources(), queue)


@pytest.fixture
async def anonymous(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    """Somebody who has not signed in."""
    async with asker(app) as client:
        yield client


@pytest.fixture
async def alice(app: FastAPI, pool: Pool) -> AsyncIterator[httpx2.AsyncClient]:
    """A signed-in officer with a browser of today, on pages of this site."""
    async with officer(app, await session(pool)) as client:
        yield client


@pytest.fixture
async def guild(pool: Pool) -> GuildBuilder:
    """A guild with four ranks and nobody in it."""
    return await GuildBuilder.create(pool)


@pytest.fixture
async def troubled(guild: GuildBuilder) -> GuildBuilder:
    """A scanned guild with something for every rule; see `trouble`."""
    await trouble(guild)
    return guild


@pytest.fixture(scope="session")
async def house(server: embedded.EmbeddedServer) -> AsyncIterator[House]:
    """A troubled guild for all tests that only look."""
    url = embedded.clone_database(server, "patt_template", "house")
    async with make_pool(url) as pool:
        await pool.wait()
        guild = await GuildBuilder.create(pool)
        await trouble(guild)
        # Each time this clock is read an hour has passed: many tests ask here, and none is to be told to wait.
        clock = itertools.count(step=3600).__next__
        yield House(application(pool, clock=clock), guild, await session(pool))


@pytest.fixture
async def visitor(house: House) -> AsyncIterator[httpx2.AsyncClient]:
    """Somebody at the house who has not signed in."""
    async with asker(house.app) as client:
        yield client


@pytest.fixture
async def reader(house: House) -> AsyncIterator[httpx2.AsyncClient]:
    """An officer at the house."""
    async with officer(house.app, house.session) as client:
        yield client


@pytest.fixture
def patient(pool: Pool) -> FastAPI:
    """The application with a clock that goes so fast that nobody is told to wait."""
    return application(pool, clock=itertools.count(step=3600).__next__)


@pytest.fixture
async def theirs(troubled: GuildBuilder) -> dict[str, int]:
    """Numbers of what the troubled guild has."""
    issue = await issue_number(troubled, "orphan_wow", "Newalt")
    fixed = await mitigations.fix_one(troubled.pool, issue, actor="test", guild_id=troubled.guild_id, discord_bot=None)
    assert fixed.attempt_id is not None
    async with troubled.pool.writing(troubled.guild_id, alone=False) as guild:
        request, _ = await matches.ask(guild, actor="test")
    issue = await issue_number(troubled, "orphan_wow", "Riddle")
    return {"issue_id": issue, "attempt_id": fixed.attempt_id, "request_id": request}


@pytest.fixture(scope="session")
def served_discord() -> Iterator[GuildSimulator]:
    """A simulated Discord on loopback."""
    with GuildSimulator(GuildWorld.seeded(7, 1)) as simulator:
        yield simulator


@pytest.fixture
def discord(served_discord: GuildSimulator) -> GuildSimulator:
    """The simulated Discord, as if nobody had been there."""
    served_discord.load(GuildWorld.seeded(7, 1))
    return served_discord


@pytest.fixture
def discord_app(discord: GuildSimulator, pool: Pool) -> FastAPI:
    """The application, with which people sign in through the simulated Discord."""
    return with_discord(discord, pool)


@pytest.fixture
async def people(guild: GuildBuilder) -> dict[str, int]:
    """The guild with its master, an officer and a friend; officers may sign in by their rank."""
    characters = await populate(guild)
    await give(guild, "rank", "1", "officer")
    return characters


@pytest.fixture
async def captain(discord_app: FastAPI, people: dict[str, int]) -> AsyncIterator[Visitor]:
    """An officer by rank, with a browser."""
    async with asker(discord_app) as client:
        yield Visitor(client, CAPTAIN)


@pytest.fixture
async def site(app: FastAPI) -> AsyncIterator[str]:
    """Address of the application on a real server."""
    async with app.state.live.listening(), serve(app) as base_url:
        yield base_url


@pytest.fixture
async def sign_in(browser: Browser, site: str, pool: Pool) -> AsyncIterator[SignIn]:
    """Open the overview, or another page, as alice; gives the page, and a list that gathers whatever goes wrong on it."""
    async with contextlib.AsyncExitStack() as contexts:

        async def signed_in(address: str = PAGE, **options: Any) -> tuple[Page, list[str]]:
            context = await contexts.enter_async_context(await browser.new_context(**options))
            await context.add_cookies([{"name": SESSION_COOKIE, "value": await session(pool), "url": site}])
            wrong: list[str] = []
            page = await context.new_page()
            page.on("console", lambda message: wrong.append(message.text))
            page.on("pageerror", lambda error: wrong.append(str(error)))
            page.on("request", lambda asked: None if asked.url.startswith(site) else wrong.append(asked.url))
            await page.goto(f"{site}{address}")
            return page, wrong

        yield signed_in


@pytest.fixture
async def here(guild: GuildBuilder, discord: GuildSimulator) -> People:
    """Two members with their characters."""
    people = People(guild, discord)
    await people.arrive()
    return people


@pytest.fixture
def claiming(discord: GuildSimulator, pool: Pool) -> FastAPI:
    """The application with both sign-ins."""
    return claim_app(discord, pool)


@pytest.fixture
def corin(claiming: FastAPI, here: People) -> Claimer:
    """A member of the guild."""
    return claimer(claiming)
