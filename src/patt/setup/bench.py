"""What the steps of the set-up work with, and what they have found out so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import httpx2
from pydantic import SecretStr

from patt.bootstrap import battlenet_client, discord_client, outside
from patt.config import Settings, load_settings
from patt.setup import env_file
from patt.setup.dialogue import Dialogue, StepSkipped
from sv_common.db.pool import Pool
from sv_common.guild_sync.clients.battlenet import BattleNetClient
from sv_common.guild_sync.clients.discord import DiscordClient
from sv_common.guild_sync.ports import Outside
from sv_common.guild_sync.store import guilds
from sv_common.guild_sync.store.guilds import Guild

_SECRETS = ("blizzard_client_secret", "discord_bot_token")


@dataclass(slots=True)
class Bench:
    """The open database and HTTP connections, the settings as they are now, and the guild that is set up."""

    dialogue: Dialogue
    pool: Pool
    http: httpx2.AsyncClient
    settings: Settings
    actor: str
    guild_id: int | None = None

    @property
    def outside(self) -> Outside:
        """The sources whose credentials are set."""
        return outside(self.settings, self.http)

    def require_battle_net(self) -> BattleNetClient:
        """Return a client of Battle.net. Raises `StepSkipped` without credentials."""
        client = battlenet_client(self.settings, self.http)
        if client is None:
            raise StepSkipped("it needs the credentials of Battle.net")
        return client

    def require_discord(self) -> DiscordClient:
        """Return a client of Discord. Raises `StepSkipped` without a token."""
        client = discord_client(self.settings, self.http)
        if client is None:
            raise StepSkipped("it needs the token of the Discord bot")
        return client

    async def guild(self) -> Guild:
        """Return the guild that is set up. Raises `StepSkipped` while there is none."""
        if self.guild_id is None:
            raise StepSkipped("it needs the guild")
        async with self.pool.connection() as conn:
            return await guilds.get(conn, self.guild_id)

    async def guild_on_discord(self) -> tuple[Guild, str]:
        """Return the guild and the id of its Discord server. Raises `StepSkipped` while either is missing."""
        guild = await self.guild()
        if guild.discord_guild_id is None:
            raise StepSkipped("it needs the guild's Discord server")
        return guild, guild.discord_guild_id

    def trying(self, values: Mapping[str, str]) -> Bench:
        """Return a bench with other settings, which are kept nowhere."""
        tried = {name: SecretStr(value) if name in _SECRETS else value for name, value in values.items()}
        settings = self.settings.model_copy(update=tried)
        return Bench(self.dialogue, self.pool, self.http, settings, self.actor, self.guild_id)

    def keep(self, values: Mapping[str, str]) -> None:
        """Keep settings for later runs too. Raises like `env_file.keep`."""
        env_file.keep(values)
        self.settings = load_settings()
