"""The notes for the addon: who may fetch them, and how seldom they travel."""

from __future__ import annotations

import httpx2
import pytest

from guild_builder import GuildBuilder
from patt.auth import credentials

NOTES = "/api/v1/guild-sync/proposed-notes"
HOLDER = "/api/v1/guild-sync/upload-key"
KEYS = "/admin/settings/keys"


@pytest.fixture
async def noted(guild: GuildBuilder) -> GuildBuilder:
    """A guild with one note to propose."""
    player = await guild.player("Mito the player")
    await guild.link(await guild.character("Mito"), player, source="manual", as_main=True)
    await guild.alt("Newalt", "", player, source="manual")
    return guild


async def _key(guild: GuildBuilder, *, notes: bool) -> dict[str, str]:
    async with guild.pool.connection() as conn:
        key = await credentials.create_upload_key(
            conn, "Mito", guild_id=guild.guild_id, created_by="test", may_fetch_notes=notes
        )
    return {"X-API-Key": key}


async def test_an_officers_key_fetches_the_notes_and_their_guild(
    anonymous: httpx2.AsyncClient, noted: GuildBuilder
) -> None:
    answer = await anonymous.get(NOTES, headers=await _key(noted, notes=True))
    assert answer.status_code == 200
    told = answer.json()
    assert (told["guild"], told["region"], told["realms"]) == ("Lantern Watch", 1, ["area-52"])
    assert [(each["name"], each["proposed"]) for each in told["notes"]] == [("Newalt", "alt of Mito")]


async def test_a_key_that_only_sends_exports_gets_nothing_and_a_reason(
    anonymous: httpx2.AsyncClient, noted: GuildBuilder
) -> None:
    answer = await anonymous.get(NOTES, headers=await _key(noted, notes=False))
    assert answer.status_code == 403
    assert "only sends exports" in answer.json()["detail"]
    assert "Newalt" not in answer.text


async def test_neither_a_session_nor_no_key_fetches_them(
    anonymous: httpx2.AsyncClient, alice: httpx2.AsyncClient, noted: GuildBuilder
) -> None:
    assert {(await each.get(NOTES)).status_code for each in (anonymous, alice)} == {401}
    assert (await anonymous.get(NOTES, headers={"X-API-Key": "wrong"})).status_code == 401
    assert noted.guild_id


async def test_a_revoked_key_fetches_nothing_more(anonymous: httpx2.AsyncClient, noted: GuildBuilder) -> None:
    key = await _key(noted, notes=True)
    async with noted.pool.connection() as conn:
        await credentials.revoke_upload_key(conn, 1, guild_id=noted.guild_id)
    assert (await anonymous.get(NOTES, headers=key)).status_code == 401


async def test_notes_that_are_the_same_do_not_travel_again(anonymous: httpx2.AsyncClient, noted: GuildBuilder) -> None:
    key = await _key(noted, notes=True)
    tag = (await anonymous.get(NOTES, headers=key)).headers["etag"]
    again = await anonymous.get(NOTES, headers={**key, "If-None-Match": tag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    await noted.execute(
        "update guild_identity.wow_characters set guild_note = 'Qwibble' where character_name = 'Newalt'"
    )
    changed = await anonymous.get(NOTES, headers={**key, "If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != tag


async def test_a_key_is_of_one_guild(anonymous: httpx2.AsyncClient, noted: GuildBuilder) -> None:
    other = await GuildBuilder.create(noted.pool, "Other Guild", "7001")
    told = (await anonymous.get(NOTES, params={"guild": noted.guild_id}, headers=await _key(other, notes=True))).json()
    assert (told["guild"], told["notes"]) == ("Other Guild", [])


@pytest.mark.parametrize("notes", [True, False])
async def test_the_companion_is_told_what_its_key_is_for(
    anonymous: httpx2.AsyncClient, noted: GuildBuilder, *, notes: bool
) -> None:
    told = (await anonymous.get(HOLDER, headers=await _key(noted, notes=notes))).json()
    assert told["may_fetch_notes"] is notes


async def test_an_administrator_makes_such_a_key_on_the_page_by_a_tick_alone(
    alice: httpx2.AsyncClient, noted: GuildBuilder
) -> None:
    await alice.post(KEYS, data={"uploader": "Plain"}, follow_redirects=True)
    page = await alice.post(KEYS, data={"uploader": "Zork", "may_fetch_notes": "true"}, follow_redirects=True)
    assert page.text.count("also fetches proposed notes") == 1
    listed = (await alice.get("/api/v1/admin/settings/keys")).json()
    assert {each["uploader"]: each["may_fetch_notes"] for each in listed} == {"Plain": False, "Zork": True}
    history = await noted.rows("select sentence from guild_identity.setting_changes order by id")
    assert [sentence for (sentence,) in history] == [
        "An upload key for Plain was made.",
        "An upload key for Zork was made, which also fetches proposed notes.",
    ]
