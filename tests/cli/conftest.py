"""Running `patt` in this process, on a test's database: for a guild that is there, is being set up, or was set up."""

from __future__ import annotations

import itertools
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from patt.cli.main import main
from patt.cli.speech.help import frame_in_language
from sv_common.db import embedded
from sv_common.guild_sync.core.language import ENGLISH, speaking
from sv_common.guild_sync.simulators import GuildSimulator, GuildWorld, addon

TEMPLATE = "set_up_template"
_numbers = itertools.count()


@dataclass(frozen=True)
class Outcome:
    """What a run of the command line printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    def refuses(self, sentence: str) -> bool:
        return self.code == 1 and sentence in self.err


Patt = Callable[..., Outcome]
Init = Callable[..., Outcome]


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Commands speak English, whatever the computer's terminals speak, and what one has spoken ends with its test."""
    monkeypatch.setenv("PATT_LANGUAGE", ENGLISH)
    with speaking(ENGLISH):
        yield
    frame_in_language()


@pytest.fixture
def patt(database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Patt:
    monkeypatch.setenv("PATT_DATABASE_URL", database_url)
    monkeypatch.setenv("COLUMNS", "300")

    def run(*arguments: object) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["patt", *map(str, arguments)])
        capsys.readouterr()
        code = exit_code()
        printed = capsys.readouterr()
        return Outcome(code, printed.out, printed.err)

    return run


def exit_code() -> int:
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
def guild(database: psycopg.Connection) -> psycopg.Connection:
    """A guild with the players Elrek and Mito, an alt of each, and a stranger."""
    database.execute(
        "insert into guild_identity.guilds (region, realm_slug, name_slug, name, discord_guild_id) "
        "values ('us', 'area-52', 'lantern-watch', 'Lantern Watch', '7000')"
    )
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
        "insert into guild_identity.player_characters (character_id, player_id, guild_id, link_source, confidence, "
        "linked_by, basis, basis_note) "
        "select character_id, player_id, 1, 'full_match', 'exact', 't', 'note', 'an earlier note' "
        "from (values (1, 1), (2, 2), (3, 1)) as link (character_id, player_id)"
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
    return {
        "PATT_BLIZZARD_TOKEN_URL": simulator.token_url,
        "PATT_BLIZZARD_API_URL": simulator.battlenet_url,
        "PATT_DISCORD_API_URL": simulator.discord_url,
    }


@pytest.fixture
def answers(simulator: GuildSimulator, world: GuildWorld) -> dict[str, str | None]:
    """Every answer that the set-up asks for."""
    return {
        "guild": "the lantern watch",
        "realm": "Mal'Torith",
        "region": "us",
        "battlenet-client-id": simulator.client_id,
        "battlenet-client-secret": simulator.client_secret,
        "discord-bot-token": simulator.discord_token,
        "discord-server": world.discord_guild_id,
        "audit-channel": "officers",
        "uploader": "Bob",
    }


@pytest.fixture
def init(patt: Patt, workplace: Path, answers: dict[str, str | None], simulator: GuildSimulator) -> Init:
    """Run `patt init --yes` with all answers, some of them changed or left out, and see that no secret is printed."""

    def run(*more: str, **changes: str | None) -> Outcome:
        given = answers | {name.replace("_", "-"): value for name, value in changes.items()}
        options = [part for name, value in given.items() if value is not None for part in (f"--{name}", value)]
        outcome = patt("init", "--yes", *options, *more)
        printed = outcome.out + outcome.err
        assert simulator.client_secret not in printed
        assert simulator.discord_token not in printed
        assert "Traceback" not in printed
        return outcome

    return run


@pytest.fixture
def export(workplace: Path, world: GuildWorld) -> str:
    """The addon's file, as an officer has it."""
    file = workplace / "PATTSync.lua"
    file.write_text(addon.render(world), encoding="utf-8")
    return str(file)


@pytest.fixture(scope="session")
def set_up(server: embedded.EmbeddedServer, served: GuildSimulator, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a guild that was set up; its database is the template."""
    folder = tmp_path_factory.mktemp("set-up")
    served.load(GuildWorld.seeded(7, 20))
    (folder / "PATTSync.lua").write_text(addon.render(served.world), encoding="utf-8")
    url = embedded.recreate_database(server, TEMPLATE)
    options = {
        "guild": "The Lantern Watch",
        "realm": "Mal'Torith",
        "battlenet-client-id": served.client_id,
        "battlenet-client-secret": served.client_secret,
        "discord-bot-token": served.discord_token,
        "audit-channel": "officers",
        "export": "PATTSync.lua",
        "uploader": "Bob",
    }
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(folder)
        for name, value in {**addresses_of(served), "PATT_DATABASE_URL": url}.items():
            patched.setenv(name, value)
        answers = [f"--{name}={value}" for name, value in options.items()]
        patched.setattr(sys, "argv", ["patt", "init", "--yes", *answers])
        assert exit_code() == 0
    return folder


@dataclass(frozen=True)
class Practice:
    """A guild that is set up, and all that can be broken about it."""

    patt: Patt
    database: psycopg.Connection
    simulator: GuildSimulator
    folder: Path
    environment: pytest.MonkeyPatch

    @property
    def world(self) -> GuildWorld:
        return self.simulator.world

    def change(self, statement: str) -> None:
        self.database.execute(statement.encode())

    def give(self, setting: str, value: str) -> None:
        """Let a setting have this value; let it have none, in the settings file either, where that is empty."""
        file = self.folder / ".env"
        lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
        file.write_text("".join(line for line in lines if not line.startswith(f"{setting}=")), encoding="utf-8")
        self.environment.setenv(setting, value)

    def examine(self) -> dict[str, dict[str, Any]]:
        """Run `patt doctor --json` and return the checks by name, once what holds for every run was seen to hold."""
        outcome = self.patt("doctor", "--json")
        assert list(outcome.json) == ["checks"]
        checks = outcome.json["checks"]
        assert all(list(check) == ["name", "ok", "message", "remedy"] for check in checks)
        assert all(check["message"] and bool(check["remedy"]) is not check["ok"] for check in checks)
        assert len({check["name"] for check in checks}) == len(checks)
        assert outcome.code == (0 if all(check["ok"] for check in checks) else 1)
        assert self.simulator.client_secret not in outcome.out + outcome.err
        assert self.simulator.discord_token not in outcome.out + outcome.err
        return {check["name"]: check for check in checks}

    def wrong(self) -> dict[str, tuple[str, str]]:
        return {name: (each["message"], each["remedy"]) for name, each in self.examine().items() if not each["ok"]}


@pytest.fixture
def practice(
    set_up: Path,
    server: embedded.EmbeddedServer,
    patt: Patt,
    workplace: Path,
    simulator: GuildSimulator,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Practice]:
    name = f"practice_{next(_numbers)}"
    url = embedded.clone_database(server, TEMPLATE, name)
    monkeypatch.setenv("PATT_DATABASE_URL", url)
    shutil.copy(set_up / ".env", workplace / ".env")
    with psycopg.connect(url, autocommit=True) as conn:
        yield Practice(patt, conn, simulator, workplace, monkeypatch)
    embedded.drop_database(server, name)


@pytest.fixture
def url(practice: Practice, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a set-up guild's database that nobody else uses."""
    monkeypatch.setenv("PATT_DATA_DIR", str(practice.folder / "data"))
    name = practice.database.info.dbname
    address = practice.database.info.host
    practice.database.close()
    return f"postgresql://postgres@/{name}?host={address.replace('/', '%2F')}"
