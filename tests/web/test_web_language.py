"""The language of a guild by page and API."""

from __future__ import annotations

import re
from html import unescape

import httpx2
import pytest
from fastapi import FastAPI

from guild_builder import GuildBuilder
from patt.auth import credentials
from web.helpers import Seen, api_token, asker

API = "/api/v1/admin/settings"
PAGE = "/admin/settings"


@pytest.mark.usefixtures("troubled")
async def test_a_language_is_chosen_on_the_page_of_the_guild_and_undone_from_the_history(
    alice: httpx2.AsyncClient,
) -> None:
    form = await alice.get(f"{PAGE}/guild")
    assert re.search('<option value="en"[^>]* selected>English</option>', form.text)
    asked = {"kind": "language", "language": "de", "back": f"{PAGE}/guild?guild=1"}
    preview = await alice.get(f"{PAGE}/preview", params=asked)
    assert "Language English Deutsch" in Seen(preview).text()
    assert "No issue would open or be resolved." in Seen(preview).text()
    fields = {
        name: unescape(value)
        for name, value in re.findall('type="hidden" name="([^"]+)" value="([^"]*)"', preview.text)
    }
    saved = await alice.post(f"{API}/changes", data=fields)
    assert (saved.status_code, saved.headers["location"]) == (303, f"{PAGE}/guild?guild=1")
    page = await alice.get(saved.headers["location"])
    assert re.search('<option value="de"[^>]* selected>Deutsch</option>', page.text)
    assert '<html lang="de"' in page.text
    [made] = (await alice.get(f"{API}/changes")).json()["items"]
    undone = await alice.post(f"{API}/changes/{made['id']}/undo", data={"back": f"{PAGE}/history"})
    assert undone.status_code == 303
    assert (await alice.get(f"{API}/guild")).json()["language"] == "en"


@pytest.mark.usefixtures("troubled")
async def test_a_language_is_set_by_the_api_which_refuses_one_that_is_not_there(alice: httpx2.AsyncClient) -> None:
    refused = await alice.post(f"{API}/changes", json={"kind": "language", "language": "xx"})
    assert (refused.status_code, "Use one of: en, de, en-XA." in refused.json()["detail"]) == (422, True)
    change = {"kind": "language", "language": "de"}
    seen = (await alice.post(f"{API}/preview", json=change)).json()
    assert seen["differences"] == [{"what": "Language", "before": "English", "after": "Deutsch"}]
    saved = await alice.post(f"{API}/changes", json={**change, "key": seen["key"]})
    assert saved.status_code == 200, saved.text
    assert (await alice.get(f"{API}/guild")).json()["language"] == "de"
    undone = await alice.post(f"{API}/changes/{saved.json()['change_id']}/undo")
    assert undone.status_code == 200, undone.text
    assert (await alice.get(f"{API}/guild")).json()["language"] == "en"


IN_ENGLISH = {"Accept-Language": "en"}


@pytest.fixture
async def german(guild: GuildBuilder) -> GuildBuilder:
    """A guild that speaks German, with an upload key."""
    async with guild.pool.connection() as conn:
        await conn.execute("update guild_identity.guilds set language = 'de' where id = %s", [guild.guild_id])
        await credentials.create_upload_key(conn, "Mito", guild_id=guild.guild_id, created_by="test")
    return guild


async def test_what_is_done_about_keys_is_told_and_kept_in_the_language_of_the_guild(
    alice: httpx2.AsyncClient, german: GuildBuilder
) -> None:
    revoked = await alice.post(f"{API}/keys/1/revoke", params={"guild": german.guild_id}, headers=IN_ENGLISH)
    assert revoked.json()["sentence"] == "Upload-Schlüssel 1 von Mito widerrufen."
    alone = await alice.post(f"{API}/keys", json={"uploader": "Elrek"}, headers=IN_ENGLISH)  # about the only guild
    assert "Elrek erstellt" in alone.json()["sentence"]
    made = await alice.post(f"{API}/tokens", json={"name": "wall", "scope": "read", "guild_id": 1}, headers=IN_ENGLISH)
    assert "Token „wall“ erstellt." in made.json()["sentence"]
    told = [each["sentence"] for each in (await alice.get(f"{API}/changes")).json()["items"]]
    assert told == [
        "Das API-Token wall (read, Gilde 1) wurde erstellt.",
        "Ein Upload-Schlüssel für Elrek wurde erstellt.",
        "Der Upload-Schlüssel 1 von Mito wurde widerrufen.",
    ]


async def test_what_is_written_into_the_history_of_a_guild_is_in_its_language_where_the_request_names_it_in_its_body(
    alice: httpx2.AsyncClient, german: GuildBuilder
) -> None:
    await GuildBuilder.create(german.pool, "English One", "7001")
    made = await alice.post(
        f"{API}/tokens", json={"name": "wall", "scope": "read", "guild_id": german.guild_id}, headers=IN_ENGLISH
    )
    assert "Token „wall“ erstellt." in made.json()["sentence"]
    await alice.post(f"{API}/tokens/1/revoke", headers=IN_ENGLISH)
    items = (await alice.get(f"{API}/changes", params={"guild": german.guild_id})).json()["items"]
    assert [each["sentence"] for each in items] == [
        "Das API-Token 1, wall, wurde widerrufen.",
        "Das API-Token wall (read, Gilde 1) wurde erstellt.",
    ]


@pytest.mark.parametrize(
    ("path", "body", "told"),
    [
        ("/api/v1/admin/full-match", {"selected": []}, "Niemand ist ausgewählt, deshalb wurde nichts eingereiht."),
        ("/api/v1/admin/inbox/1/snooze", {}, "Gib an, wann die Frage wiederkommt"),
        ("/api/v1/admin/data-quality/issues/1/dismiss", {}, "Die Anfrage ist ungültig."),
    ],
)
async def test_what_is_refused_before_the_guild_is_read_is_told_in_its_language(
    app: FastAPI, alice: httpx2.AsyncClient, german: GuildBuilder, path: str, body: object, told: str
) -> None:
    refused = await alice.post(path, json=body, params={"guild": german.guild_id}, headers=IN_ENGLISH)
    assert (refused.status_code, told in refused.json()["detail"]) == (422, True), refused.text
    async with asker(app, headers=await api_token(german.pool, guild_id=german.guild_id) | IN_ENGLISH) as robot:
        refused = await robot.post(path, json=body)
        assert (refused.status_code, told in refused.json()["detail"]) == (422, True), refused.text


async def test_a_form_that_cannot_be_used_is_told_in_the_language_of_the_guild(
    alice: httpx2.AsyncClient, german: GuildBuilder
) -> None:
    sent = {"reason": "x" * 501, "back": "/admin/data-quality"}
    await alice.post("/api/v1/admin/data-quality/issues/1/dismiss?guild=1", data=sent, headers=IN_ENGLISH)
    page = await alice.get("/admin/data-quality", params={"guild": german.guild_id}, headers=IN_ENGLISH)
    assert "Das ist ungültig. reason: Text darf höchstens 500 Zeichen haben." in Seen(page).text("status")


async def test_an_export_that_cannot_be_read_is_refused_in_the_language_of_the_guild(
    anonymous: httpx2.AsyncClient, german: GuildBuilder
) -> None:
    async with german.pool.connection() as conn:
        key = await credentials.create_upload_key(conn, "Elrek", guild_id=german.guild_id, created_by="test")
    headers = IN_ENGLISH | {"X-API-Key": key, "Content-Type": "application/json"}
    refused = await anonymous.post("/api/v1/guild-sync/addon-upload", content=b"{", headers=headers)
    assert refused.json()["title"] == "Das ist ungültig"
    unknown = await anonymous.post("/api/v1/guild-sync/addon-upload", headers=headers | {"X-API-Key": "no"})
    assert unknown.json()["detail"] == "This upload key is not valid."


async def test_a_guild_out_of_reach_lends_no_language(app: FastAPI, german: GuildBuilder) -> None:
    other = await GuildBuilder.create(german.pool, "English One", "7001")
    async with asker(app, headers=await api_token(german.pool, guild_id=other.guild_id) | IN_ENGLISH) as robot:
        hidden = await robot.get("/api/v1/admin/inbox", params={"guild": german.guild_id})
        assert hidden.json()["detail"] == "Guild 1 does not exist."
