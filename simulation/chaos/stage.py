"""Guilds, sources and real processes, ready to be broken."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator, Coroutine, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from jobs.crash_machines import Machines
from patt.bootstrap import Services, open_services
from patt.companion.server import Answer, send
from patt.config import Settings
from patt.queue.tasks import Queue, Task
from simulation import guilds as guild_life
from simulation import happenings, witness
from simulation.chaos.database import Database
from simulation.chaos.health import Health
from simulation.chaos.moments import Moments, address_of
from simulation.chaos.processes import prepare
from simulation.chaos.skew import SkewedClock, loosen_the_clock
from simulation.decisions import Decisions, read_decisions
from simulation.founding import OFFICER, automate_roles, new_upload_key
from simulation.guilds import LivingGuild
from simulation.laws import Laws
from simulation.officers import Officers
from simulation.tally import Tally
from sv_common.guild_sync.jobs import matches, requests
from sv_common.guild_sync.simulators import GuildSimulator, addon
from sv_common.guild_sync.simulators.crowd import BATTLENET_ROOT, DISCORD_ROOT, TOKEN_PATH, CrowdSimulator
from sv_common.guild_sync.simulators.server import serve
from sv_common.guild_sync.sources.http import http_client

_PAUSE_S = 0.2


@dataclass
class Stage:
    """`promised` is what was acknowledged and must be done in the end, as kind and number."""

    rng: random.Random
    database: Database
    services: Services
    clock: SkewedClock
    crowd: CrowdSimulator
    guilds: Sequence[LivingGuild]
    upload_keys: dict[int, str]
    moments: Moments
    machines: Machines
    health: Health
    http: httpx2.AsyncClient
    promised: set[tuple[str, int]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.tally = Tally()
        self.laws = Laws(self.services.pool, self.clock, self.guilds)
        self.officers = Officers(self.services, self.clock, self.tally)

    @property
    def queue(self) -> Queue:
        assert self.services.queue is not None  # noqa: S101 -- they are opened with one
        return self.services.queue

    async def begin(self) -> None:
        """Let roles follow ranks in the first guild, as in the other simulations, and keep what people have decided."""
        await self.clock.look()
        first = self.guilds[0]
        await self.officers.confirm_many(first)
        await automate_roles(self.services.pool, first.guild_id)
        for guild in self.guilds:
            await self.remember(guild)

    async def remember(self, guild: LivingGuild) -> None:
        read = await read_decisions(self.services.pool, guild.guild_id)
        guild.decided = read.get(guild.guild_id, Decisions())

    def live_on(self, guild: LivingGuild, most: int = 2) -> None:
        """Let something happen in a guild, so that there is news; never so much that an officer would have to look."""
        guild.world.now_ms = self.clock.now_ms
        happenings.log_in(guild, 0.5)
        for _ in range(guild.rng.randint(1, most)):
            happenings.happen(guild)

    async def upload(self, guild: LivingGuild) -> None:
        """Send what the addon exports now until it is acknowledged, as the companion does."""
        export = addon.render(guild.world, exported_at_ms=self.clock.now_ms).encode()
        while True:
            reply = await send(self.http, self.machines.base_url, self.upload_keys[guild.guild_id], export)
            if reply.answer is Answer.SENT:
                break
            if reply.answer is not Answer.AWAY:
                raise AssertionError(f"the companion would give up: {reply}")
            await asyncio.sleep(_PAUSE_S)
        if reply.upload_id is not None:
            self.promised.add(("upload", reply.upload_id))

    async def ask_for_a_match(self, guild: LivingGuild) -> None:
        async with self.services.pool.writing(guild.guild_id, alone=False) as here:
            number, _ = await matches.ask(here, actor=OFFICER)
        self.promised.add(("match", number))
        await self.queue.enqueue(Task.FULL_MATCH, guild.guild_id)

    async def ask_for_fixes(self, guild: LivingGuild) -> None:
        rule = guild.rng.choice(["orphan_wow", "note_mismatch", "role_mismatch"])
        async with self.services.pool.writing(guild.guild_id, alone=False) as here:
            request, _ = await requests.ask(here, "fix_all", {"issue_type": rule}, actor=OFFICER)
        self.promised.add(("job", request.id))
        await self.queue.enqueue(Task.JOBS, guild.guild_id)


@contextlib.asynccontextmanager
async def open_stage(
    database: Database, folder: Path, *, guilds: int, characters: int, seed: int
) -> AsyncIterator[Stage]:
    """Set up guilds on a migrated database that is thrown away afterwards, and start the processes."""
    loosen_the_clock(database)
    witness.install(database.url)
    moments = Moments(database.url)
    async with contextlib.AsyncExitStack() as here:
        http = await here.enter_async_context(http_client(trust_env=False))
        crowd = CrowdSimulator(guild_life.worlds(guilds, seed, int(time.time() * 1000), characters))
        address = await here.enter_async_context(serve(moments.watching(crowd)))
        services = await here.enter_async_context(_services(database.url, address))
        through = address_of(await here.enter_async_context(moments.open()))
        living = await guild_life.settle(services, crowd, seed)
        keys = {each.guild_id: await new_upload_key(services.pool, each.guild_id, "Companion") for each in living}
        settings = {f"PATT_{key.upper()}": value for key, value in _settings(through, address).items()}
        machines = Machines(services.pool, settings, folder, prepare=prepare, web_works=False)
        here.enter_context(contextlib.closing(machines))
        health = Health(http, machines.base_url)
        rng = random.Random(f"chaos {seed}")  # noqa: S311 -- repeatable on purpose, guards nothing
        stage = Stage(
            rng, database, services, SkewedClock(services.pool), crowd, living, keys, moments, machines, health, http
        )
        await stage.begin()
        await here.enter_async_context(_going_on(machines.keep_running(machines.web, machines.worker)))
        await health.until_well(60)
        await here.enter_async_context(_going_on(health.watch()))
        yield stage


@contextlib.asynccontextmanager
async def _services(url: str, address: str) -> AsyncIterator[Services]:
    options: dict[str, Any] = {"_env_file": None, **_settings(url, address)}
    async with open_services(Settings(**options)) as services:
        yield services


def _settings(url: str, address: str) -> dict[str, str]:
    return {
        "database_url": url,
        "blizzard_client_id": GuildSimulator.client_id,
        "blizzard_client_secret": GuildSimulator.client_secret,
        "blizzard_token_url": address + TOKEN_PATH,
        "blizzard_api_url": address + BATTLENET_ROOT,
        "discord_bot_token": GuildSimulator.discord_token,
        "discord_api_url": address + DISCORD_ROOT,
        "log_level": "ERROR",
    }


@contextlib.asynccontextmanager
async def _going_on(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Do this beside the block, and end it with the block; its fault is the block's."""
    async with asyncio.TaskGroup() as group:
        task = group.create_task(work)
        yield
        task.cancel()
