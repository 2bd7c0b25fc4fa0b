"""Uploads by companions: what is stored, what is refused, and who may ask what became of it."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from guild_builder import GuildBuilder
from patt import access
from sv_common.db.pool import Pool
from sv_common.guild_sync.simulators.addon import saved_variables

UPLOAD = "/api/v1/guild-sync/addon-upload"


async def _key(pool: Pool, guild: GuildBuilder, uploader: str = "Mito") -> dict[str, str]:
    async with pool.connection() as conn:
        key = await access.create_upload_key(conn, uploader, guild_id=guild.guild_id, created_by="test")
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
        (b"x" * (16 * 1024 * 1024 + 1), "application/octet-stream", 413, "more than can be taken in"),
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
        (listed,) = await access.upload_keys(conn, guild.guild_id)
        await access.revoke_upload_key(conn, listed.id, guild_id=guild.guild_id)
    for client, headers in ((anonymous, {}), (anonymous, {"X-API-Key": "made up"}), (anonymous, revoked), (alice, {})):
        assert (await client.post(UPLOAD, json=_export("a"), headers=headers)).status_code == 401
    assert await _stored(guild) == []


async def test_another_guilds_upload_is_not_visible(anonymous: httpx2.AsyncClient, guild: GuildBuilder) -> None:
    other = await GuildBuilder.create(guild.pool, "Other Watch", "7001")
    answer = await anonymous.post(UPLOAD, json=_export("a"), headers=await _key(guild.pool, guild))
    path = f"{UPLOAD}/{answer.json()['upload_id']}"
    assert (await anonymous.get(path, headers=await _key(guild.pool, other))).status_code == 404


async def test_an_upload_key_opens_nothing_else(anonymous: httpx2.AsyncClient, guild: GuildBuilder) -> None:
    key = await _key(guild.pool, guild)
    assert (await anonymous.get("/api/v1/admin/data-quality/rules", headers=key)).status_code == 401


async def test_keys_are_listed_with_their_last_use_and_the_freshness_of_their_data(
    anonymous: httpx2.AsyncClient, guild: GuildBuilder
) -> None:
    key = await _key(guild.pool, guild)
    await _key(guild.pool, guild, "Zork")
    await anonymous.post(UPLOAD, json=_export("a", exportTime=1_700_000_000), headers=key)
    async with guild.pool.connection() as conn:
        mito, zork = await access.upload_keys(conn, guild.guild_id)
    assert (mito.uploader, mito.last_used_at is not None, zork.last_used_at) == ("Mito", True, None)
    assert mito.last_export_at is not None
    assert (int(mito.last_export_at.timestamp()), zork.last_export_at) == (1_700_000_000, None)
