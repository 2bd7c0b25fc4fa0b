"""Uploads by companions: what is stored, what is refused, and who may ask what became of it."""

from __future__ import annotations

import asyncio
import itertools
import json
import threading
import time
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from guild_builder import GuildBuilder
from jobs.all_waiting import process_uploads
from patt.auth import credentials
from patt.bootstrap import Services
from sv_common.db.pool import GuildConnection, Pool
from sv_common.guild_sync.roster import uploads
from sv_common.guild_sync.simulators.addon import saved_variables
from sv_common.guild_sync.sources.addon.export import AddonExport, read_addon_export_json

UPLOAD = "/api/v1/guild-sync/addon-upload"


async def _key(pool: Pool, guild: GuildBuilder, uploader: str = "Mito") -> dict[str, str]:
    async with pool.connection() as conn:
        key = await credentials.create_upload_key(conn, uploader, guild_id=guild.guild_id, created_by="test")
    return {"X-API-Key": key}


def _export(*notes: str, **fields: Any) -> dict[str, Any]:
    characters = [{"name": f"Char{chr(97 + place)}", "note": note} for place, note in enumerate(notes)]
    return {"characters": characters, **fields}


async def _stored(guild: GuildBuilder) -> list[tuple[Any, ...]]:
    return await guild.rows("select state, character_count from guild_identity.addon_uploads order by id")


async def test_an_upload_is_stored_before_it_is_acknowledged_and_its_state_is_told(
    anonymous: httpx2.AsyncClient, guild: GuildBuilder
) -> None:
    key = await _key(guild.pool, guild)
    answer = await anonymous.post(UPLOAD, json=_export("alt of Mito", "Alch 300"), headers=key)
    assert (answer.status_code, answer.json()["is_new"]) == (202, True)
    assert await _stored(guild) == [("received", 2)]
    told = await anonymous.get(f"{UPLOAD}/{answer.json()['upload_id']}", headers=key)
    assert (told.status_code, told.json()["state"], told.json()["character_count"]) == (200, "received", 2)


async def test_the_file_as_the_game_wrote_it_is_taken_too(anonymous: httpx2.AsyncClient, guild: GuildBuilder) -> None:
    lua = saved_variables({"PATTSyncDB": {"lastExport": {"characters": [{"name": "Mito", "note": "Main"}]}}})
    answer = await anonymous.post(UPLOAD, content=lua.encode(), headers=await _key(guild.pool, guild))
    assert answer.status_code == 202
    assert await _stored(guild) == [("received", 1)]


async def test_the_same_export_sent_twice_is_one_upload(anonymous: httpx2.AsyncClient, guild: GuildBuilder) -> None:
    key, other = await _key(guild.pool, guild), await _key(guild.pool, guild, "Zork")
    first = await anonymous.post(UPLOAD, json=_export("a", exportId="e1"), headers=key)
    again = await anonymous.post(UPLOAD, json=_export("a", exportId="e1"), headers=other)
    later = await anonymous.post(UPLOAD, json=_export("a", exportId="e2"), headers=key)
    assert again.json() | {"sentence": "", "is_new": True} == first.json() | {"sentence": ""}
    assert again.json()["is_new"] is False
    assert later.json()["upload_id"] != first.json()["upload_id"]
    assert len(await _stored(guild)) == 2


async def test_the_same_export_sent_eight_times_at_once_is_one_upload(
    anonymous: httpx2.AsyncClient, guild: GuildBuilder
) -> None:
    key = await _key(guild.pool, guild)
    answers = await asyncio.gather(*(anonymous.post(UPLOAD, json=_export("a"), headers=key) for _ in range(8)))
    assert [answer.status_code for answer in answers] == [202] * 8
    assert sorted(answer.json()["is_new"] for answer in answers) == [False] * 7 + [True]
    assert len({answer.json()["upload_id"] for answer in answers}) == 1
    assert await _stored(guild) == [("received", 1)]


async def test_the_same_export_that_another_request_is_just_storing_is_one_upload(
    anonymous: httpx2.AsyncClient, guild: GuildBuilder
) -> None:
    key = await _key(guild.pool, guild)
    export = read_addon_export_json(json.dumps(_export("a")).encode())
    async with guild.pool.connection() as conn:
        (listed,) = await credentials.upload_keys(conn, guild.guild_id)
        first = await uploads.receive(GuildConnection(conn, guild.guild_id), listed.id, export)
        others = [asyncio.create_task(anonymous.post(UPLOAD, json=_export("a"), headers=key)) for _ in range(8)]
        await until_they_wait(guild.pool, 5)
    answers = await asyncio.gather(*others)
    assert [(answer.status_code, answer.json()["is_new"]) for answer in answers] == [(202, False)] * 8
    assert {answer.json()["upload_id"] for answer in answers} == {first.upload_id}
    assert await _stored(guild) == [("received", 1)]


async def until_they_wait(pool: Pool, number: int) -> None:
    """Wait until so many connections wait for another one's row."""
    async with asyncio.timeout(20), pool.connection() as conn:
        waiting = 0
        while waiting < number:
            await asyncio.sleep(0.02)
            cursor = await conn.execute("select count(*) from pg_stat_activity where wait_event_type = 'Lock'")
            ((waiting,),) = await cursor.fetchall()
            await conn.commit()


async def test_notes_that_were_changed_and_changed_back_are_three_uploads(
    anonymous: httpx2.AsyncClient, guild: GuildBuilder, services: Services
) -> None:
    character = await guild.character("Chara")
    key = await _key(guild.pool, guild)
    for note in ("A", "B", "A"):
        assert (await anonymous.post(UPLOAD, json=_export(note), headers=key)).json()["is_new"] is True
        await process_uploads(services, guild.guild_id)
    assert await guild.rows("select guild_note from guild_identity.wow_characters") == [("A",)]
    assert character
    assert await _stored(guild) == [("done", 1)] * 3


async def test_an_export_that_waits_or_was_the_last_one_taken_in_is_told_by_its_number(
    anonymous: httpx2.AsyncClient, guild: GuildBuilder, services: Services
) -> None:
    key = await _key(guild.pool, guild)
    first = (await anonymous.post(UPLOAD, json=_export("a"), headers=key)).json()
    waiting = (await anonymous.post(UPLOAD, json=_export("a"), headers=key)).json()
    await process_uploads(services, guild.guild_id)
    taken_in = (await anonymous.post(UPLOAD, json=_export("a"), headers=key)).json()
    number = first["upload_id"]
    assert first["sentence"] == "Received."
    assert waiting == {
        "upload_id": number,
        "is_new": False,
        "sentence": f"This export is already waiting as upload {number}, so it was not stored again.",
    }
    assert taken_in == waiting | {
        "sentence": f"This export was already processed as upload {number}, so it was not stored again."
    }


@pytest.mark.parametrize("state", ["refused", "failed"])
async def test_an_export_that_was_refused_or_given_up_can_be_sent_again(
    anonymous: httpx2.AsyncClient, guild: GuildBuilder, state: str
) -> None:
    key = await _key(guild.pool, guild)
    await anonymous.post(UPLOAD, json=_export("a"), headers=key)
    await guild.execute(
        "update guild_identity.addon_uploads set state = %(state)s, characters = null, finished_at = now()",
        {"state": state},
    )
    again = await anonymous.post(UPLOAD, json=_export("a"), headers=key)
    assert again.json()["is_new"] is True
    assert await _stored(guild) == [(state, 1), ("received", 1)]


@pytest.mark.parametrize(
    ("head", "names"),
    [
        ({"guildName": "Mirror Moon"}, ("“Mirror Moon”", "“Lantern Watch”")),
        ({"guildName": "Lantern Watch", "region": 3}, ("EU", "US")),
    ],
)
async def test_an_export_of_another_guild_is_refused_with_both_names_and_not_stored(
    anonymous: httpx2.AsyncClient, guild: GuildBuilder, head: dict[str, Any], names: tuple[str, str]
) -> None:
    answer = await anonymous.post(UPLOAD, json=_export("a", **head), headers=await _key(guild.pool, guild))
    assert answer.status_code == 422
    assert all(name in answer.json()["detail"] for name in names)
    assert await _stored(guild) == []


async def test_what_became_of_an_older_export_is_told_to_its_sender(
    anonymous: httpx2.AsyncClient, guild: GuildBuilder, services: Services
) -> None:
    await guild.character("Chara")
    key = await _key(guild.pool, guild)
    numbers = []
    for note, moment in (("new", 1_700_000_000), ("old", 1_600_000_000)):
        numbers.append(
            (await anonymous.post(UPLOAD, json=_export(note, exportTime=moment), headers=key)).json()["upload_id"]
        )
        await process_uploads(services, guild.guild_id)
    told = (await anonymous.get(f"{UPLOAD}/{numbers[1]}", headers=key)).json()
    assert told["state"] == "superseded"
    assert told["sentence"].endswith(f"Nothing was changed. The newer one is upload {numbers[0]}.")
    assert await guild.rows("select guild_note from guild_identity.wow_characters") == [("new",)]


async def test_one_export_is_read_at_a_time(
    anonymous: httpx2.AsyncClient, guild: GuildBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once: list[int] = []
    busy = threading.Semaphore(8)

    def read_and_count(body: bytes) -> AddonExport:
        with busy:
            at_once.append(8 - busy._value)
            time.sleep(0.02)
            return read_addon_export_json(body)

    monkeypatch.setattr("patt.web.load.reading.read_addon_export_json", read_and_count)
    key = await _key(guild.pool, guild)
    await asyncio.gather(*(anonymous.post(UPLOAD, json=_export(str(n)), headers=key) for n in range(6)))
    assert at_once == [1] * 6


async def test_officers_see_what_was_given_up_and_have_it_tried_again(
    anonymous: httpx2.AsyncClient, alice: httpx2.AsyncClient, guild: GuildBuilder
) -> None:
    key = await _key(guild.pool, guild)
    number = (await anonymous.post(UPLOAD, json=_export("a"), headers=key)).json()["upload_id"]
    async with guild.pool.writing(guild.guild_id, alone=False) as here:
        await uploads.give_up(here, number, "Given up: it failed 6 times.")
    (listed,) = (await alice.get("/api/v1/admin/uploads")).json()
    assert (listed["upload_id"], listed["uploader"], listed["state"]) == (number, "Mito", "failed")
    answer = await alice.post(f"/api/v1/admin/uploads/{number}/retry")
    assert (answer.status_code, answer.json()["state"]) == (200, "received")
    again = await alice.post(f"/api/v1/admin/uploads/{number}/retry")
    assert (again.status_code, "Only a failed upload" in again.text) == (409, True)
    assert await _stored(guild) == [("received", 1)]


@pytest.mark.parametrize(
    ("body", "content_type", "status", "says"),
    [
        (b"", "application/json", 422, "no JSON that can be read"),
        (b"[" * 100_000, "application/json", 422, "no JSON that can be read"),
        (b"[]", "application/json", 422, "must be an object"),
        (b'{"characters": {}}', "application/json", 422, "must be a list"),
        (b'{"characters": []}', "application/json", 422, "no characters"),
        (b'{"characters": [{"name": "Mi\\u0000to"}]}', "application/json", 422, "NUL"),
        (b"not lua at all", "application/octet-stream", 422, ""),
        (b"x" * (16 * 1024 * 1024 + 1), "application/octet-stream", 413, "an export has at most 4 MiB"),
        (b"x" * (4 * 1024 * 1024 + 1), "application/octet-stream", 413, "an export has at most 4 MiB"),
        (b" " * (4 * 1024 * 1024 + 1), "application/json", 413, "an export has at most 4 MiB"),
        (b'{"characters":[' + b"{}," * 200_000 + b"{}]}", "application/json", 422, "more than 200,000 values"),
    ],
)
async def test_what_cannot_be_used_is_refused_with_the_reason_and_not_stored(
    anonymous: httpx2.AsyncClient, guild: GuildBuilder, body: bytes, content_type: str, status: int, says: str
) -> None:
    headers = {**await _key(guild.pool, guild), "Content-Type": content_type}
    answer = await anonymous.post(UPLOAD, content=body, headers=headers)
    assert answer.status_code == status
    assert says in answer.text
    assert await _stored(guild) == []


async def test_without_a_valid_key_nothing_is_taken(
    anonymous: httpx2.AsyncClient, alice: httpx2.AsyncClient, guild: GuildBuilder
) -> None:
    revoked = await _key(guild.pool, guild)
    async with guild.pool.connection() as conn:
        (listed,) = await credentials.upload_keys(conn, guild.guild_id)
        await credentials.revoke_upload_key(conn, listed.id, guild_id=guild.guild_id)
    for client, headers in ((anonymous, {}), (anonymous, {"X-API-Key": "made up"}), (anonymous, revoked), (alice, {})):
        assert (await client.post(UPLOAD, json=_export("a"), headers=headers)).status_code == 401
    assert await _stored(guild) == []


async def test_keys_are_listed_with_their_last_use_and_the_freshness_of_their_data(
    anonymous: httpx2.AsyncClient, guild: GuildBuilder
) -> None:
    key = await _key(guild.pool, guild)
    await _key(guild.pool, guild, "Zork")
    await anonymous.post(UPLOAD, json=_export("a", exportTime=1_700_000_000), headers=key)
    async with guild.pool.connection() as conn:
        mito, zork = await credentials.upload_keys(conn, guild.guild_id)
    assert (mito.uploader, mito.last_used_at is not None, zork.last_used_at) == ("Mito", True, None)
    assert mito.last_export_at is not None
    assert (int(mito.last_export_at.timestamp()), zork.last_export_at) == (1_700_000_000, None)


async def test_pages_go_on_while_thousands_of_entries_are_checked(
    app: FastAPI, anonymous: httpx2.AsyncClient, guild: GuildBuilder
) -> None:
    names = ("".join(letters).title() for letters in itertools.product("abcdefghijklm", repeat=4))
    characters = [{"name": name, "note": f"alt of {name}", "rank": 3} for name in itertools.islice(names, 5000)]
    key, body = await _key(guild.pool, guild), json.dumps({"characters": characters, "exportId": "e1"}).encode()
    longest, began = 0.0, time.perf_counter()
    sent = asyncio.create_task(
        anonymous.post(UPLOAD, content=body, headers={**key, "Content-Type": "application/json"})
    )
    while not sent.done():
        turn = time.perf_counter()
        await asyncio.sleep(0.001)
        longest = max(longest, time.perf_counter() - turn)
    took = time.perf_counter() - began
    app.state.export_reader.close()
    assert (await sent).status_code == 202, (await sent).text
    assert await _stored(guild) == [("received", 5000)]
    assert longest < took / 4, f"the event loop stood still for {longest:.2f} s of {took:.2f} s"


async def test_a_large_export_is_refused_with_its_faults_in_the_guilds_language_and_the_next_one_is_read(
    app: FastAPI, anonymous: httpx2.AsyncClient, guild: GuildBuilder
) -> None:
    key = await _key(guild.pool, guild)
    padding = {"note": "x" * 30}
    wrong = {"characters": [{"name": "Mi to", **padding}] * 2000}
    right = {"characters": [{"name": f"Mito{chr(97 + n % 26)}{chr(97 + n // 26)}", **padding} for n in range(676)]}
    refused, taken = [await anonymous.post(UPLOAD, json=each, headers=key) for each in (wrong, right)]
    assert (refused.status_code, taken.status_code) == (422, 202)
    assert any("Mi to" in each for each in refused.json()["problems"])
    process = app.state.export_reader._process
    process.kill()
    await process.wait()
    assert (await anonymous.post(UPLOAD, json={**right, "exportId": "2"}, headers=key)).status_code == 202
    app.state.export_reader.close()


@pytest.mark.own_database
async def test_an_upload_for_which_the_disk_has_no_room_is_not_acknowledged_and_can_be_sent_again(
    anonymous: httpx2.AsyncClient, guild: GuildBuilder
) -> None:
    key = await _key(guild.pool, guild)
    await guild.execute(
        "create function guild_identity.no_room() returns trigger language plpgsql as "
        "$$ begin raise exception 'could not extend file' using errcode = 'disk_full'; end $$"
    )
    await guild.execute(
        "create trigger no_room before insert on guild_identity.addon_uploads "
        "for each row execute function guild_identity.no_room()"
    )
    refused = await anonymous.post(UPLOAD, json=_export("Main"), headers=key)
    assert (refused.status_code, await _stored(guild)) == (503, [])
    await guild.execute("drop trigger no_room on guild_identity.addon_uploads")
    assert (await anonymous.post(UPLOAD, json=_export("Main"), headers=key)).status_code == 202
    assert await _stored(guild) == [("received", 1)]
