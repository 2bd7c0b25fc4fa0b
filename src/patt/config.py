"""Settings: environment variables with the prefix `PATT_`, or lines of a `.env` file in the working folder."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import platformdirs
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from sv_common.guild_sync.core.errors import ConfigurationError
from sv_common.guild_sync.core.plain_text import shown

_OWN_HOSTS = frozenset({"127.0.0.1", "localhost", "::1", None})
_DATABASE_SCHEMES = ("postgresql://", "postgres://")
ENV_FILE = ".env"
ENV_PREFIX = "PATT_"


class Settings(BaseSettings):
    """Everything an installation can be told from outside. Secrets are never shown, logged or stored."""

    model_config = SettingsConfigDict(env_prefix=ENV_PREFIX, env_file=ENV_FILE, env_ignore_empty=True, extra="ignore")

    database_url: str | None = Field(
        default=None, description="PostgreSQL 15 or newer; unset: the embedded server in PATT_DATA_DIR."
    )
    data_dir: Path = Field(
        default_factory=lambda: Path(platformdirs.user_data_dir("patt")),
        description="Folder of the embedded database and the demo.",
    )
    base_url: str = Field(
        default="http://127.0.0.1:8000", description="Where people reach the web pages; used in sign-in links."
    )
    trusted_proxies: str | None = Field(
        default=None,
        description="Addresses or networks of your reverse proxies, with commas; theirs is not a visitor's.",
    )
    blizzard_client_id: str | None = Field(default=None, description="Client id from the Battle.net developer portal.")
    blizzard_client_secret: SecretStr | None = Field(default=None, description="The client's secret.")
    blizzard_token_url: str = Field(
        default="https://oauth.battle.net/token", description="Where Battle.net gives access tokens."
    )
    blizzard_api_url: str = Field(
        default="https://{region}.api.blizzard.com", description="Battle.net's API; {region} is replaced."
    )
    discord_bot_token: SecretStr | None = Field(default=None, description="Token of the guild's Discord bot.")
    discord_api_url: str = Field(default="https://discord.com/api/v10", description="Discord's API.")
    discord_client_id: str | None = Field(
        default=None, description="Client id of the Discord application with which officers sign in."
    )
    discord_client_secret: SecretStr | None = Field(default=None, description="The application's client secret.")
    discord_authorize_url: str = Field(
        default="https://discord.com/oauth2/authorize", description="Where Discord asks people who sign in."
    )
    discord_gateway: bool = Field(
        default=False, description="Whether `patt serve` also listens to Discord, so that changes arrive in seconds."
    )
    discord_gateway_url: str = Field(default="wss://gateway.discord.gg/", description="Discord's gateway.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="WARNING", description="DEBUG, INFO, WARNING or ERROR; logs go to standard error."
    )

    @field_validator("trusted_proxies")
    @classmethod
    def _are_addresses(cls, value: str | None) -> str | None:
        for each in value.split(",") if value else ():
            try:
                ipaddress.ip_network(each.strip())
            except ValueError as error:
                raise ValueError(
                    f"“{shown(each.strip())}” is neither an address nor a network such as 10.0.0.0/8"
                ) from error
        return value

    @field_validator("base_url", "blizzard_token_url", "discord_api_url", "discord_authorize_url")
    @classmethod
    def _is_a_web_address(cls, value: str) -> str:
        return _address(value, "http", "https")

    @field_validator("blizzard_api_url")
    @classmethod
    def _is_an_address_by_region(cls, value: str) -> str:
        _address(value.replace("{region}", "us"), "http", "https")
        return value

    @field_validator("discord_gateway_url")
    @classmethod
    def _is_a_gateway(cls, value: str) -> str:
        return _address(value, "ws", "wss")

    @field_validator("database_url")
    @classmethod
    def _is_a_database(cls, value: str | None) -> str | None:
        if value is None or value.startswith(_DATABASE_SCHEMES):
            return value
        raise ValueError("it must be an address of PostgreSQL, such as postgresql://name:password@host/database")

    @field_validator("blizzard_client_id", "blizzard_client_secret", "discord_bot_token")
    @classmethod
    def _is_a_credential(cls, value: str | SecretStr | None) -> str | SecretStr | None:
        return _credential(value)

    @field_validator("discord_client_id", "discord_client_secret")
    @classmethod
    def _is_a_credential_of_an_application(cls, value: str | SecretStr | None) -> str | SecretStr | None:
        return _credential(value)

    @property
    def is_over_tls(self) -> bool:
        """Whether people reach the pages over TLS."""
        return urlsplit(self.base_url).scheme.lower() == "https"

    def own_page(self, path: str) -> str:
        """Return the address of a page as people reach it."""
        return self.base_url.rstrip("/") + path

    def public_page(self, path: str) -> str | None:
        """Return the address of a page for people elsewhere; None while the base URL is this computer's own."""
        host = urlsplit(self.base_url).hostname
        return None if host in _OWN_HOSTS else self.own_page(path)


def _address(value: str, *schemes: str) -> str:
    """Return an address that can be asked. Raises `ValueError`."""
    try:
        parts = urlsplit(value)
        is_one = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_one = False
    if not is_one or not value.isascii() or not value.isprintable() or any(sign in value for sign in " {}"):
        raise ValueError(f"it must be an address that begins with {' or '.join(f'{each}://' for each in schemes)}")
    return value


def _credential(value: str | SecretStr | None) -> str | SecretStr | None:
    """Return what is sent in a header of each request. Raises `ValueError`, without the value."""
    text = value.get_secret_value() if isinstance(value, SecretStr) else value or ""
    if not text.isascii() or not text.isprintable():
        raise ValueError("it holds signs that no such value has; copy it anew, without line breaks")
    return value


def load_settings() -> Settings:
    """Read the settings.

    Raises `ConfigurationError`, naming each setting that cannot be used and why, or for a `.env` that cannot be read.
    """
    try:
        return Settings()
    except ValidationError as error:
        faults = "; ".join(
            f"PATT_{'_'.join(map(str, each['loc'])).upper()}: {each['msg'].removeprefix('Value error, ')}"
            for each in error.errors()
        )
        raise ConfigurationError(f"A setting cannot be used. {faults}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"The file {ENV_FILE} in this folder cannot be read ({type(error).__name__}). Make it a text file in UTF-8 "
            "that you may read."
        ) from error


def log_level() -> str:
    """Return the level of logs; WARNING while the settings cannot be used, which the command that needs them says."""
    try:
        return load_settings().log_level
    except ConfigurationError:
        return "WARNING"
