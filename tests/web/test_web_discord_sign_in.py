"""Signing in with Discord: who may, what they may do, and everything that can go wrong on the way there and back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from fastapi import FastAPI
from starlette.responses import JSONResponse

from guild_builder import RAIDER, GuildBuilder
from patt.deps import SESSION_COOKIE
from sv_common.db.pool import Pool
from sv_common.guild_sync.simulators import GuildSimulator, GuildWorld
from sv_common.guild_sync.simulators.faults import Fault
from web.discord_people import (
    BEGIN,
    CALLBACK,
    CAPTAIN,
    CHOICE,
    FRIEND,
    MASTER,
    NAMES,
    STRANGER,
    Visitor,
    confirm,
    give,
    populate,
    visitor,
    with_discord,
)
from web.helpers import API, PAGE, Seen, application, asker, session


@pytest.fixture(scope="module")
def served() -> Iterator[GuildSimulator]:
    with GuildSimulator(GuildWorld.seeded(7, 1)) as simulator:
        yield simulator


@pytest.fixture
def discord(served: GuildSimulator) -> GuildSimulator:
    served.load(GuildWorld.seeded(7, 1))
    return served


@pytest.fixture
def app(discord: GuildSimulator, pool: Pool) -> FastAPI:
    return with_discord(discord, pool)


@pytest.fixture
async def people(guild: GuildBuilder) -> dict[str, int]:
    """The guild with its master, an officer and a friend; officers may sign in by their rank."""
    characters = await populate(guild)
    await give(guild, "rank", "1", "officer")
    return characters


@pytest.fixture
async def captain(app: FastAPI, people: dict[str, int]) -> AsyncIterator[Visitor]:
    async with asker(app) as client:
        yield Visitor(client, CAPTAIN)


async def test_an_officer_by_rank_signs_in_and_is_named_by_what_discord_says(captain: Visitor) -> None:
    answer = await captain.sign_in()
    assert (answer.status_code, answer.headers["location"]) == (303, PAGE)
    page = Seen(await captain.client.get(PAGE))
    assert page.status == 200
    assert "@brisa officer" in page.text()


async def test_discord_is_asked_for_no_more_than_who_it_is_and_with_a_challenge(captain: Visitor) -> None:
    asked = parse_qs(urlsplit(await captain.begin()).query)
    assert asked["scope"] == ["identify"]
    assert (asked["response_type"], asked["code_challenge_method"]) == (["code"], ["S256"])
    assert asked["redirect_uri"] == [f"http://patt.test{CALLBACK}"]
    assert len(asked["state"][0]) > 40


async def test_the_token_of_discord_is_given_back_and_kept_nowhere(captain: Visitor, discord: GuildSimulator) -> None:
    await captain.sign_in()
    assert discord.discord.sign_in.tokens == {}
    assert discord.calls["revoke"] == 1


async def test_that_a_token_cannot_be_given_back_lets_nobody_wait(captain: Visitor, discord: GuildSimulator) -> None:
    discord.faults.status("revoke", 500)
    assert (await captain.sign_in()).headers["location"] == PAGE


async def test_what_an_officer_may_not_do_is_refused_with_the_reason(captain: Visitor) -> None:
    await captain.sign_in()
    answer = await captain.client.get("/admin/settings/officers")
    assert answer.status_code == 403
    assert "This is for administrators. You are signed in as @brisa, who is an officer." in Seen(answer).text()


async def test_somebody_whom_nothing_lets_in_is_told_why_and_who_can(
    app: FastAPI, people: dict[str, int], guild: GuildBuilder
) -> None:
    await confirm(guild, MASTER, people[MASTER])
    friend = visitor(app, FRIEND)
    answer = await friend.sign_in()
    told = Seen(answer).text("content")
    assert answer.status_code == 403
    assert "You are on its Discord server as Corin ." in told
    assert "These can let you in: Aldwyn ." in told
    assert SESSION_COOKIE not in friend.client.cookies
    assert await guild.rows("select id from common.admin_accounts") == []


async def test_a_stranger_learns_nothing_of_the_guilds_here(app: FastAPI, people: dict[str, int]) -> None:
    answer = await visitor(app, STRANGER).sign_in()
    assert answer.status_code == 403
    assert "You are not on the Discord server of a guild that is looked after here" in Seen(answer).text()
    assert "Lantern Watch" not in answer.text


async def test_the_guilds_master_waits_for_an_administrators_word(
    app: FastAPI, people: dict[str, int], guild: GuildBuilder
) -> None:
    answer = await visitor(app, MASTER).sign_in()
    assert answer.status_code == 403
    assert "Aldwyn (Guild Master) would make you an administrator." in Seen(answer).text()
    await confirm(guild, MASTER, people[MASTER])
    master = visitor(app, MASTER)
    await master.sign_in()
    assert (await master.client.get("/admin/settings/officers")).status_code == 200


async def test_a_word_ends_when_the_character_gets_another_player(
    app: FastAPI, people: dict[str, int], guild: GuildBuilder
) -> None:
    await confirm(guild, MASTER, people[MASTER])
    master, captain = visitor(app, MASTER), visitor(app, CAPTAIN)
    await master.sign_in()
    await captain.sign_in()
    await guild.execute("update guild_identity.players set main_character_id = null")
    await guild.execute(
        "update guild_identity.player_characters set player_id = (select player_id from "
        "guild_identity.player_characters where character_id = %(own)s) where character_id = %(masters)s",
        {"own": people[CAPTAIN], "masters": people[MASTER]},
    )
    assert (await master.client.get(PAGE)).headers["location"] == CHOICE
    assert (await captain.client.get("/admin/settings/officers")).status_code == 403


@pytest.mark.parametrize(
    "change",
    [
        "update guild_identity.wow_characters set rank_index = 3 where character_name = 'Brisa'",
        "update guild_identity.wow_characters set removed_at = now() where character_name = 'Brisa'",
        "update guild_identity.discord_users set is_present = false where discord_id = '9002'",
        "update guild_identity.players set discord_user_id = null where display_name = 'Brisa'",
        "update common.guild_authority set role = 'none'",
        "update common.guild_ranks set name_in_game = 'Treasurer' where wow_rank_index = 1",
    ],
)
async def test_whoever_loses_what_let_them_in_loses_the_session_at_once(
    captain: Visitor, guild: GuildBuilder, change: str
) -> None:
    await captain.sign_in()
    assert (await captain.client.get(PAGE)).status_code == 200
    await guild.execute(change)
    page = await captain.client.get(PAGE)
    assert (page.status_code, page.headers["location"]) == (303, CHOICE)
    assert (await captain.client.get(f"{API}/rules")).status_code == 403
    why = await captain.client.get(CHOICE)
    assert why.status_code == 403
    assert "You may not look at these pages yet" in why.text


async def test_a_demotion_to_viewer_takes_the_buttons_and_what_they_do(
    captain: Visitor, guild: GuildBuilder, discord: GuildSimulator
) -> None:
    await captain.sign_in()
    session_ = captain.client.cookies[SESSION_COOKIE]
    assert "Run all scans" in (await captain.client.get(PAGE)).text
    await give(guild, "rank", "1", "viewer")
    page = await captain.client.get(PAGE)
    assert page.status_code == 200
    assert "Run all scans" not in page.text
    refused = await captain.post(f"{API}/scan", session_)
    assert refused.status_code == 403
    assert refused.json()["detail"] == "This is for officers. You are signed in as @brisa, who is a viewer."


async def test_the_strongest_of_several_roles_counts(app: FastAPI, people: dict[str, int], guild: GuildBuilder) -> None:
    await give(guild, "discord_role", "900", "viewer")
    await guild.execute("update guild_identity.discord_users set all_guild_roles = '{900}' where discord_id = '9002'")
    captain = visitor(app, CAPTAIN)
    await captain.sign_in()
    assert "@brisa officer" in Seen(await captain.client.get(PAGE)).text()
    friend = visitor(app, FRIEND)
    await friend.sign_in()
    assert "@corin viewer" in Seen(await friend.client.get(PAGE)).text()


async def test_a_role_that_fixes_give_makes_nobody_an_administrator(
    app: FastAPI, people: dict[str, int], guild: GuildBuilder
) -> None:
    await give(guild, "discord_role", "900", "administrator")
    await guild.execute(
        "update common.guild_ranks set discord_role_id = '900', is_role_managed = true where wow_rank_index = 2"
    )
    friend = visitor(app, FRIEND)
    await friend.sign_in()
    assert "@corin officer" in Seen(await friend.client.get(PAGE)).text()


async def test_a_bot_is_nobody_who_signs_in(app: FastAPI, people: dict[str, int], guild: GuildBuilder) -> None:
    await guild.execute("update guild_identity.discord_users set is_bot = true where discord_id = '9002'")
    assert (await visitor(app, CAPTAIN).sign_in()).status_code == 403


# Several guilds


@pytest.fixture
async def other(pool: Pool, people: dict[str, int]) -> GuildBuilder:
    """A second guild, in which the officer of the first may look."""
    other = await GuildBuilder.create(pool, "Other Watch", "7001")
    await populate(other)
    await give(other, "rank", "1", "viewer")
    return other


async def test_whoever_is_in_several_guilds_chooses_one_and_sees_that_alone(
    captain: Visitor, other: GuildBuilder, guild: GuildBuilder
) -> None:
    answer = await captain.sign_in()
    assert answer.headers["location"] == CHOICE
    assert (await captain.client.get(PAGE)).headers["location"] == CHOICE
    choice = Seen(await captain.client.get(CHOICE)).text("content")
    assert "Lantern Watch officer" in choice
    assert "Other Watch viewer" in choice
    before = captain.client.cookies[SESSION_COOKIE]
    chosen = await captain.post(CHOICE, before, guild=str(other.guild_id))
    assert (chosen.status_code, chosen.headers["location"]) == (303, PAGE)
    assert captain.client.cookies[SESSION_COOKIE] != before
    page = Seen(await captain.client.get(PAGE))
    assert "@brisa viewer" in page.text()
    assert "Lantern Watch" not in page.text("content")
    assert (await captain.client.get(PAGE, params={"guild": guild.guild_id})).status_code == 404
    switch = await captain.client.get(CHOICE)
    assert switch.status_code == 200
    await captain.post(CHOICE, captain.client.cookies[SESSION_COOKIE], guild=str(guild.guild_id))
    assert "@brisa officer" in Seen(await captain.client.get(PAGE)).text()


async def test_a_guild_in_which_one_may_do_nothing_cannot_be_chosen(
    captain: Visitor, other: GuildBuilder, guild: GuildBuilder
) -> None:
    await captain.sign_in()
    await give(other, "rank", "1", "none")
    for wanted in (str(other.guild_id), "999", "", "x"):
        answer = await captain.post(CHOICE, captain.client.cookies[SESSION_COOKIE], guild=wanted)
        assert answer.status_code == 422, wanted
    assert await guild.rows("select guild_id from common.web_sessions") == [(None,)]


async def test_the_old_secret_of_a_session_is_of_no_use_after_a_change_of_guild(
    app: FastAPI, captain: Visitor, other: GuildBuilder
) -> None:
    await captain.sign_in()
    before = captain.client.cookies[SESSION_COOKIE]
    await captain.post(CHOICE, before, guild=str(other.guild_id))
    async with asker(app, cookies={SESSION_COOKIE: before}) as thief:
        assert (await thief.get(PAGE)).headers["location"] == "/login"


# What can go wrong


async def _is_refused(answer: httpx2.Response, guild: GuildBuilder, status: int, sentence: str) -> None:
    assert answer.status_code == status
    assert sentence in Seen(answer).text("content")
    assert SESSION_COOKIE not in answer.headers.get("set-cookie", "")
    assert await guild.rows("select id from common.web_sessions") == []
    assert await guild.rows("select id from common.admin_accounts") == []


@pytest.mark.parametrize("state", ["", "wrong", "é", "a" * 5000])
async def test_a_wrong_state_signs_nobody_in(captain: Visitor, guild: GuildBuilder, state: str) -> None:
    back = await captain.agree(await captain.begin())
    await _is_refused(await captain.come_back(back, state=state), guild, 401, "was not begun in this browser")


async def test_a_sign_in_that_was_begun_in_another_browser_signs_nobody_in(
    app: FastAPI, captain: Visitor, guild: GuildBuilder
) -> None:
    back = await captain.agree(await captain.begin())
    victim = visitor(app, STRANGER)
    await _is_refused(await victim.come_back(back), guild, 401, "was not begun in this browser")
    await victim.begin()
    await _is_refused(await victim.come_back(back), guild, 401, "was not begun in this browser")


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
    await guild.execute("update common.discord_sign_ins set expires_at = now()")
    await _is_refused(await captain.come_back(back), guild, 401, "took longer than ten minutes")


async def test_a_code_that_is_too_old_signs_nobody_in(
    captain: Visitor, guild: GuildBuilder, discord: GuildSimulator
) -> None:
    back = await captain.agree(await captain.begin())
    discord.discord.sign_in.forget_codes()
    await _is_refused(await captain.come_back(back), guild, 401, "it was used, or it is too old")


async def test_a_code_that_was_made_up_signs_nobody_in(captain: Visitor, guild: GuildBuilder) -> None:
    back = await captain.agree(await captain.begin())
    await _is_refused(await captain.come_back(back, code="made-up"), guild, 401, "it was used, or it is too old")


async def test_a_code_that_was_given_to_another_browser_is_refused_by_its_challenge(
    app: FastAPI, captain: Visitor, guild: GuildBuilder
) -> None:
    stolen = parse_qs(urlsplit(await captain.agree(await captain.begin())).query)["code"][0]
    thief = visitor(app, STRANGER)
    own = await thief.agree(await thief.begin())
    await _is_refused(await thief.come_back(own, code=stolen), guild, 401, "it was used, or it is too old")


async def test_whoever_cancels_at_discord_is_told_that_nothing_was_done(
    app: FastAPI, people: dict[str, int], guild: GuildBuilder
) -> None:
    answer = await visitor(app, None).sign_in()
    await _is_refused(answer, guild, 403, "You have not allowed Discord to say who you are")


async def test_another_error_of_discords_is_told_without_its_words(captain: Visitor, guild: GuildBuilder) -> None:
    back = await captain.agree(await captain.begin())
    answer = await captain.come_back(back, code="", error="server_error", error_description="<b>secret</b>")
    await _is_refused(answer, guild, 403, "Discord did not let you in")
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


async def test_an_address_that_begins_too_many_sign_ins_has_to_wait(captain: Visitor) -> None:
    for _ in range(60):
        assert (await captain.client.get(BEGIN)).status_code == 303
    answer = await captain.client.get(BEGIN)
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0


async def test_a_new_sign_in_ends_the_session_that_the_browser_had(
    app: FastAPI, pool: Pool, people: dict[str, int]
) -> None:
    old = await session(pool)
    async with asker(app, cookies={SESSION_COOKIE: old}) as client:
        answer = await Visitor(client, CAPTAIN).sign_in()
        assert answer.headers["location"] == PAGE
        assert answer.cookies[SESSION_COOKIE] != old
    async with asker(app, cookies={SESSION_COOKIE: old}) as thief:
        assert (await thief.get(PAGE)).headers["location"] == "/login"


async def test_over_tls_both_cookies_are_of_this_host_alone(
    discord: GuildSimulator, people: dict[str, int], pool: Pool
) -> None:
    app = with_discord(discord, pool, "https://patt.test")
    async with asker(app) as client:
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


async def test_a_raider_is_nobody_here_by_default(app: FastAPI, guild: GuildBuilder, people: dict[str, int]) -> None:
    await guild.execute(
        "update guild_identity.wow_characters set rank_index = %(rank)s where character_name = 'Brisa'",
        {"rank": RAIDER},
    )
    assert (await visitor(app, CAPTAIN).sign_in()).status_code == 403
