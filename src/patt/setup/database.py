"""The database of an installation, before anything else works: reached, and of the schema that this version needs."""

from __future__ import annotations

from alembic.util import CommandError
from sqlalchemy.exc import OperationalError

from patt.bootstrap import database_url
from patt.config import Settings
from sv_common.db import migrate
from sv_common.guild_sync.domain.errors import ConfigurationError


def reach(settings: Settings) -> tuple[str, str | None]:
    """Return the database's URL and its schema's revision. Raises `ConfigurationError` when it does not answer."""
    url = database_url(settings)
    try:
        return url, migrate.current_revision(url)
    except OperationalError as error:
        said = str(error.orig).strip().partition("\n")[0]
        raise ConfigurationError(f"The database does not answer: {said}.") from error


def make_ready(settings: Settings) -> str:
    """Return the URL of the database, brought to the schema that this version needs. Raises `ConfigurationError`."""
    url, revision = reach(settings)
    try:
        migrate.upgrade(url)
    except CommandError as error:
        raise ConfigurationError(
            f"The database has the schema {revision}, which this version of PATT does not know. Use the newer version that "
            "made it."
        ) from error
    return url
