"""Reads a roster table (TSV or CSV), or the addon's own file, into characters with their notes."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Final, NamedTuple

from sv_common.guild_sync.core.errors import BadInput
from sv_common.guild_sync.core.language import number, tr
from sv_common.guild_sync.core.names import name_key, realm_key
from sv_common.guild_sync.sources.addon.entries import MAX_CHARACTERS
from sv_common.guild_sync.sources.addon.export import read_addon_export
from sv_common.guild_sync.sources.addon.fields import MAX_NAME_LETTERS, MAX_NOTE_LETTERS
from sv_common.guild_sync.sources.addon.saved_variables import MAX_BYTES

_CHARACTER: Final = "character"
_NOTE: Final = "note"
_MAX_CELL_LETTERS: Final = 4096


class NotedCharacter(NamedTuple):
    """A character of a file. `label` is as the file writes it; `note` is None where the exporter could not see it."""

    label: str
    name: str
    realm: str | None
    note: str | None


def read_saved_roster(source: bytes) -> list[NotedCharacter]:
    return [
        NotedCharacter(f"{each.name}-{each.realm}" if each.realm else each.name, each.name, each.realm, each.note)
        for each in read_addon_export(source).characters
    ]


def read_roster_table(source: bytes) -> list[NotedCharacter]:
    """Read a table with a header that has `character` (Name-Realm) and `note`; what else it has is ignored.

    Cells are parted by tabs, taken as they stand, or else by commas, where quotes may enclose them. Raises BadInput
    with the line and the column of the first fault.
    """
    rows = _rows(_text(source))
    header = next(rows, None)
    if header is None:
        raise BadInput(tr("The roster is empty. Its first line must name the columns, including character and note."))
    columns = _columns(header)
    found: dict[tuple[str, str], _Row] = {}
    characters = []
    for row in rows:
        character = _character(row, columns)
        _refuse_repeated(character, row, found)
        characters.append(character)
        if len(characters) > MAX_CHARACTERS:
            raise BadInput(
                tr(
                    "The roster has more than {most} characters, more than a guild can have.",
                    most=number(MAX_CHARACTERS),
                )
            )
    if not characters:
        raise BadInput(tr("The roster has a header and no characters below it. Put one character on each line."))
    return characters


def read_discord_names(source: bytes) -> list[str]:
    """Read a list of Discord names, one a line; a name that is there twice counts once."""
    lines = (line.strip() for line in _text(source).replace("\r", "\n").split("\n"))
    return list({name_key(line): line for line in lines if line}.values())


class _Row(NamedTuple):
    line: int
    cells: list[str]


def _text(source: bytes) -> str:
    if len(source) > MAX_BYTES:
        raise BadInput(tr("The file is larger than {most} MiB, too large for a roster.", most=MAX_BYTES // 1024**2))
    try:
        text = source.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        raise BadInput(tr("Line {line} of the file is not UTF-8 text. Save the file as UTF-8.", line=line)) from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise BadInput(tr("Line {line} of the file contains a NUL character. Save the file as UTF-8 text.", line=line))
    return text


def _rows(text: str) -> Iterator[_Row]:
    has_tabs = "\t" in text.partition("\n")[0]
    lines = io.StringIO(text, newline="")
    reader = csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE) if has_tabs else csv.reader(lines, strict=True)
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield _Row(line, cells)
            line = reader.line_num + 1
    except csv.Error as error:
        raise BadInput(
            tr(
                "Line {line} of the roster cannot be split into columns: {error}. Correct its quotes.",
                line=line,
                error=error,
            )
        ) from error


def _columns(header: _Row) -> dict[str, int]:
    names = [cell.strip().lower() for cell in header.cells]
    for wanted in (_CHARACTER, _NOTE):
        if names.count(wanted) != 1:
            fault = (
                tr("Line {line}: the header has no column “{column}”.", line=header.line, column=wanted)
                if wanted not in names
                else tr("Line {line}: the header has more than one column “{column}”.", line=header.line, column=wanted)
            )
            remedy = tr("Name one column character and one note, separated by tabs or commas.")
            raise BadInput(f"{fault} {remedy}")
    return {name: names.index(name) for name in (_CHARACTER, _NOTE)} | {"": len(names)}


def _character(row: _Row, columns: dict[str, int]) -> NotedCharacter:
    if any(cell.strip() for cell in row.cells[columns[""] :]):
        raise BadInput(
            tr(
                "Line {line} has {n} columns and the header {expected}. Put a cell with a comma in "
                "quotes, or separate the columns by tabs.",
                line=row.line,
                n=len(row.cells),
                expected=columns[""],
            )
        )
    label = _cell(row, columns, _CHARACTER, MAX_NAME_LETTERS * 3).strip()
    name, _, realm = (part.strip() for part in label.partition("-"))
    if not name or len(name) > MAX_NAME_LETTERS:
        raise BadInput(
            tr("Line {line}, column character: has no name. Write it as Name-Realm.", line=row.line)
            if not name
            else tr(
                "Line {line}, column character: has a name of more than {most} letters. Write it as Name-Realm.",
                line=row.line,
                most=MAX_NAME_LETTERS,
            )
        )
    return NotedCharacter(label, name, realm or None, _cell(row, columns, _NOTE, MAX_NOTE_LETTERS).strip())


def _cell(row: _Row, columns: dict[str, int], name: str, longest: int) -> str:
    if columns[name] >= len(row.cells):
        raise BadInput(
            tr(
                "Line {line}, column {column}: the line ends before it. Leave the cell empty, but keep it.",
                line=row.line,
                column=name,
            )
        )
    cell = row.cells[columns[name]]
    if len(cell) > longest:
        raise BadInput(
            tr(
                "Line {line}, column {column}: has {n} letters, more than the {most} allowed. Shorten it.",
                line=row.line,
                column=name,
                n=number(len(cell)),
                most=number(longest),
            )
        )
    return cell


def _refuse_repeated(character: NotedCharacter, row: _Row, found: dict[tuple[str, str], _Row]) -> None:
    """Names without a realm may be repeated: several realms can have a character of that name."""
    if character.realm is None:
        return
    earlier = found.setdefault((name_key(character.name), realm_key(character.realm)), row)
    if earlier is not row:
        raise BadInput(
            tr(
                "Line {line}, column character: {character} is already on line {earlier}. Keep one of them.",
                line=row.line,
                character=character.label,
                earlier=earlier.line,
            )
        )
