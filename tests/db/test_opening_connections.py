"""Outside `sv_common/db` a connection is opened for one guild, or for the installation, and says which."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import sv_common

_SRC = Path(sv_common.__file__).parents[1]
_DB = _SRC / "sv_common" / "db"
_LOCKS = "locks"
"""Connections on which a lock is held and nothing is read."""


def _found(folder: Path, method: str, *, but_not: Path | None = None) -> list[str]:
    return [
        f"{path.relative_to(_SRC)}:{call.lineno}"
        for path in sorted(folder.rglob("*.py"))
        if but_not is None or not path.is_relative_to(but_not)
        if f".{method}(" in (text := path.read_text(encoding="utf-8"))
        for call in _calls(ast.parse(text), method)
        if not ast.unparse(call.func).endswith(f"{_LOCKS}.{method}")
    ]


def test_no_connection_is_taken_from_the_pool_without_saying_for_whom() -> None:
    assert _found(_SRC, "connection", but_not=_DB) == []


def test_the_engine_reads_in_one_guild_at_a_time() -> None:
    assert _found(_SRC / "sv_common" / "guild_sync", "snapshot") == []


def test_the_search_finds_such_a_call() -> None:
    tree = ast.parse(
        "async def f(pool):\n    async with pool.connection() as conn, pool.locks.connection():\n        pass"
    )
    assert [ast.unparse(call.func) for call in _calls(tree, "connection")] == [
        "pool.connection",
        "pool.locks.connection",
    ]


def _calls(tree: ast.Module, name: str) -> Iterator[ast.Call]:
    """Calls of a method of this name without arguments, in the order of the file."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and not node.args and not node.keywords]
    return (call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr == name)
