"""Whether a link by the same account lets somebody in, who that is, and what the pages say about it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, LiteralString

import httpx2
import pytest
from fastapi import FastAPI

from guild_builder import OFFICER, SOCIAL, GuildBuilder
from patt.bootstrap import Services
from patt.web.context import SESSION_COOKIE
from sv_common.db.pool import Pool
from sv_common.guild_sync.core.keyed_hash import InstallationSecret
from sv_common.guild_sync.identity.accounts.decisions import ShareAccount
from sv_common.guild_sync.sources.ports import Sources
from web.discord_people import CAPTAIN, MASTER, Visitor, confirm, give, populate, visitor
from web.helpers import (
    API,
    BASE_URL,
    PAGE,
    PLAYERS_API,
    Seen,
    application,
    bound_session,
    made,
    officer,
    own_form,
    settings,
)

PEOPLE = "/api/v1/admin/officers/people"
SETTINGS = "/admin/settings/accounts"
CHANGES = "/api/v1/admin/settings/changes"
SECRET = InstallationSecret("a random text of more than 32 characters")
_SET: LiteralString = "update guild_identity.account_settings set gives_rights = true"
_NOT_SET: LiteralString = "update guild_identity.account_settings set gives_rights = false"


@pytest.fixture
async def of_one_account(guild: GuildBuilder) -> dict[str, int]:
    """Brisa, the captain, and Aldwyn, the master, are theirs by the account alone, of which an alt of each is theirs by an officer."""
    characters = await populate(guild)
    await give(guild, "rank", str(OFFICER), "officer")
    for name, discord_id in (("Brisalt", CAPTAIN), ("Aldalt", MASTER)):
        ((player,),) = await guild.rows(
            "select player_id from guild_identity.player_characters where character_id = %(id)s",
            {"id": characters[discord_id]},
        )
        alt = await guild.alt(name, None, player, source="manual", rank=SOCIAL)
        await guild.link_by_account(characters[discord_id])
        await guild.account(alt, characters[discord_id])
    return characters


@pytest.fixture
async def brisa(discord_app: FastAPI, of_one_account: dict[str, int]) -> AsyncIterator[Visitor]:
    """Brisa with a browser of her own."""
    captain = visitor(discord_app, CAPTAIN)
    yield captain
    await captain.client.aclose()


async def _may_scan(brisa: Visitor) -> bool:
    answer = await brisa.post(f"{API}/scan", brisa.client.cookies[SESSION_COOKIE])
    assert answer.status_code in (200, 403), answer.text
    return answer.status_code != 403


async def test_a_member_whose_only_high_rank_is_by_the_account_may_look_and_is_an_officer_once_it_is_set(
    brisa: Visitor, guild: GuildBuilder
) -> None:
    await brisa.sign_in()
    assert "@brisa viewer" in Seen(await brisa.client.get(PAGE)).text()
    assert not await _may_scan(brisa)
    await guild.execute(_SET)
    assert "@brisa officer" in Seen(await brisa.client.get(PAGE)).text()
    assert await _may_scan(brisa)


@pytest.mark.parametrize(
    "ends",
    [
        _NOT_SET,
        "update guild_identity.account_settings set mode = 'off', salt = null",
        "update guild_identity.account_evidence set account = null",
        (
            "delete from guild_identity.player_characters l using guild_identity.wow_characters c "
            "where c.id = l.character_id and c.character_name = 'Brisalt'"
        ),
        (
            "insert into guild_identity.account_objections (guild_id, key, character_id, objected_by) "
            "select guild_id, sha256('key'), id, 'test' from guild_identity.wow_characters where character_name = 'Brisalt'"
        ),
        (
            "insert into guild_identity.shared_accounts (guild_id, character_id, reason, marked_by) "
            "select guild_id, id, 'a couple', 'test' from guild_identity.wow_characters where character_name = 'Brisalt'"
        ),
        "update guild_identity.players set discord_basis = 'name', discord_confirmed_by = null, discord_confirmed_at = null",
    ],
    ids=["not set", "off", "expired", "undone", "objection", "shared", "unknown on Discord"],
)
async def test_she_may_only_look_with_the_next_request_after_it_ended(
    brisa: Visitor, guild: GuildBuilder, ends: LiteralString
) -> None:
    await guild.execute(_SET)
    await brisa.sign_in()
    assert await _may_scan(brisa)
    await guild.execute(ends)
    assert not await _may_scan(brisa)
    assert "@brisa viewer" in Seen(await brisa.client.get(PAGE)).text()


async def _people(client: httpx2.AsyncClient) -> dict[str, Any]:
    return {each["display_name"]: each for each in (await client.get(PEOPLE)).json()["items"]}


async def test_it_makes_nobody_an_administrator_whatever_an_administrator_said_of_the_link(
    alice: httpx2.AsyncClient, of_one_account: dict[str, int], guild: GuildBuilder
) -> None:
    await guild.execute(_SET)
    master = (await _people(alice))["Aldwyn"]
    assert (master["role"], len(master["waiting"])) == (None, 1)
    assert "is based on the account" in master["waiting"][0]["why_waiting"]
    assert "An administrator has to confirm it." in master["waiting"][0]["why_waiting"]
    await confirm(guild, MASTER, of_one_account[MASTER])
    assert (await _people(alice))["Aldwyn"]["role"] == "administrator"
    await guild.link_by_account(of_one_account[MASTER])
    assert (await _people(alice))["Aldwyn"]["role"] is None


async def test_the_confirmation_of_an_administrator_is_an_officers_word_that_outlives_the_evidence(
    alice: httpx2.AsyncClient, of_one_account: dict[str, int], guild: GuildBuilder
) -> None:
    await guild.execute(_SET)
    await confirm(guild, MASTER, of_one_account[MASTER])
    await guild.execute("delete from guild_identity.account_evidence")
    assert (await _people(alice))["Aldwyn"]["role"] == "administrator"


async def test_page_and_api_say_by_which_character_the_rank_counts_or_what_is_missing(
    alice: httpx2.AsyncClient, of_one_account: dict[str, int], guild: GuildBuilder
) -> None:
    waiting = (await _people(alice))["Brisa"]
    assert (waiting["role"], waiting["by_account"]) == ("viewer", None)
    assert "is based on the account" in waiting["waiting"][0]["why_waiting"]
    await guild.execute(_SET)
    why = "It counts by the same account as Brisalt, whose link is based on a decision by test."
    brisa = (await _people(alice))["Brisa"]
    assert (brisa["role"], brisa["by_account"], brisa["waiting"]) == ("officer", why, [])
    assert why in Seen(await alice.get("/admin/settings/officers")).text("content")
    await guild.execute(
        "update guild_identity.players set discord_basis = 'name', discord_confirmed_by = null, discord_confirmed_at = null"
    )
    brisa = (await _people(alice))["Brisa"]
    assert [each["why_waiting"] for each in brisa["waiting"]] == [
        "An officer has to confirm that Brisa is @brisa on Discord."
    ]


async def test_nobody_says_of_an_account_what_would_make_them_an_officer(
    discord_app: FastAPI, of_one_account: dict[str, int], guild: GuildBuilder
) -> None:
    """Brisa is an officer by her Discord role, and would be one by the account that an officer called shared."""
    await guild.execute(_SET)
    await guild.decide(ShareAccount("Brisa"))
    await give(guild, "discord_role", "900", "officer")
    await guild.execute("update guild_identity.discord_users set all_guild_roles = '{900}' where discord_id = '9002'")
    brisa = visitor(discord_app, CAPTAIN)
    await brisa.sign_in()
    brisa.client.headers.update(own_form(brisa.client.cookies[SESSION_COOKIE]))
    asked = {"decision": "unshare_account", "character": "Brisa"}
    refused = await brisa.client.post(f"{PLAYERS_API}/decisions", json=asked)
    assert refused.status_code == 409, refused.text
    assert "You cannot give yourself access" in refused.text
    await brisa.client.aclose()


@pytest.fixture
async def hashing(pool: Pool, guild: GuildBuilder) -> AsyncIterator[httpx2.AsyncClient]:
    """An administrator of the guild, where the installation has a secret."""
    app = made(Services(settings(BASE_URL), pool, Sources(), secret=SECRET))
    async with officer(app, await bound_session(pool, "carol", "administrator", guild.guild_id)) as client:
        yield client


async def _set(client: httpx2.AsyncClient, mode: str, *, gives_rights: bool | None = None) -> httpx2.Response:
    return await client.post(CHANGES, json={"kind": "accounts", "mode": mode, "gives_rights": gives_rights})


async def test_the_page_says_what_it_gives_and_what_it_never_gives_and_sets_it_after_a_preview(
    hashing: httpx2.AsyncClient, of_one_account: dict[str, int], guild: GuildBuilder
) -> None:
    told = Seen(await hashing.get(SETTINGS)).text("content")
    assert "It never makes an administrator" in told
    assert "Two people can share an account." in told
    asked = {"kind": "accounts", "mode": "suggest", "gives_rights": "true", "back": SETTINGS}
    preview = Seen(await hashing.get("/admin/settings/preview", params=asked)).text("content")
    assert "Rights by the same account off on" in preview
    assert (
        "2 links count by that now, each by the character in brackets: Aldwyn (Aldalt) and Brisa (Brisalt)." in preview
    )
    done = await _set(hashing, "suggest", gives_rights=True)
    assert [each["what"] for each in done.json()["differences"]] == ["Rights by the same account"]
    kept = await _set(hashing, "automatic")
    assert [each["what"] for each in kept.json()["differences"]] == ["Account evidence"]
    assert (await hashing.get("/api/v1/admin/settings/accounts")).json()["gives_rights"] is True
    for change in (kept, done):
        undone = await hashing.post(f"{CHANGES}/{change.json()['change_id']}/undo", json={})
        assert undone.status_code == 200, undone.text
    assert await guild.rows("select mode, gives_rights from guild_identity.account_settings") == [("suggest", False)]


async def test_while_account_evidence_is_off_it_can_be_set_and_the_page_says_that_it_gives_nothing(
    hashing: httpx2.AsyncClient, of_one_account: dict[str, int]
) -> None:
    done = (await _set(hashing, "off", gives_rights=True)).json()
    nothing = "While account evidence is off, links by the same account give no rights."
    assert nothing in done["notices"]
    assert nothing in Seen(await hashing.get(SETTINGS)).text("content")
    on_again = (await _set(hashing, "suggest")).json()
    assert any(each.startswith("Links by the same account count like confirmed ones") for each in on_again["notices"])


async def test_only_an_administrator_sets_it(pool: Pool, of_one_account: dict[str, int], guild: GuildBuilder) -> None:
    async with officer(application(pool), await bound_session(pool, "dave", "officer", guild.guild_id)) as dave:
        assert (await _set(dave, "suggest", gives_rights=True)).status_code == 403
