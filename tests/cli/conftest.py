"""Running `patt` in this process, on a test's database."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from patt.cli.main import main
from sv_common.guild_sync.simulators import GuildSimulator, GuildWorld


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


@pytest.fixture(scope="session")
def served() -> Iterator[GuildSimulator]:
    with GuildSimulator(GuildWorld.seeded(7, 1)) as simulator:
        yield simulator


@pytest.fixture
def simulator(served: GuildSimulator) -> GuildSimulator:
    """Battle.net and Discord of a guild of 20 characters, which hold the ranks 0, 1, 2, 4 and 6."""
    served.load(GuildWorld.seeded(7, 20))
    return served


@pytest.fixture
def world(simulator: GuildSimulator) -> GuildWorld:
    return simulator.world


@pytest.fixture
def workplace(simulator: GuildSimulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty working folder, from which both sources are the simulated ones."""
    for name, value in addresses_of(simulator).items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def addresses_of(simulator: GuildSimulator) -> dict[str, str]:
    """The settings that lead to the simulated sources."""
    return {
        "PATT_BLIZZARD_TOKEN_URL": simulator.token_url,
        "PATT_BLIZZARD_API_URL": simulator.battlenet_url,
        "PATT_DISCORD_API_URL": simulator.discord_url,
    }
