"""A life of many guilds, day by day and minute by minute of the fake clock."""

from __future__ import annotations

import contextlib
import random
from collections.abc import AsyncIterator, Iterator, MutableMapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx2
import structlog

from patt.bootstrap import Services
from patt.config import Settings
from simulation import guilds as guild_life
from simulation import happenings, trouble, witness
from simulation.budget import RequestBudget
from simulation.clock import FakeClock, fake_the_time, open_clock
from simulation.crossings import cross
from simulation.founding import ACCOUNT_MODES, automate_roles, compare_accounts
from simulation.guilds import LivingGuild
from simulation.laws import Laws
from simulation.members import SECRET
from simulation.officers import Officers
from simulation.tally import LawBroken, Tally
from simulation.trouble import Outage
from simulation.truth import demand_the_truth
from simulation.uploads import upload
from simulation.work import LANES, WaitingJobs, Worker
from sv_common.db.pool import make_pool
from sv_common.guild_sync.simulators import GuildSimulator
from sv_common.guild_sync.simulators.crowd import BATTLENET_ROOT, DISCORD_ROOT, TOKEN_PATH, CrowdSimulator
from sv_common.guild_sync.simulators.server import serve
from sv_common.guild_sync.sources.battlenet.client import BattleNetClient
from sv_common.guild_sync.sources.discord.client import DiscordClient
from sv_common.guild_sync.sources.http import SLOWEST_ANSWER
from sv_common.guild_sync.sources.ports import AccountSource, Sources

BEGINNING = datetime(2026, 3, 2, tzinfo=UTC)
"""Long ago, so that the real clock is ahead of the fake one to the end."""

MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86_400
HOURS_OF_REST = 7
"""Long enough for every source of every guild to be read once more."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How long which life is; `intensity` is how many times as much as usual happens and goes wrong.

    `characters` are so many in each guild, else by chance; `lanes` is how many jobs a worker does at once.
    """

    guilds: int
    days: int
    seed: int
    intensity: int = 1
    characters: int | None = None
    lanes: int = LANES


@dataclass
class Life:
    """All guilds and everybody who acts in them."""

    plan: Plan
    services: Services
    clock: FakeClock
    crowd: CrowdSimulator
    guilds: Sequence[LivingGuild]
    budget: RequestBudget
    tally: Tally
    jobs: WaitingJobs

    def __post_init__(self) -> None:
        self.laws = Laws(self.services.pool, self.clock, self.guilds, self.budget)
        self._officers = Officers(self.services, self.clock, self.tally)
        self.jobs.time = lambda: self.clock.seconds
        killed = KILLED * self.plan.intensity
        self.worker = Worker(
            self.services,
            self.jobs,
            self.clock,
            self.tally,
            killed=killed,
            seed=self.plan.seed,
            lanes=self.plan.lanes,
        )
        self._chance = random.Random(f"days {self.plan.seed}")  # noqa: S311 -- repeatable on purpose, guards nothing
        self._outages: list[Outage] = []
        self._day = self.clock.seconds // MINUTE_S * MINUTE_S

    async def begin(self) -> None:
        """Let roles follow ranks automatically in every other guild, most compare accounts, and keep what people have decided.

        Links by the same account give rights in three of four, also in those that do not compare: there they give nothing.

        From here on automation is held to it.
        """
        for guild in self.guilds:
            mode = ACCOUNT_MODES[guild.number % len(ACCOUNT_MODES)]
            await compare_accounts(self.services.pool, guild.guild_id, mode, gives_rights=guild.number % 4 != 2)
            for _ in range(ALTS_AT_FIRST if mode == "automatic" else 0):
                happenings.alt_without_note(guild)
            happenings.refuse_pets_of_some(guild)
            guild.remember_accounts()
            if guild.number % 2:
                await self._officers.confirm_many(guild)
                await automate_roles(self.services.pool, guild.guild_id)
            await self._officers.remember(guild)

    async def live_a_day(self) -> None:
        agenda = sorted(self._agenda(), key=lambda each: each[0])
        self._outages += trouble.outages(self.crowd, self._chance, self._day, self.plan.intensity)
        await self._live_until(self._day + DAY_S, agenda)
        self._day += DAY_S
        await self._judge(is_whole_day=True)

    async def come_to_rest(self) -> None:
        """Let nothing fail any more until every source was read again; the database tells the truth then.

        Some alts join, of which nothing but the account says whose they are, and are promoted once they are linked: so the laws see
        what a rank gives by a link that counts by its account.
        """
        for outage in self._outages:
            outage.end()
        self._outages.clear()
        for neighbor in self.crowd.neighbors:
            neighbor.faults.clear()
        for guild in self.guilds:
            for _ in range(ALTS_AT_FIRST):
                happenings.alt_without_note(guild)
            guild.remember_accounts()
        await self._rest()
        for guild in self.guilds:
            happenings.promote_last_alts(guild)
        await self._rest()
        await demand_the_truth(self.services.pool, self.guilds)

    async def _rest(self) -> None:
        agenda = [
            *((self._day + each * HOUR_S, guild, LOOK_AFTER) for each in range(HOURS_OF_REST) for guild in self.guilds),
            *((self._day + (HOURS_OF_REST - 0.5) * HOUR_S, guild, UPLOAD_IN_FULL) for guild in self.guilds),
        ]
        await self._live_until(self._day + HOURS_OF_REST * HOUR_S, agenda)
        self._day += HOURS_OF_REST * HOUR_S
        await self._judge(is_whole_day=False)

    async def _judge(self, *, is_whole_day: bool) -> None:
        if hidden := self.tally.chapters["log"].keys() & HIDDEN_FAULTS:
            raise LawBroken(f"an error was caught that nobody expected: {sorted(hidden)}")
        await self.laws.judge(is_whole_day=is_whole_day)

    async def _live_until(self, end: float, agenda: list[tuple[float, LivingGuild, str]]) -> None:
        """Live minute by minute; when waiting has taken the clock further, the minutes that it took are gone."""
        waiting = list(reversed(agenda))
        minute = self._day
        while (minute := max(minute + MINUTE_S, self.clock.seconds // MINUTE_S * MINUTE_S)) <= end:
            await self.clock.move_to(minute)
            for guild in self.guilds:
                guild.world.now_ms = self.clock.now_ms
            self._begin_and_end_outages()
            while waiting and waiting[-1][0] <= self.clock.seconds:
                _, guild, what = waiting.pop()
                await self._do(guild, what)
            await self.worker.plan()
            await self.worker.work()

    def _agenda(self) -> list[tuple[float, LivingGuild, str]]:
        """When on this day what is to be done for which guild."""
        return [
            (self._day + guild.rng.uniform(0, DAY_S), guild, what)
            for guild in self.guilds
            for what, (fewest, most) in DAILY.items()
            for _ in range(guild.rng.randint(fewest, most * self.plan.intensity))
        ]

    async def _do(self, guild: LivingGuild, what: str) -> None:
        if what == "something happens":
            self.tally.add("happenings", happenings.happen(guild))
            guild.remember_accounts()
        elif what == "people log in":
            happenings.log_in(guild, 0.5)
        elif what == "something goes wrong":
            self.tally.add("troubles", trouble.strike(guild.neighbor, guild.rng))
        elif what == "somebody uploads":
            await upload(guild, self.services, self.clock, self.tally)
        elif what == UPLOAD_IN_FULL:
            await upload(guild, self.services, self.clock, self.tally, in_full=True)
        elif what == "an officer acts":
            await self._officers.act(guild)
        elif what == LATE_ANSWER and not any(outage.has_begun for outage in self._outages):
            # Not in an outage, whose waits would take the minutes of the worker that does nothing meanwhile.
            name = await cross(guild, self.services.pool, self.services.sources, self.clock, self._officers)
            self.tally.add("late answers", name)
        elif what == LOOK_AFTER:
            await self._officers.look_after(guild)

    def _begin_and_end_outages(self) -> None:
        for outage in list(self._outages):
            if outage.ends <= self.clock.seconds:
                outage.end()
                self._outages.remove(outage)
            elif outage.begins <= self.clock.seconds and not outage.has_begun:
                outage.begin()
                self.tally.add("troubles", outage.name)


HIDDEN_FAULTS = {"detector_failed", "fix_failed", "automatic_fixes_failed", "upload_failed"}
"""What the log says when the product has caught an error that it did not expect."""

FEW_CONNECTIONS = httpx2.Limits(max_keepalive_connections=4)
"""On the fake clock requests follow each other without a pause, and each looks through all connections that lie idle."""

ALTS_AT_FIRST = 3
"""Characters that join each guild that links by accounts at once, so that there is something to link."""

KILLED = 0.003
"""Share of the runs in whose middle the process dies."""

LATE_ANSWER = "an answer lands late"
LOOK_AFTER = "an officer looks after the guild"
UPLOAD_IN_FULL = "somebody who sees all notes uploads"
DAILY = {
    "something happens": (3, 7),
    "people log in": (1, 1),
    "something goes wrong": (0, 2),
    "somebody uploads": (1, 3),
    "an officer acts": (0, 3),
    LATE_ANSWER: (0, 1),
    LOOK_AFTER: (2, 2),
}
"""How often at least, and at most when no more happens than usual, on a day, for each guild."""


@contextlib.asynccontextmanager
async def open_life(database_url: str, plan: Plan) -> AsyncIterator[Life]:
    """Set up all guilds on a migrated database that is thrown away afterwards."""
    fake_the_time(database_url)
    witness.install(database_url)
    tally, jobs = Tally(), WaitingJobs()
    crowd = CrowdSimulator(
        guild_life.worlds(plan.guilds, plan.seed, int(BEGINNING.timestamp() * 1000), plan.characters)
    )
    async with (
        open_clock(database_url, BEGINNING, plan.seed) as clock,
        make_pool(database_url) as pool,
        httpx2.AsyncClient(timeout=SLOWEST_ANSWER, trust_env=False, limits=FEW_CONNECTIONS) as http,
        serve(crowd) as address,
    ):
        budget = RequestBudget(clock)
        budget.watch(http)
        services = Services(_settings(), pool, _outside(http, address, clock), jobs)
        with _counting_log(tally):
            guilds = await guild_life.settle(services, crowd, plan.seed)
            life = Life(plan, services, clock, crowd, guilds, budget, tally, jobs)
            await life.begin()
            yield life


def _outside(http: httpx2.AsyncClient, address: str, clock: FakeClock) -> Sources:
    battle_net = BattleNetClient(
        http,
        client_id=GuildSimulator.client_id,
        client_secret=GuildSimulator.client_secret,
        token_url=address + TOKEN_PATH,
        api_url=address + BATTLENET_ROOT,
        timing=clock.timing,
    )
    discord = DiscordClient(
        http, token=GuildSimulator.discord_token, api_url=address + DISCORD_ROOT, timing=clock.timing
    )
    return Sources(battle_net, discord, discord, profiles=battle_net, accounts=AccountSource(battle_net, SECRET))


def _settings() -> Settings:
    values: dict[str, Any] = {"_env_file": None}
    return Settings(**values)


@contextlib.contextmanager
def _counting_log(tally: Tally) -> Iterator[None]:
    """Count what the product logs instead of printing it."""

    def count(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        tally.add("log", str(event["event"]))
        raise structlog.DropEvent

    configuration = structlog.get_config()
    structlog.configure(processors=[count])
    try:
        yield
    finally:
        structlog.configure(**configuration)
