"""The secret of the installation, with which hashes are made that only this installation can compare."""

from __future__ import annotations

import os
from pathlib import Path

import fasteners
from pydantic import SecretStr

from patt.auth.hashing import new_secret
from patt.config import Settings
from sv_common.guild_sync.core.errors import ConfigurationError
from sv_common.guild_sync.core.keyed_hash import InstallationSecret
from sv_common.guild_sync.core.language import tr

FILE = "installation.secret"
_OWNER_ONLY = 0o600


def installation_secret(settings: Settings) -> InstallationSecret | None:
    """Return the secret of the settings, or the one that is kept beside the embedded database, where it is made when first needed.

    None where a PostgreSQL server is used and no secret is set: its processes may run on several computers, which must all
    have the same. Raises `ConfigurationError` for a file that cannot be read or written.
    """
    if settings.installation_secret is not None:
        return InstallationSecret(settings.installation_secret.get_secret_value())
    if settings.database_url is not None:
        return None
    return InstallationSecret(_kept(settings.data_dir))


def with_kept_secret(settings: Settings) -> Settings:
    """Return settings that hold the secret, also where it stands beside the embedded database."""
    found = installation_secret(settings)
    return settings if found is None else settings.model_copy(update={"installation_secret": SecretStr(found.value)})


def _kept(folder: Path) -> str:
    file = folder / FILE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with fasteners.InterProcessLock(folder / f"{FILE}.lock"):
            found = file.read_text(encoding="ascii").strip() if file.exists() else ""
            return found or _made(file)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            tr(
                "The file {file} cannot be read or written ({error}). It holds the secret of this installation. "
                "Check that you own the folder PATT_DATA_DIR.",
                file=file,
                error=type(error).__name__,
            )
        ) from error


def _made(file: Path) -> str:
    """Write a new secret where there is no file, or an empty one of a machine that stopped while writing."""
    file.unlink(missing_ok=True)
    made = new_secret()
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY), "w", encoding="ascii") as writing:
        writing.write(made)
        writing.flush()
        os.fsync(writing.fileno())
    return made
