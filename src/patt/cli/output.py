"""What the command line prints: tables and sentences for people, JSON for scripts, errors on standard error."""

from __future__ import annotations

import dataclasses
import io
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from sv_common.guild_sync.core.errors import BadInput, PattError
from sv_common.guild_sync.core.language import day, day_and_time, mark

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)
JsonOption = Annotated[bool, typer.Option("--json", help=mark("Print JSON instead of text."))]
_Result = TypeVar("_Result")
_Row = TypeVar("_Row")


def escape_unprintable() -> None:
    """Let output show characters that its encoding does not have as escapes, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def show(result: _Result, as_json: bool, lines: Callable[[_Result], object]) -> None:
    if as_json:
        print_json(result)
    else:
        lines(result)


def show_rows(
    rows: Sequence[_Row], as_json: bool, columns: Sequence[str], cells: Callable[[_Row], Sequence[object]]
) -> None:
    show(rows, as_json, lambda _: table(*columns, rows=map(cells, rows)))


def print_json(value: object, *, indent: int | None = 2) -> None:
    """Print one JSON value; without an indent on one line, for a script that reads many.

    Where the output's encoding lacks characters, they are escaped as JSON does: other escapes are no JSON.
    """
    lacks_characters = not (sys.stdout.encoding or "").lower().startswith("utf")
    print(json.dumps(as_json(value), ensure_ascii=lacks_characters, indent=indent))  # noqa: T201 -- this is the output


def print_file(content: bytes) -> None:
    """Print what is a file, byte for byte."""
    sys.stdout.flush()
    sys.stdout.buffer.write(content)


def as_json(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {each.name: as_json(getattr(value, each.name)) for each in dataclasses.fields(value)}
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return int(value.total_seconds())
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(key): as_json(each) for key, each in value.items()}
    if isinstance(value, str | int | float) or value is None:
        return value
    return [as_json(each) for each in value]


def table(*columns: str, rows: Iterable[Sequence[object]]) -> None:
    """Print a table; cells are never read as markup. Columns without any value are left out, and long values are wrapped."""
    cells = [[_cell(cell) for cell in row] for row in rows]
    kept = [place for place in range(len(columns)) if not cells or any(row[place] for row in cells)]
    shown = Table(box=None, pad_edge=False, header_style="bold")
    for place in kept:
        shown.add_column(columns[place], overflow="fold")
    for row in cells:
        shown.add_row(*(escape(row[place]) for place in kept))
    out.print(shown)


def _cell(value: object) -> str:
    if isinstance(value, datetime):
        return day_and_time(value)
    return "" if value is None else str(value)


def day_of(milliseconds: int | None) -> str | None:
    """Return the day (UTC) of a last login."""
    return None if milliseconds is None else day(datetime.fromtimestamp(milliseconds / 1000, UTC))


def say(sentence: str) -> None:
    """Print a sentence; it is never read as markup."""
    out.print(escape(sentence), soft_wrap=True)


def say_beside(sentence: str) -> None:
    """Say a sentence beside the output, on standard error; it is never read as markup."""
    err.print(escape(sentence), soft_wrap=True)


def say_error(error: PattError) -> None:
    err.print(f"[red]{escape(str(error))}[/]", soft_wrap=True)
    for problem in error.problems if isinstance(error, BadInput) else ():
        err.print(escape(f"  {problem}"), soft_wrap=True)
