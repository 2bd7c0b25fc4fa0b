"""What the steps of the set-up work with: the dialogue with the user, open connections, settings and the guild."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Protocol

import httpx2
from pydantic import SecretStr

from patt.bootstrap import battlenet_client, discord_client, sources
from patt.config import Settings, load_settings
from patt.setup import env_file
from sv_common.db.pool import Pool
from sv_common.guild_sync.core.errors import PattError
from sv_common.guild_sync.core.language import tr
from sv_common.guild_sync.roster import guilds
from sv_common.guild_sync.roster.guilds import Guild
from sv_common.guild_sync.sources.battlenet.client import BattleNetClient
from sv_common.guild_sync.sources.discord.client import DiscordClient
from sv_common.guild_sync.sources.ports import Sources

_SECRETS = ("blizzard_client_secret", "discord_bot_token")


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several answers: its value, what is shown, and another name for it."""

    value: str
    label: str
    name: str = ""


class StepSkipped(Exception):
    """A step is left for later. The text says why, as the end of the sentence that begins with “Later:”."""


class Dialogue(Protocol):
    """Prompts and reports. Each question has the name of an option; the value of that option is its first answer.

    A `SetupSession` without a user (`is_interactive` is False) gets options and defaults for answers.
    """

    is_interactive: bool
    _given: dict[str, str]

    def __init__(self, given: Mapping[str, str]) -> None:
        self._given = dict(given)

    def given(self, option: str) -> str | None:
        """Return the value of an option that was not used as an answer yet; None without one."""
        return self._given.get(option)

    def take(self, option: str) -> str | None:
        """Return the same and use it up, so that it is not the answer to a second try."""
        return self._given.pop(option, None)

    def prompt(self, option: str, question: str, *, default: str = "", is_secret: bool = False) -> str:
        """Return the answer, never blank. Raises `StepSkipped` for none, and `BadInput` without a user."""

    def choose(self, option: str, question: str, choices: Sequence[Choice], *, default: str = "") -> str:
        """Return the value of one of the choices. Raises like `prompt`, and `BadInput` for another value."""

    def confirm(self, option: str, question: str, *, default: bool = True) -> bool:
        """Return yes or no; the default without a user and an option."""

    def try_again(self) -> bool:
        """Return whether a failed step is tried again; False without a user."""

    def begin(self, step: str, heading: str) -> None: ...

    def say(self, sentence: str) -> None: ...

    def warn(self, sentence: str) -> None:
        """Report something that should be fixed and does not end the step."""

    def complain(self, error: PattError) -> None: ...

    def show(self, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None: ...

    def working(self, what: str) -> AbstractContextManager[object]:
        """Show an activity while the block runs."""


@dataclass(slots=True)
class SetupSession:
    """The open database and HTTP connections, the settings as they are now, and the guild that is set up."""

    dialogue: Dialogue
    pool: Pool
    http: httpx2.AsyncClient
    settings: Settings
    actor: str
    guild_id: int | None = None

    @property
    def sources(self) -> Sources:
        return sources(self.settings, self.http)

    def require_battle_net(self) -> BattleNetClient:
        """Return a client of Battle.net. Raises `StepSkipped` without credentials."""
        client = battlenet_client(self.settings, self.http)
        if client is None:
            raise StepSkipped(tr("it needs the credentials of Battle.net"))
        return client

    def require_discord(self) -> DiscordClient:
        """Return a client of Discord. Raises `StepSkipped` without a token."""
        client = discord_client(self.settings, self.http)
        if client is None:
            raise StepSkipped(tr("it needs the token of the Discord bot"))
        return client

    async def guild(self) -> Guild:
        """Return the guild that is set up. Raises `StepSkipped` while there is none."""
        if self.guild_id is None:
            raise StepSkipped(tr("it needs the guild"))
        async with self.pool.reading(self.guild_id) as here:
            return await guilds.get(here)

    async def guild_on_discord(self) -> tuple[Guild, str]:
        """Return the guild and the id of its Discord server. Raises `StepSkipped` while either is missing."""
        guild = await self.guild()
        if guild.discord_guild_id is None:
            raise StepSkipped(tr("it needs the guild's Discord server"))
        return guild, guild.discord_guild_id

    def trying(self, values: Mapping[str, str]) -> SetupSession:
        """Return a session with other settings, which are not stored."""
        tried = {name: SecretStr(value) if name in _SECRETS else value for name, value in values.items()}
        return replace(self, settings=self.settings.model_copy(update=tried))

    def keep(self, values: Mapping[str, str]) -> None:
        """Store settings for later runs too. Raises like `env_file.keep`."""
        env_file.keep(values)
        self.settings = load_settings()
