"""One guild's lock that somebody else holds makes its own officers wait a moment, and nobody else at all."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import psycopg
import pytest

from guild_builder import GuildBuilder
from patt.bootstrap import Services
from sv_common.db.patience import Patience
from sv_common.db.pool import Pool, make_pool
from sv_common.guild_sync.sources.ports import Sources
from web.helpers import (
    API,
    BASE_URL,
    PAGE,
    PLAYERS_API,
    api_token,
    asker,
    bound_session,
    issue_number,
    made,
    officer,
    settings,
)

BRIEF = Patience(lock_s=1, statement_s=5, idle_s=10, connection_s=2)
SOON_S = 5.0
REQUESTS = 30


@pytest.fixture
async def brief(database_url: str) -> AsyncIterator[Pool]:
    """The pool of a web process that waits for little."""
    async with make_pool(database_url, patience=BRIEF) as pool:
        await pool.wait()
        yield pool


@pytest.fixture
async def other(pool: Pool) -> GuildBuilder:
    return await GuildBuilder.create(pool, "Other Watch", "7001")


@contextlib.asynccontextmanager
async def _locked_elsewhere(guild: GuildBuilder) -> AsyncIterator[None]:
    """Let another process be at work on the guild."""
    async with await psycopg.AsyncConnection.connect(str(guild.pool.conninfo)) as conn:
        await conn.execute("select pg_advisory_xact_lock(7283, %s)", [guild.guild_id])
        yield


async def _soon(client: httpx2.AsyncClient, address: str, **options: Any) -> int:
    async with asyncio.timeout(SOON_S):
        return (await client.get(address, **options)).status_code


@pytest.mark.parametrize("is_bound", [True, False])
async def test_thirty_requests_for_a_locked_guild_hold_up_nobody_else(
    brief: Pool, troubled: GuildBuilder, other: GuildBuilder, is_bound: bool
) -> None:
    app = made(Services(settings(BASE_URL), brief, Sources()))
    theirs = await bound_session(brief, "busy", "administrator", troubled.guild_id if is_bound else None)
    others = await bound_session(brief, "calm", "administrator", other.guild_id)
    token, issue = await api_token(brief), await issue_number(troubled, "orphan_wow", "Riddle")
    mine = {"guild": troubled.guild_id}
    async with officer(app, theirs) as busy, officer(app, others) as calm, asker(app) as anybody:
        async with _locked_elsewhere(troubled):
            waiting = [
                asyncio.create_task(
                    busy.post(f"{API}/issues/{issue}/dismiss", params=mine, json={"reason": f"Number {number}."})
                )
                for number in range(REQUESTS)
            ]
            await asyncio.sleep(0.3)
            assert await _soon(calm, PAGE) == 200
            assert await _soon(calm, f"{PLAYERS_API}") == 200
            assert await _soon(anybody, "/health") == 200
            assert await _soon(anybody, "/ready") == 200
            assert await _soon(anybody, "/metrics", headers=token) == 200
            answers = await asyncio.gather(*waiting)
        told = {(answer.status_code, answer.json()["detail"]) for answer in answers}
        assert told <= {
            (409, "Another change for this guild is in progress. Try again in a moment."),
            (503, "Too many requests are running, so nothing was done. Try again in a moment."),
        }
        assert (409, "Another change for this guild is in progress. Try again in a moment.") in told
        again = await busy.post(f"{API}/issues/{issue}/dismiss", params=mine, json={"reason": "At last."})
        assert again.status_code == 200


async def test_a_locked_guilds_pages_can_be_read(brief: Pool, troubled: GuildBuilder) -> None:
    app = made(Services(settings(BASE_URL), brief, Sources()))
    async with officer(app, await bound_session(brief, "busy", "officer", None)) as busy, _locked_elsewhere(troubled):
        started = time.monotonic()
        assert await _soon(busy, PAGE) == 200
        assert time.monotonic() - started < BRIEF.lock_s + SOON_S


async def test_a_form_says_on_the_next_page_that_another_change_is_in_progress(
    brief: Pool, troubled: GuildBuilder
) -> None:
    app = made(Services(settings(BASE_URL), brief, Sources()))
    issue = await issue_number(troubled, "orphan_wow", "Riddle")
    async with officer(app, await bound_session(brief, "busy", "officer", None)) as busy:
        async with _locked_elsewhere(troubled):
            answer = await busy.post(f"{API}/issues/{issue}/resolve", data={"reason": "Done."})
        assert answer.status_code == 303
        assert "Another change for this guild is in progress" in (await busy.get(PAGE)).text
