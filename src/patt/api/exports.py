"""Lists as files: CSV that a spreadsheet opens and does not run."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from starlette.responses import Response

CSV_TYPE = "text/csv; charset=utf-8"
CSV_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The list as a file.",
        "content": {"text/csv": {"schema": {"type": "string", "examples": ["id,actor\r\n31,officer alice\r\n"]}}},
    }
}
"""What OpenAPI says of such an answer."""

_BYTE_ORDER_MARK = "\ufeff"
"""Without it, Excel takes UTF-8 for the machine's old code page."""

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""Also as East Asian keyboards write them. Source: OWASP, CSV Injection."""


def csv_answer(name: str, rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> Response:
    """Return rows as a CSV file whose name begins with `name`."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([_cell(row[column]) for column in columns] for row in rows)
    content = (_BYTE_ORDER_MARK + text.getvalue()).encode()
    return Response(content, media_type=CSV_TYPE, headers=as_file(name, "csv"))


def as_file(name: str, kind: str) -> dict[str, str]:
    """Return the header by which a browser keeps an answer as a file of today."""
    return {"Content-Disposition": f'attachment; filename="patt-{name}-{datetime.now(UTC):%Y-%m-%d}.{kind}"'}


def _cell(value: Any) -> str:
    """Return one cell. What a spreadsheet would take for a formula begins with an apostrophe, which makes it text."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case int():
            return str(value)
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="seconds")
        case _:
            text = str(value)
            return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
