"""The database of an installation, before anything else works: found, reached, and of the schema that is needed."""

from __future__ import annotations

from alembic.util import CommandError
from sqlalchemy.exc import OperationalError

from patt.config import Settings
from sv_common.db import embedded, migrate
from sv_common.guild_sync.domain.errors import ConfigurationError

DATABASE_NAME = "patt"


def database_url(settings: Settings) -> str:
    """Return the URL of the database, starting the embedded server where none is configured."""
    if settings.database_url is not None:
        return settings.database_url
    server = embedded.start(settings.data_dir / "postgres")
    return embedded.ensure_database(server, DATABASE_NAME)


def revision_of(url: str) -> str | None:
    """Return the schema's revision, None for a database without one. Raises `ConfigurationError` when it does not answer."""
    try:
        return migrate.current_revision(url)
    except OperationalError as error:
        said = str(error.orig).strip().partition("\n")[0]
        raise ConfigurationError(f"The database does not answer: {said}.") from error


def check_schema(url: str) -> None:
    """Raise `ConfigurationError` when the database does not answer, or has another schema than this version needs."""
    current, newest = revision_of(url), migrate.newest_revision()
    if current != newest:
        raise ConfigurationError(
            f"The database has the schema {current or '(none)'}, and this version needs {newest}. Run: patt db upgrade"
        )


def make_ready(settings: Settings) -> str:
    """Return the URL of the database, brought to the schema that this version needs. Raises `ConfigurationError`."""
    url = database_url(settings)
    revision = revision_of(url)
    try:
        migrate.upgrade(url)
    except CommandError as error:
        raise ConfigurationError(
            f"The database has the schema {revision}, which this version of PATT does not know. Use the newer version that "
            "made it."
        ) from error
    return url
