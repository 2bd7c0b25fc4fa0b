"""`patt db backup` and `patt db restore`: a round trip, what is refused, and what is kept."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from cli.conftest import Practice
from db.later_version import having, later_version
from server_folders import folder_for_a_server
from sv_common.db import backup, migrate
from sv_common.db.embedded import account, binaries
from sv_common.db.embedded.cluster import Cluster, Reach
from sv_common.guild_sync.core.errors import BadInput, Refused

Tables = dict[str, list[str]]


def _everything(url: str) -> Tables:
    """All rows of all tables, and where all sequences are."""
    with psycopg.connect(url) as conn:
        names = [row[0] for row in conn.execute(backup.SQL["tables"], {"schemas": [*backup.SCHEMAS, "public"]})]
        found = {}
        for name in names:
            rows = conn.execute(sql.SQL("select t::text from {} t").format(sql.SQL(name)))
            found[name] = sorted(row[0] for row in rows)
        found["sequences"] = [
            row[0]
            for row in conn.execute(
                "select format('%s.%s %s', schemaname, sequencename, last_value) from pg_sequences order by 1"
            )
        ]
    assert sum(map(len, found.values())) > 100
    return found


def _schema(url: str) -> list[str]:
    """The schema as pg_dump writes it, without what it makes up anew, and the parentheses that PostgreSQL leaves out when it reads."""
    dumped = subprocess.run(  # noqa: S603 -- a program of the wheel
        [binaries.client("pg_dump"), "--schema-only", url], capture_output=True, text=True, check=True
    ).stdout
    kept = (line for line in dumped.splitlines() if not line.startswith(("\\restrict", "\\unrestrict", "--")))
    return [line.translate({ord("("): None, ord(")"): None}) for line in kept]


def _kept(practice: Practice) -> list[Path]:
    return sorted((practice.folder / "data" / "backups").glob("*.patt"))


def _wreck(url: str) -> None:
    with psycopg.connect(url) as conn:
        conn.execute("drop table guild_identity.character_profiles cascade")
        conn.execute("update guild_identity.wow_characters set character_name = 'Wrong' where id % 2 = 0")
        conn.execute("alter table guild_identity.players disable row level security")
        conn.execute("drop table public.alembic_version")


def test_after_a_restore_every_table_is_as_it_was_and_what_was_there_is_kept(practice: Practice, url: str) -> None:
    before, schema = _everything(url), _schema(url)
    file = practice.folder / "the guild.patt"
    written = practice.patt("db", "backup", str(file))
    assert written.code == 0, written.err
    assert "The Lantern Watch" in written.out
    assert file.stat().st_mode & 0o777 == 0o600
    assert practice.simulator.discord_token.encode() not in file.read_bytes()
    again = practice.patt("db", "backup", str(file))
    assert again.refuses("exists. Name a new file.")

    _wreck(url)
    wrecked = _everything(url)
    looked = practice.patt("db", "restore", str(file), "--dry-run")
    assert looked.code == 0
    assert looked.out.count("The Lantern Watch") == 2
    assert _everything(url) == wrecked
    restored = practice.patt("db", "restore", str(file), "--yes", "--settings", str(practice.folder / "new.env"))
    assert restored.code == 0, restored.err
    assert (_everything(url), _schema(url)) == (before, schema)
    assert practice.patt("rules").code == 0
    settings = (practice.folder / "new.env").read_text(encoding="utf-8")
    assert "PATT_BLIZZARD_CLIENT_ID='" in settings
    assert "PATT_DATABASE_URL" not in settings

    (kept,) = _kept(practice)
    assert kept.name in restored.out
    assert practice.patt("db", "restore", str(kept), "--yes").code == 0
    assert _everything(url) == wrecked


def test_secrets_are_in_a_backup_only_where_they_are_asked_for(practice: Practice, url: str) -> None:
    file = practice.folder / "all.patt"
    written = practice.patt("db", "backup", str(file), "--with-secrets")
    assert "keep it where nobody else can read it" in written.out
    manifest = backup.read(file)
    assert manifest.settings["PATT_DISCORD_BOT_TOKEN"] == practice.simulator.discord_token


def test_a_backup_needs_room_only_where_it_is_written(
    practice: Practice, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(practice.folder / "no such folder"))
    assert practice.patt("db", "backup", str(practice.folder / "whole.patt")).code == 0
    assert sorted(each.name for each in practice.folder.iterdir() if "patt" in each.name) == ["whole.patt"]


def test_a_damaged_file_is_refused_wherever_the_damage_is_and_changes_nothing(practice: Practice, url: str) -> None:
    file, damaged = practice.folder / "whole.patt", practice.folder / "damaged.patt"
    practice.patt("db", "backup", str(file))
    whole = file.read_bytes()
    before = _everything(url)
    for place in [*range(0, 90, 7), *range(90, len(whole), len(whole) // 40), len(whole) - 1]:
        damaged.write_bytes(whole[:place] + bytes([whole[place] ^ 0x20]) + whole[place + 1 :])
        with pytest.raises((BadInput, Refused)):
            backup.read(damaged)
    for length in (0, 10, 90, len(whole) // 2, len(whole) - 1):
        damaged.write_bytes(whole[:length])
        with pytest.raises(BadInput):
            backup.read(damaged)
    assert practice.patt("db", "restore", str(damaged), "--yes").refuses("is damaged: its checksum is another one")
    assert practice.patt("db", "restore", str(practice.folder / "none"), "--yes").refuses("cannot be read")
    assert _everything(url) == before
    assert _kept(practice) == []


def test_nothing_is_restored_while_the_database_is_in_use(practice: Practice, url: str) -> None:
    file = practice.folder / "whole.patt"
    practice.patt("db", "backup", str(file))
    before = _everything(url)
    with psycopg.connect(url):
        assert practice.patt("db", "restore", str(file), "--yes").refuses("1 other connection uses the database.")
    assert _everything(url) == before


def test_a_restore_that_goes_wrong_at_its_end_changes_nothing(
    practice: Practice, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = practice.folder / "whole.patt"
    practice.patt("db", "backup", str(file))
    _wreck(url)
    before = _everything(url)
    read = backup.read(file)
    wrong = {**read.tables, "guild_identity.guilds": 2}
    monkeypatch.setattr(backup, "read", lambda _: replace(read, tables=wrong))
    refused = practice.patt("db", "restore", str(file), "--yes")
    assert refused.refuses("not 2 rows in guild_identity.guilds. Nothing was changed.")
    assert _everything(url) == before


@pytest.fixture
def next_version(tmp_path: Path) -> Iterator[None]:
    """A later version of the product, with one more table."""
    with later_version(tmp_path, "create table common.newer ()"):
        yield


def test_before_every_upgrade_there_is_a_backup(practice: Practice, url: str, next_version: None) -> None:
    before = _everything(url)
    assert practice.patt("db", "upgrade").code == 0
    (kept,) = _kept(practice)
    assert kept.name.startswith("before-upgrade-")
    assert practice.patt("db", "upgrade").code == 0
    assert _kept(practice) == [kept]
    assert _everything(url) != before
    assert practice.patt("db", "restore", str(kept), "--yes").code == 0
    assert "common.newer" in _everything(url)  # an older backup is upgraded once it is restored


def test_without_that_backup_there_is_no_upgrade(practice: Practice, url: str, next_version: None) -> None:
    (practice.folder / "data").write_text("no folder")
    assert practice.patt("db", "upgrade").refuses("To upgrade without a backup, run: patt db upgrade --no-backup")
    assert "common.newer" not in _everything(url)
    assert practice.patt("db", "upgrade", "--no-backup").code == 0
    assert "common.newer" in _everything(url)


def test_a_backup_of_a_newer_version_is_refused(practice: Practice, url: str, next_version: None) -> None:
    file = practice.folder / "newer.patt"
    practice.patt("db", "upgrade")
    practice.patt("db", "backup", str(file))
    with having(Path(migrate.__file__).with_name("migrations")):
        refused = practice.patt("db", "restore", str(file), "--yes")
    assert refused.refuses("whose schema this version does not know")
    content = file.read_bytes()
    file.write_bytes(content.replace(b"PATT backup 1", b"PATT backup 2", 1))
    assert practice.patt("db", "restore", str(file), "--yes").refuses("was made by a newer version of PATT")


_RESTORE = """
import sys
from pathlib import Path
from sv_common.db import backup
file = Path(sys.argv[2])
manifest = backup.read(file)
print("begins", flush=True)
backup.restore(sys.argv[1], file, manifest)
"""


@pytest.mark.nightly  # one that goes wrong at its end is tried at every commit
def test_a_restore_that_is_killed_at_any_moment_leaves_the_old_or_the_new(practice: Practice, url: str) -> None:
    file = practice.folder / "whole.patt"
    practice.patt("db", "backup", str(file))
    whole = _everything(url)
    _wreck(url)
    wrecked = _everything(url)
    for tenths in range(1, 30, 3):
        with subprocess.Popen(  # noqa: S603 -- this very program
            [sys.executable, "-c", _RESTORE, url, str(file)], stdout=subprocess.PIPE, start_new_session=True
        ) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(tenths / 10)
            process.kill()
        _wait_until_unused(url)
        assert _everything(url) in (whole, wrecked)
        if _everything(url) == whole:
            break
    backup.restore(url, file, backup.read(file))
    assert _everything(url) == whole


def _wait_until_unused(url: str) -> None:
    deadline = time.monotonic() + 30
    with psycopg.connect(url, autocommit=True) as conn:
        while conn.execute(backup.SQL["others"]).fetchone() != (0,):
            assert time.monotonic() < deadline
            time.sleep(0.05)


@pytest.mark.nightly  # a round trip on one server is tried at every commit
def test_the_same_two_commands_move_to_a_server_of_the_oldest_version_for_a_login_without_rights(
    practice: Practice, url: str
) -> None:
    if not Path("/usr/lib/postgresql/15/bin/postgres").exists():
        pytest.skip("needs PostgreSQL 15 of this system")
    home = account.home_of(folder_for_a_server() / "other server", account.account())
    other = Cluster(home, "15", binaries.of_major(15), account.account(), Reach.LOOPBACK)
    other.make()
    other.start()
    try:
        with psycopg.connect(other.get_uri(), autocommit=True) as conn:
            conn.execute("create role keeper login password 'secret'")
            conn.execute("create database guild owner keeper template template0 encoding 'UTF8'")
        there = other.get_uri("guild").replace("postgres@", "keeper:secret@").partition("?")[0]
        before, schema = _everything(url), _schema(url)
        file = practice.folder / "move.patt"
        assert practice.patt("db", "backup", str(file)).code == 0
        practice.environment.setenv("PATT_DATABASE_URL", there)
        assert practice.patt("db", "restore", str(file), "--yes").refuses("as an administrator of the server run")
        with psycopg.connect(other.get_uri(), autocommit=True) as conn:
            conn.execute("create role patt_guild nologin")
            conn.execute("grant patt_guild to keeper")
        moved = practice.patt("db", "restore", str(file), "--yes")
        assert moved.code == 0, moved.err
        assert "The database is empty." in moved.out
        assert _everything(there) == before
        assert len(_schema(there)) == len(schema)
        assert practice.patt("rules").code == 0
    finally:
        other.stop()
