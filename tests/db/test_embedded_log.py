"""The log of the embedded server stays short, and quotes no row."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from server_folders import folder_for_a_server
from sv_common.db import embedded
from sv_common.db.embedded import log_file
from sv_common.db.embedded.log_file import keep_short

PLANTED = "alt of Planted"


@pytest.fixture(scope="module")
def running() -> embedded.EmbeddedServer:
    return embedded.start(folder_for_a_server() / "data")


def _complain(server: embedded.EmbeddedServer, about: str) -> None:
    """Have the server write a warning into its log."""
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute(sql.SQL("do {}").format(f"begin raise log '{about}'; end"))


def test_what_cannot_be_stored_is_not_quoted_in_the_log(running: embedded.EmbeddedServer) -> None:
    with psycopg.connect(running.get_uri(), autocommit=True) as connection:
        connection.execute("create table noted (note text constraint short check (length(note) < 5) unique)")
        with pytest.raises(psycopg.errors.CheckViolation, match=PLANTED):
            connection.execute("insert into noted values (%s)", [PLANTED])
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute(sql.SQL("insert into noted values ({})").format(PLANTED))
    written = running.log.read_text(encoding="utf-8")
    assert 'violates check constraint "short"' in written
    assert PLANTED not in written


def test_a_log_that_has_grown_is_put_aside_once_and_the_server_writes_on(
    running: embedded.EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_file, "LARGEST_BYTES", 2000)
    older = running.log.with_name("log.1")
    for number in range(200):
        _complain(running, f"complaint {number} of many")
        embedded.keep_logs_short()
        assert running.log.stat().st_size <= 2000 + 200
        assert not older.exists() or older.stat().st_size <= 2000
    kept = older.read_bytes() + running.log.read_bytes()
    assert b"complaint 199 of many" in kept
    assert b"complaint 1 of many" not in kept
    assert b"\0" not in kept
    for file in (running.log, older):
        assert file.stat().st_mode & 0o077 == 0


def test_of_a_log_that_grew_while_nobody_looked_the_end_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_file, "LARGEST_BYTES", 10)
    assert keep_short(tmp_path) is False
    (tmp_path / "log").write_bytes(b"0123456789" * 3 + b"the end...")
    assert keep_short(tmp_path) is True
    assert ((tmp_path / "log").read_bytes(), (tmp_path / "log.1").read_bytes()) == (b"", b"the end...")
    assert keep_short(tmp_path) is False
    assert sorted(each.name for each in tmp_path.iterdir()) == ["log", "log.1"]


def test_a_start_finds_a_short_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_file, "LARGEST_BYTES", 1000)
    folder = folder_for_a_server() / "data"
    folder.mkdir(mode=0o700)
    (folder / "log").write_bytes(b"of a run before\n" * 1000)
    started = embedded.start(folder)
    assert started.log.stat().st_size < 16_000
    assert b"of a run before" not in started.log.read_bytes()
