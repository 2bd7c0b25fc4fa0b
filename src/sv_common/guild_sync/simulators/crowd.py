"""Several simulated guilds behind one Battle.net and one Discord, as one application and one bot see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Receive, Scope, Send

from sv_common.guild_sync.simulators.battlenet import BattleNetSimulator
from sv_common.guild_sync.simulators.discord import DiscordSimulator
from sv_common.guild_sync.simulators.faults import Faults
from sv_common.guild_sync.simulators.world import GuildWorld

BATTLENET_ROOT = "/battlenet"
TOKEN_PATH = "/battlenet/token"  # noqa: S105  # an address, not a password
DISCORD_ROOT = "/discord/api/v10"
"""Where both are found below the address at which a crowd is served."""

_PLACE_OF_KIND, _PLACE_OF_SERVER = 1, 2
"""Where the kind, and the server or channel, stand in `/guilds/<server>/...` and in `/channels/<channel>/...`."""

_PLACE_OF_REALM = 4
"""Where the realm stands in `/data/wow/guild/<realm>/...` and in `/profile/wow/character/<realm>/...`."""


@dataclass
class Neighbor:
    """One guild of the crowd. `faults` makes its sources misbehave, and no one else's."""

    world: GuildWorld
    tokens: set[str]
    faults: Faults = field(default_factory=Faults)

    def __post_init__(self) -> None:
        self.battlenet = BattleNetSimulator(self.world, faults=self.faults, tokens=self.tokens)
        self.discord = DiscordSimulator(self.world, faults=self.faults)


class CrowdSimulator:
    """An ASGI application that answers for many worlds, each of which was set apart with a number of its own.

    What belongs to no guild, or to none of these, is answered by the first.
    """

    def __init__(self, worlds: Sequence[GuildWorld]) -> None:
        tokens: set[str] = set()
        self.neighbors = [Neighbor(world, tokens) for world in worlds]
        self._by_realm = {realm.slug: each for each in self.neighbors for realm in each.world.realms}
        self._by_server = {each.world.discord_guild_id: each for each in self.neighbors}
        self._by_channel = {channel.channel_id: each for each in self.neighbors for channel in each.world.channels}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        root = DISCORD_ROOT if scope["path"].startswith(DISCORD_ROOT) else BATTLENET_ROOT
        app = self._app(root, scope["path"].removeprefix(root).split("/"))
        await app({**scope, "root_path": root}, receive, send)

    def _app(self, root: str, parts: Sequence[str]) -> ASGIApp:
        if root == DISCORD_ROOT:
            known = self._by_channel if _at(parts, _PLACE_OF_KIND) == "channels" else self._by_server
            return known.get(_at(parts, _PLACE_OF_SERVER), self.neighbors[0]).discord.app
        return self._by_realm.get(_at(parts, _PLACE_OF_REALM), self.neighbors[0]).battlenet.app


def _at(parts: Sequence[str], place: int) -> str:
    return parts[place] if place < len(parts) else ""
