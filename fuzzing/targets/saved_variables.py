"""The parser of SavedVariables: what it takes, real Lua reads as the same data; the rest it refuses with a sentence."""

from __future__ import annotations

from fuzzing.targets.lua import RealLua, plain
from sv_common.guild_sync.core.errors import BadInput
from sv_common.guild_sync.sources.addon.saved_variables import MAX_DEPTH, LuaValue, parse_saved_variables

_LUA = RealLua()


def check(data: bytes) -> None:
    """Fail where a file is read in another way than the game reads it, or refused without a sentence."""
    try:
        variables = parse_saved_variables(data)
    except BadInput as refusal:
        _is_a_sentence(str(refusal))
        return
    is_shallow = all(_depth(value) <= MAX_DEPTH for value in variables.values())
    assert is_shallow, "tables lie deeper than is promised"
    in_lua = _LUA.read(data)
    if in_lua is not None:
        read = {name.encode(): plain(value) for name, value in variables.items() if value is not None}
        assert read == in_lua, f"read as {read}, and by Lua as {in_lua}"


def _is_a_sentence(said: str) -> None:
    assert said.endswith(".") and said.isprintable(), said


def _depth(value: LuaValue) -> int:
    return 1 + max(map(_depth, value.values()), default=0) if isinstance(value, dict) else 0
