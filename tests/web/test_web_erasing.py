"""Erasing a person on the pages and through the API, and giving a person their data: for administrators only."""

from __future__ import annotations

import httpx2
import pytest
from fastapi import FastAPI

from guild_builder import GuildBuilder
from web.helpers import PLAYERS, bound_session, officer, see

API = "/api/v1/admin/persons"


@pytest.fixture
async def mito(guild: GuildBuilder) -> int:
    """Mito with an alt and an alias, and Zork whose note names Mito."""
    mito = await guild.main("Mito")
    await guild.alt("Grimalt", "alt of Mito", mito)
    await guild.alias(mito, "Robin")
    await guild.main("Zork", note="brother of Mito")
    await guild.scan()
    return mito


async def test_the_page_shows_what_goes_and_its_button_does_exactly_that(
    alice: httpx2.AsyncClient, guild: GuildBuilder, mito: int
) -> None:
    person = await see(alice, f"{PLAYERS}/{mito}")
    assert f"/admin/players/erase?kind=player&id={mito}&guild={guild.guild_id}" in person.links
    page = await see(alice, f"{PLAYERS}/erase", kind="player", id=mito)
    assert "Erases Mito for good: 1 player, 2 characters, 1 Discord member, 1 alias" in page.text()
    assert "1 note of somebody else that names them" in page.text()
    assert await guild.rows("select count(*) from guild_identity.players") == [(2,)]
    plan = (await alice.post(f"{API}/erase/preview", json={"kind": "player", "id": mito})).json()
    form = {"kind": "player", "id": str(mito), "key": plan["key"], "back": f"{PLAYERS}?guild={guild.guild_id}"}
    await guild.alias(mito, "Rob")
    refused = await alice.post(f"{API}/erase", json={**form, "id": mito})
    assert refused.status_code == 409
    assert "This has changed since the preview." in refused.text
    await guild.execute("delete from guild_identity.player_note_aliases where alias = 'Rob'")
    answer = await alice.post(f"{API}/erase?guild={guild.guild_id}", data=form)
    assert answer.status_code == 303
    assert await guild.rows("select display_name from guild_identity.players") == [("Zork",)]
    notes = "select character_name, guild_note from guild_identity.wow_characters order by 1"
    assert await guild.rows(notes) == [("Zork", None)]
    log = await see(alice, "/admin/activity", show="actions")
    assert "erased Person by alice" in log.text()
    assert "Mito" not in log.text()


async def test_only_an_administrator_erases_or_gets_the_data(app: FastAPI, guild: GuildBuilder, mito: int) -> None:
    bob = officer(app, await bound_session(guild.pool, "bob", "officer", guild.guild_id))
    row: dict[str, str | int] = {"kind": "player", "id": mito}
    assert (await bob.post(f"{API}/erase", json=row)).status_code == 403
    assert (await bob.post(f"{API}/erase/preview", json=row)).status_code == 403
    assert (await bob.get(f"{API}/export", params=row)).status_code == 403
    assert (await bob.get(f"{PLAYERS}/erase", params=row)).status_code == 403
    assert not [link for link in (await see(bob, f"{PLAYERS}/{mito}")).links if "erase" in link or "export" in link]


async def test_the_data_of_a_person_come_as_a_file(alice: httpx2.AsyncClient, mito: int) -> None:
    answer = await alice.get(f"{API}/export", params={"kind": "player", "id": mito})
    assert answer.headers["content-disposition"].startswith('attachment; filename="patt-person-')
    assert {each["character_name"] for each in answer.json()["sections"]["characters"]} == {"Mito", "Grimalt"}
    text = await alice.get(f"{API}/export", params={"kind": "player", "id": mito, "form": "text"})
    assert text.text.startswith("What PATT stores about Mito in Lantern Watch")
    assert (await alice.get(f"{API}/export", params={"kind": "player", "id": 999})).status_code == 404
