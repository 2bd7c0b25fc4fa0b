"""What visitors may take of the server: time, open files, and places; what is asked of it meanwhile is answered truly."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import psycopg
import pytest
from fastapi import FastAPI
from structlog.testing import capture_logs

from benchmarks.web_stage import free_port
from guild_builder import GuildBuilder
from patt.bootstrap import Services
from patt.server import server_config
from patt.web.context import SESSION_COOKIE
from patt.web.load import connections, seldom, turns
from patt.web.load.turns import Turns
from sv_common.db import pulse
from sv_common.db.patience import Patience
from sv_common.db.pool import Pool, make_pool
from sv_common.db.shares import ShareInUseError
from web.helpers import API, PAGE, api_token, application, asker, bound_session, officer, session
from web.live_server import LOOPBACK, served_by

_LONGEST_TEST_S = 60
_HEAD = b"GET /health HTTP/1.1\r\nHost: patt.test\r\n"


@pytest.mark.own_database
async def test_while_the_database_is_read_only_everything_says_so(troubled: GuildBuilder, database_url: str) -> None:
    alice, robot = await session(troubled.pool), await api_token(troubled.pool)
    name = psycopg.conninfo.conninfo_to_dict(database_url)["dbname"]
    await troubled.execute(f"alter database {name} set default_transaction_read_only = on")
    async with make_pool(database_url) as pool:
        app = application(pool)
        async with officer(app, alice) as page, asker(app) as anybody:
            with capture_logs() as logs:
                answers = [
                    await page.get(PAGE),
                    await anybody.get(f"{API}/issues", headers=robot),
                    await anybody.post(f"{API}/scan", headers=robot, json={}),
                ]
            health, ready = await anybody.get("/health"), await anybody.get("/ready")
    assert [answer.status_code for answer in answers] == [503] * 3
    assert "read-only or a standby, so nothing can be saved" in answers[0].text
    assert answers[1].json()["type"] == "urn:patt:problem:read-only"
    assert {answer.headers["retry-after"] for answer in answers} == {"30"}
    assert [log["event"] for log in logs] == ["database_does_not_answer"] * 3
    assert (health.status_code, ready.status_code) == (200, 503)
    assert {check["name"]: check["ok"] for check in ready.json()["checks"]} == {
        "database": True,
        "schema": True,
        "database access": False,
        "worker": True,
    }


@asynccontextmanager
async def _served(services: Services, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[str, int]]:
    """Serve as the product does, with little patience."""
    monkeypatch.setattr(connections, "HEADERS_S", 0.4)
    monkeypatch.setattr(connections, "BODY_S", 0.4)
    async with served_by(server_config(services, LOOPBACK, 0)) as base_url:
        yield base_url, int(base_url.rpartition(":")[2])


async def _until_closed(reader: asyncio.StreamReader) -> bytes:
    received = b""
    with contextlib.suppress(ConnectionResetError):  # closed before all that came was read
        async with asyncio.timeout(20):
            while piece := await reader.read(1000):
                received += piece
    return received


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET",
        _HEAD,
        _HEAD + b"\r\n" + _HEAD,
        b"POST /login/made-up HTTP/1.1\r\nHost: patt.test\r\nContent-Length: 900\r\n\r\nhalf",
        b"POST /login/made-up HTTP/1.1\r\nHost: patt.test\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
    ],
    ids=["nothing", "a word", "half a head", "a second head", "half a body", "one chunk"],
)
async def test_who_sends_half_a_request_is_not_waited_for(
    services: Services, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    async with _served(services, monkeypatch) as (_, port):
        reader, writer = await asyncio.open_connection(LOOPBACK, port)
        writer.write(sent)
        closed = asyncio.create_task(_until_closed(reader))
        async with asyncio.timeout(_LONGEST_TEST_S):
            while not closed.done():
                await asyncio.sleep(0.1)
                writer.write(b"a")  # a byte now and then wins no time
        answer = await closed
        writer.close()
    assert answer.count(b"HTTP/1.1 200") == sent.count(_HEAD + b"\r\n")


async def test_who_takes_their_time_between_whole_requests_is_served(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        _served(services, monkeypatch) as (base_url, _),
        httpx2.AsyncClient(base_url=base_url, timeout=_LONGEST_TEST_S) as client,
    ):
        for _ in range(3):
            assert (await client.get("/health")).status_code == 200
            await asyncio.sleep(0.3)


async def test_connections_beyond_the_open_files_are_closed_at_once_and_the_others_are_served(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "most_connections", lambda: 3)
    async with _served(services, monkeypatch) as (base_url, port):
        crowd = [await asyncio.open_connection(LOOPBACK, port) for _ in range(20)]
        assert [await _until_closed(reader) for reader, _ in crowd] == [b""] * 20
        async with httpx2.AsyncClient(base_url=base_url, timeout=_LONGEST_TEST_S) as client:
            assert (await client.get("/health")).status_code == 200
        for _, writer in crowd:
            writer.close()


@pytest.mark.nightly
async def test_with_few_open_files_a_crowd_of_connections_neither_fills_the_log_nor_ends_the_service(
    database_url: str, tmp_path: Path
) -> None:
    port = free_port()
    patt = f"ulimit -n 160; exec {sys.executable} -m patt serve --no-worker --port {port}"
    environment = {"PATT_DATABASE_URL": database_url, "PATT_DATA_DIR": str(tmp_path), "PATH": "/usr/bin:/bin"}
    with (tmp_path / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec("bash", "-c", patt, cwd=tmp_path, env=environment, stderr=log)
    try:
        async with asyncio.timeout(60), httpx2.AsyncClient(base_url=f"http://{LOOPBACK}:{port}") as client:
            assert await _answers(client)
            crowd = await asyncio.gather(*(asyncio.open_connection(LOOPBACK, port) for _ in range(250)))
            await asyncio.sleep(1)
            for _, writer in crowd:
                writer.close()
            assert await _answers(client)
    finally:
        process.terminate()
        await process.wait()
    written = (tmp_path / "log").read_text(encoding="utf-8")
    assert 0 < len(written) < 5_000, written[:500]
    assert '"event": "connections_refused"' in written


async def _answers(client: httpx2.AsyncClient) -> bool:
    while True:
        try:
            return (await client.get("/health")).status_code == 200
        except httpx2.TransportError:
            await asyncio.sleep(0.1)


def test_what_happens_very_often_is_logged_once_in_a_while_with_how_often(monkeypatch: pytest.MonkeyPatch) -> None:
    with capture_logs() as logs:
        for _ in range(1000):
            seldom.warn_seldom("made_up")
        monkeypatch.setattr(seldom, "PAUSE_S", 0.0)
        seldom.warn_seldom("made_up")
    assert [log["times"] for log in logs] == [1, 1000]


async def test_a_redirect_names_no_host_that_a_request_made_up(alice: httpx2.AsyncClient, guild: GuildBuilder) -> None:
    for host in ("evil.example", "evil.example:99", "user@evil.example"):
        for path, place in ((f"{PAGE}/", PAGE), ("/health/?a=1", "/health?a=1"), (f"{API}/rules/", f"{API}/rules")):
            answer = await alice.get(path, headers={"Host": host})
            assert (answer.status_code, answer.headers["location"]) == (307, place)
        for path in ("//evil.example/", "/%5Cevil.example/", "//"):
            location = (await alice.get(f"http://patt.test{path}", headers={"Host": host})).headers.get("location", "/")
            assert location.startswith("/")
            assert location[1:2] not in ("/", "\\")


async def test_health_is_the_databases_and_not_that_of_a_busy_process(
    anonymous: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulse, "PROBES", Patience(lock_s=1, statement_s=1, idle_s=1, connection_s=0.5))
    assert (await anonymous.get("/health")).status_code == 200

    async def put_pages_together() -> None:
        while True:
            time.sleep(0.2)  # noqa: ASYNC251 -- it is the event loop that is kept busy
            await asyncio.sleep(0)

    busy = asyncio.create_task(put_pages_together())
    statuses = [(await anonymous.get(path)).status_code for path in ("/health", "/ready")]
    busy.cancel()
    assert statuses == [200, 200]


async def test_a_hundred_who_ask_for_the_health_ask_the_database_few_times(
    anonymous: httpx2.AsyncClient, guild: GuildBuilder
) -> None:
    connected = "select count(*) from pg_stat_activity where datname = current_database()"
    before = await guild.rows(connected)
    answers = await asyncio.gather(*(anonymous.get("/health") for _ in range(100)))
    assert {answer.status_code for answer in answers} == {200}
    assert (await guild.rows(connected))[0][0] <= before[0][0] + 1


async def test_viewers_within_their_limits_leave_health_and_other_guilds_alone(
    pool: Pool, troubled: GuildBuilder
) -> None:
    other = await GuildBuilder.create(pool, "Second Watch", "7001")
    app = application(pool)
    theirs = [await bound_session(pool, f"viewer {n}", "viewer", troubled.guild_id) for n in range(4)]
    own = await bound_session(pool, "calm", "viewer", other.guild_id)
    async with asker(app) as client:

        async def page(secret: str, number: int = 0) -> tuple[int, float]:
            began = time.monotonic()
            cookie = {"Cookie": f"{SESSION_COOKIE}={secret}"}
            answer = await client.get(PAGE, params={"n": number}, headers=cookie)  # each is drawn for itself
            return answer.status_code, time.monotonic() - began

        (_, alone) = await page(own)
        crowd = [asyncio.create_task(page(secret, n)) for secret in theirs for n in range(turns.MOST_UNFINISHED)]
        await asyncio.sleep(0.2)
        healthy = [(await client.get("/health")).status_code for _ in range(5)]
        calm = await page(own)
        waited = sum(not each.done() for each in crowd)
        statuses = {status for status, _ in await asyncio.gather(*crowd)}
    assert healthy == [200] * 5
    assert calm[0] == 200
    assert waited > len(crowd) / 4, f"the other guild waited behind the crowd: {calm[1]} s, alone {alone} s"
    assert statuses <= {200, 503}


async def test_one_session_has_so_many_unanswered_requests_and_others_are_served(
    app: FastAPI, troubled: GuildBuilder
) -> None:
    greedy, other = await session(troubled.pool, "greedy"), await session(troubled.pool, "other")
    async with officer(app, greedy) as one, officer(app, other) as two:
        asked = [asyncio.create_task(one.get(f"{API}/rules")) for _ in range(turns.MOST_UNFINISHED + 5)]
        answer = await two.get(f"{API}/rules")
        answers = [each.status_code for each in await asyncio.gather(*asked)]
        assert (await one.get(f"{API}/rules")).status_code == 200
    assert answer.status_code == 200
    assert sorted(answers) == [200] * turns.MOST_UNFINISHED + [429] * 5


async def test_places_go_to_the_guilds_in_turn_and_half_of_them_to_one_at_most() -> None:
    places, order, running = Turns(), [], {"busy": 0, "calm": 0}
    most = 0

    async def work(key: str) -> None:
        nonlocal most
        async with places.turn(key):
            running[key] += 1
            most = max(most, running[key])
            await asyncio.sleep(0.01)
            running[key] -= 1
            order.append(key)

    async with asyncio.TaskGroup() as tasks:
        for key in ["busy"] * 40 + ["calm"] * 3:
            tasks.create_task(work(key))
    assert most == turns.MOST_OF_ONE
    assert max(place for place, key in enumerate(order) if key == "calm") < 3 * turns.MOST_AT_ONCE


async def test_who_gives_up_waiting_leaves_the_place_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "MOST_OF_ONE", 1)
    monkeypatch.setattr(turns, "MOST_WAITING", 2)
    monkeypatch.setattr(turns, "PATIENCE_S", 0.05)
    places = Turns()

    async def wait() -> None:
        async with places.turn("guild"):
            pass

    async with places.turn("guild"):
        waiting = [asyncio.create_task(wait()) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(ShareInUseError, match="2 requests of one guild wait already"):
            await wait()
        waiting[0].cancel()
        ended = await asyncio.gather(*waiting, return_exceptions=True)
        assert [type(error) for error in ended] == [asyncio.CancelledError, ShareInUseError]
    await wait()


@pytest.mark.nightly
async def test_hundreds_of_requests_leave_nothing_behind(
    alice: httpx2.AsyncClient, anonymous: httpx2.AsyncClient, troubled: GuildBuilder
) -> None:
    async def ask_around() -> None:
        for client in (alice, anonymous):
            for path in (
                "/health",
                "/ready",
                f"{API}/rules",
                f"{API}/issues?q=mito",
                "/admin/nothing",
                "/login/made-up",
            ):
                await client.get(path)
        await alice.post(f"{API}/issues/1/dismiss", json={})

    def held() -> tuple[int, int]:
        gc.collect()
        return len(gc.get_objects()), len(asyncio.all_tasks())

    for _ in range(15):  # until each connection has prepared its statements
        await ask_around()
    objects, tasks = held()
    for _ in range(15):
        await ask_around()
    later, tasks_later = held()
    assert tasks_later <= tasks
    assert later - objects < 600, "three objects or more stay behind for each request"
