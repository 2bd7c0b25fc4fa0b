"""Whoever sends slowly, without end, or far too much, gets little of the server and takes nothing from the others."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import httpx2
import pytest
import structlog
from fastapi import FastAPI

from guild_builder import GuildBuilder
from patt.auth import credentials
from patt.bootstrap import Services
from patt.web.context import SESSION_COOKIE
from patt.web.security import FORM_HEADER, form_token_of
from patt.web.throttle import UPLOADS
from sv_common.db.pool import Pool, make_pool
from sv_common.guild_sync.sources.addon.saved_variables import MAX_BYTES
from sv_common.guild_sync.sources.ports import Sources
from web.helpers import API, BASE_URL, api_token, asker, made, session, settings
from web.live_server import served, streaming
from web.test_web_routes import all_ways

UPLOAD = "/api/v1/guild-sync/addon-upload"
EXPORT = b'{"characters": [{"name": "Mito", "note": "main"}]}'
CHUNK = 64 * 1024
ENOUGH_BODY = MAX_BYTES + 4 * CHUNK
SLOW_CLIENTS = 60
STREAMS, STREAMS_OF_A_CLIENT = 100, 50

pytestmark = pytest.mark.usefixtures("troubled")


@pytest.fixture
async def small(database_url: str) -> AsyncIterator[str]:
    """The application on a real server, with two connections to its database."""
    async with make_pool(database_url, max_size=2) as pool:
        app = made(Services(settings(BASE_URL), pool, Sources()))
        async with served(app) as base_url:
            yield base_url


@pytest.fixture
async def key(troubled: GuildBuilder) -> str:
    return await _key(troubled, "Mito")


async def _key(guild: GuildBuilder, uploader: str) -> str:
    async with guild.pool.connection() as conn:
        return await credentials.create_upload_key(conn, uploader, guild_id=guild.guild_id, created_by="test")


@contextlib.asynccontextmanager
async def _begun(base_url: str, begin: bytes, many: int) -> AsyncIterator[list[asyncio.StreamReader]]:
    """Keep so many connections open that began to send and do not go on."""
    address = urlsplit(base_url)
    pairs = [await asyncio.open_connection(address.hostname, address.port) for _ in range(many)]
    for _, writer in pairs:
        writer.write(begin)
        await writer.drain()
    try:
        yield [reader for reader, _ in pairs]
    finally:
        for _, writer in pairs:
            writer.close()


async def _others_are_served(base_url: str, key: str) -> None:
    async with httpx2.AsyncClient(trust_env=False, base_url=base_url, timeout=20) as client:
        assert (await client.get("/health")).status_code == 200
        headers = {"X-API-Key": key, "Content-Type": "application/json"}
        assert (await client.post(UPLOAD, content=EXPORT, headers=headers)).status_code == 202


async def test_heads_that_never_end_keep_nobody_waiting(small: str, key: str) -> None:
    async with _begun(small, b"GET /health HTTP/1.1\r\nHost: patt.test\r\nX-Slow: ", SLOW_CLIENTS):
        await _others_are_served(small, key)


async def test_a_head_without_end_is_refused_before_it_fills_the_memory(small: str) -> None:
    async with _begun(small, b"GET /health HTTP/1.1\r\nX-Long: " + b"a" * 2 * CHUNK, 1) as (reader,):
        async with asyncio.timeout(20):
            assert (await reader.readline()).startswith(b"HTTP/1.1 4")


async def test_bodies_that_never_come_hold_neither_the_database_nor_anybodys_upload(
    small: str, troubled: GuildBuilder, key: str
) -> None:
    slow = await _key(troubled, "Zork")
    head = f"POST {UPLOAD} HTTP/1.1\r\nHost: patt.test\r\nX-API-Key: {slow}\r\nContent-Length: 5000\r\n\r\n{{"
    with structlog.testing.capture_logs() as told:
        async with _begun(small, head.encode(), UPLOADS.most - 1):
            await asyncio.sleep(0.2)
            await _others_are_served(small, key)
        async with httpx2.AsyncClient(trust_env=False, base_url=small) as client:  # served after those who left
            counted = (await client.get("/metrics", headers=await api_token(troubled.pool))).text
    assert 'status="500"' not in counted
    assert [each for each in told if each["log_level"] == "error"] == []


@pytest.mark.parametrize("is_known", [True, False])
async def test_a_body_of_a_thousand_gigabytes_is_refused_before_it_is_sent(
    small: str, key: str, *, is_known: bool
) -> None:
    shown = f"X-API-Key: {key}\r\n" if is_known else ""
    head = f"POST {UPLOAD} HTTP/1.1\r\nHost: patt.test\r\n{shown}Content-Length: {2**40}\r\n\r\n{{"
    async with _begun(small, head.encode(), 1) as (reader,):
        async with asyncio.timeout(20):
            status = (await reader.readline()).split()[1]
    assert status == (b"413" if is_known else b"401")


async def test_many_streams_hold_no_connection(troubled: GuildBuilder, database_url: str) -> None:
    async with make_pool(database_url, max_size=2) as pool, contextlib.AsyncExitStack() as stack:
        app = made(Services(settings(BASE_URL), pool, Sources()))
        base_url = await stack.enter_async_context(served(app))
        streams = []
        for number in range(STREAMS):
            if number % STREAMS_OF_A_CLIENT == 0:
                client = await stack.enter_async_context(httpx2.AsyncClient(trust_env=False))
            headers = await api_token(troubled.pool, f"robot{number}")
            streams.append(await stack.enter_async_context(streaming(client, base_url, headers=headers)))
        for stream in streams:
            await stream.until("hello")
        assert app.state.live.streams == STREAMS
        assert (await client.get(f"{base_url}{API}/rules", headers=headers)).status_code == 200
        listeners = await troubled.rows(
            "select count(*) from pg_stat_activity where datname = current_database() and query like '%%listen patt_live'"
        )
        assert listeners == [(1,)]


async def test_no_route_reads_a_body_without_end(
    patient: FastAPI, pool: Pool, theirs: dict[str, int], key: str
) -> None:
    secret = await session(pool)
    own = {"Cookie": f"{SESSION_COOKIE}={secret}", "Sec-Fetch-Site": "same-origin"}
    askers = [
        {},
        {**own, FORM_HEADER: form_token_of(secret)},
        {**own, "Content-Type": "application/x-www-form-urlencoded"},
        await api_token(pool),
        {"X-API-Key": key},
    ]
    tried = 0
    async with asker(patient) as client:
        for way in all_ways(patient):
            if way.method == "GET":
                continue
            path = way.path.format(**theirs, **_ANY, issue_type="orphan_wow", token="t")  # noqa: S106 -- made up
            for headers in askers:
                read = 0

                async def endless() -> AsyncIterator[bytes]:
                    nonlocal read
                    while read < 4 * ENOUGH_BODY:
                        read += CHUNK
                        yield b"a" * CHUNK

                answer = await client.post(
                    path, content=endless(), headers={"Content-Type": "application/json", **headers}
                )
                assert answer.status_code < 500, (path, headers, answer.text)
                assert read <= ENOUGH_BODY, (path, headers, answer.status_code, read)
                tried += 1
    assert tried > 150


_ANY = dict.fromkeys(("key", "change_id", "character_id", "key_id", "token_id", "session_id", "upload_id"), 1)
