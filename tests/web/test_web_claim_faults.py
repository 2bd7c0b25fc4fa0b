"""Every fault of signing in with Battle.net ends in a sentence, changes nothing, and shows nothing of what it was given."""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
import structlog
from fastapi import FastAPI
from psycopg import sql
from starlette.responses import JSONResponse, StreamingResponse

from guild_builder import GuildBuilder
from sv_common.db.pool import Pool
from sv_common.guild_sync.simulators import GuildSimulator
from sv_common.guild_sync.simulators.faults import Fault, Faults
from sv_common.guild_sync.sources.battlenet import sign_in
from web.claimers import ACCOUNT_OF_CORIN, CLAIM, DARA, TO_BATTLE_NET, Claimer, People, claim_app, claimer
from web.helpers import Seen

READING = ("token", "userinfo", "account")
"""The routes of Battle.net that a sign-in reads."""


async def _is_refused(answer: httpx2.Response, here: People, status: int, sentence: str) -> None:
    """Nothing was read, nothing was linked, and the page says why."""
    assert answer.status_code == status, Seen(answer).text("content")
    assert sentence in Seen(answer).text("content")
    for query in (
        "select discord_user_id from guild_identity.claim_readings",
        "select id from guild_identity.claims",
        "select id from guild_identity.players",
        "select id from guild_identity.fix_attempts",
    ):
        assert await here.guild.rows(query) == []


@pytest.fixture
async def known(corin: Claimer) -> Claimer:
    """A member who has said who they are."""
    await corin.say_who()
    return corin


async def test_a_person_who_cancels_is_told_that_nothing_was_changed(known: Claimer, here: People) -> None:
    back = await known.cancel(await known.begin())
    await _is_refused(await known.come_back(back), here, 403, "You canceled at Battle.net. Nothing was changed.")


async def test_another_error_is_told_without_its_words(known: Claimer, here: People) -> None:
    back = await known.agree(await known.begin())
    answer = await known.come_back(back, code="", error="server_error", error_description="<b>secret</b>")
    await _is_refused(answer, here, 403, "Battle.net refused the sign-in.")
    assert "secret" not in answer.text


@pytest.mark.parametrize("state", ["", "wrong", "é", "a" * 5000])
async def test_a_wrong_state_proves_nothing(known: Claimer, here: People, state: str) -> None:
    back = await known.agree(await known.begin())
    await _is_refused(await known.come_back(back, state=state), here, 401, "was started elsewhere, already used")


async def test_a_state_that_took_too_long_proves_nothing(known: Claimer, here: People) -> None:
    back = await known.agree(await known.begin())
    await here.guild.execute("update common.begun_sign_ins set expires_at = now()")
    await _is_refused(await known.come_back(back), here, 401, "took over ten minutes")


async def test_a_state_counts_once(known: Claimer, here: People) -> None:
    page = await known.begin()
    cookies = dict(known.client.cookies)
    back = await known.agree(page)
    assert (await known.come_back(back)).status_code == 303
    await known.post("forget")
    known.client.cookies.update(cookies)
    await _is_refused(await known.come_back(back), here, 401, "was started elsewhere, already used")


async def test_a_sign_in_of_another_member_is_not_taken_for_ones_own(
    claiming: FastAPI, known: Claimer, here: People
) -> None:
    back = await known.agree(await known.begin())
    victim = claimer(claiming, DARA)
    await victim.say_who()
    await _is_refused(await victim.come_back(back), here, 401, "was started elsewhere, already used")
    for name, value in known.client.cookies.items():
        if "sign_in" in name:
            victim.client.cookies.set(name, value)
    await _is_refused(await victim.come_back(back), here, 401, "was started elsewhere, already used")


async def test_a_sign_in_for_the_admin_pages_is_none_for_battle_net(known: Claimer, here: People) -> None:
    begun = await known.client.get("/login/discord")
    state = parse_qs(urlsplit(begun.headers["location"]).query)["state"][0]
    answer = await known.client.get("/claim/battlenet/callback", params={"state": state, "code": "x"})
    await _is_refused(answer, here, 401, "was started elsewhere, already used")


async def test_a_member_whose_hour_is_over_starts_again(known: Claimer, here: People) -> None:
    back = await known.agree(await known.begin())
    await here.guild.execute("delete from common.claim_sessions")
    await _is_refused(await known.come_back(back), here, 401, "Your hour here is over.")


async def test_a_code_that_was_used_or_is_too_old_proves_nothing(
    known: Claimer, here: People, discord: GuildSimulator
) -> None:
    back = await known.agree(await known.begin())
    discord.battlenet.sign_in.forget_codes()
    await _is_refused(await known.come_back(back), here, 403, "it was already used or is too old")


async def test_a_code_of_another_browser_is_refused_by_its_challenge(
    claiming: FastAPI, known: Claimer, here: People
) -> None:
    stolen = parse_qs(urlsplit(await known.agree(await known.begin())).query)["code"][0]
    thief = claimer(claiming, DARA)
    await thief.say_who()
    own = await thief.agree(await thief.begin())
    await _is_refused(await thief.come_back(own, code=stolen), here, 403, "it was already used or is too old")


async def test_an_address_that_is_not_registered_never_comes_back(
    discord: GuildSimulator, pool: Pool, here: People
) -> None:
    corin = claimer(claim_app(discord, pool))
    discord.battlenet.sign_in.redirect_urls = ["http://patt.test/another"]
    await corin.say_who()
    async with httpx2.AsyncClient(trust_env=False) as http:
        answer = await http.get(await corin.begin())
    assert (answer.status_code, "callback URL is not valid" in answer.text) == (400, True)


@pytest.mark.parametrize("code", ["invalid_client", "unauthorized"])
async def test_a_wrong_client_secret_is_told_to_the_person_who_runs_patt(
    known: Claimer, here: People, discord: GuildSimulator, code: str
) -> None:
    back = await known.agree(await known.begin())
    discord.faults.add("token", Fault(JSONResponse({"error": code}, 401)))
    await _is_refused(await known.come_back(back), here, 503, "checks PATT_BLIZZARD_CLIENT_ID")


@pytest.mark.parametrize("forgets_scope", [False, True])
async def test_an_unticked_box_is_named(
    known: Claimer, here: People, discord: GuildSimulator, *, forgets_scope: bool
) -> None:
    discord.battlenet.sign_in.forgets_scope = forgets_scope
    answer = await known.prove(allows_profile="no")
    await _is_refused(answer, here, 403, "leave the box “World of Warcraft profile” ticked")
    assert discord.battlenet.sign_in.tokens == {}


async def test_a_token_without_a_scope_in_its_answer_is_good_where_the_characters_come(
    known: Claimer, discord: GuildSimulator
) -> None:
    discord.battlenet.sign_in.forgets_scope = True
    assert (await known.prove()).status_code == 303


@pytest.mark.parametrize("region", ["eu", "us"])
async def test_an_account_without_characters_in_the_region_is_told_so(
    known: Claimer, here: People, region: str
) -> None:
    characters = [here.characters["Odo"]] if region == "eu" else []
    here.give(ACCOUNT_OF_CORIN, "Corin#1234", characters, region=region)
    await _is_refused(await known.prove(), here, 409, "no World of Warcraft characters in the guild’s region (US)")


async def test_an_account_without_characters_in_the_guild_is_told_so(known: Claimer, here: People) -> None:
    here.give(ACCOUNT_OF_CORIN, "Corin#1234", [here.characters["Wanderer"]])
    assert (await known.prove()).status_code == 303
    assert "None of the characters of this Battle.net account is in Lantern Watch" in (await known.look()).text(
        "content"
    )


_BROKEN = {
    "500": lambda faults, route: faults.status(route, 500),
    "503": lambda faults, route: faults.status(route, 503),
    "404": lambda faults, route: faults.status(route, 404),
    "html": lambda faults, route: faults.html(route),
    "empty": lambda faults, route: faults.empty(route),
    "truncated": lambda faults, route: faults.truncated(route),
    "cut": lambda faults, route: faults.cut(route),
    "429": lambda faults, route: faults.rate_limited(route, 3.0, bare=True),
    "list": lambda faults, route: faults.json(route, []),
    "number": lambda faults, route: faults.json(route, 7),
    "other": lambda faults, route: faults.json(route, {"id": "seven", "wow_accounts": 3}),
    "huge": lambda faults, route: faults.json(route, {"wow_accounts": "x" * 9 * 2**20}),
}


@pytest.mark.parametrize("route", READING)
@pytest.mark.parametrize("fault", _BROKEN)
async def test_whatever_battle_net_answers_nothing_is_done_by_halves(
    known: Claimer, here: People, discord: GuildSimulator, route: str, fault: str
) -> None:
    back = await known.agree(await known.begin())
    _BROKEN[fault](discord.faults, route)
    answer = await known.come_back(back)
    await _is_refused(answer, here, 502, "")
    assert Seen(answer).text("content").split("Which characters")[0].strip()
    assert discord.battlenet.sign_in.tokens.keys() <= (
        {*discord.battlenet.sign_in.given} if route == "token" else set()
    )


def _hang(faults: Faults, route: str) -> None:
    faults.slow(route, 5)


def _trickle(faults: Faults, route: str) -> None:
    async def drops() -> AsyncIterator[bytes]:
        for _ in range(50):
            yield b" "
            await asyncio.sleep(0.1)

    faults.add(route, Fault(StreamingResponse(drops(), media_type="application/json")))


@pytest.mark.parametrize("route", READING)
@pytest.mark.parametrize("slowness", [_hang, _trickle])
async def test_an_answer_that_does_not_end_is_not_waited_for(
    known: Claimer,
    here: People,
    discord: GuildSimulator,
    monkeypatch: pytest.MonkeyPatch,
    route: str,
    slowness: object,
) -> None:
    monkeypatch.setattr(sign_in, "LONGEST_SIGN_IN", 0.4)
    back = await known.agree(await known.begin())
    slowness(discord.faults, route)  # type: ignore[operator]  # one of the two above
    await _is_refused(await known.come_back(back), here, 502, "Battle.net did not respond.")


async def test_a_character_list_longer_than_any_is_not_believed(known: Claimer, here: People) -> None:
    many = [here.on_battle_net(f"Clone{number}", number) for number in range(2001)]
    here.give(ACCOUNT_OF_CORIN, "Corin#1234", many)
    await _is_refused(await known.prove(), here, 502, "does not have the documented shape")


async def test_that_a_token_cannot_be_revoked_lets_nobody_wait(known: Claimer, discord: GuildSimulator) -> None:
    discord.faults.status("user_revoke", 500)
    assert (await known.prove()).status_code == 303


async def test_a_stranger_to_the_guild_gets_no_session(
    discord: GuildSimulator, pool: Pool, guild: GuildBuilder
) -> None:
    corin = claimer(claim_app(discord, pool))
    answer = await corin.say_who()
    assert answer.status_code == 403
    assert "You are not on the Discord server of a guild that uses PATT here." in Seen(answer).text("content")
    assert await guild.rows("select * from common.claim_sessions") == []
    assert (await corin.client.get(TO_BATTLE_NET)).headers["location"] == CLAIM


async def test_nothing_of_code_token_or_battletag_is_in_database_logs_or_pages(
    known: Claimer, here: People, discord: GuildSimulator
) -> None:
    logs = io.StringIO()
    handler = logging.StreamHandler(logs)
    handler.addFilter(_is_of_the_application)
    logging.getLogger().addHandler(handler)
    logging.getLogger().setLevel(logging.DEBUG)
    pages = []
    try:
        with structlog.testing.capture_logs() as told:
            discord.faults.status("user_revoke", 500)
            for fault in (None, "userinfo", "account"):
                back = await known.agree(await known.begin())
                if fault:
                    discord.faults.json(fault, {"wow_accounts": 7})
                pages.append((await known.come_back(back)).text)
            pages.append((await known.client.get(CLAIM)).text)
            await known.confirm(here.rows["Odo"])
            pages.append((await known.client.get(CLAIM)).text)
    finally:
        logging.getLogger().removeHandler(handler)
        logging.getLogger().setLevel(logging.WARNING)
    secrets = [*discord.battlenet.sign_in.given, "Corin#1234", str(ACCOUNT_OF_CORIN)]
    assert len(secrets) == 8
    everything = {
        "database": await _all_rows(here.guild),
        "logs": f"{logs.getvalue()}{told}",
        "pages": "".join(pages),
    }
    assert ("Odo" in everything["database"], "battlenet/userinfo" in everything["logs"]) == (True, True)
    assert [(where, secret) for where, text in everything.items() for secret in secrets if secret in text] == []


def _is_of_the_application(record: logging.LogRecord) -> bool:
    """Whether neither the browser of this test nor the simulated Battle.net says so."""
    return record.name != "uvicorn.access" and "patt.test" not in record.getMessage()


async def _all_rows(guild: GuildBuilder) -> str:
    """Return every row of every table of the database as text."""
    tables = await guild.rows(
        "select schemaname, tablename from pg_tables where schemaname in ('common', 'guild_identity', 'jobs')"
    )
    found = []
    async with guild.pool.connection() as conn:
        for schema, table in tables:
            query = sql.SQL("select t::text from {} t").format(sql.Identifier(schema, table))
            found += [row for (row,) in await (await conn.execute(query)).fetchall()]
    return "\n".join(found)
