"""Automatic backups: one a day of the embedded database, with a bounded number that stays."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patt import backups
from patt.bootstrap import Services
from patt.config import Settings
from patt.worker import worker
from sv_common.db import backup
from sv_common.db.pool import Pool
from sv_common.guild_sync.sources.ports import Sources
from thoroughness import examples


@settings(max_examples=examples(200), deadline=None)
@given(st.lists(st.booleans(), min_size=1, max_size=120), st.dates(date(2020, 1, 1), date(2030, 1, 1)))
def test_seven_days_and_four_weeks_stay_and_no_more(runs: list[bool], first: date) -> None:
    kept: set[date] = set()
    made: list[date] = []
    for number, is_running in enumerate(runs):
        if is_running:
            day = first + timedelta(days=number)
            made.append(day)
            kept.add(day)
            kept -= backups.expendable(kept)
            assert kept >= set(made[-7:])
            assert len(kept) <= 7 + 4
            last_of_weeks = {each.isocalendar()[:2]: each for each in made}
            assert kept >= set(list(last_of_weeks.values())[-4:])


async def test_a_worker_backs_the_embedded_database_up_once_a_day(pool: Pool, tmp_path: Path) -> None:
    services = Services(Settings(data_dir=tmp_path), pool, Sources(), is_embedded=True)
    file = await worker.back_up(services)
    assert file is not None
    assert backup.read(file).schema
    assert await worker.back_up(services) is None
    assert list(tmp_path.rglob("*.patt")) == [file]
    assert file.parent.stat().st_mode & 0o077 == 0


async def test_a_configured_database_is_its_owners_to_back_up(pool: Pool, tmp_path: Path) -> None:
    assert await worker.back_up(Services(Settings(data_dir=tmp_path), pool, Sources())) is None
    assert list(tmp_path.iterdir()) == []


async def test_a_backup_that_fails_is_logged_and_ends_nothing(
    pool: Pool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "backups").write_text("no folder")
    services = Services(Settings(data_dir=tmp_path), pool, Sources(), is_embedded=True)
    assert await worker.back_up(services) is None
    assert "no_backup" in "".join(capsys.readouterr())
    (tmp_path / "backups").unlink()
    assert await worker.back_up(replace(services)) is not None
