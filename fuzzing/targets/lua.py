"""What real Lua 5.1 makes of a file of assignments, as the game's client would."""

from __future__ import annotations

import re
from typing import Any

from lupa import lua51

from sv_common.guild_sync.sources.addon.saved_variables import LuaValue

_READ = """
function(source)
    local run = loadstring(source)
    if not run then return nil end
    local assigned = {}
    setfenv(run, assigned)
    debug.sethook(function() error("not mere data") end, "", 1000000)
    local is_done = pcall(run)
    debug.sethook()
    return is_done and assigned or nil
end
"""

_READ_OTHERWISE = re.compile(rb"inf|nan|#|(?<!-- )\[(?!=*\[|\s*[\"'])")
"""Numbers as Windows writes them, which its own Lua alone reads, and keys that are numbers: their order is left open by the manual."""

Plain = bool | float | bytes | dict[Any, Any]
"""A value in the one form in which both readings are compared: numbers as Lua has them, texts as bytes."""


class RealLua:
    """Reads with Lua itself. Only for what is known to be data: a file runs here."""

    def __init__(self) -> None:
        self._read = lua51.LuaRuntime(encoding=None, register_eval=False).eval(_READ)

    def read(self, source: bytes) -> dict[bytes, Plain] | None:
        """Return the variables of a file; None for one that Lua refuses, or that both may read in their own way."""
        if _READ_OTHERWISE.search(source):
            return None
        assigned = self._read(source)
        return None if assigned is None else {name: _from_lua(value) for name, value in assigned.items()}


def plain(value: LuaValue) -> Plain:
    """Bring a value that was parsed into the form that is compared: what is nil is absent."""
    match value:
        case bool():
            return value
        case str():
            return value.encode()
        case dict():
            return {plain(key): plain(each) for key, each in value.items() if each is not None}
        case None:
            raise ValueError("nil is no value")
        case _:
            return float(value)


def _from_lua(value: object) -> Plain:
    if lua51.lua_type(value) == "table":
        return {_from_lua(key): _from_lua(each) for key, each in value.items()}  # type: ignore[attr-defined]
    if isinstance(value, bool | bytes):
        return value
    if isinstance(value, int | float):
        return float(value)
    raise AssertionError(f"a file of mere data made a {type(value).__name__}")
