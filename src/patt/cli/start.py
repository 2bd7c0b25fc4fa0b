"""What is done before each command that needs the server's parts."""

from __future__ import annotations

from patt.config import log_level
from patt.logging import configure_logging


def configure() -> None:
    """Set up logging as the settings say; a setting that cannot be used is said by the command that needs it."""
    configure_logging(log_level())
