"""Real processes that are killed at any moment: what was acknowledged is done in the end, and nothing is done twice."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from guild_builder import GuildBuilder
from patt import access
from sv_common.db.pool import Pool
from sv_common.guild_sync.domain.addon_export import read_addon_export_json
from sv_common.guild_sync.store import uploads

UPLOADS = 24
PLAYERS = 30


async def test_uploads_survive_workers_that_are_killed(pool: Pool, database_url: str) -> None:
    guild = await GuildBuilder.create(pool)
    await _people(guild)
    rng = random.Random(4)  # noqa: S311 -- chooses moments, not secrets
    for number in range(UPLOADS):
        await _upload(guild, number)
    for _ in range(4):
        with _worker(database_url) as process:
            await asyncio.sleep(1.5 + rng.random())
            process.send_signal(signal.SIGKILL)
        # What a dead worker held is given back after a while; here the while is over at once.
        await _let_the_dead_be_known(guild)
    with _worker(database_url) as process:
        for _ in range(600):
            if not await guild.rows("select 1 from guild_identity.addon_uploads where state = 'received'"):
                break
            await asyncio.sleep(0.2)
        process.terminate()
    states = await guild.rows("select state, count(*) from guild_identity.addon_uploads group by state")
    assert states == [("done", UPLOADS)]
    notes = await guild.rows("select distinct guild_note from guild_identity.wow_characters")
    assert notes == [(_note(UPLOADS - 1),)]
    doubles = await guild.rows(
        "select issue_id from guild_identity.issue_events where event = 'opened' group by issue_id having count(*) > 1"
    )
    assert doubles == []


@contextmanager
def _worker(database_url: str) -> Iterator[subprocess.Popen[bytes]]:
    environment = {**os.environ, "PATT_DATABASE_URL": database_url, "PATT_LOG_LEVEL": "ERROR"}
    process = subprocess.Popen([sys.executable, "-m", "patt", "worker"], env=environment)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


async def _people(guild: GuildBuilder) -> None:
    for number in range(PLAYERS):
        await guild.main(_name(number))


async def _upload(guild: GuildBuilder, number: int) -> None:
    characters = [{"name": _name(each), "note": _note(number)} for each in range(PLAYERS)]
    async with guild.pool.connection() as conn:
        await access.create_upload_key(conn, "Zork", guild_id=guild.guild_id, created_by="test")
        (key, *_) = await access.upload_keys(conn, guild.guild_id)
        await uploads.receive(
            conn, guild.guild_id, key.id, read_addon_export_json(json.dumps({"characters": characters}).encode())
        )


async def _let_the_dead_be_known(guild: GuildBuilder) -> None:
    await guild.execute("update jobs.procrastinate_workers set last_heartbeat = now() - interval '10 minutes'")


def _name(number: int) -> str:
    return f"Mito{chr(97 + number // 26)}{chr(97 + number % 26)}"


def _note(number: int) -> str:
    return f"Alch {number}"
