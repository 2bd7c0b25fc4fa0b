"""Settings: environment variables with the prefix `PATT_`, or lines of a `.env` file in the working folder.

A variable with `_FILE` behind its name says in which file the value stands, as containers and systemd pass secrets.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import platformdirs
from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from patt.faults import fault_in_words
from sv_common.guild_sync.core.errors import ConfigurationError
from sv_common.guild_sync.core.language import tr
from sv_common.guild_sync.core.plain_text import shown
from sv_common.guild_sync.core.text import with_or

_OWN_HOSTS = frozenset({"127.0.0.1", "localhost", "::1", None})
ENV_FILE = ".env"
ENV_PREFIX = "PATT_"
FILE_SUFFIX = "_FILE"
SHORTEST_SECRET = 32


def _address(*schemes: str, placeholder: str = "") -> AfterValidator:
    """Return a check that a value is an address that can be requested, once its placeholder is replaced."""

    def checked(value: str) -> str:
        filled = value.replace(placeholder, "us") if placeholder else value
        try:
            parts = urlsplit(filled)
            is_address = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
        except ValueError:
            is_address = False
        if not is_address or not filled.isascii() or not filled.isprintable() or any(sign in filled for sign in " {}"):
            beginnings = with_or(f"{each}://" for each in schemes)
            raise ValueError(tr("it must be an address that begins with {beginnings}", beginnings=beginnings))
        return value

    return AfterValidator(checked)


def _credential(value: str) -> str:
    """Return what is sent in a header of each request. Raises `ValueError`, without the value."""
    if not value.isascii() or not value.isprintable():
        raise ValueError(tr("it holds characters that no such value has; copy it again, without line breaks"))
    return value


def _networks(value: str) -> str:
    for each in value.split(",") if value else ():
        try:
            ipaddress.ip_network(each.strip())
        except ValueError as error:
            raise ValueError(
                tr("“{text}” is neither an address nor a network such as 10.0.0.0/8", text=shown(each.strip()))
            ) from error
    return value


def _postgres(value: str) -> str:
    if not value.startswith(("postgresql://", "postgres://")):
        raise ValueError(tr("it must be an address of PostgreSQL, such as postgresql://name:password@host/database"))
    return value


def _long_enough(value: SecretStr) -> SecretStr:
    if len(value.get_secret_value()) < SHORTEST_SECRET:
        raise ValueError(tr("it must have at least {n} characters; make a random one", n=SHORTEST_SECRET))
    return value


WebAddress = Annotated[str, _address("http", "https")]
Credential = Annotated[str, AfterValidator(_credential)]
Secret = Annotated[SecretStr, AfterValidator(lambda value: SecretStr(_credential(value.get_secret_value())))]


class Settings(BaseSettings):
    """All settings of an installation. Secrets are never shown, logged or stored."""

    model_config = SettingsConfigDict(env_prefix=ENV_PREFIX, env_file=ENV_FILE, env_ignore_empty=True, extra="ignore")

    database_url: Annotated[str, AfterValidator(_postgres)] | None = Field(
        default=None, description="PostgreSQL 15 or newer; unset: the embedded server in PATT_DATA_DIR."
    )
    database_listen_url: Annotated[str, AfterValidator(_postgres)] | None = Field(
        default=None,
        description="PostgreSQL itself, for hearing of changes, where PATT_DATABASE_URL is a pooler in transaction mode.",
    )
    data_dir: Path = Field(
        default_factory=lambda: Path(platformdirs.user_data_dir("patt")),
        description="Folder of the embedded database, of automatic backups and the demo.",
    )
    base_url: WebAddress = Field(
        default="http://127.0.0.1:8000", description="Where people reach the web pages; used in sign-in links."
    )
    trusted_proxies: Annotated[str, AfterValidator(_networks)] | None = Field(
        default=None,
        description="Addresses or networks of your reverse proxies, with commas; theirs is not a visitor's.",
    )
    blizzard_client_id: Credential | None = Field(
        default=None, description="Client id from the Battle.net developer portal."
    )
    blizzard_client_secret: Secret | None = Field(default=None, description="The client's secret.")
    blizzard_token_url: WebAddress = Field(
        default="https://oauth.battle.net/token", description="Where Battle.net gives access tokens."
    )
    blizzard_authorize_url: WebAddress = Field(
        default="https://oauth.battle.net/authorize", description="Where Battle.net signs people in."
    )
    blizzard_api_url: Annotated[str, _address("http", "https", placeholder="{region}")] = Field(
        default="https://{region}.api.blizzard.com", description="Battle.net's API; {region} is replaced."
    )
    discord_bot_token: Secret | None = Field(default=None, description="Token of the guild's Discord bot.")
    discord_api_url: WebAddress = Field(default="https://discord.com/api/v10", description="Discord's API.")
    discord_client_id: Credential | None = Field(
        default=None, description="Client id of the Discord application with which officers sign in."
    )
    discord_client_secret: Secret | None = Field(default=None, description="The application's client secret.")
    discord_authorize_url: WebAddress = Field(
        default="https://discord.com/oauth2/authorize", description="Where Discord signs people in."
    )
    discord_gateway: bool = Field(
        default=False, description="Whether `patt serve` also listens to Discord, so that changes arrive in seconds."
    )
    discord_gateway_url: Annotated[str, _address("ws", "wss")] = Field(
        default="wss://gateway.discord.gg/", description="Discord's gateway."
    )
    installation_secret: Annotated[Secret, AfterValidator(_long_enough)] | None = Field(
        default=None,
        description="Secret of the installation, with which Battle.net's account numbers are hashed; unset: "
        "a file beside the embedded database.",
    )
    keep_access_days: int = Field(
        default=30,
        ge=1,
        le=365,
        description="Days for which ended sessions, used links, revoked tokens and keys are kept.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="WARNING", description="DEBUG, INFO, WARNING or ERROR; logs go to standard error."
    )
    log_format: Literal["text", "json"] = Field(
        default="text", description="“text”: lines for people; “json”: an object in each line, for programs."
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read files that the environment names; they count as the environment does."""
        files = InitSettingsSource(settings_cls, _from_files(cls.model_fields, os.environ))
        return init_settings, env_settings, files, dotenv_settings, file_secret_settings

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


def _from_files(names: Mapping[str, object], environment: Mapping[str, str]) -> dict[str, Any]:
    """Return the settings whose variable names a file. Raises `ConfigurationError`, never with what stands in the file."""
    given = {name.upper(): value for name, value in environment.items() if value}
    found = {}
    for name in names:
        variable = f"{ENV_PREFIX}{name.upper()}"
        file = given.get(variable + FILE_SUFFIX)
        if file is None:
            continue
        if variable in given:
            raise ConfigurationError(
                tr("{variable} and {variable}_FILE are both set. Remove one of them.", variable=variable)
            )
        if content := _read(variable, Path(file)):
            found[name] = content
    return found


def _read(variable: str, file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            tr(
                "{variable}_FILE names {file}, which cannot be read ({error}). Make it a text file in UTF-8 "
                "that PATT may read.",
                variable=variable,
                file=shown(str(file)),
                error=type(error).__name__,
            )
        ) from error


def load_settings() -> Settings:
    """Read the settings. Raises `ConfigurationError`, naming each that cannot be used and why, or that `.env` cannot be read."""
    try:
        return Settings()
    except ValidationError as error:
        faults = "; ".join(
            f"{ENV_PREFIX}{'_'.join(map(str, each['loc'])).upper()}: {fault_in_words(each)}" for each in error.errors()
        )
        raise ConfigurationError(tr("A setting cannot be used. {faults}", faults=faults)) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            tr(
                "The file {file} in this folder cannot be read ({error}). Make it a text file in UTF-8 "
                "that you may read.",
                file=ENV_FILE,
                error=type(error).__name__,
            )
        ) from error


def log_settings() -> tuple[str, str]:
    """Return the level and the format of logs; the usual ones while the settings cannot be used, which the command itself reports."""
    try:
        settings = load_settings()
    except ConfigurationError:
        return "WARNING", "text"
    return settings.log_level, settings.log_format
