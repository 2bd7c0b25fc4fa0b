"""PATT behind nginx and Caddy, as the files of `deploy/` set them up: over TLS, with the real programs."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import re
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx2
import pytest
import uvicorn

from guild_builder import GuildBuilder
from patt.auth import credentials
from patt.bootstrap import Services
from patt.live.hub import Hub
from patt.live.stream import HEARTBEAT_S, MOST_STREAMS
from patt.server import server_config
from patt.web.context import SESSION_COOKIE
from patt.web.load.connections import BoundedProtocol
from patt.web.throttle import FAILURES
from proxies import DEPLOY, Proxy, free_ports, proxying
from sv_common.db.pool import Pool
from sv_common.guild_sync.simulators.addon import saved_variables
from sv_common.guild_sync.sources.addon.saved_variables import MAX_BYTES
from sv_common.guild_sync.sources.ports import Sources
from web.helpers import API, PAGE, login_link, made, own_form, session, settings
from web.live_server import Stream, served_by, streaming

pytestmark = [pytest.mark.proxies, pytest.mark.parametrize("program", ["nginx", "caddy"])]

UPLOAD = "/api/v1/guild-sync/addon-upload"
BEAT_S = 0.2
SOON_S = 5
OF_THIS_TEST = ("admin endpoint disabled", "no OCSP stapling for [localhost]", "trust store installation disabled")
"""What Caddy warns of that comes of how it is run here."""


@dataclass(frozen=True)
class Site:
    """The application as people reach it, and what runs it."""

    proxy: Proxy
    pool: Pool
    hub: Hub

    def visitor(self, address: str = "127.0.0.1", headers: dict[str, str] | None = None) -> httpx2.AsyncClient:
        """Return somebody who comes from one of this computer's addresses."""
        transport = httpx2.AsyncHTTPTransport(verify=self.proxy.trust, local_address=address, trust_env=False)
        sent = {"Sec-Fetch-Site": "same-origin", **(headers or {})}
        return httpx2.AsyncClient(transport=transport, base_url=self.proxy.base_url, headers=sent, timeout=30)

    async def officer(self) -> httpx2.AsyncClient:
        """Return somebody who is signed in."""
        token = await session(self.pool)
        return self.visitor(headers={"Cookie": f"__Host-{SESSION_COOKIE}={token}", **own_form(token)})


@contextlib.asynccontextmanager
async def _behind(program: str, pool: Pool, changes: dict[str, str] | None = None) -> AsyncIterator[Site]:
    ports = free_ports()
    trusting = settings(ports.base_url, trusted_proxies="127.0.0.1")
    app = made(Services(trusting, pool, Sources()), heartbeat_s=BEAT_S)
    config = uvicorn.Config(
        app, log_config=None, access_log=False, http=BoundedProtocol, proxy_headers=False, timeout_graceful_shutdown=5
    )
    async with served_by(config) as backend:
        with proxying(program, ports, backend, changes) as proxy:
            yield Site(proxy, pool, app.state.live)


@pytest.fixture
async def site(program: str, troubled: GuildBuilder) -> AsyncIterator[Site]:
    """A troubled guild's pages behind the proxy."""
    async with _behind(program, troubled.pool) as behind:
        yield behind


async def test_who_comes_without_tls_is_sent_to_the_address_with_it(site: Site) -> None:
    async with httpx2.AsyncClient(trust_env=False) as client:
        answer = await client.get(f"{site.proxy.plain_url}{PAGE}?rule=orphan_wow")
    assert answer.status_code == 308
    assert answer.headers["location"].startswith("https://localhost")
    assert answer.headers["location"].endswith(f"{PAGE}?rule=orphan_wow")


async def test_signing_in_by_link_gives_a_cookie_that_is_for_tls_and_for_this_host_alone(site: Site) -> None:
    link = await login_link(site.pool)
    async with site.visitor() as alice:
        asked = await alice.get(f"/login/{link}")
        assert asked.status_code == 200
        assert asked.headers.get_list("strict-transport-security") == ["max-age=31536000"]
        assert len(asked.headers.get_list("content-security-policy")) == 1
        entered = await alice.post(f"/login/{link}", headers={"Origin": site.proxy.base_url})
        assert (entered.status_code, entered.headers["location"][0]) == (303, "/")
        (cookie,) = entered.headers.get_list("set-cookie")
        assert cookie.startswith(f"__Host-{SESSION_COOKIE}=")
        assert {"secure", "httponly", "samesite=lax"} <= {part.strip().lower() for part in cookie.split(";")}
        assert (await alice.get(PAGE)).status_code == 200


async def test_a_form_of_another_site_is_refused_and_one_of_this_address_is_taken(site: Site) -> None:
    async with await site.officer() as alice:
        statuses = []
        for origin, where in ((site.proxy.base_url, "same-origin"), ("https://elsewhere.example", "cross-site")):
            headers = {"Origin": origin, "Sec-Fetch-Site": where}
            statuses.append((await alice.post(f"{API}/jobs", json={"kind": "scan"}, headers=headers)).status_code)
    assert statuses == [202, 403]


async def test_each_visitor_is_counted_by_their_own_address_and_cannot_choose_it(site: Site) -> None:
    async with site.visitor("127.0.0.2") as guesser, site.visitor("127.0.0.3") as other:
        for number in range(FAILURES.most):
            claim = {"X-Forwarded-For": f"198.51.100.{number}", "Authorization": f"Bearer wrong-{number}"}
            assert (await guesser.get(f"{API}/issues", headers=claim)).status_code == 401
        claim = {"X-Forwarded-For": "198.51.100.99", "Authorization": "Bearer wrong"}
        assert (await guesser.get(f"{API}/issues", headers=claim)).status_code == 429
        assert (await other.get(f"{API}/issues", headers={"Authorization": "Bearer wrong"})).status_code == 401


async def test_what_goes_through_is_compressed_once_and_only_for_who_takes_it(site: Site) -> None:
    async with await site.officer() as alice:
        plain = await alice.get(PAGE, headers={"Accept-Encoding": "identity"})
        assert "content-encoding" not in plain.headers
        async with alice.stream("GET", PAGE, headers={"Accept-Encoding": "gzip"}) as packed:
            assert packed.headers.get_list("content-encoding") == ["gzip"]
            content = b"".join([part async for part in packed.aiter_raw()])
    assert gzip.decompress(content).lstrip().lower().startswith(b"<!doctype html>")


async def test_events_come_through_at_once(site: Site) -> None:
    async with await site.officer() as alice, streaming(alice, "") as stream:
        await stream.until("hello")
        started = time.monotonic()
        await alice.post(f"{API}/jobs", json={"kind": "scan"})
        async with asyncio.timeout(SOON_S):
            await stream.until("job")
    assert time.monotonic() - started < SOON_S


async def test_a_stream_outlives_the_proxys_time_outs_as_long_as_there_are_heartbeats(
    program: str, troubled: GuildBuilder
) -> None:
    """The file says 90 seconds where PATT says something every 15; here it is 1 second, and 0.2."""
    assert HEARTBEAT_S * 3 <= 90
    shorter = {"_timeout 90s": "_timeout 1s"} if program == "nginx" else {}
    async with (
        _behind(program, troubled.pool, shorter) as site,
        await site.officer() as alice,
        streaming(alice, "") as stream,
    ):
        await stream.until("hello")
        await asyncio.sleep(3)
        await alice.post(f"{API}/jobs", json={"kind": "scan"})
        async with asyncio.timeout(SOON_S):
            await stream.until("job")


async def test_a_stream_ends_with_its_client_and_its_place_is_free_again(site: Site) -> None:
    async with await site.officer() as alice:
        for _ in range(2):
            async with contextlib.AsyncExitStack() as opened:
                for _ in range(MOST_STREAMS):
                    stream: Stream = await opened.enter_async_context(streaming(alice, ""))
                    await stream.until("hello")
            async with asyncio.timeout(SOON_S):
                while site.hub.streams:  # noqa: ASYNC110 -- nobody tells when a place is free
                    await asyncio.sleep(0.05)


def _export(size: int) -> bytes:
    lua = saved_variables({"PATTSyncDB": {"lastExport": {"characters": [{"name": "Mito", "note": "Main"}]}}}).encode()
    return lua + b"\n--" + b"x" * (size - len(lua) - 3)


async def _key(guild: GuildBuilder) -> dict[str, str]:
    async with guild.pool.connection() as conn:
        key = await credentials.create_upload_key(conn, "Mito", guild_id=guild.guild_id, created_by="test")
    return {"X-API-Key": key}


async def test_the_largest_export_is_taken_and_a_larger_one_refused_in_patts_words(
    site: Site, troubled: GuildBuilder
) -> None:
    key = await _key(troubled)
    async with site.visitor(headers=key) as companion:
        taken = await companion.post(UPLOAD, content=_export(MAX_BYTES))
        assert (taken.status_code, taken.json()["is_new"]) == (202, True)
        refused = await companion.post(UPLOAD, content=_export(MAX_BYTES + 1))
    assert refused.status_code == 413
    assert refused.json()["detail"] == "The file is too large: an export has at most 4 MiB."


async def test_a_client_that_waits_for_leave_before_it_sends_gets_it(site: Site, troubled: GuildBuilder) -> None:
    body, key = _export(100_000), await _key(troubled)
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", site.proxy.port, ssl=site.proxy.trust, server_hostname="localhost"
    )
    head = f"POST {UPLOAD} HTTP/1.1\r\nHost: localhost:{site.proxy.port}\r\nX-API-Key: {key['X-API-Key']}\r\n"
    writer.write(f"{head}Content-Length: {len(body)}\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n".encode())
    async with asyncio.timeout(SOON_S):
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100 Continue\r\n")
        writer.write(body)
        answer = await reader.read()
    writer.close()
    if answer.startswith(b"HTTP/1.1 100 "):  # Caddy passes on what PATT says to its own question, too
        answer = answer.partition(b"\r\n\r\n")[2]
    assert answer.startswith(b"HTTP/1.1 202 ")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["is_new"] is True


async def test_the_proxy_lets_an_idle_connection_go_before_patt_does(program: str, pool: Pool) -> None:
    """A form that met a connection that PATT just closes would be lost."""
    lived: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    async def answered(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            began = time.monotonic()
            await reader.read()
            lived.set_result(time.monotonic() - began)
        writer.close()

    longest = server_config(Services(settings("http://patt.test"), pool, Sources()), "127.0.0.1", 0).timeout_keep_alive
    async with await asyncio.start_server(answered, "127.0.0.1", 0) as backend:
        port = backend.sockets[0].getsockname()[1]
        with proxying(program, free_ports(), f"http://127.0.0.1:{port}") as proxy:
            async with Site(proxy, pool, Hub(pool)).visitor() as client:
                assert (await client.get("/")).text == "ok"
                waited = await asyncio.wait_for(lived, longest * 2)
    assert 1 < waited < longest - 0.5


async def test_neither_links_nor_keys_stand_in_the_logs_of_the_proxy(program: str, troubled: GuildBuilder) -> None:
    """Not even while PATT is away, when a proxy writes down more of a request."""
    link, key = await login_link(troubled.pool), (await _key(troubled))["X-API-Key"]
    backend = f"http://127.0.0.1:{free_ports().http}"
    ports = free_ports()
    planted = {"X-API-Key": key, "Authorization": "Bearer a-planted-token", "Cookie": "session=a-planted-session"}
    asked = [
        f"/login/{link}",
        f"/login/{link}/",
        f"/login/discord/callback?code={link}&state=a-planted-state",
        "/health",
    ]
    with proxying(program, ports, backend) as proxy:
        site = Site(proxy, troubled.pool, Hub(troubled.pool))
        async with site.visitor(headers={**planted, "Referer": f"{ports.base_url}/login/{link}"}) as client:
            for path in asked:
                assert (await client.get(path)).status_code == 502
        await asyncio.sleep(0.2)
        written = proxy.logs()
    assert written.count("502") >= len(asked)
    assert [each for each in (link, key, "a-planted") if each in written] == [], written


def test_the_file_is_one_that_the_program_takes_without_a_warning(program: str) -> None:
    ports = free_ports()
    with proxying(program, ports, "http://127.0.0.1:9") as proxy:
        told = [line for line in proxy.logs().splitlines() if not any(each in line for each in OF_THIS_TEST)]
    assert [line for line in told if re.search("warn|error", line)] == []
    written = (DEPLOY / ("nginx.conf" if program == "nginx" else "Caddyfile")).read_text(encoding="utf-8")
    assert f"at most {MAX_BYTES >> 20} MiB" in written
