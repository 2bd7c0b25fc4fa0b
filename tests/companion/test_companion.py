"""The companion: whole files are sent once, half ones never, and nothing is lost while the server is away."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI

from companion.scripted import Sink, account, export
from guild_builder import GuildBuilder
from patt.app import create_app
from patt.auth import credentials
from patt.bootstrap import Services
from patt.companion.files import export_files
from patt.companion.server import Answer, Contact, Outcome, State, contact, outcome_of, send
from patt.companion.watcher import Spool, Status, Watcher
from patt.config import Settings
from sv_common.db.pool import Pool
from sv_common.guild_sync.sources.ports import Sources


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return account(tmp_path / "World of Warcraft", "384591484#1")


@pytest.fixture
def sink() -> Sink:
    return Sink()


@pytest.fixture
def watcher_of(tmp_path: Path, sink: Sink) -> Callable[[], Watcher]:
    """Start the companion (again), on the same computer."""
    game = tmp_path / "World of Warcraft"
    return lambda: Watcher(lambda: export_files(game), Spool(tmp_path / "spool"), sink.send, sink.ask)


async def test_an_export_is_sent_when_its_file_is_at_rest_and_only_once(
    file: Path, sink: Sink, watcher_of: Callable[[], Watcher]
) -> None:
    watcher = watcher_of()
    file.write_bytes(export("Main"))
    await watcher.check()
    assert sink.sent == []
    assert (await watcher.check()).news == ("Sent. Received.",)
    at_rest = await watcher.check()
    assert at_rest == Status("Watching 1 file; everything is sent.", is_delivered=True, files=(file,))
    assert sink.sent == [export("Main")]
    again = watcher_of()
    for _ in range(3):
        await again.check()
    assert len(sink.sent) == 1


async def test_the_same_export_written_anew_is_not_sent_again_and_a_new_one_is(
    file: Path, sink: Sink, watcher_of: Callable[[], Watcher]
) -> None:
    watcher = watcher_of()
    for content in (export("Main"), export("Main") + b"\n", export("alt of Zork")):
        file.write_bytes(content)
        os.utime(file, ns=(0, len(sink.sent) * 10**9 + len(content)))
        for _ in range(3):
            await watcher.check()
    assert sink.sent == [export("Main"), export("alt of Zork")]


async def test_exports_are_kept_while_the_server_is_away_and_sent_in_order_when_it_is_back(
    file: Path, sink: Sink, watcher_of: Callable[[], Watcher]
) -> None:
    sink.answer = Answer.AWAY
    watcher = watcher_of()
    for number, note in enumerate(("first", "second")):
        file.write_bytes(export(note))
        os.utime(file, ns=(0, number))
        await watcher.check()
        await watcher.check()
    assert "Waiting to be sent: 2 exports" in (await watcher.check()).line
    sink.answer = Answer.SENT
    sink.sent.clear()
    await watcher_of().check()
    assert sink.sent == [export("first"), export("second")]


async def test_without_an_export_the_line_says_what_to_do(sink: Sink, watcher_of: Callable[[], Watcher]) -> None:
    assert "Type /pattsync in the game" in (await watcher_of().check()).line


@pytest.mark.parametrize(
    "start",
    [
        "",
        "_retail_",
        "_retail_/WTF",
        "_retail_/WTF/Account",
        "_retail_/WTF/Account/384591484#1",
        "_retail_/WTF/Account/384591484#1/SavedVariables",
        "_retail_/WTF/Account/384591484#1/SavedVariables/PATTSync.lua",
    ],
)
def test_the_file_is_found_from_any_folder_above_it(tmp_path: Path, file: Path, start: str) -> None:
    file.write_bytes(b"x")
    assert export_files(tmp_path / "World of Warcraft" / start) == [file]


@pytest.fixture
async def app(pool: Pool) -> FastAPI:
    return create_app(Services(Settings.model_construct(base_url="http://patt.test"), pool, Sources()))


@pytest.fixture
async def http(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app)) as client:
        yield client


async def test_the_real_server_takes_an_export_and_rejects_a_wrong_key(http: httpx2.AsyncClient, pool: Pool) -> None:
    guild = await GuildBuilder.create(pool)
    async with pool.connection() as conn:
        key = await credentials.create_upload_key(conn, "Mito", guild_id=guild.guild_id, created_by="test")
    first = await send(http, "http://patt.test/", key, export("Main"))
    again = await send(http, "http://patt.test", key, export("Main"))
    wrong = await send(http, "http://patt.test", "made up", export("Main"))
    refused = await send(http, "http://patt.test", key, b"not an export")
    assert [reply.answer for reply in (first, again, wrong, refused)] == [
        Answer.SENT,
        Answer.SENT,
        Answer.KEY_REJECTED,
        Answer.REFUSED,
    ]
    assert "so it was not stored again." in again.sentence
    assert first.upload_id is not None
    waits = await outcome_of(http, "http://patt.test", key, first.upload_id)
    assert waits is not None
    assert waits.state is State.WAITS
    assert await outcome_of(http, "http://patt.test", key, first.upload_id + 99) == Outcome(State.GONE, "")
    assert await outcome_of(http, "http://patt.test", "made up", first.upload_id) is None


async def test_the_real_server_says_whose_key_it_is(http: httpx2.AsyncClient, pool: Pool) -> None:
    guild = await GuildBuilder.create(pool)
    async with pool.connection() as conn:
        key = await credentials.create_upload_key(conn, "Mito", guild_id=guild.guild_id, created_by="test")
        [name] = (await (await conn.execute("select name from guild_identity.guilds")).fetchone()) or ()
    known = await contact(http, "http://patt.test", key)
    assert known == Contact(is_reached=True, is_accepted=True, guild=name, uploader="Mito", may_fetch_notes=False)
    wrong = await contact(http, "http://patt.test", "made up")
    assert (wrong.is_rejected, wrong.sentence[:38]) == (True, "The server does not accept this upload")
