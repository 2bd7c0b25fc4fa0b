"""From proof to the note in the game, and back: server, companion, file, addon, click, export, server."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import httpx2
import pytest

from addon.client import LOGIN_TIME, Member
from addon.noting_client import NotingClient
from companion.scripted import addon
from guild_builder import GuildBuilder
from jobs.all_waiting import process_uploads
from patt.app import create_app
from patt.auth import credentials
from patt.bootstrap import Services
from patt.companion.addon_file import FILE_NAME
from patt.companion.noting import Noting
from patt.companion.proposals import fetch
from patt.companion.server import Answer, contact, send
from patt.config import Settings
from sv_common.db.pool import Pool
from sv_common.guild_sync.identity.known import resolver_of
from sv_common.guild_sync.sources.ports import Sources

SERVER = "http://127.0.0.1:8000"


@pytest.fixture
def services(pool: Pool) -> Services:
    return Services(Settings.model_construct(base_url=SERVER), pool, Sources())


@pytest.fixture
async def http(services: Services) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(create_app(services))) as client:
        yield client


async def test_owners_who_are_certain_end_up_in_the_notes_and_the_mismatch_is_gone(
    pool: Pool, services: Services, http: httpx2.AsyncClient, tmp_path: Path
) -> None:
    guild = await GuildBuilder.create(pool, "Kin of Dawn")
    mito = await guild.player("Quillfeather")
    await guild.link(await guild.character("Mito"), mito, as_main=True)
    newalt, empty = await guild.alt("Newalt", "alt of Brakk - tank", mito), await guild.alt("Leerlein", "", mito)
    # Of a proven owner no note says otherwise; against an officer's decision one is a mismatch.
    await guild.execute(
        "update guild_identity.player_characters set basis = 'proven' where character_id <> %(id)s", {"id": newalt}
    )
    await guild.execute(
        "update guild_identity.player_characters set basis = 'officer', confirmed_by = 'admin', confirmed_at = now() "
        "where character_id = %(id)s",
        {"id": newalt},
    )
    await guild.main("Brakk")
    assert [issue.wow_character_id for issue in await guild.open_issues("note_mismatch")] == [newalt]

    async with pool.connection() as conn:
        key = await credentials.create_upload_key(
            conn, "Mito", guild_id=guild.guild_id, created_by="test", may_fetch_notes=True
        )
    folder = addon(tmp_path / "World of Warcraft")
    noting = Noting(lambda: [tmp_path / "World of Warcraft"], partial(fetch, http, SERVER, key))
    (told,) = await noting.renew(await contact(http, SERVER, key))
    assert told.sentence.startswith("2 guild notes are proposed.")

    roster = [("Mito", "Main"), ("Brakk", ""), ("Newalt", "alt of Brakk - tank"), ("Leerlein", "")]
    members = [Member(name, note=note, guid=f"Player-85-{n:08X}") for n, (name, note) in enumerate(roster)]
    client = NotingClient(members, file=(folder / FILE_NAME).read_bytes(), region=1, guild=("Kin of Dawn", None))
    client.now = time.time() - LOGIN_TIME  # the file is as old as the clock of this computer says
    assert [row.change for row in client.open()] == [
        'Leerlein: (empty) becomes "alt of Mito"',
        'Newalt: "alt of Brakk - tank" becomes "alt of Mito, tank"',
    ]
    client.write("Newalt")
    client.write("Leerlein")
    client.press("Close")

    reply = await send(http, SERVER, key, client.export())
    assert reply.answer is Answer.SENT
    await process_uploads(services, guild.guild_id)
    assert await guild.open_issues("note_mismatch") == []
    async with pool.reading(guild.guild_id) as here:
        resolver = await resolver_of(here)
    for number, note in ((newalt, "alt of Mito, tank"), (empty, "alt of Mito")):
        character = resolver.facts.characters[number]
        assert character.note == note
        decision = resolver.resolve(character)
        assert decision.target is not None
        assert decision.target.person.player_id == character.player_id == mito
    await noting.renew(await contact(http, SERVER, key))
    assert b"Newalt" not in (folder / FILE_NAME).read_bytes()
