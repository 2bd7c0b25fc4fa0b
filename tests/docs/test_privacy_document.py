"""The document about what is kept says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import psycopg

from patt.config import Settings
from sv_common.guild_sync.settings.lives import LIVES

PRIVACY = (Path(__file__).parents[2] / "docs" / "privacy.md").read_text(encoding="utf-8")
_TABLES = """
select c.relname from pg_class c
where c.relkind = 'r' and c.relnamespace in ('common'::regnamespace, 'guild_identity'::regnamespace)
"""


def _rows() -> list[list[str]]:
    table = PRIVACY.split("## For how long")[1].split("##")[0]
    lines = [line for line in table.splitlines() if line.startswith("| ")][1:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_every_table_of_the_schema_has_a_stated_life(database_url: str) -> None:
    stated = [name for row in _rows() for name in re.findall(r"`(\w+)`", row[1])]
    with psycopg.connect(database_url) as conn:
        there = {row[0] for row in conn.execute(_TABLES)}
    assert sorted(stated) == sorted(there)


def test_days_and_bounds_are_those_of_the_code() -> None:
    stated = {row[3].strip("`"): (row[2], row[4], row[5]) for row in _rows() if row[3]}
    access = Settings.model_fields["keep_access_days"]
    least, most = (getattr(each, name) for each, name in zip(access.metadata, ("ge", "le"), strict=True))
    expected = {each.name: (f"{each.default} days", str(each.least), str(each.most)) for each in LIVES}
    expected["PATT_KEEP_ACCESS_DAYS"] = (f"{access.default} days", str(least), str(most))
    assert stated == expected
