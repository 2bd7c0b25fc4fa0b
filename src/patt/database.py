"""The database of an installation, before anything else works: found, reached, and of the schema that is needed."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError

from patt.config import Settings
from sv_common.db import embedded, migrate
from sv_common.guild_sync.core.errors import ConfigurationError

DATABASE_NAME = "patt"


class EmbeddedDatabaseError(ConfigurationError):
    """The embedded database does not start. `fault` says why; the message says besides where to look."""

    def __init__(self, fault: str) -> None:
        super().__init__(f"{fault} Look: patt doctor")
        self.fault = fault


def database_url(settings: Settings) -> str:
    """Return the URL of the database, starting the embedded server where none is configured.

    Raises `EmbeddedDatabaseError` where that server does not start.
    """
    if settings.database_url is not None:
        return settings.database_url.replace("postgres://", "postgresql://", 1)
    try:
        server = embedded.start(settings.data_dir / "postgres")
        return embedded.ensure_database(server, DATABASE_NAME)
    except Exception as error:
        raise EmbeddedDatabaseError(
            f"The embedded database in PATT_DATA_DIR ({settings.data_dir}) does not start: {error}."
        ) from error


def revision_of(url: str) -> str | None:
    """Return the schema's revision, None for a database without one.

    Raises `ConfigurationError` when the database does not answer, or its address cannot be used.
    """
    try:
        return migrate.current_revision(url)
    except OperationalError as error:
        said = str(error.orig).strip().partition("\n")[0].rstrip(".")
        raise ConfigurationError(f"The database does not answer: {said}.") from error
    except (SQLAlchemyError, ValueError) as error:
        raise ConfigurationError(
            "PATT_DATABASE_URL cannot be used: it must be an address of PostgreSQL, such as "
            f"postgresql://name:password@host/database ({type(error).__name__})."
        ) from error


def check_schema(url: str) -> None:
    """Raise `ConfigurationError` when the database does not answer, or has another schema than this version needs."""
    current, newest = revision_of(url), migrate.newest_revision()
    if current is not None and current not in migrate.revisions():
        raise ConfigurationError(_too_new(current))
    if current != newest:
        raise ConfigurationError(
            f"The database has the schema {current or '(none)'}, and this version needs {newest}. Run: patt db upgrade"
        )


def make_ready(settings: Settings) -> str:
    """Return the URL of the database, brought to the schema that this version needs. Raises `ConfigurationError`."""
    url = database_url(settings)
    revision = revision_of(url)
    if revision is not None and revision not in migrate.revisions():
        raise ConfigurationError(_too_new(revision))
    try:
        migrate.upgrade(url)
    except DBAPIError as error:
        said = str(error.orig).strip().partition("\n")[0].rstrip(".")
        raise ConfigurationError(
            f"The database could not be brought to the schema {migrate.newest_revision()}: {said}. Nothing was changed."
        ) from error
    return url


def _too_new(revision: str) -> str:
    return f"The database has the schema {revision}, which this version of PATT does not know. Use the newer version that made it."
