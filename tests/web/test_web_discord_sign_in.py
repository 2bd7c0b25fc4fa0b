"""Signing in with Discord: who may, what they may do, and how soon they may not any more."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi import FastAPI

from guild_builder import GuildBuilder
from patt.web.context import SESSION_COOKIE
from sv_common.db.pool import Pool
from sv_common.guild_sync.simulators import GuildSimulator
from web.discord_people import (
    CALLBACK,
    CAPTAIN,
    CHOICE,
    FRIEND,
    MASTER,
    STRANGER,
    Visitor,
    confirm,
    give,
    populate,
    visitor,
)
from web.helpers import API, PAGE, Seen, asker


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
    assert "This is for administrators. You are signed in as @brisa, an officer." in Seen(answer).text()


async def test_somebody_whom_nothing_lets_in_is_told_why_and_who_can(
    discord_app: FastAPI, people: dict[str, int], guild: GuildBuilder
) -> None:
    await confirm(guild, MASTER, people[MASTER])
    friend = visitor(discord_app, FRIEND)
    answer = await friend.sign_in()
    told = Seen(answer).text("content")
    assert answer.status_code == 403
    assert "You are on its Discord server as Corin ." in told
    assert "These people can give you access: Aldwyn ." in told
    assert SESSION_COOKIE not in friend.client.cookies
    assert await guild.rows("select id from common.admin_accounts") == []


async def test_a_stranger_learns_nothing_of_the_guilds_here(discord_app: FastAPI, people: dict[str, int]) -> None:
    answer = await visitor(discord_app, STRANGER).sign_in()
    assert answer.status_code == 403
    assert "You are not on the Discord server of a guild that uses PATT here" in Seen(answer).text()
    assert "Lantern Watch" not in answer.text


async def test_the_guilds_master_waits_for_an_administrators_word(
    discord_app: FastAPI, people: dict[str, int], guild: GuildBuilder
) -> None:
    answer = await visitor(discord_app, MASTER).sign_in()
    assert answer.status_code == 403
    assert "Aldwyn (Guild Master) would make you an administrator." in Seen(answer).text()
    await confirm(guild, MASTER, people[MASTER])
    master = visitor(discord_app, MASTER)
    await master.sign_in()
    assert (await master.client.get("/admin/settings/officers")).status_code == 200


async def test_a_word_ends_when_the_character_gets_another_player(
    discord_app: FastAPI, people: dict[str, int], guild: GuildBuilder
) -> None:
    await confirm(guild, MASTER, people[MASTER])
    master, captain = visitor(discord_app, MASTER), visitor(discord_app, CAPTAIN)
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
        "update common.access_grants set role = 'none'",
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
    assert "No access yet" in why.text


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
    assert refused.json()["detail"] == "This is for officers. You are signed in as @brisa, a viewer."


async def test_the_strongest_of_several_roles_counts(
    discord_app: FastAPI, people: dict[str, int], guild: GuildBuilder
) -> None:
    await give(guild, "discord_role", "900", "viewer")
    await guild.execute("update guild_identity.discord_users set all_guild_roles = '{900}' where discord_id = '9002'")
    captain = visitor(discord_app, CAPTAIN)
    await captain.sign_in()
    assert "@brisa officer" in Seen(await captain.client.get(PAGE)).text()
    friend = visitor(discord_app, FRIEND)
    await friend.sign_in()
    assert "@corin viewer" in Seen(await friend.client.get(PAGE)).text()


async def test_a_role_that_fixes_give_makes_nobody_an_administrator(
    discord_app: FastAPI, people: dict[str, int], guild: GuildBuilder
) -> None:
    await give(guild, "discord_role", "900", "administrator")
    await guild.execute(
        "update common.guild_ranks set discord_role_id = '900', is_role_managed = true where wow_rank_index = 2"
    )
    friend = visitor(discord_app, FRIEND)
    await friend.sign_in()
    assert "@corin officer" in Seen(await friend.client.get(PAGE)).text()


async def test_a_bot_is_nobody_who_signs_in(discord_app: FastAPI, people: dict[str, int], guild: GuildBuilder) -> None:
    await guild.execute("update guild_identity.discord_users set is_bot = true where discord_id = '9002'")
    assert (await visitor(discord_app, CAPTAIN).sign_in()).status_code == 403


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
    discord_app: FastAPI, captain: Visitor, other: GuildBuilder
) -> None:
    await captain.sign_in()
    before = captain.client.cookies[SESSION_COOKIE]
    await captain.post(CHOICE, before, guild=str(other.guild_id))
    async with asker(discord_app, cookies={SESSION_COOKIE: before}) as thief:
        assert (await thief.get(PAGE)).headers["location"] == "/login"
