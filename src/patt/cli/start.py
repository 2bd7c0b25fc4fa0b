"""What is done before each command that needs the server's parts."""

from __future__ import annotations

from patt.config import load_settings
from patt.logging import configure_logging


def configure() -> None:
    """Set up logging as the settings say. Raises `ConfigurationError` for a setting that cannot be used."""
    configure_logging(load_settings().log_level)
