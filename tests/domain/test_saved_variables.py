"""How SavedVariables files are read: every form that clients write, every way in which a file can be wrong."""

import contextlib
import math
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sv_common.guild_sync.domain import saved_variables
from sv_common.guild_sync.domain.errors import BadInput
from sv_common.guild_sync.domain.saved_variables import (
    MAX_BYTES,
    MAX_DEPTH,
    LuaTable,
    LuaValue,
    parse_saved_variables,
)

CURRENT_CLIENT = b"""
PATTSyncDB = {
["lastExport"] = {
["characters"] = {
{
["name"] = "Brightmane",
["realm"] = "Kel'Thuzad",
["level"] = 80,
["isOnline"] = false,
},
{
["name"] = "Opal",
["note"] = "Alt of \\"Bright\\"",
},
},
},
["totalExports"] = 3,
}
PATTSyncOptions = nil
"""

OLDER_CLIENT = b"""
PATTSyncDB = {
\t["lastExport"] = {
\t\t["characters"] = {
\t\t\t{
\t\t\t\t["name"] = "Brightmane",
\t\t\t\t["realm"] = "Kel'Thuzad",
\t\t\t\t["level"] = 80,
\t\t\t\t["isOnline"] = false,
\t\t\t}, -- [1]
\t\t\t{
\t\t\t\t["name"] = "Opal",
\t\t\t\t["note"] = "Alt of \\"Bright\\"",
\t\t\t}, -- [2]
\t\t},
\t},
\t["totalExports"] = 3,
}
PATTSyncOptions = nil
"""

PARSED: dict[str, LuaValue] = {
    "PATTSyncDB": {
        "lastExport": {
            "characters": {
                1: {"name": "Brightmane", "realm": "Kel'Thuzad", "level": 80, "isOnline": False},
                2: {"name": "Opal", "note": 'Alt of "Bright"'},
            },
        },
        "totalExports": 3,
    },
    "PATTSyncOptions": None,
}


def value_of(expression: bytes) -> LuaValue:
    return parse_saved_variables(b"X = " + expression + b"\n")["X"]


def sentence_for(source: bytes) -> str:
    with pytest.raises(BadInput) as refused:
        parse_saved_variables(source)
    return str(refused.value)


@pytest.mark.parametrize("source", [CURRENT_CLIENT, OLDER_CLIENT], ids=["current client", "older client"])
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"], ids=["LF", "CRLF"])
def test_files_of_all_clients_are_read_alike(source: bytes, line_end: bytes) -> None:
    assert parse_saved_variables(source.replace(b"\n", line_end)) == PARSED


def test_a_byte_order_mark_is_ignored() -> None:
    assert parse_saved_variables(b"\xef\xbb\xbf" + CURRENT_CLIENT) == PARSED


def test_several_globals_are_read_and_the_last_assignment_counts() -> None:
    assert parse_saved_variables(b"A = 1; B = {}\nA = 2") == {"A": 2, "B": {}}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (b"{}", {}),
        (b"{ 1, 2, }", {1: 1, 2: 2}),
        (b"{ 1; 2; }", {1: 1, 2: 2}),
        (b"{ 1, x = 2, 3 }", {1: 1, "x": 2, 2: 3}),
        (b'{ ["x"] = 1, [1] = 2, [-3] = 4, [0.5] = 5 }', {"x": 1, 1: 2, -3: 4, 0.5: 5}),
        (b"{ [ 'x' ] = 1, [ [[y]] ] = 2 }", {"x": 1, "y": 2}),
        (b'{ ["a\\"b"] = 1, ["a\\\\"] = 2 }', {'a"b': 1, "a\\": 2}),
        (b"{ name = 1, inf = 2, nilly = 3, trueish = 4 }", {"name": 1, "inf": 2, "nilly": 3, "trueish": 4}),
        (b'{ ["f"] = nil --[[ skipped inline function ]], 1 }', {"f": None, 1: 1}),
        (b"{ 1, nil, 3 }", {1: 1, 2: None, 3: 3}),
        (b"{ --[==[ ]] ]==] 1, -- [1]\n 2 -- [2]\n}", {1: 1, 2: 2}),
        (b"{ 1, --[1] a short comment\n 2 }", {1: 1, 2: 2}),
        (b"{ { { 1 } } }", {1: {1: {1: 1}}}),
        (b"{{},{},{}}", {1: {}, 2: {}, 3: {}}),
    ],
)
def test_tables_are_read_in_every_form(expression: bytes, expected: LuaTable) -> None:
    assert value_of(expression) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (b"0", 0),
        (b"-5", -5),
        (b"1740153600", 1740153600),
        (b"0.5", 0.5),
        (b".5", 0.5),
        (b"5.", 5.0),
        (b"-1.25e-3", -0.00125),
        (b"1e+20", 1e20),
        (b"1E20", 1e20),
        (b"0x1F", 31),
        (b"-0XfF", -255),
        (b"12345678901234567890", 12345678901234567890.0),
        (b"9" * 400, math.inf),
        (b"inf", math.inf),
        (b"-inf", -math.inf),
        (b"1.#INF", math.inf),
        (b"-1.#INF", -math.inf),
    ],
)
def test_numbers_are_read_in_every_form(expression: bytes, expected: float) -> None:
    value = value_of(expression)
    assert value == expected
    assert type(value) is type(expected)


@pytest.mark.parametrize("expression", [b"nan", b"-nan", b"-nan(ind)", b"nan(x)", b"1.#QNAN", b"-1.#IND", b"-1.#IND00"])
def test_numbers_that_are_none_are_read(expression: bytes) -> None:
    value = value_of(b"{" + expression + b"}")
    assert isinstance(value, dict)
    assert isinstance(value[1], float)
    assert math.isnan(value[1])


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (b'""', ""),
        (b'"plain"', "plain"),
        (b"'single \"quoted\"'", 'single "quoted"'),
        (b'"it\'s"', "it's"),
        (rb'"\"quoted\" \\ \n \r \t \' \a\b\f\v"', '"quoted" \\ \n \r \t \' \a\b\f\v'),
        (rb'"\65\0661\9"', "AB1\t"),
        (rb'"\195\169\0"', "é\0"),
        (b'"two\\\nlines\\\r\nthree"', "two\nlines\nthree"),
        ('"Brîghtmåne Серебро 은 🐉"'.encode(), "Brîghtmåne Серебро 은 🐉"),
        (b'"|cffff0000red|r || -- { } [ ]"', "|cffff0000red|r || -- { } [ ]"),
        (b'"raw \0 byte"', "raw \0 byte"),
        (b'[[long "text" \\n]]', 'long "text" \\n'),
        (b"[[\nfirst line break goes]]", "first line break goes"),
        (b"[==[with ]] and ]=] inside\r\n]==]", "with ]] and ]=] inside\n"),
    ],
)
def test_texts_are_read_in_every_form(expression: bytes, expected: str) -> None:
    assert value_of(expression) == expected


@pytest.mark.parametrize(
    ("source", "place"),
    [
        (b"hello", "line 1, column 1 has 'hello'"),
        (b"\nA = \n  B\n", "line 3, column 3 has 'B' where a value should be"),
        (b"\nPATTSyncDB = PATTSyncDB or {}\n", "line 2, column 14 has 'PATTSyncDB'"),
        (b"A = {\n1 2\n}\n", "line 2, column 3 has '2' where a comma or a closing brace should be"),
        ("A = { 'é' ? }\n".encode(), "line 1, column 11 has '?'"),
        (b"A = { x = , }\n", "line 1, column 11 has ',' where a value should be"),
        (b"A = { , }\n", "line 1, column 7 has ','"),
        (b"A = { [1] 2 }\n", "line 1, column 11 has '2' where an equals sign should be"),
        (b"A = { [1 2] = 3 }\n", "line 1, column 10 has '2' where a closing bracket should be"),
        (b"A = { [1] == 3 }\n", "line 1, column 11 has '=' where an equals sign"),
        (b"A == 3\n", "line 1, column 1 has 'A' where a variable's name and an equals sign should be"),
        (b"A = { [nil] = 1 }\n", "line 1, column 8 has 'nil' where a key of text or a number should be"),
        (b"A = { [true] = 1 }\n", "line 1, column 8 has 'true' where a key"),
        (b"A = { [nan] = 1 }\n", "line 1, column 8 has 'nan' where a key"),
        (b"A = { [{}] = 1 }\n", "line 1, column 8 has '{' where a value"),
        (b"A = { nil = 1 }\n", "line 1, column 11 has '='"),
        (b"A = { x == 1 }\n", "line 1, column 7 has 'x'"),
        (b"A = { 1, 2 ] }\n", "line 1, column 12 has ']'"),
        (b"A = 1 + 1\n", "line 1, column 7 has '+'"),
        (b"A = { 12abc }\n", "line 1, column 7 has '12abc'"),
        (b"A = { 0x }\n", "line 1, column 7 has '0x'"),
        (b"A = { 0x11112222333344445 }\n", "line 1, column 7"),
        (b"A = { 1.2.3 }\n", "line 1, column 7"),
        (b"A = { - 1 }\n", "line 1, column 7 has '-'"),
        (b"A = {\n}}\n", "line 2, column 2 has '}'"),
        (b"A = print('x')\n", "line 1, column 5 has 'print' where a value"),
        (b"A = { function() end }\n", "line 1, column 7 has 'function'"),
        (b'A = { "x" .. "y" }\n', "line 1, column 11 has '.'"),
        (b'A = { "no end\n}\n', "line 1, column 7 has a text without a closing quote in the same line"),
        (b'A = { "\\300" }\n', "line 1, column 8 has the escape \\300, above 255"),
        (b'A = { "a\\q" }\n', "line 1, column 9 has the unknown escape '\\\\q' in a text"),
        (b'A = {\n"Br\xeeght" }\n', "line 2, column 2 has a text that is not UTF-8"),
        (b"A = {\n\x00\n}\n", "line 2, column 1 has '\\x00'"),
        (b"PK\x03\x04\x14\0\0\0", "line 1, column 1 has 'PK'"),
    ],
)
def test_what_is_not_data_is_refused_with_its_place(source: bytes, place: str) -> None:
    sentence = sentence_for(source)
    assert sentence.startswith("This is not a SavedVariables file: ")
    assert place in sentence
    assert "SavedVariables, unchanged" in sentence


@pytest.mark.parametrize(
    ("source", "what"),
    [
        (b"\n\nA = {\n", "a table that begins at line 3"),
        (b"A = {\n{\n1,\n", "a table that begins at line 2"),
        (b"A = {\n{\n1", "a table that begins at line 2"),
        (b'A = {\n["na', "a text that begins at line 2"),
        (b'A = {\n"x\\', "a text that begins at line 2"),
        (b'A = {\n["name"', "a table that begins at line 1"),
        (b'A = {\n["name"] =', "a table that begins at line 1"),
        (b"A = {\n[", "a table that begins at line 1"),
        (b"A = {\ntru", "a table that begins at line 1"),
        (b"A = {\nnil --[[ skipped inl", "a comment that begins at line 2"),
        (b"A = {\n[[long", "a text that begins at line 2"),
        (b"\nA =", "the variable A that begins at line 2"),
    ],
)
def test_a_file_that_was_cut_is_told_as_such(source: bytes, what: str) -> None:
    sentence = sentence_for(source)
    assert sentence.startswith(f"The file ends in the middle of {what}: ")
    assert "Log out or type /reload" in sentence


@pytest.mark.parametrize("source", [b"", b"\r\n \n", b"\xef\xbb\xbf\n", b"\0" * 4096])
def test_an_empty_file_is_told_as_such(source: bytes) -> None:
    assert sentence_for(source).startswith("The file is empty")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be"])
def test_a_file_saved_as_utf_16_is_told_as_such(encoding: str) -> None:
    assert "UTF-16" in sentence_for("\ufeffPATTSyncDB = {}".encode(encoding))


def test_a_file_of_50_megabytes_is_refused_without_being_decoded() -> None:
    assert "too large" in sentence_for(b"\xff" * 50_000_000)


def test_a_file_of_the_largest_size_is_read() -> None:
    source = b'A = "' + b"x" * (MAX_BYTES - 6) + b'"'
    assert len(source) == MAX_BYTES
    assert len(str(parse_saved_variables(source)["A"])) == MAX_BYTES - 6


def test_tables_may_be_nested_up_to_the_limit() -> None:
    assert isinstance(value_of(b"{" * MAX_DEPTH + b"}" * MAX_DEPTH), dict)
    assert f"inside {MAX_DEPTH} others" in sentence_for(b"A=" + b"{" * (MAX_DEPTH + 1) + b"}" * (MAX_DEPTH + 1))


def test_a_table_nested_10_000_deep_is_refused_without_recursion() -> None:
    assert "line 1, column 103 has a table inside" in sentence_for(b"A=" + b"{" * 10_000 + b"}" * 10_000)


@pytest.mark.parametrize("part", [b"1,", b"{},", b"x=1,", b"--\n"])
def test_more_parts_than_the_limit_are_refused(part: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved_variables, "MAX_PARTS", 1_000)
    assert isinstance(value_of(b"{" + part * 999 + b"}"), dict)
    assert "more than 1,000 values" in sentence_for(b"A = {" + part * 1_000 + b"}")


def test_more_globals_or_escapes_than_the_limit_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved_variables, "MAX_PARTS", 1_000)
    assert "more than 1,000 values" in sentence_for(b"A = 1\n" * 1_001)
    assert "more than 1,000 values" in sentence_for(b'A = "' + b"\\n" * 1_000 + b'"')


@pytest.mark.parametrize(
    "source",
    [
        b'A = {"' + b"a" * 8_000_000,
        b'A = {["' + b"a" * 8_000_000,
        b"A = {" + b" " * 8_000_000,
        b"A = {" + b"a " * 4_000_000,
        b"A = {" + b"9" * 8_000_000,
        b"A = {[" + b"=" * 8_000_000,
        b"A = {[===[" + b"]==]" * 2_000_000,
        b'A = {"' + b"\\\\" * 4_000_000,
    ],
    ids=["text", "key", "blanks", "words", "digits", "equals signs", "brackets", "escapes"],
)
def test_long_files_of_one_hostile_kind_get_a_sentence(source: bytes) -> None:
    # A parser that is not linear would not come to an end here.
    assert sentence_for(source)


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


@settings(deadline=None, max_examples=100)
@given(st.dictionaries(names, scalars | tables, min_size=1, max_size=3), st.booleans())
def test_whatever_the_game_writes_is_read_back(variables: dict[str, LuaValue], tabs: bool) -> None:
    assert parse_saved_variables(saved(variables, tabs=tabs)) == variables


@settings(deadline=None, max_examples=100)
@given(tables, st.booleans(), st.data())
def test_a_file_cut_anywhere_is_refused(table: LuaTable, tabs: bool, data: st.DataObject) -> None:
    whole = saved({"PATTSyncDB": table}, tabs=tabs)
    end = data.draw(st.integers(0, len(whole) - 2))
    assert sentence_for(whole[:end])


@pytest.mark.parametrize("source", [CURRENT_CLIENT, OLDER_CLIENT])
def test_a_file_cut_inside_its_table_is_never_called_foreign(source: bytes) -> None:
    first, last = source.index(b"{") + 1, source.rindex(b"}")
    for end in range(first, last + 1):
        assert sentence_for(source[:end]).startswith("The file ends in the middle of ")


@settings(deadline=None, max_examples=100)
@given(st.binary(max_size=60) | st.lists(st.sampled_from(b'{}[]=",;\\-\n 0x1e.nail\xc3')).map(bytes))
def test_no_bytes_raise_anything_but_bad_input(noise: bytes) -> None:
    for source in (noise, b"A = {" + noise + b"}", b'A = {"' + noise + b'"}', b"A = {[" + noise + b"] = 1}"):
        read_or_refuse(source)


@settings(deadline=None, max_examples=100)
@given(st.integers(0, len(CURRENT_CLIENT)), st.integers(0, 20), st.binary(max_size=6))
def test_no_damage_to_a_file_raises_anything_but_bad_input(begin: int, length: int, noise: bytes) -> None:
    read_or_refuse(CURRENT_CLIENT[:begin] + noise + CURRENT_CLIENT[begin + length :])


def read_or_refuse(source: bytes) -> None:
    with contextlib.suppress(BadInput):
        parse_saved_variables(source)
