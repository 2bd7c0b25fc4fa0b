"""What holds for SavedVariables files of any content: what the game writes is read back, a cut file is refused, noise breaks nothing."""

import contextlib
from collections.abc import Iterator

from hypothesis import given, settings
from hypothesis import strategies as st

import thoroughness
from domain.saved_files import CURRENT_CLIENT, sentence_for
from sv_common.guild_sync.core.errors import BadInput
from sv_common.guild_sync.sources.addon.saved_variables import LuaTable, LuaValue, parse_saved_variables


def quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    return f'"{escaped}"'


def scalar(value: LuaValue) -> str:
    match value:
        case None:
            return "nil --[[ skipped inline function ]]"
        case bool():
            return "true" if value else "false"
        case str():
            return quoted(value)
        case _:
            return repr(value)


def written(value: LuaValue, *, tabs: bool, level: int = 1) -> str:
    """Write a value as the game does: current clients without tabs, older ones with tabs and item comments."""
    if not isinstance(value, dict):
        return scalar(value)
    lines = entries(value, tabs=tabs, level=level)
    return "{\n" + "".join(lines) + "\t" * (level - 1 if tabs else 0) + "}"


def entries(table: LuaTable, *, tabs: bool, level: int) -> Iterator[str]:
    indent = "\t" * (level if tabs else 0)
    items = 0
    for key, value in table.items():
        item = written(value, tabs=tabs, level=level + 1)
        if key == items + 1:
            items += 1
            yield f"{indent}{item}," + (f" -- [{items}]\n" if tabs else "\n")
        else:
            name = quoted(key) if isinstance(key, str) else repr(key)
            yield f"{indent}[{name}] = {item},\n"


def saved(variables: dict[str, LuaValue], *, tabs: bool) -> bytes:
    return ("\n" + "".join(f"{name} = {written(value, tabs=tabs)}\n" for name, value in variables.items())).encode()


texts = st.text(st.characters(codec="utf-8"), max_size=12) | st.text('"\\\n\r\t\0 {}[]-=,|é', max_size=8)
numbers = st.integers(-(10**15) + 1, 10**15 - 1) | st.floats(allow_nan=False)
scalars = st.none() | st.booleans() | numbers | texts
names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True).filter(
    lambda name: name not in ("true", "false", "nil")
)


def tables_of(values: st.SearchStrategy[LuaValue]) -> st.SearchStrategy[LuaTable]:
    keyed = st.dictionaries(texts | st.integers(-5, 5) | st.floats(0.1, 0.9), values, max_size=5)
    listed = st.lists(values, max_size=5).map(lambda items: dict(enumerate(items, start=1)))
    return st.one_of(keyed, listed, st.builds(lambda first, second: {**first, **second}, listed, keyed))


tables: st.SearchStrategy[LuaTable] = tables_of(st.recursive(scalars, tables_of, max_leaves=10))


@settings(deadline=None, max_examples=thoroughness.examples(100))
@given(st.dictionaries(names, scalars | tables, min_size=1, max_size=3), st.booleans())
def test_whatever_the_game_writes_is_read_back(variables: dict[str, LuaValue], tabs: bool) -> None:
    assert parse_saved_variables(saved(variables, tabs=tabs)) == variables


@settings(deadline=None, max_examples=thoroughness.examples(100))
@given(tables, st.booleans(), st.data())
def test_a_file_cut_anywhere_is_refused(table: LuaTable, tabs: bool, data: st.DataObject) -> None:
    whole = saved({"PATTSyncDB": table}, tabs=tabs)
    end = data.draw(st.integers(0, len(whole) - 2))
    assert sentence_for(whole[:end])


@settings(deadline=None, max_examples=thoroughness.examples(100))
@given(st.binary(max_size=60) | st.lists(st.sampled_from(b'{}[]=",;\\-\n 0x1e.nail\xc3')).map(bytes))
def test_no_bytes_raise_anything_but_bad_input(noise: bytes) -> None:
    for source in (noise, b"A = {" + noise + b"}", b'A = {"' + noise + b'"}', b"A = {[" + noise + b"] = 1}"):
        read_or_refuse(source)


@settings(deadline=None, max_examples=thoroughness.examples(100))
@given(st.integers(0, len(CURRENT_CLIENT)), st.integers(0, 20), st.binary(max_size=6))
def test_no_damage_to_a_file_raises_anything_but_bad_input(begin: int, length: int, noise: bytes) -> None:
    read_or_refuse(CURRENT_CLIENT[:begin] + noise + CURRENT_CLIENT[begin + length :])


def read_or_refuse(source: bytes) -> None:
    with contextlib.suppress(BadInput):
        parse_saved_variables(source)
