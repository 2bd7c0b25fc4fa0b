"""A seeded guild that answers as Battle.net, Discord and the game client do, over HTTP on loopback."""

from sv_common.guild_sync.simulators.bundle import GuildSimulator
from sv_common.guild_sync.simulators.world import GuildWorld

__all__ = ["GuildSimulator", "GuildWorld"]
