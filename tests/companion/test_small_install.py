"""The small install: the companion runs where nothing of the server is installed, and every other command says so."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
import tomllib
from collections.abc import Iterable
from importlib.metadata import distribution, packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from guild_builder import GuildBuilder
from patt.app import create_app
from patt.auth import credentials
from patt.bootstrap import Services
from patt.cli.main import COMMANDS
from patt.config import Settings
from sv_common.db.pool import Pool
from sv_common.guild_sync.simulators.addon import saved_variables
from sv_common.guild_sync.simulators.server import serve
from sv_common.guild_sync.sources.ports import Sources

PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"
_PATT_WITHOUT = """
import json, os, runpy, sys
missing = set(json.loads(os.environ["WITHOUT"]))
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in missing:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Finder())
sys.argv[0] = "patt"
runpy.run_module("patt", run_name="__main__")
"""


def _name(distribution_name: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution_name).lower()


def _with_their_own(requirements: Iterable[str]) -> set[str]:
    """The distributions that these requirements bring, with all that those require in turn."""
    found: set[str] = set()
    waiting = [Requirement(each) for each in requirements]
    while waiting:
        wanted = waiting.pop()
        applies = wanted.marker is None or wanted.marker.evaluate({"extra": ""})
        if applies and _name(wanted.name) not in found:
            found.add(_name(wanted.name))
            waiting += [Requirement(each) for each in distribution(wanted.name).requires or ()]
    return found


@pytest.fixture(scope="module")
def not_installed() -> set[str]:
    """The modules of this machine that a small install does not bring."""
    small = _with_their_own(tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]["dependencies"])
    bearers = packages_distributions()
    missing = {module for module, bearer in bearers.items() if not {_name(each) for each in bearer} & small}
    assert {"psycopg", "fastapi", "procrastinate", "alembic", "jinja2", "structlog", "uvicorn"} <= missing
    return missing - {"patt", "sv_common"}


async def _patt(not_installed: set[str], home: Path, *arguments: str) -> tuple[int, str, str]:
    """Run `patt` in a process of its own; return its exit code, output and errors."""
    environment = {**os.environ, "WITHOUT": json.dumps(sorted(not_installed)), "PYTHONUTF8": "1", "COLUMNS": "200"}
    environment |= {"HOME": str(home), "XDG_DATA_HOME": str(home), "LOCALAPPDATA": str(home)}
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _PATT_WITHOUT, *arguments, env=environment, stdout=pipe, stderr=pipe
    )
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


async def test_the_companion_sends_an_export_without_any_part_of_the_server(
    not_installed: set[str], pool: Pool, tmp_path: Path
) -> None:
    guild = await GuildBuilder.create(pool)
    async with pool.connection() as conn:
        key = await credentials.create_upload_key(conn, "Mito", guild_id=guild.guild_id, created_by="test")
    export = {"lastExport": {"characters": [{"name": "Mito", "note": "Main"}]}}
    (tmp_path / "PATTSync.lua").write_text(saved_variables({"PATTSyncDB": export}), encoding="utf-8")
    app = create_app(Services(Settings.model_construct(base_url="http://patt.test"), pool, Sources()))
    async with serve(app) as address:
        watch = ("watch", str(tmp_path), "--server", address, "--key", key, "--once")
        code, out, err = await _patt(not_installed, tmp_path, *watch)
    assert (code, err) == (0, "")
    assert "Sent." in out
    async with pool.connection() as conn:
        uploads = await (await conn.execute("select character_count from guild_identity.addon_uploads")).fetchall()
    assert uploads == [(1,)]


async def test_all_of_the_companion_works_without_any_part_of_the_server(
    not_installed: set[str], tmp_path: Path
) -> None:
    code, out, err = await _patt(not_installed, tmp_path, "companion", "status")
    assert (code, err) == (1, "")
    assert "Code: none is kept. Run: patt watch" in out


@pytest.mark.parametrize("command", ["serve", "demo", "rules", "sync", "notes", "db"])
async def test_a_command_of_the_server_says_what_to_install(
    not_installed: set[str], tmp_path: Path, command: str
) -> None:
    code, out, err = await _patt(not_installed, tmp_path, command)
    assert (code, out) == (1, "")
    assert err == (
        f'“patt {command}” needs the parts of the server, which are not installed here. Run: pip install "patt-guild[server]"\n'
    )


async def test_help_lists_all_commands_without_any_part_of_the_server(not_installed: set[str], tmp_path: Path) -> None:
    code, out, _ = await _patt(not_installed, tmp_path, "--help")
    assert code == 0
    assert [name for name, later in COMMANDS.items() if later.help not in out] == []
