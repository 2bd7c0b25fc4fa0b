"""What the database of each release looked like, and what an upgrade must keep of it."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from patt.demo.play import open_demo
from server_folders import folder_for_a_server
from sv_common.db import backup

FOLDER = Path(__file__).with_name("releases")
RELEASES = {file.stem: file for file in sorted(FOLDER.glob("*.patt"))}
"""The backup of each release, made by it of a database with rows in every table."""

Rows = Mapping[str, Sequence[Mapping[str, Any]]]
"""Each table → its rows, as JSON."""

_ROWS = (FOLDER.parent / "release_rows.sql").read_text(encoding="utf-8")
_SEED = 1


def rows(url: str) -> Rows:
    """Return every row of every table of the product."""
    with psycopg.connect(url) as conn:
        tables = [row[0] for row in conn.execute(backup.SQL["tables"], {"schemas": list(backup.SCHEMAS)})]
        return {
            table: [row[0] for row in conn.execute(sql.SQL("select to_jsonb(t) from {} t").format(sql.SQL(table)))]
            for table in tables
        }


def lost(before: Rows, after: Rows, meant: Collection[str] = ()) -> list[str]:
    """Say what an upgrade has lost or changed of the rows, apart from tables and columns (“table.column”) that were meant."""
    return [
        f"{table}: {fault}"
        for table, old in before.items()
        if table not in meant and (fault := _lost(table, old, after.get(table), meant))
    ]


def _lost(
    table: str, old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]] | None, meant: Collection[str]
) -> str | None:
    if new is None:
        return "is gone"
    columns = sorted({column for row in old for column in row if f"{table}.{column}" not in meant})
    missing = _lines(old, columns) - _lines(new, columns)
    if len(new) < len(old):
        return f"{len(old) - len(new)} rows are gone"
    return f"{missing.total()} rows are not as they were" if missing else None


def _lines(found: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> Counter[str]:
    return Counter(
        json.dumps({name: row.get(name, "(no column)") for name in columns}, sort_keys=True) for row in found
    )


def file_of(version: str) -> Path:
    return FOLDER / f"{version}.patt"


async def write(version: str) -> None:
    """Write the backup of this release anew: of the demo's guild, and of a row for each table that the demo leaves empty.

    Raises `AssertionError` for a version that has a tag, so may be in use.
    """
    assert not _is_published(version), f"{version} is published: its backup stays as it is."
    file = file_of(version)
    file.unlink(missing_ok=True)
    async with open_demo(folder_for_a_server(), _SEED) as demo:
        await demo.play(lambda *_: None)
        url = str(demo.services.pool.conninfo)
        with psycopg.connect(url) as conn:
            conn.execute(_ROWS.encode())
        backup.write(url, file, version=version)


def _is_published(version: str) -> bool:
    tag = ["git", "tag", "--list", f"v{version}"]
    return bool(subprocess.run(tag, cwd=FOLDER, capture_output=True, check=True).stdout)  # noqa: S603 -- a constant
