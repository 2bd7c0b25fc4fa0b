"""Data of an older major version of PostgreSQL are brought to the one in use, or stay as they are."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from server_folders import folder_for_a_server
from sv_common.db.embedded import ServerNotStarted, account, binaries, renewal
from sv_common.db.embedded.cluster import Cluster, Reach

_FILL = """
create role patt_guild nologin;
create role helper login createdb;
grant patt_guild to helper;
create schema "odd name";
create table "odd name".things (id bigint generated always as identity primary key, word text);
insert into "odd name".things (word) select 'ß ' || n from generate_series(1, 1000) n;
alter table "odd name".things enable row level security;
create policy own on "odd name".things to patt_guild using (id = 3);
grant usage on schema "odd name" to patt_guild;
grant select on "odd name".things to patt_guild;
"""


def _cluster(home: Path, major: int) -> Cluster:
    return Cluster(home, str(major), binaries.of_major(major), account.account(), Reach.SOCKET)


def _filled(major: int) -> tuple[Path, Cluster]:
    home = account.home_of(folder_for_a_server() / "my data", account.account())
    old = _cluster(home, major)
    old.make()
    old.start()
    with psycopg.connect(old.get_uri(), autocommit=True) as connection:
        connection.execute("create database patt template template0 encoding 'UTF8'")
    with psycopg.connect(old.get_uri("patt")) as connection:
        connection.execute(_FILL.encode())
    old.stop()
    return home, old


def _of_debian() -> int | None:
    return next((major for major in (15, 17, 14) if Path(f"/usr/lib/postgresql/{major}/bin/postgres").exists()), None)


@pytest.mark.parametrize("major", [16, pytest.param(_of_debian(), marks=pytest.mark.nightly)])
def test_older_data_are_renewed_and_the_old_ones_kept_for_a_while(
    major: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if major is None:
        pytest.skip("needs an older PostgreSQL of this system")
    home, old = _filled(major)
    newest, _ = binaries.newest()
    new = _cluster(home, newest)
    renewal.make_current(new, newest)
    new.start()
    with psycopg.connect(new.get_uri("patt"), autocommit=True) as connection:
        assert connection.execute('select count(*), max(word) from "odd name".things').fetchone() == (1000, "ß 999")
        assert connection.execute("select pg_has_role('helper', 'patt_guild', 'member')").fetchone() == (True,)
        connection.execute("set role patt_guild")
        assert connection.execute('select word from "odd name".things').fetchall() == [("ß 3",)]
        connection.execute("reset role")
        added = connection.execute("insert into \"odd name\".things (word) values ('new') returning id").fetchone()
        assert added == (1001,)
    new.stop()
    kept = home / f"{old.name}.old"
    assert kept.is_dir()
    assert not old.data.exists()
    assert list(home.glob("*.dump")) == []
    renewal.forget_old(home)
    assert kept.is_dir()
    monkeypatch.setattr(renewal, "KEPT_FOR_S", -1)
    renewal.forget_old(home)
    assert sorted(home.glob("*.old*")) == []


@pytest.mark.nightly  # one that goes well is tried at every commit
def test_a_renewal_that_goes_wrong_leaves_the_old_data_and_can_be_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    home, old = _filled(16)
    newest, _ = binaries.newest()
    new = _cluster(home, newest)
    with monkeypatch.context() as patched:
        patched.setattr(renewal, "_CONTENT", "select random() from {} each limit 1")
        with pytest.raises(ServerNotStarted, match="not the same after its renewal; the old one is as it was"):
            renewal.make_current(new, newest)
    assert not new.exists()
    old.start()
    with psycopg.connect(old.get_uri("patt")) as connection:
        assert connection.execute('select count(*) from "odd name".things').fetchone() == (1000,)
    renewal.make_current(new, newest)  # with the old server running, as a killed process leaves it
    assert new.exists()
    old.stop()


def test_data_of_a_newer_postgresql_or_of_one_that_is_not_here_are_left_alone(tmp_path: Path) -> None:
    for major, sentence in ((99, "newer than the"), (9, "Install PostgreSQL 9")):
        home = account.home_of(folder_for_a_server() / "postgres", account.account())
        (home / str(major)).mkdir()
        (home / str(major) / "PG_VERSION").write_text(f"{major}\n", encoding="ascii")
        with pytest.raises(ServerNotStarted, match=sentence):
            renewal.make_current(_cluster(home, binaries.newest()[0]), binaries.newest()[0])
        assert (home / str(major) / "PG_VERSION").exists()
