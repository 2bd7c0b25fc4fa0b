"""The installation's backups: what goes into one, where automatic ones lie, and how long they stay."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path

import fasteners
from pydantic import SecretStr

from patt.auth.installation_secret import with_kept_secret
from patt.config import ENV_PREFIX, Settings
from patt.supported import DISTRIBUTION
from sv_common.db import backup
from sv_common.db.backup import Manifest
from sv_common.guild_sync.core.errors import ConfigurationError
from sv_common.guild_sync.core.language import tr

DAYS_KEPT = 7
WEEKS_KEPT = 4
KEPT_OF_A_CAUSE = 4
"""How many backups from before an upgrade stay, and as many from before a restore, and before a removal."""

SUFFIX = ".patt"
_DAILY = "daily-"
_OF_ITS_PLACE = frozenset({"database_url", "data_dir"})
"""Settings that say where an installation is, so another one has its own."""


def folder_of(settings: Settings) -> Path:
    return settings.data_dir / "backups"


def make(settings: Settings, url: str, file: Path, *, with_secrets: bool = False) -> Manifest:
    """Write a backup with the settings in force. Raises like `backup.write`."""
    kept = settings_of(settings, with_secrets=with_secrets)
    return backup.write(url, file, version=version(DISTRIBUTION), settings=kept, with_secrets=with_secrets)


def settings_of(settings: Settings, *, with_secrets: bool) -> dict[str, str]:
    """Return the settings that somebody has set, by their variables; those of this place are left out."""
    if with_secrets:
        settings = with_kept_secret(settings)
    found = {}
    for name in sorted(settings.model_fields_set - _OF_ITS_PLACE):
        value = getattr(settings, name)
        if isinstance(value, SecretStr):
            if not with_secrets:
                continue
            value = value.get_secret_value()
        if value is not None:
            found[f"{ENV_PREFIX}{name.upper()}"] = str(value)
    return found


def before(cause: str, settings: Settings, url: str, now: datetime | None = None) -> Path:
    """Write a backup because of what comes next (“upgrade”, “restore” or “removal”), and forget the oldest of that cause."""
    folder = made_folder(settings)
    at = now or datetime.now(UTC)
    file = folder / f"before-{cause}-{at:%Y-%m-%d-%H%M%S-%f}{SUFFIX}"
    make(settings, url, file)
    for old in sorted(folder.glob(f"before-{cause}-*{SUFFIX}"))[:-KEPT_OF_A_CAUSE]:
        old.unlink(missing_ok=True)
    return file


def make_daily(settings: Settings, url: str, today: date | None = None) -> Path | None:
    """Write the day's backup unless there is one, and delete those that are too old; return it if it is new."""
    folder = made_folder(settings)
    day = today or datetime.now(UTC).date()
    file = folder / f"{_DAILY}{day.isoformat()}{SUFFIX}"
    with fasteners.InterProcessLock(folder / ".lock"):
        if file.exists():
            return None
        make(settings, url, file)
        for old in expendable(_days(folder)):
            (folder / f"{_DAILY}{old.isoformat()}{SUFFIX}").unlink(missing_ok=True)
    return file


def expendable(days: Iterable[date]) -> set[date]:
    """Return the days whose backups may go: all but the last seven, and the last of each of the last four weeks."""
    ordered = sorted(set(days))
    last_of_week = {day.isocalendar()[:2]: day for day in ordered}
    weekly = list(last_of_week.values())[-WEEKS_KEPT:]
    return set(ordered) - set(ordered[-DAYS_KEPT:]) - set(weekly)


def write_settings(manifest: Manifest, file: Path) -> None:
    """Write the settings of a backup into a new file that only its owner may read. Raises `ConfigurationError`."""
    lines = "".join(f"{name}={_as_line(value)}\n" for name, value in manifest.settings.items())
    try:
        with open(file, "x", encoding="utf-8", opener=lambda path, flags: os.open(path, flags, 0o600)) as opened:
            opened.write(lines)
    except OSError as error:
        raise ConfigurationError(tr("{file} cannot be written: {reason}.", file=file, reason=error.strerror)) from error


def _as_line(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def made_folder(settings: Settings) -> Path:
    """Return the folder of the backups, made for its owner alone. Raises `ConfigurationError`."""
    folder = folder_of(settings)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            tr("{file} cannot be written: {reason}.", file=folder, reason=error.strerror)
        ) from error
    return folder


def _days(folder: Path) -> list[date]:
    found = []
    for file in folder.glob(f"{_DAILY}*{SUFFIX}"):
        try:
            found.append(date.fromisoformat(file.name[len(_DAILY) : -len(SUFFIX)]))
        except ValueError:  # a name of somebody's own
            continue
    return found
