"""Days of simulated guilds in which much goes wrong; the whole month is `python -m simulation.month`."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest

from server_folders import folder_for_a_server
from simulation.clock import SQL, fake_the_time, open_clock
from simulation.life import HOUR_S, Life, Plan, open_life
from simulation.tally import LawBroken
from simulation.trouble import TROUBLES
from sv_common.db.pool import make_pool

ROOT = Path(__file__).parents[2]
MOMENT = datetime(2026, 3, 2, 12, 30, tzinfo=UTC)


UPLOAD = """
    insert into guild_identity.addon_uploads (guild_id, upload_key_id, content_hash, character_count, as_of, state, finished_at)
    select guild_id, id, repeat('a', 64), 1, now(), 'refused', now() from common.upload_keys where guild_id = 1
"""

PETS_OF_LONG_AGO = """
    insert into guild_identity.account_evidence (guild_id, character_id, requested_at, outcome, oldest, by_hash, pets, read_at)
    select guild_id, min(id), now(), 'read', sha256('a'), sha256('b'), 40, now() - interval '31 days'
    from guild_identity.wow_characters where guild_id = 2 and removed_at is null group by guild_id
"""

PETS_WITHOUT_LEAVE = """
    insert into guild_identity.account_evidence (guild_id, character_id, requested_at, outcome)
    select guild_id, min(id), now(), 'failed' from guild_identity.wow_characters
    where guild_id = 2 and removed_at is null group by guild_id;
    update guild_identity.account_settings set mode = 'off', salt = null where guild_id = 2
"""

BROKEN: tuple[tuple[str, LiteralString, LiteralString], ...] = (
    (
        "decisions of people in guild 1 were overturned: .'new: player",
        "insert into guild_identity.players (guild_id, display_name, created_by) values (1, 'Nobody', 'automation')",
        "delete from guild_identity.players where created_by = 'automation'",
    ),
    (
        "decisions of people in guild 1 were overturned: .'new: link",
        "update guild_identity.player_characters set link_source = 'manual' where guild_id = 1 and confirmed_by is null",
        "update guild_identity.player_characters set link_source = 'full_match' where guild_id = 1 and confirmed_by is null",
    ),
    (
        "pets that were read more than 30 days ago",
        PETS_OF_LONG_AGO,
        "delete from guild_identity.account_evidence",
    ),
    (
        "account evidence of a guild that has it off",
        PETS_WITHOUT_LEAVE,
        (
            "delete from guild_identity.account_evidence; "
            "update guild_identity.account_settings set mode = 'suggest', salt = sha256('salt') where guild_id = 2"
        ),
    ),
    (
        "a profile older than 30 days",
        "update guild_identity.character_profiles set fetched_at = fetched_at - interval '31 days' where guild_id = 2",
        "update guild_identity.character_profiles set fetched_at = fetched_at + interval '31 days' where guild_id = 2",
    ),
    (
        "characters of another guild",
        "update guild_identity.wow_characters set realm_slug = 'elsewhere' where realm_slug = 'maltorith-1'",
        "update guild_identity.wow_characters set realm_slug = 'maltorith-1' where realm_slug = 'elsewhere'",
    ),
    (
        "open issues of orphan_wow in guild 2",
        (
            "insert into guild_identity.rule_settings (guild_id, issue_type, is_enabled, updated_by) "
            "values (2, 'orphan_wow', false, 'test'); delete from guild_identity.player_characters where guild_id = 2"
        ),
        "delete from guild_identity.rule_settings where updated_by = 'test'",
    ),
    (
        "marked as gone by discord_sync in guild 2, where 0 left",
        (
            "insert into guild_identity.sync_log (guild_id, pipeline, actor, status, steps, finished_at) "
            """values (2, 'discord_sync', 'test', 'done', '[{"name": "sync", "counts": {"left": 1}}]', now())"""
        ),
        "delete from guild_identity.sync_log where actor = 'test'",
    ),
    (
        "uploads that should have ended otherwise",
        UPLOAD,
        "delete from guild_identity.addon_uploads where state = 'refused'",
    ),
)
"""Which law is broken by what, and how that is undone."""


@pytest.mark.own_database
async def test_no_law_is_broken_in_a_day_full_of_troubles(database_url: str) -> None:
    async with _lived(database_url, Plan(guilds=2, days=1, seed=2, intensity=8)) as life:
        _assert_much_went_wrong(life)
        assert life.laws.account_links.made > 0
        assert any(neighbor.faults.calls["achievements"] for neighbor in life.crowd.neighbors)
        assert life.laws.confirmed_links.rights_by_account > 0


@pytest.mark.own_database
@pytest.mark.nightly
async def test_no_law_is_broken_in_two_days_full_of_troubles(database_url: str) -> None:
    async with _lived(database_url, Plan(guilds=3, days=2, seed=2, intensity=4)) as life:
        _assert_much_went_wrong(life)
        happened = life.tally.chapters
        assert life.laws.confirmed_links.automatic_role_changes > 0
        assert life.laws.confirmed_links.automatic_links > 0
        assert {"forged", "another guild's"} <= happened["uploads"].keys()
        assert any(name.startswith("late member list, with") for name in happened["late answers"])
        assert max(window.largest / window.most for window in life.budget.windows) == 1


@asynccontextmanager
async def _lived(database_url: str, plan: Plan) -> AsyncIterator[Life]:
    async with open_life(database_url, plan) as life:
        for _ in range(plan.days):
            await life.live_a_day()
        await life.come_to_rest()
        yield life


def _assert_much_went_wrong(life: Life) -> None:
    happened = life.tally.chapters
    assert happened["killed runs"].total() > 0
    assert happened["failed runs"].total() > 0
    assert len(happened["troubles"]) > len(TROUBLES) / 2
    assert {"Discord is away", "Battle.net is away"} <= happened["troubles"].keys()
    assert min(life.laws.runs_a_day["discord_sync"]) >= 96


@pytest.mark.own_database
async def test_each_law_notices_when_it_is_broken(database_url: str) -> None:
    async with open_life(database_url, Plan(guilds=2, days=0, seed=1)) as life:
        for law, breaks, repairs in BROKEN:
            await _execute(life, breaks)
            with pytest.raises(LawBroken, match=law):
                await life.laws.judge(is_whole_day=False)
            await _execute(life, repairs)
        await life.laws.judge(is_whole_day=False)
        for window in life.budget.windows:
            largest, window.largest = window.largest, window.most + 1
            with pytest.raises(LawBroken, match=f"request budget exceeded.*{window.service}"):
                await life.laws.judge(is_whole_day=False)
            window.largest = largest
        await life.clock.sleep(HOUR_S)  # without a worker
        with pytest.raises(LawBroken, match="slots of discord_sync without a run"):
            await life.laws.judge(is_whole_day=False)


@pytest.mark.own_database
async def test_the_database_tells_the_fake_time_to_every_statement_and_default(database_url: str) -> None:
    fake_the_time(database_url)
    with psycopg.connect(database_url) as connection:
        assert connection.execute(SQL["real_defaults"]).fetchall() == []
    async with open_clock(database_url, MOMENT, seed=1) as clock, make_pool(database_url) as pool:
        await clock.timing.sleep(90)
        async with pool.connection() as conn:
            told = await (await conn.execute("select now(), clock_timestamp(), current_setting('TimeZone')")).fetchone()
            made = await (await conn.execute(_ADD_GUILD)).fetchone()
    later = MOMENT + timedelta(seconds=90)
    assert clock.now == later
    assert (told, made) == ((later, later, "UTC"), (later,))


@pytest.mark.nightly
def test_the_command_prints_what_was_done_and_ends_well() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "simulation.month", "--guilds", "1", "--days", "0"],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(folder_for_a_server())},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "sync_discord" in done.stdout
    assert "Every law held to the end." in done.stdout


_ADD_GUILD = """
    insert into guild_identity.guilds (region, realm_slug, name_slug, name) values ('us', 'a', 'b', 'C')
    returning created_at
"""


async def _execute(life: Life, statement: LiteralString) -> None:
    async with life.services.pool.connection() as conn:
        await conn.execute(statement)
