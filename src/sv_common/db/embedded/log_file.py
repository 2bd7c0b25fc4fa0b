"""The log of an embedded server: what it may hold, and how long it may get."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

LOG = "log"
OLDER = "log.1"
LARGEST_BYTES = 5 * 1024 * 1024
"""How long the log may be when it is looked at; what was written before it lies beside it, and is as long at most."""

LOG_SETTINGS = {
    # A statement is PATT's own code, but the details of an error quote the row, with the note in it.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_checkpoints": "off",
}


def keep_short(home: Path) -> bool:
    """Put what a log holds aside if it has grown too long, in place of what was put aside before; return whether it had.

    The server writes on meanwhile: it appends, so its next line stands at the beginning of the emptied file. What it writes
    between the two steps is lost. On Windows the file of a running server stays as it is, until the next start.
    """
    log, older = home / LOG, home / OLDER
    if not log.exists() or log.stat().st_size <= LARGEST_BYTES:
        return False
    older.touch(mode=0o600)
    with log.open("rb") as source, older.open("wb") as target:
        source.seek(max(0, log.stat().st_size - LARGEST_BYTES))
        shutil.copyfileobj(source, target)
    os.truncate(log, 0)
    return True
