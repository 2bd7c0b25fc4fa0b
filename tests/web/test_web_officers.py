"""What gives a role, whom it lets in, and whose sessions there are: the page and the API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from guild_builder import GuildBuilder
from patt.web.context import SESSION_COOKIE
from sv_common.db.pool import Pool
from web.discord_people import CAPTAIN, FRIEND, MASTER, give, populate
from web.helpers import PAGE, Seen, application, asker, bound_session, login_link, officer, session

ROOT = "/api/v1/admin/officers"
OFFICERS = "/admin/settings/officers"


@pytest.fixture
async def people(guild: GuildBuilder) -> dict[str, int]:
    return await populate(guild)


@pytest.fixture
async def bound(app: FastAPI, pool: Pool, guild: GuildBuilder) -> AsyncIterator[httpx2.AsyncClient]:
    """An administrator of the guild alone."""
    async with officer(app, await bound_session(pool, "carol", "administrator", guild.guild_id)) as client:
        yield client


async def _set(client: httpx2.AsyncClient, **asked: str) -> httpx2.Response:
    return await client.post(f"{ROOT}/authority", json={"kind": "rank", "key": "1", "role": "officer", **asked})


async def _people(client: httpx2.AsyncClient) -> dict[str, Any]:
    listed = (await client.get(f"{ROOT}/people")).json()["items"]
    return {each["display_name"]: each for each in listed}


async def test_by_default_only_the_guilds_master_is_let_in_and_waits_for_a_word(
    alice: httpx2.AsyncClient, people: dict[str, int]
) -> None:
    mapping = (await alice.get(f"{ROOT}/authority")).json()["mapping"]
    assert [(each["key"], each["role"], each["set_by"]) for each in mapping if each["role"] != "none"] == [
        ("0", "administrator", None)
    ]
    (master,) = (await _people(alice)).values()
    assert (master["discord_id"], master["role"]) == (MASTER, None)
    assert [claim["because"] for claim in master["waiting"]] == ["Aldwyn (Guild Master)"]


async def test_a_preview_names_who_would_gain_and_changes_nothing(
    alice: httpx2.AsyncClient, people: dict[str, int], guild: GuildBuilder
) -> None:
    answer = await alice.post(f"{ROOT}/authority/preview", json={"kind": "rank", "key": "1", "role": "officer"})
    assert answer.json()["moved"] == [{"name": "Brisa", "before": None, "after": "officer"}]
    assert await guild.rows("select key from common.access_grants") == []


async def test_what_was_previewed_is_done_and_another_outcome_refused(
    alice: httpx2.AsyncClient, people: dict[str, int], guild: GuildBuilder
) -> None:
    asked = {"kind": "rank", "key": "1", "role": "officer"}
    key = (await alice.post(f"{ROOT}/authority/preview", json=asked)).json()["key"]
    await guild.execute("update guild_identity.discord_users set is_present = false where discord_id = '9002'")
    stale = await _set(alice, seen=key)
    assert (stale.status_code, stale.json()["title"]) == (409, "The data has changed")
    assert await guild.rows("select key from common.access_grants") == []
    await guild.execute("update guild_identity.discord_users set is_present = true where discord_id = '9002'")
    done = await _set(alice, seen=key)
    assert done.json()["sentence"] == "The rank Officer gives now the role officer. 1 person gained or lost by it."
    assert await guild.rows("select kind, key, role, set_by from common.access_grants") == [
        ("rank", "1", "officer", "officer alice")
    ]
    assert (await _people(alice))["Brisa"]["because"] == "Brisa (Officer)"


async def test_the_default_can_be_taken_away(alice: httpx2.AsyncClient, people: dict[str, int]) -> None:
    assert (await _set(alice, key="0", role="none")).status_code == 200
    assert await _people(alice) == {}


@pytest.mark.parametrize(
    ("asked", "status", "word"),
    [
        ({"key": "7"}, 404, "key"),
        ({"kind": "discord_role", "key": "555"}, 404, "key"),
        ({"role": "king"}, 422, "role"),
        ({"kind": "guild"}, 422, "kind"),
        ({"key": "one"}, 422, "key"),
        ({"extra": "x"}, 422, "extra"),
    ],
)
async def test_what_cannot_be_set_is_named_and_changes_nothing(
    alice: httpx2.AsyncClient,
    people: dict[str, int],
    guild: GuildBuilder,
    asked: dict[str, str],
    status: int,
    word: str,
) -> None:
    answer = await _set(alice, **asked)
    assert answer.status_code == status
    assert word in answer.text
    assert await guild.rows("select key from common.access_grants") == []


async def test_a_role_that_fixes_give_cannot_be_made_administrators(
    alice: httpx2.AsyncClient, people: dict[str, int], guild: GuildBuilder
) -> None:
    answer = await _set(alice, kind="discord_role", key="101", role="administrator")
    assert (answer.status_code, answer.json()["title"]) == (422, "This is not valid")
    assert (
        "PATT assigns the Discord role Officer by rank, so it cannot make an administrator." in answer.json()["detail"]
    )
    assert (await _set(alice, kind="discord_role", key="101", role="officer")).status_code == 200


async def test_a_word_for_a_character_makes_its_member_an_administrator(
    alice: httpx2.AsyncClient, people: dict[str, int], guild: GuildBuilder
) -> None:
    for discord_id, character in ((MASTER, people[CAPTAIN]), (FRIEND, people[MASTER]), (MASTER, 999)):
        refused = await alice.post(f"{ROOT}/confirm", json={"discord_id": discord_id, "character_id": character})
        assert refused.status_code == 404
    asked = {"discord_id": MASTER, "character_id": people[MASTER]}
    done = await alice.post(f"{ROOT}/confirm", json=asked)
    assert done.json()["sentence"] == "Confirmed: Aldwyn (Guild Master) is Aldwyn’s, who is an administrator by it."
    assert (await alice.post(f"{ROOT}/confirm", json=asked)).status_code == 200
    assert (await _people(alice))["Aldwyn"]["role"] == "administrator"
    assert await guild.rows("select confirmed_by from common.confirmed_links") == [("officer alice",)]


async def test_the_page_does_the_same_by_forms(
    alice: httpx2.AsyncClient, people: dict[str, int], guild: GuildBuilder
) -> None:
    page = Seen(await alice.get(OFFICERS))
    assert "As Aldwyn (Guild Master) they would be administrator." in page.text("content")
    fields = {"discord_id": MASTER, "character_id": str(people[MASTER])}
    await alice.post("/api/v1/admin/officers/confirm", data=fields)
    preview = await alice.get(f"{OFFICERS}/preview", params={"kind": "rank", "key": "1", "role": "officer"})
    assert "Brisa nothing officer" in Seen(preview).text("content")
    await alice.post("/api/v1/admin/officers/authority", data={"kind": "rank", "key": "1", "role": "officer"})
    told = Seen(await alice.get(OFFICERS))
    assert "The rank Officer gives now the role officer." in told.text()
    assert "Brisa @ brisa officer" in told.text("content")
    back = await alice.get(f"{OFFICERS}/preview", params={"kind": "rank", "key": "99", "role": "officer"})
    assert back.status_code == 303
    assert "the guild has no rank 99" in Seen(await alice.get(OFFICERS)).text()


async def test_an_administrator_of_one_guild_sees_and_ends_its_sessions_alone(
    alice: httpx2.AsyncClient, bound: httpx2.AsyncClient, pool: Pool, guild: GuildBuilder
) -> None:
    other = await GuildBuilder.create(pool, "Other Watch", "7001")
    await bound_session(pool, "erin", "viewer", other.guild_id)
    dave = await bound_session(pool, "dave", "viewer", guild.guild_id)
    listed = (await bound.get(f"{ROOT}/sessions")).json()["items"]
    assert [each["account"] for each in listed] == ["dave", "carol"]
    everybody = (await alice.get(f"{ROOT}/sessions")).json()["items"]
    numbers = {each["account"]: each["id"] for each in everybody}
    assert set(numbers) == {"alice", "carol", "dave", "erin"}
    assert [each["name"] for each in (await bound.get(f"{ROOT}/accounts")).json()["items"]] == ["carol", "dave"]
    for account, status in (("erin", 404), ("alice", 404), ("dave", 200)):
        assert (await bound.post(f"{ROOT}/sessions/{numbers[account]}/revoke")).status_code == status, account
    async with asker(application(pool), cookies={SESSION_COOKIE: dave}) as client:
        assert (await client.get(PAGE)).headers["location"] == "/login"
    assert (await bound.post(f"{ROOT}/authority", params={"guild": other.guild_id}, json={})).status_code in (404, 422)


async def test_everybody_sees_and_ends_their_own_sessions_and_no_others(
    app: FastAPI, pool: Pool, guild: GuildBuilder
) -> None:
    first, second = [await bound_session(pool, "vera", "viewer", guild.guild_id) for _ in range(2)]
    await session(pool)
    async with officer(app, second) as vera:
        listed = (await vera.get("/api/v1/admin/account/sessions")).json()["items"]
        assert [each["account"] for each in listed] == ["vera", "vera"]
        ((stranger,),) = await guild.rows("select max(id) from common.web_sessions")
        assert (await vera.post(f"/api/v1/admin/account/sessions/{stranger}/revoke")).status_code == 404
        page = Seen(await vera.get("/admin/account")).text("content")
        assert "You are vera , a viewer" in page
        assert "Manage access" not in page
        await vera.post(f"/api/v1/admin/account/sessions/{listed[-1]['id']}/revoke")
        assert len((await vera.get("/api/v1/admin/account/sessions")).json()["items"]) == 1
        done = await vera.post("/api/v1/admin/account/sessions/revoke-all")
        assert done.json()["sentence"] == "Signed out everywhere: 1 session ended."
        assert (await vera.get(PAGE)).headers["location"] == "/login"
    async with asker(app, cookies={SESSION_COOKIE: first}) as other:
        assert (await other.get(PAGE)).headers["location"] == "/login"


async def test_a_session_in_which_nothing_is_done_for_two_days_ends(
    alice: httpx2.AsyncClient, guild: GuildBuilder
) -> None:
    await guild.execute("update common.web_sessions set last_seen_at = now() - interval '47 hours'")
    assert (await alice.get(PAGE)).status_code == 200
    ((seen,),) = await guild.rows("select last_seen_at > now() - interval '1 minute' from common.web_sessions")
    assert seen is True
    await guild.execute("update common.web_sessions set last_seen_at = now() - interval '48 hours'")
    assert (await alice.get(PAGE)).headers["location"] == "/login"


async def test_a_role_that_a_link_takes_away_is_gone_from_running_sessions(
    app: FastAPI, pool: Pool, guild: GuildBuilder
) -> None:
    token = await session(pool, "bob")
    async with officer(app, token) as bob:
        assert (await bob.get(OFFICERS)).status_code == 200
        await bound_session(pool, "bob", "viewer", guild.guild_id)
        assert (await bob.get(OFFICERS)).status_code == 403
        await login_link(pool, "bob")
        assert (await bob.get(OFFICERS)).status_code == 403


async def test_over_tls_the_sessions_cookie_is_of_this_host_alone(pool: Pool) -> None:
    async with asker(application(pool, "https://patt.test")) as client:
        answer = await client.post(f"/login/{await login_link(pool)}")
        assert answer.headers["set-cookie"].startswith("__Host-patt_session=")
        assert "Secure" in answer.headers["set-cookie"]
        client.cookies.clear()
        value = answer.cookies["__Host-patt_session"]
        plain = await client.get(PAGE, headers={"Cookie": f"patt_session={value}"})
        assert plain.headers["location"] == "/login"
        assert (await client.get(PAGE, headers={"Cookie": f"__Host-patt_session={value}"})).status_code == 200


async def test_people_are_listed_in_pages_of_fifty(
    alice: httpx2.AsyncClient, people: dict[str, int], guild: GuildBuilder
) -> None:
    await give(guild, "rank", "3", "viewer")
    for number in range(60):
        await guild.main(f"Social{number}")
    first = (await alice.get(f"{ROOT}/people")).json()
    assert (first["pages"], first["total"], len(first["items"])) == (2, 61, 50)
    assert len((await alice.get(f"{ROOT}/people", params={"page": 2})).json()["items"]) == 11
