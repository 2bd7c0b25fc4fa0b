"""Reads the files in which the World of Warcraft client keeps what addons save.

The files are Lua programs that only assign data. They come from people's machines, so they are read as data, in one
pass and without recursion; nothing in them is ever run.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TypeAlias

from sv_common.guild_sync.core.errors import BadInput
from sv_common.guild_sync.core.language import mark, number, tr

LuaValue: TypeAlias = "bool | int | float | str | LuaTable | None"
"""A value as Lua saves it. Numbers written without point or exponent are int, all others float."""

LuaTable: TypeAlias = "dict[str | int | float, LuaValue]"
"""A Lua table; items without a key count from 1, and an item of nil is kept as None."""

MAX_BYTES = 4 * 1024 * 1024
"""Largest export that is read, in bytes, whatever its form. A guild of 1,000 characters, the game's limit, takes about 300,000."""

MAX_DEPTH = 100
"""How many tables may lie inside each other."""

MAX_PARTS = 200_000
"""How many values, comments and escapes one export may hold. 1,000 characters take about 15,000."""

_A_TABLE = mark("The file ends in the middle of a table that begins at line {line}: {why}")
_A_TEXT = mark("The file ends in the middle of a text that begins at line {line}: {why}")
_A_COMMENT = mark("The file ends in the middle of a comment that begins at line {line}: {why}")
_A_VARIABLE = mark("The file ends in the middle of the variable {name} that begins at line {line}: {why}")

_BLANKS = rb"[ \t\r\n\v\f]*+"
_EQUALS = _BLANKS + rb"=(?!=)"
_WORD_ENDS = rb"(?![0-9A-Za-z_.#])"

# Every alternative either fails within the text it is about to consume or ends the reading, so the time is linear.
_TOKEN = re.compile(
    _BLANKS
    + rb"(?:"
    + (rb'\["(?P<text_key>[^"\\\r\n]*+)"\]' + _EQUALS)
    + rb'|"(?P<text>[^"\\\r\n]*+)"'
    + rb"|(?P<separator>[,;])"
    + (rb"|(?P<integer>-?[0-9]{1,15})" + _WORD_ENDS)
    + rb"|(?P<open>\{)"
    + rb"|(?P<close>\})"
    + (rb"|(?P<word>true|false|nil)" + _WORD_ENDS)
    + (rb"|(?P<name_key>[A-Za-z_][0-9A-Za-z_]*+)" + _EQUALS)
    + rb"|(?P<number>-?(?:"
    + rb"0[xX][0-9A-Fa-f]{1,16}"
    + rb"|1\.\#(?:INF|IND|QNAN|SNAN)[0-9]*+"
    + rb"|(?:inf|nan)(?:\([a-z]*+\))?"
    + rb"|(?:[0-9]++\.?[0-9]*+|\.[0-9]++)(?:[eE][+-]?[0-9]++)?"
    + (rb"))" + _WORD_ENDS)
    + rb"|(?P<comment>--)"
    + rb"|(?P<quote>[\"'])"
    + rb"|(?P<long>\[=*+\[)"
    + rb"|(?P<bracket>\[)"
    + rb"|(?P<bracket_end>\])"
    + rb"|(?P<equals>=(?!=))"
    + rb"|(?P<end>\Z)"
    + rb"|(?P<unknown>.)"
    + rb")",
    re.DOTALL,
)
_SEPARATORS = (b",", b";")
_LONG_OPENS = re.compile(rb"\[=*+\[")
_LINE_BREAK = re.compile(rb"\r\n|\n\r|\r|\n")
_PIECE = re.compile(
    rb"(?P<plain>[^\"'\\\r\n]++)"
    rb"|(?P<quote>[\"'])"
    rb"|\\(?:(?P<code>[0-9]{1,3})|(?P<break>\r\n|\n\r|\r|\n)|(?P<letter>[abfnrtv\\\"']))"
)
_LETTERS = dict(zip(b"abfnrtv\\\"'", b"\a\b\f\n\r\t\v\\\"'", strict=True))
_WORDS: dict[bytes, bool | None] = {b"true": True, b"false": False, b"nil": None}
_EXCERPT = re.compile(r"\w{1,20}|.", re.DOTALL)


def where_to_find_it(fault: str) -> str:
    """Put the remedy for a wrong file behind what is wrong; both are whole sentences, for an officer."""
    remedy = tr(
        "Upload the file that the game wrote in WTF/Account/<account>/SavedVariables, unchanged; "
        "a file of the same name in Interface/AddOns is the addon itself."
    )
    return f"{fault} {remedy}"


def parse_saved_variables(source: bytes) -> dict[str, LuaValue]:
    """Give the global variables of a SavedVariables file by name; the last assignment to a name counts, as in Lua.

    Raises BadInput, with the line and column and what to do, for anything but a complete file of pure data.
    Format: what clients with tabs and `-- [1]` comments and clients without indentation write; Lua 5.1's manual, 2.1.
    """
    if len(source) > MAX_BYTES:
        fault = tr("The file is too large: an export has at most {n} MiB.", n=MAX_BYTES >> 20)
        raise BadInput(where_to_find_it(fault))
    if source.startswith((b"\xff\xfe", b"\xfe\xff")):
        fault = tr("Another program saved this file as UTF-16; the game writes UTF-8.")
        raise BadInput(where_to_find_it(fault))
    text = source.removeprefix(b"\xef\xbb\xbf")
    # A crash of the machine can leave a file of nothing but NUL bytes.
    if not text.strip(b"\0 \t\r\n"):
        raise BadInput(tr("The file is empty: {why}", why=_why_cut_off()))
    return _Parser(text).assignments()


@dataclass(slots=True)
class _OpenTable:
    """A table whose closing brace is still to come; `items` counts those without a key."""

    values: LuaTable
    begin: int
    items: int = 0


class _Parser:
    """One pass over one file. Positions are byte offsets; they become line and column only in a message."""

    def __init__(self, source: bytes) -> None:
        self._source = source
        self._position = 0
        self._parts = 0
        self._open: list[_OpenTable] = []

    def assignments(self) -> dict[str, LuaValue]:
        found: dict[str, LuaValue] = {}
        while (start := self._next_assignment()) is not None:
            self._count_part()
            name = start["name_key"].decode()
            token = self._token()
            if token.lastgroup == "end":
                raise self._cut_off(_A_VARIABLE, start.start("name_key"), name[:40])
            found[name] = self._table(token) if token.lastgroup == "open" else self._scalar(token)
        return found

    def _next_assignment(self) -> re.Match[bytes] | None:
        token = self._token()
        if token["separator"] == b";":
            token = self._token()
        if token.lastgroup == "end":
            return None
        if token.lastgroup != "name_key":
            raise self._unexpected(token, mark("a variable's name and an equals sign"))
        return token

    def _token(self) -> re.Match[bytes]:
        """Give the next token that is not a comment."""
        while token := _TOKEN.match(self._source, self._position):
            self._position = token.end()
            if token.lastgroup != "comment":
                return token
            self._skip_comment(token.start("comment"))
        raise AssertionError("the pattern matches everywhere, at the end of the file as well")

    def _expect(self, kind: str, what: str) -> None:
        token = self._token()
        if token.lastgroup != kind:
            raise self._unexpected(token, what)

    def _count_part(self) -> None:
        self._parts += 1
        if self._parts > MAX_PARTS:
            fault = tr("The file holds more than {n} values.", n=number(MAX_PARTS))
            raise BadInput(where_to_find_it(fault))

    def _skip_comment(self, begin: int) -> None:
        self._count_part()
        opening = _LONG_OPENS.match(self._source, self._position)
        if opening is not None:
            self._long_bracket(opening[0], opening.end(), _A_COMMENT, begin)
            return
        line_end = self._source.find(b"\n", self._position)
        self._position = len(self._source) if line_end < 0 else line_end

    def _long_bracket(self, opening: bytes, content: int, cut: str, begin: int) -> bytes:
        """Give what stands between `[[` or `[==[` and its counterpart, and go on behind that."""
        closing = opening.replace(b"[", b"]")
        end = self._source.find(closing, content)
        if end < 0:
            raise self._cut_off(cut, begin)
        self._position = end + len(closing)
        return self._source[content:end]

    def _table(self, opening: re.Match[bytes]) -> LuaTable:
        root = self._begin_table(opening)
        while self._open:
            table = self._open[-1]
            token = self._token()
            if token.lastgroup == "close":
                self._open.pop()
                self._end_item()
                continue
            key, token = self._key(token, table)
            if token.lastgroup == "open":
                table.values[key] = self._begin_table(token)
            else:
                table.values[key] = self._scalar(token)
                self._end_item()
        return root

    def _begin_table(self, opening: re.Match[bytes]) -> LuaTable:
        begin = opening.start("open")
        if len(self._open) >= MAX_DEPTH:
            raise self._wrong_file(begin, tr("a table inside {n} others, deeper than any addon saves", n=MAX_DEPTH))
        values: LuaTable = {}
        self._open.append(_OpenTable(values, begin))
        return values

    def _end_item(self) -> None:
        """Demand a separator or the closing brace behind an item; the brace is left for the next step."""
        if not self._open:
            return
        # By far the commonest case, and cheaper without a token.
        if self._source.startswith(_SEPARATORS, self._position):
            self._position += 1
            return
        token = self._token()
        if token.lastgroup == "close":
            self._position = token.start("close")
        elif token.lastgroup != "separator":
            raise self._unexpected(token, mark("a comma or a closing brace"))

    def _key(self, token: re.Match[bytes], table: _OpenTable) -> tuple[str | int | float, re.Match[bytes]]:
        """Give the key of the next item and the first token of its value."""
        self._count_part()
        match token.lastgroup:
            case "text_key":
                return self._decoded(token["text_key"], token.start("text_key")), self._token()
            case "name_key":
                return token["name_key"].decode(), self._token()
            case "bracket":
                return self._bracket_key(), self._token()
            case _:
                table.items += 1
                return table.items, token

    def _bracket_key(self) -> str | int | float:
        token = self._token()
        key = self._scalar(token)
        # A key of NaN could never be found again; Lua refuses it as well.
        if key is None or isinstance(key, bool | dict) or key != key:
            raise self._unexpected(token, mark("a key of text or a number"))
        self._expect("bracket_end", mark("a closing bracket"))
        self._expect("equals", mark("an equals sign"))
        return key

    def _scalar(self, token: re.Match[bytes]) -> LuaValue:
        match token.lastgroup:
            case "text":
                return self._decoded(token["text"], token.start("text"))
            case "integer":
                return int(token["integer"])
            case "word":
                return _WORDS[token["word"]]
            case "number":
                return _number(token["number"])
            case "quote":
                return self._quoted(token["quote"], token.start("quote"))
            case "long":
                begin = token.start("long")
                content = self._long_bracket(token["long"], self._position, _A_TEXT, begin)
                return self._decoded(_LINE_BREAK.sub(b"\n", content).removeprefix(b"\n"), begin)
            case _:
                raise self._unexpected(token, mark("a value"))

    def _quoted(self, quote: bytes, begin: int) -> str:
        """Read a text with escapes, or in single quotes, from behind its opening quote."""
        text = bytearray()
        while piece := _PIECE.match(self._source, self._position):
            self._count_part()
            self._position = piece.end()
            if piece["quote"] == quote:
                return self._decoded(bytes(text), begin)
            text += self._unescaped(piece)
        raise self._unfinished_text(begin)

    def _unescaped(self, piece: re.Match[bytes]) -> bytes:
        match piece.lastgroup:
            case "code" if int(piece["code"]) > 255:
                escape = f"\\{piece['code'].decode()}"
                raise self._wrong_file(piece.start(), tr("the escape {escape}, above 255", escape=escape))
            case "code":
                return bytes((int(piece["code"]),))
            case "break":
                return b"\n"
            case "letter":
                return bytes((_LETTERS[piece["letter"][0]],))
            case _:
                return piece[0]

    def _decoded(self, text: bytes, begin: int) -> str:
        try:
            return text.decode()
        except UnicodeDecodeError:
            found = tr("a text that is not UTF-8 (another program may have saved the file)")
            raise self._wrong_file(begin, found) from None

    def _unfinished_text(self, begin: int) -> BadInput:
        rest = self._source[self._position : self._position + 2]
        if rest in (b"", b"\\"):
            return self._cut_off(_A_TEXT, begin)
        if rest.startswith(b"\\"):
            escape = repr(rest.decode(errors="replace"))
            return self._wrong_file(self._position, tr("the unknown escape {escape} in a text", escape=escape))
        return self._wrong_file(begin, tr("a text without a closing quote in the same line"))

    def _unexpected(self, token: re.Match[bytes], expected: str) -> BadInput:
        begin = token.end() - len(token[0].lstrip())
        rest = self._source[begin:]
        # A file that was cut can end in half a word, which is no token of its own.
        if self._open and (not rest or (token.lastgroup == "unknown" and not re.search(rb"[\n}]", rest))):
            return self._cut_off(_A_TABLE, self._open[-1].begin)
        excerpt = _EXCERPT.match(rest[:80].decode(errors="replace"))
        found = tr("the end of the file") if excerpt is None else repr(excerpt[0])
        return self._wrong_file(begin, tr("{found} where {expected} should be", found=found, expected=tr(expected)))

    def _wrong_file(self, position: int, found: str) -> BadInput:
        line_begin = self._source.rfind(b"\n", 0, position) + 1
        column = len(self._source[line_begin:position].decode(errors="replace")) + 1
        fault = tr(
            "This is not a SavedVariables file: line {line}, column {column} has {found}.",
            line=self._line(position),
            column=column,
            found=found,
        )
        return BadInput(where_to_find_it(fault))

    def _cut_off(self, sentence: str, begin: int, name: str = "") -> BadInput:
        return BadInput(tr(sentence, line=self._line(begin), name=name, why=_why_cut_off()))

    def _line(self, position: int) -> int:
        return self._source.count(b"\n", 0, position) + 1


def _why_cut_off() -> str:
    return tr("the game was still writing it, or the copy was cut. Log out or type /reload, then upload it again.")


def _number(text: bytes) -> int | float:
    """Give a number in one of the rarer forms: long, with point or exponent, hexadecimal, or not finite."""
    if text.lstrip(b"-")[:2].lower() == b"0x":
        return int(text, 16)
    microsoft = text.partition(b"#")[2]
    if microsoft.startswith(b"INF"):
        return -math.inf if text.startswith(b"-") else math.inf
    if microsoft:
        return math.nan
    return float(text.partition(b"(")[0])
