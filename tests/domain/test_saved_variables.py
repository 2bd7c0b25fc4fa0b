"""How SavedVariables files are read: every form that clients write."""

import math

import pytest

from domain.saved_files import CURRENT_CLIENT, OLDER_CLIENT, value_of
from sv_common.guild_sync.sources.addon.saved_variables import LuaTable, LuaValue, parse_saved_variables

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
