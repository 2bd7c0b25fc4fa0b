"""Signing in with Discord: everything that can go wrong on the way there and back does nothing by halves."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from fastapi import FastAPI
from starlette.responses import JSONResponse

from guild_builder import RAIDER, GuildBuilder
from patt.web.context import SESSION_COOKIE
from sv_common.db.pool import Pool
from sv_common.guild_sync.simulators import GuildSimulator
from sv_common.guild_sync.simulators.faults import Fault
from web.discord_people import (
    BEGIN,
    CAPTAIN,
    NAMES,
    STRANGER,
    Visitor,
    visitor,
    with_discord,
)
from web.helpers import PAGE, Seen, application, asker, session


async def _is_refused(answer: httpx2.Response, guild: GuildBuilder, status: int, sentence: str) -> None:
    assert answer.status_code == status
    assert sentence in Seen(answer).text("content")
    assert SESSION_COOKIE not in answer.headers.get("set-cookie", "")
    assert await guild.rows("select id from common.web_sessions") == []
    assert await guild.rows("select id from common.admin_accounts") == []


@pytest.mark.parametrize("state", ["", "wrong", "é", "a" * 5000])
async def test_a_wrong_state_signs_nobody_in(captain: Visitor, guild: GuildBuilder, state: str) -> None:
    back = await captain.agree(await captain.begin())
    await _is_refused(await captain.come_back(back, state=state), guild, 401, "was started elsewhere, already used")


async def test_a_sign_in_that_was_begun_in_another_browser_signs_nobody_in(
    discord_app: FastAPI, captain: Visitor, guild: GuildBuilder
) -> None:
    back = await captain.agree(await captain.begin())
    victim = visitor(discord_app, STRANGER)
    await _is_refused(await victim.come_back(back), guild, 401, "was started elsewhere, already used")
    await victim.begin()
    await _is_refused(await victim.come_back(back), guild, 401, "was started elsewhere, already used")


async def test_a_sign_in_counts_once(captain: Visitor, guild: GuildBuilder) -> None:
    page = await captain.begin()
    cookies = dict(captain.client.cookies)
    back = await captain.agree(page)
    assert (await captain.come_back(back)).status_code == 303
    captain.client.cookies.update(cookies)
    again = await captain.come_back(back)
    assert again.status_code == 401
    assert len(await guild.rows("select id from common.web_sessions")) == 1


async def test_a_sign_in_that_took_too_long_is_none(captain: Visitor, guild: GuildBuilder) -> None:
    back = await captain.agree(await captain.begin())
    await guild.execute("update common.begun_sign_ins set expires_at = now()")
    await _is_refused(await captain.come_back(back), guild, 401, "took over ten minutes")


async def test_a_code_that_is_too_old_signs_nobody_in(
    captain: Visitor, guild: GuildBuilder, discord: GuildSimulator
) -> None:
    back = await captain.agree(await captain.begin())
    discord.discord.sign_in.forget_codes()
    await _is_refused(await captain.come_back(back), guild, 401, "it was already used or is too old")


async def test_a_code_that_was_made_up_signs_nobody_in(captain: Visitor, guild: GuildBuilder) -> None:
    back = await captain.agree(await captain.begin())
    await _is_refused(await captain.come_back(back, code="made-up"), guild, 401, "it was already used or is too old")


async def test_a_code_that_was_given_to_another_browser_is_refused_by_its_challenge(
    discord_app: FastAPI, captain: Visitor, guild: GuildBuilder
) -> None:
    stolen = parse_qs(urlsplit(await captain.agree(await captain.begin())).query)["code"][0]
    thief = visitor(discord_app, STRANGER)
    own = await thief.agree(await thief.begin())
    await _is_refused(await thief.come_back(own, code=stolen), guild, 401, "it was already used or is too old")


async def test_whoever_cancels_at_discord_is_told_that_nothing_was_done(
    discord_app: FastAPI, people: dict[str, int], guild: GuildBuilder
) -> None:
    answer = await visitor(discord_app, None).sign_in()
    await _is_refused(answer, guild, 403, "You did not allow Discord to share your name")


async def test_another_error_of_discords_is_told_without_its_words(captain: Visitor, guild: GuildBuilder) -> None:
    back = await captain.agree(await captain.begin())
    answer = await captain.come_back(back, code="", error="server_error", error_description="<b>secret</b>")
    await _is_refused(answer, guild, 403, "Discord refused the sign-in")
    assert "secret" not in answer.text


@pytest.mark.parametrize("route", ["token", "me"])
@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(lambda faults, route: faults.status(route, 500), id="500"),
        pytest.param(lambda faults, route: faults.status(route, 502), id="502"),
        pytest.param(lambda faults, route: faults.html(route), id="html"),
        pytest.param(lambda faults, route: faults.empty(route), id="empty"),
        pytest.param(lambda faults, route: faults.truncated(route), id="truncated"),
        pytest.param(lambda faults, route: faults.cut(route), id="cut"),
        pytest.param(lambda faults, route: faults.rate_limited(route, 3.0), id="429"),
        pytest.param(lambda faults, route: faults.rate_limited(route, 3.0, bare=True), id="cloudflare"),
        pytest.param(lambda faults, route: faults.json(route, []), id="list"),
        pytest.param(lambda faults, route: faults.json(route, {"id": 7}), id="other"),
    ],
)
async def test_whatever_discord_answers_nothing_is_done_by_halves(
    captain: Visitor, guild: GuildBuilder, discord: GuildSimulator, route: str, fault: object
) -> None:
    back = await captain.agree(await captain.begin())
    fault(discord.faults, route)  # type: ignore[operator]  # one of those above
    await _is_refused(await captain.come_back(back), guild, 502, "again")


async def test_a_wrong_client_secret_is_told_to_whoever_runs_patt(
    discord: GuildSimulator, people: dict[str, int], pool: Pool, guild: GuildBuilder
) -> None:
    discord.faults.add("token", Fault(JSONResponse({"error": "invalid_client"}, 401)))
    answer = await visitor(with_discord(discord, pool), CAPTAIN).sign_in()
    await _is_refused(answer, guild, 503, "checks PATT_DISCORD_CLIENT_ID and PATT_DISCORD_CLIENT_SECRET")


async def test_without_the_settings_the_page_offers_no_discord(pool: Pool) -> None:
    async with asker(application(pool)) as client:
        assert "Discord" not in Seen(await client.get("/login")).text("content")
        answer = await client.get(BEGIN)
    assert answer.status_code == 503
    assert "PATT_DISCORD_CLIENT_ID" in answer.text


async def test_a_new_sign_in_ends_the_session_that_the_browser_had(
    discord_app: FastAPI, pool: Pool, people: dict[str, int]
) -> None:
    old = await session(pool)
    async with asker(discord_app, cookies={SESSION_COOKIE: old}) as client:
        answer = await Visitor(client, CAPTAIN).sign_in()
        assert answer.headers["location"] == PAGE
        assert answer.cookies[SESSION_COOKIE] != old
    async with asker(discord_app, cookies={SESSION_COOKIE: old}) as thief:
        assert (await thief.get(PAGE)).headers["location"] == "/login"


async def test_over_tls_both_cookies_are_of_this_host_alone(
    discord: GuildSimulator, people: dict[str, int], pool: Pool
) -> None:
    secure = with_discord(discord, pool, "https://patt.test")
    async with asker(secure) as client:
        begun = await client.get(BEGIN)
    cookie = begun.headers["set-cookie"]
    assert cookie.startswith("__Host-patt_sign_in=")
    assert all(part in cookie for part in ("HttpOnly", "SameSite=lax", "Path=/", "Secure"))


async def test_what_somebody_did_is_told_by_a_name_that_no_local_account_can_have(
    captain: Visitor, guild: GuildBuilder
) -> None:
    await captain.sign_in()
    await captain.client.get(PAGE)
    rows = await guild.rows("select name, discord_id, role from common.admin_accounts")
    assert rows == [("@brisa", CAPTAIN, None)]
    assert NAMES[CAPTAIN].lower() == "brisa"


async def test_a_raider_is_nobody_here_by_default(
    discord_app: FastAPI, guild: GuildBuilder, people: dict[str, int]
) -> None:
    await guild.execute(
        "update guild_identity.wow_characters set rank_index = %(rank)s where character_name = 'Brisa'",
        {"rank": RAIDER},
    )
    assert (await visitor(discord_app, CAPTAIN).sign_in()).status_code == 403
