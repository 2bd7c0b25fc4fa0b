"""The real clients against the simulators, over HTTP on loopback, on a clock that nobody waits for."""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

from simulated_guild import NOW_MS, served, simulator, world
from sv_common.guild_sync.simulators import GuildSimulator, GuildWorld
from sv_common.guild_sync.simulators.clock import SimulatedClock
from sv_common.guild_sync.simulators.faults import Faults
from sv_common.guild_sync.simulators.model import WorldCharacter, WorldMember
from sv_common.guild_sync.sources.battlenet.client import BattleNetClient
from sv_common.guild_sync.sources.discord.client import DiscordClient
from sv_common.guild_sync.sources.discord.message import Announcement
from sv_common.guild_sync.sources.http import Timing, http_client
from sv_common.guild_sync.sources.models import RosterCharacter

__all__ = ["NOW_MS", "served", "simulator", "world"]

NOTE = Announcement("Sync summary", "2 findings", "n-1")


def as_rostered(character: WorldCharacter) -> RosterCharacter:
    """Say what the whole roster should tell of a character."""
    shown = character.has_profile and character.level >= 10
    return RosterCharacter(
        name=character.name,
        realm_slug=character.realm.slug,
        rank=character.rank,
        level=character.level,
        realm_name=character.realm.name if shown else None,
        realm_id=character.realm.realm_id,
        character_id=character.character_id,
        class_id=character.class_id,
        item_level=character.item_level if shown else None,
        last_login_timestamp=character.last_login_ms if shown else None,
    )


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock()


@pytest.fixture
def timing(clock: SimulatedClock) -> Timing:
    return Timing(clock.clock, clock.sleep, clock.jitter)


@pytest.fixture(scope="session")
async def http() -> AsyncIterator[httpx2.AsyncClient]:
    async with http_client(trust_env=False) as client:
        yield client


@dataclass
class Net:
    """A simulated guild, the clients that ask it, and the clock that they wait by."""

    simulator: GuildSimulator
    http: httpx2.AsyncClient
    clock: SimulatedClock
    timing: Timing

    def __post_init__(self) -> None:
        self.battlenet = self.battlenet_with()
        self.discord = self.discord_with()

    @property
    def world(self) -> GuildWorld:
        return self.simulator.world

    @property
    def faults(self) -> Faults:
        return self.simulator.faults

    @property
    def calls(self) -> Counter[str]:
        return self.simulator.calls

    def battlenet_with(self, **other: Any) -> BattleNetClient:
        usual: dict[str, Any] = {
            "http": self.http,
            "client_id": self.simulator.client_id,
            "client_secret": self.simulator.client_secret,
            "token_url": self.simulator.token_url,
            "api_url": self.simulator.battlenet_url,
            "timing": self.timing,
        }
        return BattleNetClient(**usual | other)

    def discord_with(self, **other: Any) -> DiscordClient:
        usual: dict[str, Any] = {"http": self.http, "token": self.simulator.discord_token, "timing": self.timing}
        return DiscordClient(api_url=self.simulator.discord_url, **usual | other)


@pytest.fixture
def net(simulator: GuildSimulator, http: httpx2.AsyncClient, clock: SimulatedClock, timing: Timing) -> Net:
    return Net(simulator, http, clock, timing)


@pytest.fixture
def alice(world: GuildWorld) -> WorldMember:
    """Somebody on the Discord server, with the role Member."""
    return world.discord_join("alice", roles=[world.role_named("Member")])
