"""Putting a backup back on an installation without a guild, from a file that a browser has sent.

The database has to be free for it. So the server stops its parts, lets `carry_out` do the work, and begins again.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import tempfile
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

from patt import backups
from patt.bootstrap import database_url, make_ready
from patt.config import Settings
from sv_common.db import backup
from sv_common.db.backup import Manifest
from sv_common.db.pool import Pool
from sv_common.guild_sync.core.errors import BadInput, PattError, PlanStale, Refused
from sv_common.guild_sync.core.language import tr
from sv_common.guild_sync.roster import guilds

LARGEST_BACKUP = 1 << 30
"""Bytes of a file that a browser may send."""

_PREFIX = "uploaded-"


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A backup that waits to be restored. `called` is its name on the person's computer, `key` stands for just this file."""

    file: Path
    called: str
    manifest: Manifest
    key: str


@dataclass(slots=True)
class Restoring:
    """The backup that was sent, the one that is to be restored when the server has stopped, and what came of the last.

    `stop` has the server stop for it; None where this process cannot.
    """

    stop: Callable[[], None] | None = None
    uploaded: Uploaded | None = None
    wanted: Uploaded | None = None
    told: str = ""
    problem: str = ""

    def confirm(self, key: str) -> None:
        """Have the backup restored that was shown. Raises `PlanStale` for another one, and `Refused` where it cannot be done."""
        if self.uploaded is None or self.uploaded.key != key:
            raise PlanStale(tr("This is not the backup that was shown. Nothing was changed. Send the file again."))
        if self.stop is None:
            raise Refused(tr("This server cannot restore it. Nothing was changed. Use: patt db restore FILE"))
        self.wanted = self.uploaded

    def carry_out(self, settings: Settings) -> None:
        """Restore what is wanted, and keep what was there in a backup of its own; nobody else may use the database."""
        wanted, self.wanted, self.uploaded, self.told, self.problem = self.wanted, None, None, "", ""
        if wanted is None:
            return
        try:
            kept = _restore(settings, wanted)
        except PattError as error:
            self.problem = str(error)
        else:
            self.told = tr("The backup {file} is restored. All sign-ins have ended.", file=wanted.called)
            if kept is not None:
                self.told += " " + tr("What it held before is in {file}.", file=kept)
        finally:
            wanted.file.unlink(missing_ok=True)


def _restore(settings: Settings, wanted: Uploaded) -> Path | None:
    url = database_url(settings)
    present = backup.contents(url)
    if present.guilds:
        raise _has_a_guild()
    kept = None if present.is_empty else backups.before("restore", settings, url)
    backup.restore(url, wanted.file, wanted.manifest)
    make_ready(settings, backs_up=False)
    return kept


async def refuse_with_guild(pool: Pool) -> None:
    """Raise `Refused` where there is a guild, which a backup would replace."""
    async with pool.snapshot() as conn:
        if await guilds.near(conn, None, beside=0):
            raise _has_a_guild()


def _has_a_guild() -> Refused:
    return Refused(
        tr("There is a guild here already. To replace all by a backup, use on the server: patt db restore FILE")
    )


async def receive(settings: Settings, called: str, content: AsyncIterator[bytes]) -> Uploaded:
    """Write a file that comes piece by piece, and read what it is. Raises like `backup.read`; nothing is kept then."""
    file, digest = await asyncio.to_thread(_new_file, settings), hashlib.sha256()
    try:
        with file.open("wb") as opened:
            async for piece in content:
                digest.update(piece)
                await asyncio.to_thread(opened.write, piece)
        manifest = await asyncio.to_thread(_manifest_of, file, called)
    except BaseException:
        file.unlink(missing_ok=True)
        raise
    return Uploaded(file, called, manifest, digest.hexdigest())


def _new_file(settings: Settings) -> Path:
    """Return a new file for a backup that is sent; one that was sent before goes. Raises `ConfigurationError`."""
    folder = backups.made_folder(settings)
    for old in folder.glob(f"{_PREFIX}*"):
        old.unlink(missing_ok=True)
    handle, name = tempfile.mkstemp(prefix=_PREFIX, dir=folder)
    os.close(handle)
    return Path(name)


def _manifest_of(file: Path, called: str) -> Manifest:
    if not file.stat().st_size:
        raise BadInput(tr("Choose the file of a backup."))
    manifest = backup.read(file, called)
    if manifest.schema is None:
        raise Refused(tr("{file} holds a damaged database. Restore it with: patt db restore FILE", file=called))
    return manifest
