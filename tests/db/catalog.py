"""A database's schema as pg_dump writes it, by object, so that two can be held against each other."""

from __future__ import annotations

import re
import subprocess

from sv_common.db.embedded import binaries

Catalog = dict[str, str]
"""Each object, such as “TABLE common.realms” or “POLICY common.guild_ranks own_rows” → the statements that make it."""

_OBJECT = re.compile(
    r"^--\n-- Name: (?P<name>.+); Type: (?P<kind>[^;]+); Schema: (?P<schema>[^;]+); Owner:.*\n--\n", re.MULTILINE
)
_NOT_THE_OBJECT = ("SET default_", "\\restrict", "\\unrestrict", "--")
_PARENTHESES = str.maketrans("", "", "()")


def catalog(url: str) -> Catalog:
    """Return every object of a database. Parentheses do not count: PostgreSQL leaves some out when it reads what it wrote."""
    dumped = subprocess.run(  # noqa: S603 -- a program of the wheel
        [binaries.client("pg_dump"), "--schema-only", "--no-owner", url], capture_output=True, text=True, check=True
    ).stdout
    heads = [*_OBJECT.finditer(dumped)]
    ends = [*(head.start() for head in heads[1:]), len(dumped)]
    return {
        f"{head['kind']} {head['schema']}.{head['name']}": _statements(dumped[head.end() : end])
        for head, end in zip(heads, ends, strict=True)
    }


def differences(found: Catalog, wanted: Catalog) -> list[str]:
    """Say for each object that is not the same what is wrong with it."""
    missing = [f"missing: {name}" for name in wanted if name not in found]
    added = [f"added: {name}" for name in found if name not in wanted]
    other = [f"other: {name}" for name in wanted if name in found and found[name] != wanted[name]]
    return sorted([*missing, *added, *other])


def _statements(text: str) -> str:
    kept = (line for line in text.splitlines() if line and not line.startswith(_NOT_THE_OBJECT))
    return "\n".join(kept).translate(_PARENTHESES)
