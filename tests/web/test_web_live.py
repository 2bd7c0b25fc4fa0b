"""The stream of what changes: who hears what, from when on, and when it ends."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import Counter
from collections.abc import AsyncIterator
from typing import LiteralString
from urllib.parse import urlsplit

import httpx2
import pytest
from fastapi import FastAPI

from guild_builder import GuildBuilder
from jobs.all_waiting import run_jobs
from patt import server
from patt.bootstrap import Services
from patt.live.hub import HISTORY, LONGEST_QUEUE, Hub
from patt.live.stream import MOST_STREAMS
from patt.queue.tasks import Task, open_queue
from patt.server import server_config
from patt.web.context import SESSION_COOKIE
from patt.web.forms import UNATTENDED_HEADER
from sv_common.db.pool import Pool
from sv_common.guild_sync import mitigations
from sv_common.guild_sync.core.language import PSEUDO
from sv_common.guild_sync.settings.requests import RanksRequest, RoleWish, RuleRequest, SettingRequest, WordRequest
from sv_common.guild_sync.settings.service import save_setting
from sv_common.guild_sync.sources.ports import Sources
from web.helpers import API, api_token, bound_session, issue_number, made, own_form, session, settings
from web.live_server import LIVE, served, served_by, streaming

BEAT_S = 0.05
LONGEST_WAIT_S = 30
SHORT_WAIT_S = 0.5


@pytest.fixture
def live_app(pool: Pool) -> FastAPI:
    """The application, which looks after its streams all the time."""
    return made(Services(settings("http://patt.test"), pool, Sources()), heartbeat_s=BEAT_S)


@pytest.fixture
async def site(live_app: FastAPI) -> AsyncIterator[str]:
    """Its address on the product's own server."""
    async with served(live_app) as base_url:
        yield base_url


@contextlib.asynccontextmanager
async def _signed_in(pool: Pool, name: str = "alice") -> AsyncIterator[httpx2.AsyncClient]:
    token = await session(pool, name)
    headers = {"Sec-Fetch-Site": "same-origin", **own_form(token)}
    async with httpx2.AsyncClient(cookies={SESSION_COOKIE: token}, headers=headers, trust_env=False) as client:
        yield client


async def test_the_stream_says_first_what_is_so_now(site: str, troubled: GuildBuilder) -> None:
    async with _signed_in(troubled.pool) as alice:
        asked = await alice.post(f"{site}{API}/jobs", json={"kind": "scan"})
        assert asked.status_code == 202
        async with streaming(alice, site) as stream:
            hello = await stream.until("hello")
            assert stream.response.headers["content-type"].startswith("text/event-stream")
            assert stream.response.headers["x-accel-buffering"] == "no"
            assert "no-store" in stream.response.headers["cache-control"]
    assert [job["id"] for job in hello.data["jobs"]] == [asked.json()["id"]]
    assert hello.data["is_continued"] is False


async def test_one_officers_fix_is_told_to_another_by_name_and_number(site: str, troubled: GuildBuilder) -> None:
    number = await issue_number(troubled, "orphan_wow", "Newalt")
    async with (
        _signed_in(troubled.pool) as alice,
        _signed_in(troubled.pool, "bob") as bob,
        streaming(alice, site) as hers,
        streaming(bob, site) as his,
    ):
        await hers.until("hello"), await his.until("hello")
        await bob.post(f"{site}{API}/fix/{number}")
        assert "bob fixed 1 issue." in await hers.until_told_of("bob")
        assert "bob fixed 1 issue." in (await his.until("change", is_own=True)).data["sentence"]


async def test_what_was_done_is_told_in_the_guilds_language(site: str, troubled: GuildBuilder) -> None:
    number = await issue_number(troubled, "orphan_wow", "Newalt")
    spoken: LiteralString = "update guild_identity.guilds set language = %(language)s where id = %(guild)s"
    await troubled.execute(spoken, {"language": PSEUDO})
    async with _signed_in(troubled.pool) as alice, streaming(alice, site) as stream:
        await stream.until("hello")
        await alice.post(f"{site}{API}/fix/{number}")
        told = await stream.until_told_of("alice")
    assert "⟦fixed 1 issue⟧" in told


async def test_what_is_rolled_back_is_never_told(site: str, troubled: GuildBuilder) -> None:
    insert = (
        "insert into guild_identity.issue_events (guild_id, issue_id, issue_type, event, open_change, actor) "
        "select %s, min(id), 'orphan_wow', 'reopened', 1, %s from guild_identity.audit_issues"
    )
    async with _signed_in(troubled.pool) as alice, streaming(alice, site) as stream:
        await stream.until("hello")
        async with troubled.pool.connection() as conn:
            await conn.execute(insert, [troubled.guild_id, "officer ghost"])
            await conn.rollback()
        await troubled.execute(insert.replace("%s", "%(guild)s", 1).replace("%s", "'officer bob'"))
        told = await stream.until_told_of("bob")
    assert told.endswith("bob reopened 1 issue.")
    assert "ghost" not in told


async def test_a_notice_of_the_database_holds_numbers_and_no_names(troubled: GuildBuilder) -> None:
    async with troubled.pool.locks.connection() as conn:
        await conn.execute("listen patt_live")
        await conn.commit()
        await mitigations.fix_one(
            troubled.pool, await issue_number(troubled, "orphan_wow", "Newalt"), actor="officer alice"
        )
        notice = await anext(conn.notifies(timeout=20, stop_after=1))
        await conn.execute("unlisten *")
    assert notice.payload.startswith('{"guild" : 1, "kind" : "')
    assert "alice" not in notice.payload


async def test_jobs_of_a_rule_for_officers_are_told_to_officers_alone(site: str, troubled: GuildBuilder) -> None:
    vera = await bound_session(troubled.pool, "vera", "viewer", troubled.guild_id)
    cookies = {SESSION_COOKIE: vera}
    async with (
        _signed_in(troubled.pool) as alice,
        httpx2.AsyncClient(cookies=cookies, trust_env=False) as viewer,
        streaming(viewer, site) as his,  # the hub listens from his request on
        streaming(alice, site) as hers,
    ):
        await hers.until("hello"), await his.until("hello")
        for wish in ({"kind": "scan_rule", "issue_type": "account_conflict"}, {"kind": "scan"}):
            await alice.post(f"{site}{API}/jobs", json=wish)
        assert (await hers.until("job")).data["place"] == "account_conflict"
        assert (await his.until("job")).data["place"] == "all"
        async with streaming(viewer, site) as again:
            assert [job["place"] for job in (await again.until("hello")).data["jobs"]] == ["all"]


async def test_a_jobs_progress_and_its_end_are_told(site: str, troubled: GuildBuilder, database_url: str) -> None:
    async with _signed_in(troubled.pool) as alice, streaming(alice, site) as stream:
        await stream.until("hello")
        asked = (await alice.post(f"{site}{API}/jobs", json={"kind": "scan_rule", "issue_type": "orphan_wow"})).json()
        await stream.until("job", id=asked["id"], state="waiting", place="orphan_wow")
        async with open_queue(database_url) as queue:
            await run_jobs(Services(settings(site), troubled.pool, Sources(), queue), troubled.guild_id)
        told = await stream.until("job", id=asked["id"], state="done")
    assert told.data["sentence"].startswith("Scan done: ")
    assert "result" not in told.data


async def test_a_stream_that_comes_back_is_given_what_it_missed_and_nothing_twice(
    site: str, live_app: FastAPI, troubled: GuildBuilder
) -> None:
    hub: Hub = live_app.state.live
    async with _signed_in(troubled.pool) as alice:
        async with streaming(alice, site) as stream:
            await stream.until("hello")
            hub.publish(troubled.guild_id, "change", {"sentence": "first"})
            first = await stream.until("change", sentence="first")
        hub.publish(troubled.guild_id, "change", {"sentence": "second"})
        hub.publish(troubled.guild_id + 1, "change", {"sentence": "not ours"})
        hub.publish(troubled.guild_id, "change", {"sentence": "third"})
        async with streaming(alice, site, last_event_id=first.cursor) as stream:
            assert (await stream.until("hello")).data["is_continued"] is True
            told: list[str] = []
            while "third" not in told:
                told += [event.data["sentence"] for event in [await stream.next()] if event]
            # What the guild was set up with may be told between them.
            assert [each for each in told if not each.startswith("A scan found")] == ["second", "third"]


async def test_a_page_is_told_what_changed_between_its_reading_and_its_stream(
    site: str, live_app: FastAPI, troubled: GuildBuilder
) -> None:
    hub: Hub = live_app.state.live
    async with _signed_in(troubled.pool) as alice:
        page = (await alice.get(f"{site}/admin/data-quality")).text
        cursor = page.split('data-live-mark="')[1].split('"')[0]
        hub.publish(troubled.guild_id, "change", {"sentence": "in between"})
        async with streaming(alice, site, after=cursor, guild=troubled.guild_id) as stream:
            assert (await stream.until("hello")).data["is_continued"] is True
            await stream.until("change", sentence="in between")


@pytest.mark.parametrize("cursor", ["", "0.0", "ffffffff.1", "nonsense", "{epoch}.999999", "{epoch}.-1"])
async def test_a_cursor_that_cannot_be_continued_is_said_to_be_so(
    site: str, live_app: FastAPI, troubled: GuildBuilder, cursor: str
) -> None:
    hub: Hub = live_app.state.live
    async with _signed_in(troubled.pool) as alice, streaming(alice, site) as first:
        await first.until("hello")
        after = cursor.format(epoch=str(hub.cursor).partition(".")[0])
        async with streaming(alice, site, after=after) as stream:
            assert (await stream.until("hello")).data["is_continued"] is False


async def test_a_cursor_older_than_the_history_cannot_be_continued(
    site: str, live_app: FastAPI, troubled: GuildBuilder
) -> None:
    hub: Hub = live_app.state.live
    async with _signed_in(troubled.pool) as alice, streaming(alice, site) as first:
        cursor = (await first.until("hello")).cursor
        for _ in range(HISTORY + 1):
            hub.publish(troubled.guild_id + 1, "change", {})
        async with streaming(alice, site, after=cursor) as stream:
            assert (await stream.until("hello")).data["is_continued"] is False


async def test_a_stream_ends_after_signing_out(site: str, live_app: FastAPI, troubled: GuildBuilder) -> None:
    async with _signed_in(troubled.pool) as alice, streaming(alice, site) as stream:
        await stream.until("hello")
        await troubled.execute("update common.web_sessions set revoked_at = now()")
        await stream.until("bye")
        assert await stream.next() is None


async def test_a_stream_ends_when_its_token_is_revoked(site: str, troubled: GuildBuilder) -> None:
    async with (
        httpx2.AsyncClient(headers=await api_token(troubled.pool), trust_env=False) as robot,
        streaming(robot, site) as stream,
    ):
        await stream.until("hello")
        await troubled.execute("update common.api_tokens set revoked_at = now()")
        await stream.until("bye")


async def test_of_another_guild_nothing_is_heard(site: str, live_app: FastAPI, troubled: GuildBuilder) -> None:
    other = await GuildBuilder.create(troubled.pool, "Ember Court", "7001")
    hub: Hub = live_app.state.live
    token = await api_token(troubled.pool, guild_id=other.guild_id)
    async with httpx2.AsyncClient(headers=token, trust_env=False) as robot:
        assert (await robot.get(f"{site}{LIVE}", params={"guild": troubled.guild_id})).status_code == 404
        async with streaming(robot, site) as stream:
            await stream.until("hello")
            hub.publish(troubled.guild_id, "change", {"sentence": "not yours"})
            hub.publish(other.guild_id, "change", {"sentence": "yours"})
            assert (await stream.until("change")).data["sentence"] == "yours"


async def test_a_session_has_so_many_streams_and_no_more(site: str, live_app: FastAPI, troubled: GuildBuilder) -> None:
    async with _signed_in(troubled.pool) as alice, contextlib.AsyncExitStack() as open_streams:
        streams = [await open_streams.enter_async_context(streaming(alice, site)) for _ in range(MOST_STREAMS)]
        for stream in streams:
            await stream.until("hello")
        refused = await alice.get(f"{site}{LIVE}")
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "30")
        assert "Close a page" in refused.json()["detail"]
        async with _signed_in(troubled.pool, "bob") as bob, streaming(bob, site) as his:
            await his.until("hello")


async def test_streams_that_are_asked_for_at_the_same_moment_are_no_more_either(
    site: str, live_app: FastAPI, troubled: GuildBuilder
) -> None:
    hub: Hub = live_app.state.live
    many = 3 * MOST_STREAMS
    async with _signed_in(troubled.pool) as alice, contextlib.AsyncExitStack() as open_ones:
        asked = [open_ones.enter_async_context(alice.stream("GET", f"{site}{LIVE}")) for _ in range(many)]
        statuses = Counter(response.status_code for response in await asyncio.gather(*asked))
        assert statuses == {200: MOST_STREAMS, 429: many - MOST_STREAMS}
        assert hub.streams == MOST_STREAMS
    async with _signed_in(troubled.pool) as alice, streaming(alice, site) as stream:
        await stream.until("hello")


async def test_neither_a_heartbeat_nor_what_a_page_asks_by_itself_keeps_a_session_alive(
    site: str, troubled: GuildBuilder
) -> None:
    async def hours_unseen() -> int:
        ((hours,),) = await troubled.rows(
            "select round(extract(epoch from now() - last_seen_at) / 3600)::integer from common.web_sessions"
        )
        return int(hours)

    async with _signed_in(troubled.pool) as alice:
        await troubled.execute("update common.web_sessions set last_seen_at = now() - interval '47 hours'")
        async with streaming(alice, site) as stream:
            await stream.until("hello")
            await asyncio.sleep(10 * BEAT_S)
            by_itself = await alice.get(f"{site}/admin/data-quality", headers={UNATTENDED_HEADER: "1"})
            assert by_itself.status_code == 200
            assert await hours_unseen() == 47
            await troubled.execute("update common.web_sessions set last_seen_at = now() - interval '48 hours'")
            await stream.until("bye")
        assert await hours_unseen() == 48


async def test_who_does_not_read_is_dropped_and_the_others_are_told(
    site: str, live_app: FastAPI, troubled: GuildBuilder
) -> None:
    hub: Hub = live_app.state.live
    address = urlsplit(site)
    async with _signed_in(troubled.pool) as alice, streaming(alice, site) as stream:
        await stream.until("hello")
        with socket.socket() as deaf:
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.setblocking(False)
            loop = asyncio.get_running_loop()
            await loop.sock_connect(deaf, (str(address.hostname), address.port))
            cookie = f"{SESSION_COOKIE}={alice.cookies[SESSION_COOKIE]}"
            await loop.sock_sendall(
                deaf, f"GET {LIVE} HTTP/1.1\r\nHost: patt.test\r\nCookie: {cookie}\r\n\r\n".encode()
            )
            assert (await loop.sock_recv(deaf, 12)).startswith(b"HTTP/1.1 200")
            async with asyncio.timeout(60):
                number = 0
                while hub.streams > 1:
                    number += 1
                    hub.publish(troubled.guild_id, "change", {"sentence": "x" * 50_000, "number": number})
                    await stream.until("change", number=number)
        assert number > LONGEST_QUEUE


async def test_the_server_stops_at_once_with_streams_open(live_app: FastAPI, troubled: GuildBuilder) -> None:
    async with _signed_in(troubled.pool) as alice:
        async with asyncio.timeout(20), contextlib.AsyncExitStack() as stack:
            base_url = await stack.enter_async_context(served(live_app))
            async with streaming(alice, base_url) as stream:
                await stream.until("hello")
                await stack.aclose()
                assert await stream.next() is None
        hub: Hub = live_app.state.live
        assert hub.streams == 0


async def test_after_a_lost_connection_everybody_is_told_to_look_anew(
    site: str, live_app: FastAPI, troubled: GuildBuilder
) -> None:
    async with _signed_in(troubled.pool) as alice, streaming(alice, site) as stream:
        await stream.until("hello")
        await troubled.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where datname = current_database() and query like '%%listen patt_live'"
        )
        await stream.until("reset")
        await mitigations.fix_one(
            troubled.pool, await issue_number(troubled, "orphan_wow", "Newalt"), actor="officer alice"
        )
        await stream.until("change", sentence="alice fixed 1 issue.")


@pytest.mark.parametrize(
    ("statement", "name", "values"),
    [
        (
            (
                "insert into guild_identity.sync_log (guild_id, pipeline, actor, status) "
                "values (%(guild)s, 'sweep', 'schedule', 'running')"
            ),
            "part",
            {"kind": "runs"},
        ),
        (
            "insert into guild_identity.match_requests (guild_id, actor) values (%(guild)s, 'officer bob')",
            "part",
            {"kind": "matches"},
        ),
    ],
)
async def test_lists_that_move_on_are_told_of_too(
    site: str, troubled: GuildBuilder, statement: LiteralString, name: str, values: dict[str, str]
) -> None:
    async with _signed_in(troubled.pool) as alice, streaming(alice, site) as stream:
        await stream.until("hello")
        await troubled.execute(statement)
        await stream.until(name, **values)


async def test_a_request_that_never_ends_does_not_keep_the_server_from_ending(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "GRACE_S", 1)
    config = server_config(Services(settings("http://patt.test"), pool, Sources()), "127.0.0.1", 0)
    async with asyncio.timeout(LONGEST_WAIT_S):
        async with served_by(config) as base_url:
            at = urlsplit(base_url)
            reader, writer = await asyncio.open_connection(at.hostname, at.port)
            writer.write(
                f"POST /api/v1/admin/data-quality/jobs HTTP/1.1\r\nHost: {at.netloc}\r\nSec-Fetch-Site: same-origin\r\n"
                f"Cookie: {SESSION_COOKIE}={await session(pool)}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                f"Content-Length: 100\r\n\r\nhalf of it".encode()
            )
            await writer.drain()
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(SHORT_WAIT_S):
                    await reader.read(1)
    writer.close()


@pytest.mark.parametrize(
    "wish",
    [
        RuleRequest("orphan_wow", severity="error"),
        RanksRequest({1: RoleWish("none")}),
        WordRequest("Zorkmund", "name"),
    ],
)
async def test_whoever_changes_a_setting_is_named_to_the_others(
    site: str, troubled: GuildBuilder, wish: SettingRequest
) -> None:
    async with _signed_in(troubled.pool) as alice, streaming(alice, site) as stream:
        await stream.until("hello")
        await save_setting(troubled.pool, wish, actor="officer bob", guild_id=troubled.guild_id)
        async with asyncio.timeout(LONGEST_WAIT_S):
            while "bob changed a setting" not in (await stream.until("change")).data["sentence"]:
                pass


async def test_jobs_that_come_to_the_queue_are_told_of(site: str, troubled: GuildBuilder, database_url: str) -> None:
    async with (
        _signed_in(troubled.pool) as alice,
        streaming(alice, site) as stream,
        open_queue(database_url) as queue,
    ):
        await stream.until("hello")
        await queue.enqueue(Task.SWEEP, troubled.guild_id)
        await stream.until("part", kind="jobs")
