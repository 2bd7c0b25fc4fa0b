"""Numbers of rows as people write them: `#12` is always the row; a bare number may be someone's name as well."""

from __future__ import annotations

import re

LARGEST_ROW = 2**63 - 1

_MARKED = re.compile(r"#\s*(\d{1,19})", re.ASCII)
_BARE = re.compile(r"\d{1,19}", re.ASCII)


def marked_row(text: str) -> int | None:
    """Return the number of `#12`; None for anything else."""
    found = _MARKED.fullmatch(text.strip())
    return _in_range(found[1]) if found else None


def bare_row(text: str) -> int | None:
    """Return the number of `12`; None for anything else."""
    said = text.strip()
    return _in_range(said) if _BARE.fullmatch(said) else None


def row_of(text: str) -> int | None:
    """Return the number of `12` or `#12`; None for anything else."""
    marked = marked_row(text)
    return marked if marked is not None else bare_row(text)


def _in_range(digits: str) -> int | None:
    number = int(digits)
    return number if number <= LARGEST_ROW else None
