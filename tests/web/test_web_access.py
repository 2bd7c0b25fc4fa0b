"""Who gets in: nobody without a session or a token, and each of those no further than it goes."""

from __future__ import annotations

import httpx2
import pytest
from fastapi import FastAPI

from guild_builder import GuildBuilder
from patt.auth import credentials
from patt.web.context import SESSION_COOKIE
from sv_common.db.pool import Pool
from sv_common.guild_sync.core.errors import BadInput, NotFound
from web.helpers import API, PAGE, House, api_token, asker, issue_number, login_link, own_form, session


@pytest.mark.parametrize("path", ["/api", "/api/v1", "/api/v1/admin/nothing", f"{API}/", "/api//v1"])
async def test_the_api_answers_401_even_where_there_is_nothing(visitor: httpx2.AsyncClient, path: str) -> None:
    answer = await visitor.get(path)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == 401


async def test_a_strange_host_header_opens_nothing(visitor: httpx2.AsyncClient) -> None:
    answer = await visitor.get(f"{API}/rules", headers={"Host": "patt.test/login?"})
    assert answer.status_code == 401


@pytest.mark.parametrize("path", ["/admin", "/admin/", PAGE, f"{PAGE}/issues/1", "/admin/nothing"])
async def test_a_page_leads_to_the_sign_in(visitor: httpx2.AsyncClient, path: str) -> None:
    answer = await visitor.get(path)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    page = await visitor.get("/login")
    assert page.status_code == 200
    assert "patt admin link" in page.text


async def test_only_hashes_are_stored(pool: Pool, guild: GuildBuilder) -> None:
    link, token = await login_link(pool), await session(pool)
    stored = await guild.rows(
        "select token_hash from common.login_links union all select token_hash from common.web_sessions"
    )
    assert len(stored) == 3
    assert {link, token}.isdisjoint(row[0] for row in stored)


async def test_signing_out_ends_the_session(app: FastAPI, alice: httpx2.AsyncClient) -> None:
    stolen = alice.cookies[SESSION_COOKIE]
    answer = await alice.post("/logout")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    async with asker(app, cookies={SESSION_COOKIE: stolen}) as thief:
        assert (await thief.get(PAGE)).status_code == 303


async def test_signing_out_everywhere_ends_all_sessions_of_that_person_alone(
    app: FastAPI, alice: httpx2.AsyncClient, pool: Pool
) -> None:
    elsewhere, bob = await session(pool), await session(pool, "bob")
    answer = await alice.post("/logout/everywhere")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    for token, status in ((elsewhere, 303), (bob, 200)):
        async with asker(app, cookies={SESSION_COOKIE: token}) as client:
            assert (await client.get(PAGE)).status_code == status


async def test_a_token_of_the_metrics_opens_nothing_else(
    anonymous: httpx2.AsyncClient, pool: Pool, guild: GuildBuilder
) -> None:
    async with pool.connection() as conn:
        token = await credentials.create_api_token(conn, "prometheus", scope="metrics", created_by="test")
    headers = {"Authorization": f"Bearer {token}"}
    assert (await anonymous.get("/metrics", headers=headers)).status_code == 200
    assert (await anonymous.get(f"{API}/rules", headers=headers)).status_code == 401
    assert (await anonymous.post(f"{API}/scan", headers=headers)).status_code == 401


async def test_an_old_session_is_none(alice: httpx2.AsyncClient, guild: GuildBuilder) -> None:
    await guild.execute("update common.web_sessions set expires_at = now()")
    assert (await alice.get(PAGE)).status_code == 303
    assert (await alice.get(f"{API}/rules")).status_code == 401


async def test_a_token_opens_the_api_and_no_page(
    anonymous: httpx2.AsyncClient, pool: Pool, troubled: GuildBuilder
) -> None:
    headers = await api_token(pool)
    assert (await anonymous.get(f"{API}/rules", headers=headers)).status_code == 200
    assert (await anonymous.get(PAGE, headers=headers)).status_code == 303
    await anonymous.post(f"{API}/fix/{await issue_number(troubled, 'orphan_wow', 'Newalt')}", headers=headers)
    assert await troubled.rows("select actor from guild_identity.fix_attempts") == [("token robot",)]


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Bearer nonsense", "Basic YTpi", "nonsense"])
async def test_a_wrong_token_opens_nothing(visitor: httpx2.AsyncClient, header: str) -> None:
    answer = await visitor.get(f"{API}/rules", headers={"Authorization": header})
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


async def test_a_revoked_token_opens_nothing(anonymous: httpx2.AsyncClient, pool: Pool, guild: GuildBuilder) -> None:
    headers = await api_token(pool)
    ((token_id,),) = await guild.rows("select id from common.api_tokens")
    async with pool.connection() as conn:
        assert await credentials.revoke_api_token(conn, token_id) is True
        assert await credentials.revoke_api_token(conn, token_id) is False
    assert (await anonymous.get(f"{API}/rules", headers=headers)).status_code == 401


async def test_the_use_of_a_token_is_noted_at_most_once_a_minute(pool: Pool, guild: GuildBuilder) -> None:
    token = (await api_token(pool))["Authorization"].removeprefix("Bearer ")
    seen = []
    for _ in range(3):
        async with pool.connection() as conn:
            assert await credentials.holder_of_token(conn, token) is not None
        seen += await guild.rows("select last_used_at from common.api_tokens")
        if len(seen) == 2:
            await guild.execute("update common.api_tokens set last_used_at = last_used_at - interval '61 seconds'")
    assert seen[0] == seen[1]
    assert seen[2] > seen[1]


async def test_a_token_needs_a_name_and_a_guild_that_exists(pool: Pool) -> None:
    async with pool.connection() as conn:
        with pytest.raises(BadInput):
            await credentials.create_api_token(conn, " ", created_by="test")
    with pytest.raises(NotFound):
        async with pool.connection() as conn:
            await credentials.create_api_token(conn, "robot", guild_id=99, created_by="test")


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.test"},
        {"Origin": "null"},
        {"Origin": "http://patt.test.evil.test"},
        {"Origin": "http://patt.test", "Sec-Fetch-Site": "cross-site"},
    ],
)
async def test_a_page_of_another_site_cannot_use_the_session(house: House, headers: dict[str, str]) -> None:
    number = await issue_number(house.guild, "orphan_wow", "Newalt")
    async with asker(house.app, cookies={SESSION_COOKIE: house.session}, headers=headers) as client:
        for path in (f"{API}/fix/{number}", "/logout"):
            answer = await client.post(path)
            assert answer.status_code == 403, path
        assert (await client.get(PAGE)).status_code == 200
    assert await house.guild.rows("select id from guild_identity.fix_attempts") == []


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "same-origin"}, {"Origin": "http://patt.test"}, {"Origin": "HTTP://PATT.TEST"}, {}]
)
async def test_a_page_of_this_site_can(house: House, headers: dict[str, str]) -> None:
    headers = {**headers, **own_form(house.session)}
    async with asker(house.app, cookies={SESSION_COOKIE: house.session}, headers=headers) as client:
        answer = await client.post(f"{API}/fix/999999")
    assert answer.status_code == 404
