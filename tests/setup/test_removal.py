"""Removing a guild: nothing of it is left, others stay, and the embedded database is backed up before."""

from __future__ import annotations

from pathlib import Path

import pytest

from guild_builder import GuildBuilder
from laws import snapshot
from laws.snapshot import differences
from patt.bootstrap import Services
from patt.config import Settings
from patt.setup.removal import preview_removal, remove
from sv_common.db import backup
from sv_common.db.pool import Pool
from sv_common.guild_sync.core.errors import BadInput, PlanStale
from sv_common.guild_sync.sources.ports import Sources

_OF_THE_QUEUE = (
    "insert into jobs.procrastinate_jobs (queue_name, task_name, lock, args) "
    "values ('default', 'sweep', 'guild ' || %(guild)s, '{}')"
)


async def _full(pool: Pool, name: str, server: str) -> GuildBuilder:
    guild = await GuildBuilder.create(pool, name, server)
    await guild.alt("Grimalt", "alt of Mito", await guild.main("Mito"))
    await guild.character("Lonely")
    await guild.automate()
    await guild.execute(_OF_THE_QUEUE)
    return guild


async def test_nothing_of_a_removed_guild_is_left_and_nothing_of_others_is_touched(pool: Pool, tmp_path: Path) -> None:
    other = await _full(pool, "Second Lantern", "7001")
    before = await snapshot.take(pool)
    guild = await _full(pool, "Lantern Watch", "7000")
    services = Services(Settings(data_dir=tmp_path), pool, Sources(), is_embedded=True)
    seen = await preview_removal(services, guild_id=guild.guild_id)
    with pytest.raises(BadInput, match="That is not the guild's name"):
        await remove(services, seen, typed="Second Lantern")
    await guild.character("Newcomer")
    with pytest.raises(PlanStale):
        await remove(services, seen, typed="Lantern Watch")
    done = await remove(services, await preview_removal(services, guild_id=guild.guild_id), typed=" Lantern Watch ")
    assert done.sentence.startswith("Lantern Watch was removed, with 4 characters, 1 player")
    assert done.backup is not None
    assert set(backup.read(done.backup).guilds) == {"Lantern Watch", "Second Lantern"}
    assert differences(before, await snapshot.take(pool)) == {}
    assert await other.rows("select lock from jobs.procrastinate_jobs") == [(f"guild {other.guild_id}",)]


async def test_a_database_of_ones_own_is_not_backed_up(pool: Pool, tmp_path: Path) -> None:
    guild = await _full(pool, "Lantern Watch", "7000")
    services = Services(Settings(data_dir=tmp_path), pool, Sources())
    done = await remove(services, await preview_removal(services, guild_id=guild.guild_id), typed="Lantern Watch")
    assert done.backup is None
    assert list(tmp_path.iterdir()) == []
