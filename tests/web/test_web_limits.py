"""How often may be asked: whoever guesses, or asks too often, is told how long to wait; nobody else is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from fastapi import FastAPI

from guild_builder import GuildBuilder
from patt.auth import credentials
from patt.bootstrap import Services
from patt.config import load_settings
from patt.server import server_config
from patt.web import throttle
from patt.web.context import SESSION_COOKIE
from patt.web.throttle import FAILURES, SIGN_INS, UPLOADS, Allowance, Limit
from sv_common.db.pool import Pool
from sv_common.guild_sync.core.errors import ConfigurationError
from sv_common.guild_sync.simulators.server import LOOPBACK
from sv_common.guild_sync.sources.ports import Sources
from web.helpers import API, BASE_URL, PAGE, api_token, application, asker, login_link, session, settings

UPLOAD = "/api/v1/guild-sync/addon-upload"
WRONG = {"Authorization": "Bearer guessed"}
REQUESTS = Allowance(30, 60)


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    now: float = 1000.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limited(pool: Pool, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> FastAPI:
    """The application, of which a caller may request less than usual."""
    monkeypatch.setattr(throttle, "REQUESTS", REQUESTS)
    return application(pool, clock=clock)


@pytest.fixture
async def stranger(limited: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    async with asker(limited) as client:
        yield client


def _from(app: Any, address: str, **options: Any) -> httpx2.AsyncClient:
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False, client=(address, 1))
    return httpx2.AsyncClient(transport=transport, base_url=BASE_URL, **options)


async def _guess(client: httpx2.AsyncClient, times: int = FAILURES.most, **headers: str) -> set[int]:
    return {(await client.get(f"{API}/rules", headers={**WRONG, **headers})).status_code for _ in range(times)}


async def test_whoever_guesses_tokens_is_told_to_wait_and_is_then_heard_again(
    stranger: httpx2.AsyncClient, guild: GuildBuilder, clock: Clock
) -> None:
    assert await _guess(stranger) == {401}
    refused = await stranger.get(f"{API}/rules", headers=WRONG)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "900")
    assert refused.headers["content-type"] == "application/problem+json"
    assert "Try again in 15 minutes." in refused.json()["detail"]
    clock.now += 899
    assert (await stranger.get(f"{API}/rules", headers=WRONG)).headers["retry-after"] == "1"
    clock.now += 1
    assert (await stranger.get(f"{API}/rules", headers=WRONG)).status_code == 401


async def test_links_tokens_and_upload_keys_that_are_not_valid_count_together(stranger: httpx2.AsyncClient) -> None:
    for _ in range(3):
        assert (await stranger.get("/login/guessed")).status_code == 401
        assert (await stranger.post("/login/guessed")).status_code == 401
        assert (await stranger.post(UPLOAD, headers={"X-API-Key": "guessed"})).status_code == 401
    assert await _guess(stranger, 1) == {401}
    page = await stranger.post("/login/guessed")
    assert (page.status_code, page.headers["retry-after"]) == (429, "900")
    assert "Try again in 15 minutes." in page.text
    assert page.headers["content-type"].startswith("text/html")


async def test_what_is_valid_goes_on_behind_an_address_from_which_others_guess(
    stranger: httpx2.AsyncClient, pool: Pool, guild: GuildBuilder
) -> None:
    link, right = await login_link(pool), await api_token(pool)
    async with guild.pool.connection() as conn:
        key = await credentials.create_upload_key(conn, "Mito", guild_id=guild.guild_id, created_by="test")
    await _guess(stranger, 2 * FAILURES.most)
    assert await _guess(stranger, 1) == {429}
    assert (await stranger.get(f"{API}/rules", headers=right)).status_code == 200
    assert (await stranger.get(f"{UPLOAD}/1", headers={"X-API-Key": key})).status_code == 404
    assert (await stranger.get(f"/login/{link}")).status_code == 200
    assert (await stranger.post(f"/login/{link}")).status_code == 303
    assert (await stranger.get(PAGE)).status_code == 200


async def test_whoever_comes_back_from_discord_is_let_in_though_others_have_used_up_the_ways_there(
    pool: Pool, clock: Clock
) -> None:
    app = application(pool, clock=clock, discord_client_id="1", discord_client_secret="s")  # noqa: S106 -- made up
    async with asker(app) as patient, asker(app) as hasty:
        begun = await patient.get("/login/discord")
        state = parse_qs(urlsplit(begun.headers["location"]).query)["state"][0]
        statuses = [(await hasty.get("/login/discord")).status_code for _ in range(SIGN_INS.most)]
        assert statuses == [303] * (SIGN_INS.most - 1) + [429]
        back = await patient.get("/login/discord/callback", params={"state": state, "error": "access_denied"})
    assert back.status_code == 403
    assert "You did not allow Discord to share your name" in back.text


async def test_what_is_valid_is_no_guess_and_neither_is_an_old_session(
    stranger: httpx2.AsyncClient, pool: Pool, guild: GuildBuilder
) -> None:
    right = await api_token(pool)
    for _ in range(FAILURES.most + 1):
        assert (await stranger.get(f"{API}/rules", headers=right)).status_code == 200
        assert (await stranger.get(UPLOAD + "/1", headers=right)).status_code == 401
        assert (await stranger.get(f"{API}/rules", headers={"Cookie": f"{SESSION_COOKIE}=old"})).status_code == 401
    assert await _guess(stranger, 1) == {401}


async def test_a_guesser_stops_nobody_at_another_address_and_no_session(limited: FastAPI, pool: Pool) -> None:
    officer = {"Cookie": f"{SESSION_COOKIE}={await session(pool)}"}
    async with _from(limited, "192.0.2.1") as guesser, _from(limited, "192.0.2.2") as other:
        await _guess(guesser)
        assert await _guess(guesser, 1) == {429}
        assert await _guess(other, 1) == {401}
        assert (await guesser.get("/login")).status_code == 200
        assert (await guesser.get(PAGE, headers=officer)).status_code == 200


async def test_an_ipv6_subscriber_is_one_guesser_whatever_address_they_choose(limited: FastAPI) -> None:
    for number in range(FAILURES.most):
        async with _from(limited, f"2001:db8:1:1::{number}") as client:
            assert await _guess(client, 1) == {401}
    async with _from(limited, "2001:db8:1:1:ffff::1") as same, _from(limited, "2001:db8:1:2::1") as other:
        assert (await _guess(same, 1), await _guess(other, 1)) == ({429}, {401})


async def test_nobody_chooses_their_address_by_a_header_unless_a_trusted_proxy_says_it(
    pool: Pool, clock: Clock
) -> None:
    proxied = application(pool, clock=clock, trusted_proxies="10.0.0.0/8, 192.0.2.9")
    async with _from(proxied, "192.0.2.1") as liar, _from(proxied, "10.1.2.3") as proxy:
        for number in range(FAILURES.most):
            await _guess(liar, 1, **{"X-Forwarded-For": f"198.51.100.{number}"})
        assert await _guess(liar, 1, **{"X-Forwarded-For": "198.51.100.99"}) == {429}
        assert await _guess(proxy, FAILURES.most, **{"X-Forwarded-For": "6.6.6.6, 203.0.113.1"}) == {401}
        assert await _guess(proxy, 1, **{"X-Forwarded-For": "7.7.7.7, 203.0.113.1, 192.0.2.9"}) == {429}
        assert await _guess(proxy, 1, **{"X-Forwarded-For": "203.0.113.2"}) == {401}


async def test_as_it_is_served_this_computer_is_no_trusted_proxy_by_itself(pool: Pool) -> None:
    config = server_config(Services(settings(BASE_URL), pool, Sources()), LOOPBACK, 0)
    config.load()
    async with _from(config.loaded_app, LOOPBACK) as liar:
        for number in range(FAILURES.most):
            assert await _guess(liar, 1, **{"X-Forwarded-For": f"198.51.100.{number}"}) == {401}
        assert await _guess(liar, 1, **{"X-Forwarded-For": "198.51.100.99"}) == {429}


def test_a_proxy_that_is_no_address_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATT_TRUSTED_PROXIES", "10.0.0.1, proxy.example")
    with pytest.raises(ConfigurationError, match=r"PATT_TRUSTED_PROXIES: .*“proxy\.example” is neither an address"):
        load_settings()


async def test_each_token_has_its_own_allowance_however_it_is_written(
    stranger: httpx2.AsyncClient, pool: Pool, guild: GuildBuilder, clock: Clock
) -> None:
    busy, other = await api_token(pool), await api_token(pool)
    token = busy["Authorization"].removeprefix("Bearer ")
    for number in range(REQUESTS.most):
        clock.now += 1
        answer = await stranger.get(
            f"{API}/nothing", headers={"Authorization": ("Bearer " if number % 2 else "bearer  ") + token}
        )
        assert answer.status_code == 404
    refused = await stranger.get(f"{API}/rules", headers=busy)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "31")
    assert (await stranger.get(f"{API}/rules", headers=other)).status_code == 200
    clock.now += 31
    assert (await stranger.get(f"{API}/rules", headers=busy)).status_code == 200


async def test_a_session_that_asks_too_often_gets_a_page_that_says_so(limited: FastAPI, pool: Pool) -> None:
    async with asker(limited, cookies={SESSION_COOKIE: await session(pool)}) as client:
        for _ in range(REQUESTS.most):
            headers = {"Authorization": f"Basic {_}"}
            assert (await client.get("/admin/nothing", headers=headers)).status_code == 404
        page, api = await client.get(PAGE), await client.get(f"{API}/rules")
    assert (page.status_code, api.status_code) == (429, 429)
    assert "Too many requests at once. Try again in 60 seconds." in page.text
    assert api.json()["detail"] in page.text


async def test_an_upload_key_sends_so_often_and_may_go_on_asking_what_became_of_it(
    stranger: httpx2.AsyncClient, guild: GuildBuilder
) -> None:
    async with guild.pool.connection() as conn:
        key = await credentials.create_upload_key(conn, "Mito", guild_id=guild.guild_id, created_by="test")
    stranger.headers["X-API-Key"] = key
    for _ in range(UPLOADS.most):
        assert (await stranger.post(UPLOAD, content=b"nonsense")).status_code == 422
    assert (await stranger.post(UPLOAD, content=b"nonsense")).status_code == 429
    assert (await stranger.get(f"{UPLOAD}/1")).status_code == 404


def test_a_limit_remembers_no_more_keys_than_it_may_and_forgets_the_oldest(clock: Clock) -> None:
    limit = Limit(Allowance(1, 60), clock, most_keys=2)
    assert [limit.take(key) for key in ("a", "b", "a", "c", "b", "a")] == [0, 0, 60, 0, 60, 0]


def test_a_limit_counts_any_window_exactly(clock: Clock) -> None:
    limit = Limit(Allowance(2, 60), clock)
    waits = []
    for moment in (0, 59, 59.5, 60, 60, 119, 119):
        clock.now = moment
        waits.append(limit.take("a"))
    assert waits == [0, 0, 0.5, 0, 59, 0, 1]
