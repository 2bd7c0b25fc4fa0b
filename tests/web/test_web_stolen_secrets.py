"""Secrets that were planted, guessed, seen in the database or sent by a name that is not one's own open nothing."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest
import structlog
from fastapi import FastAPI

import thoroughness
from guild_builder import GuildBuilder
from patt.auth import credentials, sessions
from patt.log_setup import configure_logging
from patt.web.context import SESSION_COOKIE
from sv_common.db.pool import Pool
from web.discord_people import Visitor
from web.helpers import API, PAGE, api_token, asker, login_link, own_form, session
from web.test_web_routes import all_ways

UPLOAD = "/api/v1/guild-sync/addon-upload"
EXPORT = {"characters": [{"name": "Mito", "note": "main"}]}
PLANTED = "planted-by-somebody-else"
ELSEWHERE = "evil.test"


async def test_a_session_that_was_planted_before_signing_in_by_a_link_is_none_afterwards(
    app: FastAPI, pool: Pool, guild: GuildBuilder
) -> None:
    async with asker(app, cookies={SESSION_COOKIE: PLANTED}) as victim, asker(app) as planter:
        planter.cookies.set(SESSION_COOKIE, PLANTED)
        signed_in = await victim.post(f"/login/{await login_link(pool)}", headers=own_form(PLANTED))
        assert signed_in.status_code == 303
        given = {cookie.value for cookie in victim.cookies.jar if cookie.name == SESSION_COOKIE} - {PLANTED}
        assert len(given) == 1
        assert (await planter.get(f"{API}/rules")).status_code == 401
    assert await guild.rows("select count(*) from common.web_sessions") == [(1,)]


async def test_a_session_that_was_planted_before_signing_in_with_discord_is_none_afterwards(
    captain: Visitor, discord_app: FastAPI
) -> None:
    captain.client.cookies.set(SESSION_COOKIE, PLANTED)
    await captain.sign_in()
    async with asker(discord_app, cookies={SESSION_COOKIE: PLANTED}) as planter:
        assert (await planter.get(f"{API}/rules")).status_code == 401


async def test_somebodys_session_that_was_planted_in_another_browser_does_not_become_theirs(
    app: FastAPI, pool: Pool, guild: GuildBuilder
) -> None:
    planted = await session(pool, "mallory")
    async with asker(app, cookies={SESSION_COOKIE: planted}) as victim, asker(app) as planter:
        planter.cookies.set(SESSION_COOKIE, planted)
        signed_in = await victim.post(f"/login/{await login_link(pool, 'alice')}", headers=own_form(planted))
        assert signed_in.status_code == 303
        assert "alice" in (await victim.get(PAGE)).text
        assert "alice" not in (await planter.get(PAGE)).text


def _near(secret: str) -> Iterator[str]:
    """Return what somebody tries who knows nearly all of a secret, or what is stored of it."""
    yield from (secret[:-1], secret[1:], secret + secret[-1], secret.swapcase(), secret[::-1], "%", "", "*")
    for place in range(0, len(secret), 7):
        yield secret[:place] + ("A" if secret[place] != "A" else "B") + secret[place + 1 :]


@pytest.mark.parametrize("kind", ["session", "token", "key", "link"])
async def test_neither_a_near_guess_nor_what_the_database_holds_is_a_secret(
    patient: FastAPI, pool: Pool, guild: GuildBuilder, kind: str
) -> None:
    async with pool.connection() as conn:
        key = await credentials.create_upload_key(conn, "Mito", guild_id=guild.guild_id, created_by="test")
    secrets = {
        "session": await session(pool),
        "token": (await api_token(pool))["Authorization"].removeprefix("Bearer "),
        "key": key,
        "link": await login_link(pool),
    }
    stored = await guild.rows(
        "select token_hash from common.web_sessions union all select token_hash from common.api_tokens "
        "union all select key_hash from common.upload_keys union all select token_hash from common.login_links"
    )
    secret, tried = secrets[kind], 0
    async with asker(patient) as client:
        for guess in [*_near(secret), *(str(row[0]) for row in stored)]:
            if kind == "link" and not guess:
                continue  # that is the page of signing in
            answer = await _show(client, kind, guess)
            assert answer.status_code in (401, 404, 405), (kind, guess, answer.status_code)
            tried += 1
        assert (await _show(client, kind, secret)).status_code in (200, 202, 303)
    assert tried > 14


async def _show(client: httpx2.AsyncClient, kind: str, secret: str) -> httpx2.Response:
    match kind:
        case "session":
            return await client.get(f"{API}/rules", headers={"Cookie": f"{SESSION_COOKIE}={secret}"})
        case "token":
            return await client.get(f"{API}/rules", headers={"Authorization": f"Bearer {secret}"})
        case "key":
            return await client.post(UPLOAD, json=EXPORT, headers={"X-API-Key": secret})
        case _:
            return await client.post(f"/login/{httpx2.URL('http://x').join('/' + secret.replace('%', '%25')).path[1:]}")


async def test_an_upload_is_of_the_keys_guild_whatever_else_is_said(
    patient: FastAPI, pool: Pool, guild: GuildBuilder
) -> None:
    other = await GuildBuilder.create(pool, "Other Watch", "7001")
    async with pool.connection() as conn:
        key = await credentials.create_upload_key(conn, "Mito", guild_id=guild.guild_id, created_by="test")
        mighty = await credentials.create_upload_key(conn, "Zork", guild_id=other.guild_id, created_by="test")
    forged = {**EXPORT, "guild_id": other.guild_id, "guildId": other.guild_id, "upload_key_id": 2}
    cookie = {"Cookie": f"{SESSION_COOKIE}={await session(pool)}"}
    async with asker(patient) as client:
        for number, more in enumerate(({}, cookie, {"X-Guild": str(other.guild_id)}, await api_token(pool))):
            body = {**forged, "exportTime": 1_790_000_000 + number}
            headers = {"X-API-Key": key, **more}
            sent = await client.post(UPLOAD, params={"guild": other.guild_id}, json=body, headers=headers)
            assert sent.status_code == 202, sent.text
            number_of_it = sent.json()["upload_id"]
            assert (await client.get(f"{UPLOAD}/{number_of_it}", headers={"X-API-Key": mighty})).status_code == 404
    assert await guild.rows("select distinct guild_id from guild_identity.addon_uploads") == [(guild.guild_id,)]


async def test_no_answer_says_where_a_header_claims_that_it_is(
    patient: FastAPI, pool: Pool, troubled: GuildBuilder, theirs: dict[str, int]
) -> None:
    claims = {
        "Host": ELSEWHERE,
        "X-Forwarded-Host": ELSEWHERE,
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Server": ELSEWHERE,
        "X-Original-URL": f"https://{ELSEWHERE}/admin",
        "Forwarded": f"host={ELSEWHERE};proto=https",
    }
    asked = 0
    officers = {"Cookie": f"{SESSION_COOKIE}={await session(pool)}"}
    ways = [way for way in all_ways(patient) if way.method == "GET" and not way.path.endswith("/live")]
    for who, tried in (({}, ways), (officers, ways if thoroughness.everything() else ways[::4])):
        async with asker(patient) as client:
            for way in tried:
                answer = await way.ask(client, theirs, {**claims, **who}, troubled.guild_id)
                said = f"{answer.headers} {answer.text}"
                assert ELSEWHERE not in said, (way.path, said[:300])
                asked += 1
    assert asked > 80


async def test_a_request_that_fails_leaves_no_secret_in_the_log(
    patient: FastAPI,
    pool: Pool,
    guild: GuildBuilder,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    secrets = {"link": await login_link(pool), "session": await session(pool)}
    secrets["token"] = (await api_token(pool))["Authorization"].removeprefix("Bearer ")
    async with pool.connection() as conn:
        secrets["key"] = await credentials.create_upload_key(conn, "Mito", guild_id=guild.guild_id, created_by="test")

    async def fail(*_: object, **__: object) -> None:
        raise RuntimeError("the database is on fire")

    for each in ("redeem_login_link", "holder_of_token", "uploader_of_key"):
        monkeypatch.setattr(credentials, each, fail)
    monkeypatch.setattr(sessions, "holder", fail)
    before = structlog.get_config()
    configure_logging()
    statuses = []
    try:
        async with asker(patient) as client:
            for kind, secret in secrets.items():
                statuses.append((await _show(client, kind, secret)).status_code)
    finally:
        structlog.configure(**before)
    told = "".join(capsys.readouterr())
    assert statuses == [500] * 4
    assert told.count("the database is on fire") >= 4
    assert [kind for kind, secret in secrets.items() if secret in told] == []
