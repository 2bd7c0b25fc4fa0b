"""How SavedVariables files are refused: what is no data, cut, empty, too large or too deep gets a sentence that says so."""

import pytest

from domain.saved_files import CURRENT_CLIENT, OLDER_CLIENT, sentence_for, value_of
from sv_common.guild_sync.sources.addon import saved_variables
from sv_common.guild_sync.sources.addon.saved_variables import MAX_BYTES, MAX_DEPTH, parse_saved_variables


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


@pytest.mark.parametrize("source", [CURRENT_CLIENT, OLDER_CLIENT])
def test_a_file_cut_inside_its_table_is_never_called_foreign(source: bytes) -> None:
    first, last = source.index(b"{") + 1, source.rindex(b"}")
    for end in range(first, last + 1):
        assert sentence_for(source[:end]).startswith("The file ends in the middle of ")
