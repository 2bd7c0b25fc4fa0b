"""Files that a user names."""

from __future__ import annotations

from pathlib import Path

from sv_common.guild_sync.core.errors import BadInput
from sv_common.guild_sync.core.language import tr
from sv_common.guild_sync.core.plain_text import shown
from sv_common.guild_sync.sources.addon.saved_variables import MAX_BYTES


def read_file(file: Path) -> bytes:
    """Read the file, or as much of it as shows that it is too large. Raises `BadInput`."""
    try:
        with file.open("rb") as opened:
            return opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise BadInput(tr("{file} cannot be read: {reason}.", file=file, reason=error.strerror)) from error
    except ValueError as error:
        raise BadInput(tr("“{file}” is not the name of a file.", file=shown(str(file)))) from error
