"""SQL lives in `.sql` files beside the Python that runs it; this reads them.

A file holds statements, each under a line `-- name: some_name`, with its description in the comment lines after it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import LiteralString, cast

_HEADER = re.compile(r"^-- name: *(\w+) *$", re.MULTILINE)


@cache
def load_sql(package: str, file_name: str) -> Mapping[str, LiteralString]:
    """Return the named statements of one `.sql` file of a package. They are literal: never built from input."""
    text = (files(package) / file_name).read_text(encoding="utf-8")
    _, *parts = _HEADER.split(text)
    names, bodies = parts[::2], parts[1::2]
    if len(set(names)) != len(names):
        raise ValueError(f"{package}/{file_name} holds one name twice")
    return {name: cast("LiteralString", body.strip()) for name, body in zip(names, bodies, strict=True)}
