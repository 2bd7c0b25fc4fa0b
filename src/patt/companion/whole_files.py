"""Files that are there whole or as they were, for those who may read them, and what is said where a folder cannot be used."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sv_common.guild_sync.core.errors import ConfigurationError

PRIVATE_FILE, PRIVATE_FOLDER = 0o600, 0o700
_USUAL = 0o666


def write_whole(file: Path, content: bytes, *, is_private: bool = False) -> None:
    """Write a file, also in the place of one that is there. Raises `OSError`, and nothing has changed then.

    A private one can at no moment be opened by others.
    """
    partial = file.with_name(f"{file.name}.{os.getpid()}.part")
    partial.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        with os.fdopen(os.open(partial, flags, PRIVATE_FILE if is_private else _USUAL), "wb") as writing:
            writing.write(content)
            writing.flush()
            os.fsync(writing.fileno())
        partial.replace(file)
    except OSError:
        partial.unlink(missing_ok=True)
        raise


@contextmanager
def usable(sentence: Callable[[str], str]) -> Iterator[None]:
    """Raise `ConfigurationError` with the sentence for the reason, where the block cannot use files or folders."""
    try:
        yield
    except OSError as error:
        raise ConfigurationError(sentence(error.strerror or type(error).__name__)) from error
