"""Storing settings in the `.env` file of the working folder, beside its other lines."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import dotenv

from patt.config import ENV_FILE, ENV_PREFIX, FILE_SUFFIX
from sv_common.guild_sync.core.errors import BadInput, ConfigurationError
from sv_common.guild_sync.core.language import tr

OWNER_ONLY = 0o600


def keep(settings: Mapping[str, str], file: Path | None = None) -> None:
    """Write settings (by the names that `patt.config.Settings` gives them) into the file, which only its owner can read.

    Other lines stay. Each setting is written completely or not at all, whenever the machine stops. Raises `BadInput` for a
    value that no `.env` file can hold, and `ConfigurationError` if the environment overrides it or the file is not writable.
    """
    file = file or Path(ENV_FILE)
    lines = {f"{ENV_PREFIX}{name.upper()}": value for name, value in settings.items()}
    for name, value in lines.items():
        _refuse(name, value)
    try:
        if file.exists():
            file.chmod(OWNER_ONLY)
        for name, value in lines.items():
            dotenv.set_key(file, name, value, follow_symlinks=True)  # a new file is its owner's only
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            tr(
                "The file {file} in this folder cannot be written ({error}). Make it a text file in UTF-8 "
                "that you may change, or set {variables} in the environment.",
                file=ENV_FILE,
                error=type(error).__name__,
                variables=", ".join(lines),
            )
        ) from error


def _refuse(name: str, value: str) -> None:
    overriding = next((each.upper() for each in os.environ if each.upper() in (name, name + FILE_SUFFIX)), None)
    if overriding:
        raise ConfigurationError(
            tr(
                "{variable} is set in the environment, which overrides {file}. Change or remove it there, then run this "
                "again.",
                variable=overriding,
                file=ENV_FILE,
            )
        )
    if not value.isprintable() or "${" in value:
        raise BadInput(
            tr(
                "{variable} has a character that {file} cannot store, such as a line break. Copy it again.",
                variable=name,
                file=ENV_FILE,
            )
        )
