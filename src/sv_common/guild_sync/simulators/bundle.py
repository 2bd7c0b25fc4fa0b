"""Battle.net and Discord of one simulated guild, both served on one free loopback port."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from types import TracebackType

from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import Receive, Scope, Send

from sv_common.guild_sync.simulators import discord_oauth
from sv_common.guild_sync.simulators.battlenet import CLIENT_ID, CLIENT_SECRET, BattleNetSimulator
from sv_common.guild_sync.simulators.discord import BOT_TOKEN, DiscordSimulator
from sv_common.guild_sync.simulators.faults import Faults
from sv_common.guild_sync.simulators.server import running
from sv_common.guild_sync.simulators.world import GuildWorld


class GuildSimulator:
    """A context manager that serves a world over HTTP on loopback while it is entered, for the clients and the sign-in.

    `faults` makes either source misbehave; `calls` counts requests by route name.
    """

    client_id = CLIENT_ID
    client_secret = CLIENT_SECRET
    discord_token = BOT_TOKEN
    discord_client_id = discord_oauth.CLIENT_ID
    discord_client_secret = discord_oauth.CLIENT_SECRET

    def __init__(self, world: GuildWorld) -> None:
        self._base_url = ""
        self._serving = ExitStack()
        self.load(world)

    def load(self, world: GuildWorld) -> None:
        """Show another world at the same addresses, with no fault set, no call counted and no token given out yet."""
        self.world = world
        self.faults = Faults()
        self.battlenet = BattleNetSimulator(world, faults=self.faults)
        self.discord = DiscordSimulator(world, faults=self.faults)
        self._app = Starlette(
            routes=[
                Mount("/battlenet", self.battlenet.app),
                Mount("/discord/api/v10", self.discord.app),
                Mount("/discord", routes=[self.discord.sign_in.page]),
            ]
        )

    @property
    def calls(self) -> Counter[str]:
        return self.faults.calls

    @property
    def battlenet_url(self) -> str:
        return self._address("/battlenet")

    @property
    def token_url(self) -> str:
        return self._address("/battlenet/token")

    @property
    def battlenet_authorize_url(self) -> str:
        return self._address("/battlenet/authorize")

    @property
    def discord_url(self) -> str:
        return self._address("/discord/api/v10")

    @property
    def discord_authorize_url(self) -> str:
        return self._address("/discord/oauth2/authorize")

    def __enter__(self) -> GuildSimulator:
        self._base_url = self._serving.enter_context(running(self._answer))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._serving.close()
        self._base_url = ""

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)

    def _address(self, path: str) -> str:
        if not self._base_url:
            raise RuntimeError("the simulator has addresses only while it is entered")
        return self._base_url + path
