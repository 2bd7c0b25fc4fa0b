"""A database that was restarted is noticed by nobody who asks after it, and by nothing that waits for news of it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import httpx2
import psycopg
import pytest

from guild_builder import GuildBuilder
from jobs.crash_clients import until
from patt import server
from patt.bootstrap import Services
from patt.server import Server
from patt.worker import worker
from sv_common.db.pool import Pool
from web.helpers import API, PAGE, api_token, application, asker, officer, session

MANY = 12
PATIENCE_S = 60
pytestmark = pytest.mark.own_database


async def _restart(pool: Pool) -> None:
    """End every connection to the database, as a restart does."""
    async with await psycopg.AsyncConnection.connect(str(pool.conninfo), autocommit=True) as conn:
        await conn.execute(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity "
            "where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'"
        )


async def test_the_requests_after_a_restart_are_answered(troubled: GuildBuilder) -> None:
    app = application(troubled.pool)
    async with officer(app, await session(troubled.pool)) as alice, asker(app) as anybody:
        before = await asyncio.gather(*(alice.get(PAGE) for _ in range(MANY)), *(anybody.get("/health") for _ in "123"))
        await _restart(troubled.pool)
        after = [await alice.get(PAGE) for _ in range(MANY)] + [await anybody.get("/health")]
    assert {answer.status_code for answer in [*before, *after]} == {200}


@pytest.fixture
async def base_url(services: Services, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """The address of a server with a worker beside it."""
    started: list[Server] = []

    class Recorded(Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            started.append(self)
            await super().startup(sockets)

    monkeypatch.setattr(server, "Server", Recorded)
    monkeypatch.setattr(worker, "_POLL_S", 0.5)  # a worker that has lost its connection looks for jobs so often
    with server.listening("127.0.0.1", 0) as listener:
        serving = asyncio.create_task(server.serve_until_stopped(services, listener, with_worker=True))
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        started[0].should_exit = True
        await serving


async def test_a_worker_and_the_news_go_on_after_a_restart(base_url: str, troubled: GuildBuilder) -> None:
    headers = await api_token(troubled.pool)
    async with httpx2.AsyncClient(trust_env=False, headers=headers) as http:

        async def is_up() -> bool:
            with contextlib.suppress(httpx2.TransportError):
                return (await http.get(f"{base_url}/health")).status_code == 200
            return False

        async def scanned() -> None:
            asked = await http.post(f"{base_url}{API}/jobs", json={"kind": "scan"})
            assert asked.status_code == 202, asked.text
            await until(lambda: _is_done(troubled, asked.json()["id"]))

        async with asyncio.timeout(PATIENCE_S):
            await until(is_up)
            await scanned()
            await until(lambda: _is_listened_to(troubled))
            await _restart(troubled.pool)
            await scanned()
            await until(lambda: _is_listened_to(troubled))


async def _is_done(guild: GuildBuilder, number: int) -> bool:
    query = "select state from guild_identity.work_requests where id = %(number)s"
    return await guild.rows(query, {"number": number}) == [("done",)]


async def _is_listened_to(guild: GuildBuilder) -> bool:
    rows = await guild.rows(
        "select count(*) from pg_stat_activity where datname = current_database() and query ilike '%%listen patt_live%%' "
        "and pid <> pg_backend_pid()"
    )
    return rows == [(1,)]
