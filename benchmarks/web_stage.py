"""A guild with a long past in an embedded PostgreSQL, and the product's own web server in a process beside this one."""

from __future__ import annotations

import asyncio
import math
import os
import socket
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from patt.auth import credentials
from sv_common.db.pool import Connection, GuildConnection, Pool
from sv_common.db.sql import load_sql
from sv_common.guild_sync.issues.lifecycle import Conclusion, reconcile
from sv_common.guild_sync.issues.model import Finding, SubjectKind
from sv_common.guild_sync.roster import guilds
from sv_common.guild_sync.rules import RULES
from sv_common.guild_sync.sources.models import GuildAddress

SQL = load_sql(__package__, "web.sql")
LOOPBACK = "127.0.0.1"
LONGEST_START_S = 60.0
_PAUSE_S = 0.1


class ServerDidNotStartError(RuntimeError):
    """The server ended, or did not answer in time."""


@dataclass(frozen=True, slots=True)
class Past:
    """A guild that has had so many issues, and of which so many are open; `issue_id` is one of these."""

    guild_id: int
    issue_id: int


async def furnish(pool: Pool, *, issues: int, open_issues: int) -> Past:
    """Make a guild with these issues, each with its moves, and a quarter of the resolved ones fixed by automation.

    The issues are found and resolved by the engine itself; only when that was is made up.
    """
    async with pool.connection() as conn:
        guild_id = await guilds.add(conn, GuildAddress("us", "area-52", "lantern-watch"), "Lantern Watch")
        values = {"guild_id": guild_id, "characters": math.ceil(issues / len(RULES)), "issues": issues}
        await _run(conn, ("characters", "players"), values)
        subjects = await (await conn.execute(SQL["subjects"], values)).fetchall()
        for still_found in (issues, open_issues):
            found = subjects[-math.ceil(still_found / len(RULES)) :]
            conclusions = [_conclusion(guild_id, issue_type, found) for issue_type in RULES]
            await reconcile(GuildConnection(conn, guild_id), conclusions, actor="schedule")
        await _run(conn, ("spread_over_the_years", "set_some_aside", "moves", "attempts"), values)
        row = await (await conn.execute(SQL["an_open_issue"], values)).fetchone()
    async with pool.connection() as conn:
        await conn.set_autocommit(True)
        await conn.execute("vacuum analyze")
        await conn.set_autocommit(False)
    return Past(guild_id, int(row[0]) if row else 0)


async def _run(conn: Connection, statements: Sequence[str], values: Mapping[str, Any]) -> None:
    for statement in statements:
        await conn.execute(SQL[statement], values)


def _conclusion(guild_id: int, issue_type: str, subjects: Sequence[tuple[Any, ...]]) -> Conclusion:
    findings = [
        Finding(issue_type, guild_id, SubjectKind.CHARACTER, number, f"{name} belongs to nobody.", {"character": name})
        for number, name in subjects
    ]
    return Conclusion(issue_type, RULES[issue_type].severity, findings, ())


async def sessions(pool: Pool, count: int) -> list[str]:
    """Sign an officer in so many times: how often may be asked is limited for each session."""
    tokens = []
    async with pool.connection() as conn:
        for _ in range(count):
            token = await credentials.redeem_login_link(conn, await credentials.create_login_link(conn, "alice"))
            tokens.append(token or "")
    return tokens


@asynccontextmanager
async def served(database_url: str, folder: Path) -> AsyncIterator[str]:
    """Serve the product on this database, by its own command; give the address. Raises `ServerDidNotStartError`."""
    async with serving(database_url, folder) as (base_url, _):
        yield base_url


@asynccontextmanager
async def serving(database_url: str, folder: Path) -> AsyncIterator[tuple[str, int]]:
    """Do the same, and give the number of the server's process, too."""
    port = free_port()
    command = (sys.executable, "-m", "patt", "serve", "--no-worker", "--host", LOOPBACK, "--port", str(port))
    environment = {**os.environ, "PATT_DATABASE_URL": database_url, "PATT_DATA_DIR": str(folder)}
    # In a folder of its own, so that no settings file of this machine has a say.
    process = await asyncio.create_subprocess_exec(*command, cwd=folder, env=environment)
    base_url = f"http://{LOOPBACK}:{port}"
    try:
        await _answers(process, base_url)
        yield base_url, process.pid
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _answers(process: asyncio.subprocess.Process, base_url: str) -> None:
    async with asyncio.timeout(LONGEST_START_S), httpx2.AsyncClient(base_url=base_url) as client:
        while process.returncode is None:
            try:
                if (await client.get("/health")).status_code == httpx2.codes.OK:
                    return
            except httpx2.TransportError:
                await asyncio.sleep(_PAUSE_S)
    raise ServerDidNotStartError(f"The server ended with {process.returncode} before it answered.")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        return int(listener.getsockname()[1])
