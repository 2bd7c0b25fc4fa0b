"""What is said about the schema of a database: that it is another one than this version needs, or that its upgrade failed."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import psycopg
from sqlalchemy.exc import DBAPIError

from sv_common.db import migrate
from sv_common.guild_sync.core.errors import ConfigurationError
from sv_common.guild_sync.core.language import tr, tr_in


class SchemaFault(NamedTuple):
    """What is wrong with a database's schema, and what to do."""

    message: str
    remedy: str
    is_newer: bool = False
    """Whether a newer version of PATT made it."""

    @property
    def sentence(self) -> str:
        return f"{self.message} " + (self.remedy if self.is_newer else tr("Run: {command}", command=self.remedy))


def fault_of(revision: str | None) -> SchemaFault | None:
    """Return what is wrong with the schema that a database has; None if it is the one that this version needs."""
    newest = migrate.newest_revision()
    if revision == newest:
        return None
    if revision is not None and revision not in migrate.revisions():
        return SchemaFault(
            tr("The database has the schema {schema}, which this version of PATT does not know.", schema=revision),
            tr(
                "Use the newer version that created it. To go back to this version, restore a backup from before the "
                "upgrade: patt db restore FILE"
            ),
            is_newer=True,
        )
    message = tr(
        "The database has the schema {schema}, and this version needs {needed}.",
        schema=revision or tr_in("schema", "(none)"),
        needed=newest,
    )
    return SchemaFault(message, tr("patt db upgrade"))


def upgrade(url: str, revision: str | None, kept: Path | None) -> None:
    """Bring a database from its revision to the schema of this version; `kept` is the backup from before.

    Raises `ConfigurationError`, and nothing was changed then: all of it is one transaction.
    """
    try:
        migrate.upgrade(url)
    except Exception as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        reason = reason_of_database(cause)
        sentences = [
            tr(
                "The database could not be upgraded to the schema {schema}: {reason}. Nothing was changed.",
                schema=migrate.newest_revision(),
                reason=reason if isinstance(cause, psycopg.Error) else f"{type(cause).__name__}: {reason}",
            ),
            _remedy(cause, revision),
            *([tr("A backup from before is in {file}.", file=kept)] if kept else []),
        ]
        raise ConfigurationError(" ".join(sentences)) from error


def reason_of_database(error: BaseException | None) -> str:
    """Return the first line of what the database said, without its period."""
    return str(error).strip().partition("\n")[0].rstrip(".")


def _remedy(cause: BaseException | None, revision: str | None) -> str:
    if isinstance(cause, psycopg.errors.LockNotAvailable):
        return tr("Something else uses the database. Stop every process of PATT, then run “patt db upgrade”.")
    if isinstance(cause, psycopg.errors.InsufficientPrivilege):
        return tr("Give the login of PATT_DATABASE_URL what it lacks, then run “patt db upgrade”.")
    if isinstance(cause, psycopg.OperationalError):
        return tr("Once that is put right, run “patt db upgrade”.")
    if revision is None:
        return tr("PATT needs a database of its own, in which there is nothing else.")
    return tr("That is a fault of this version: go on with the version that you had before, and report this sentence.")
