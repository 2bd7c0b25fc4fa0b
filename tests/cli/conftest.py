"""Running `patt` in this process, on a test's database."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from patt.cli.main import main


@dataclass(frozen=True)
class Outcome:
    """What a run of the command line printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as JSON."""
        return json.loads(self.out)


Patt = Callable[..., Outcome]


@pytest.fixture
def patt(database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Patt:
    """Run `patt` with arguments."""
    monkeypatch.setenv("PATT_DATABASE_URL", database_url)
    monkeypatch.setenv("COLUMNS", "300")

    def run(*arguments: object) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["patt", *map(str, arguments)])
        capsys.readouterr()
        code = _exit_code()
        printed = capsys.readouterr()
        return Outcome(code, printed.out, printed.err)

    return run


def _exit_code() -> int:
    try:
        main()
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 0
    return 0


@pytest.fixture
def database(database_url: str) -> Any:
    """A synchronous connection to the test's database."""
    with psycopg.connect(database_url, autocommit=True) as conn:
        yield conn


@pytest.fixture
def guild(patt: Patt, database: psycopg.Connection) -> psycopg.Connection:
    """A guild with the players Elrek and Mito, an alt of each, and a stranger."""
    assert patt("guild", "add", "Lantern Watch", "--realm", "area-52", "--discord-server", "7000").code == 0
    database.execute(
        "insert into common.guild_ranks (guild_id, wow_rank_index, name, level) values (1, 3, 'Social', 7)"
    )
    database.execute(
        "insert into guild_identity.wow_characters (guild_id, character_name, name_key, realm_slug, realm_key, rank_index, "
        "level, guild_note) select 1, n, lower(n), 'area-52', 'area52', 3, 80, note "
        "from unnest(array['Elrek', 'Mito', 'Rivermane', 'Stranger'], array['', '', 'Elrek', 'hi there']) as c (n, note)"
    )
    database.execute(
        "insert into guild_identity.players (guild_id, display_name, created_by) values (1, 'Elrek', 't'), (1, 'Mito', 't')"
    )
    database.execute(
        "insert into guild_identity.player_characters (character_id, player_id, guild_id, link_source, confidence, linked_by) "
        "values (1, 1, 1, 'full_match', 'exact', 't'), (2, 2, 1, 'full_match', 'exact', 't'), (3, 1, 1, 'full_match', 'exact', 't')"
    )
    return database
