"""What is measured, in the order of a guild's life: each source for the first time and again, checks, fixes, an upload."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from benchmarks import plain, stage
from benchmarks.measuring import Contender, Samples, compare
from benchmarks.plain import Parameters
from benchmarks.stage import Twin
from benchmarks.synthetic import synthetic_guild
from sv_common.db.pool import Pool
from sv_common.guild_sync.db_sync import sync_addon_data, sync_blizzard_roster
from sv_common.guild_sync.discord_sync import sync_discord_members
from sv_common.guild_sync.integrity_checker import run_integrity_check
from sv_common.guild_sync.mitigations import run_auto_mitigations
from sv_common.guild_sync.scheduler import run_addon_sync
from sv_common.guild_sync.sources.ports import Sources

PIPELINE = "upload pipeline, 3 % changed"


@dataclass(frozen=True, slots=True)
class Row:
    """What one piece of work costs at one size."""

    name: str
    size: int
    engine: Samples
    plain: Samples

    @property
    def ratio(self) -> float:
        """How many times as long as plain SQL the engine takes."""
        return self.engine.median / self.plain.median


@dataclass(frozen=True, slots=True)
class Stage:
    """A database with the two guilds, and how often each piece of work is run."""

    pool: Pool
    engine: Twin
    plain: Twin
    repetitions: int
    warm_up: int

    @property
    def size(self) -> int:
        return len(self.engine.roster)

    async def measure(self, name: str, work: str, prepare: Work, prepare_plain: Work | None = None) -> Row:
        """Let the engine and plain SQL do the same to their guilds, each prepared in the same way unless said otherwise."""
        pool, prepared = self.pool, prepare_plain or prepare
        engine, sql = await compare(
            Contender(lambda: prepare(pool, self.engine), lambda: _ENGINE[work](pool, self.engine)),
            Contender(lambda: prepared(pool, self.plain), lambda: _PLAIN[work](pool, self.plain)),
            repetitions=self.repetitions,
            warm_up=self.warm_up,
        )
        return Row(name, self.size, engine, sql)

    async def both(self, work: Work) -> None:
        """Do something to both guilds, untimed."""
        for twin in (self.engine, self.plain):
            await work(self.pool, twin)


async def set_stage(pool: Pool, size: int, *, repetitions: int, warm_up: int) -> Stage:
    people = synthetic_guild(size)
    engine = await stage.new_twin(pool, people, "the-engine", "810000000000000001")
    sql = await stage.new_twin(pool, people, "plain-sql", "810000000000000002")
    return Stage(pool, engine, sql, repetitions, warm_up)


Work: TypeAlias = Callable[[Pool, Twin], Awaitable[object]]

_ENGINE: dict[str, Work] = {
    "roster": lambda pool, twin: sync_blizzard_roster(pool, twin.roster, guild_id=twin.guild_id),
    "members": lambda pool, twin: sync_discord_members(pool, twin.server, guild_id=twin.guild_id),
    "notes": lambda pool, twin: sync_addon_data(pool, twin.rows_now, guild_id=twin.guild_id),
    "check": lambda pool, twin: run_integrity_check(pool, guild_id=twin.guild_id),
    "fix": lambda pool, twin: run_auto_mitigations(pool, guild_id=twin.guild_id),
    "pipeline": lambda pool, twin: run_addon_sync(pool, twin.rows_now, guild_id=twin.guild_id, sources=Sources()),
}
_PLAIN: dict[str, Work] = {
    "roster": lambda pool, twin: plain.roster(pool, twin.guild_id, plain.roster_parameters(twin.roster)),
    "members": lambda pool, twin: plain.discord(
        pool, twin.guild_id, plain.role_parameters(twin.server), plain.member_parameters(twin.server)
    ),
    "notes": lambda pool, twin: plain.upload(pool, twin.guild_id, plain.upload_parameters(twin.rows_now)),
    "check": lambda pool, twin: plain.check(pool, twin.guild_id, _mentions(twin)),
    "fix": lambda pool, twin: plain.fix(pool, twin.guild_id, _mentions(twin)),
    "pipeline": lambda pool, twin: plain.pipeline(
        pool, twin.guild_id, plain.upload_parameters(twin.rows_now), _mentions(twin)
    ),
}


async def all_rows(on: Stage) -> AsyncIterator[Row]:
    yield await on.measure("Battle.net roster, first", "roster", _forget("roster"))
    yield await on.measure("Battle.net roster, again", "roster", _nothing)
    await on.both(stage.map_ranks)
    await on.both(stage.learn_numbers)
    yield await on.measure("Discord members, first", "members", _forget("members"))
    yield await on.measure("Discord members, again", "members", _nothing)
    yield await on.measure("addon notes, first", "notes", _forget("notes"))
    yield await on.measure("addon notes, again", "notes", _nothing)
    await on.both(stage.link_people)
    await stage.tidy(on.pool)
    yield await on.measure("integrity check, first", "check", _forget("issues"))
    yield await on.measure("integrity check, again", "check", _nothing)
    # Plain SQL prepares by plain SQL: the engine writes more details of an issue, which its next scan would refresh.
    yield await on.measure("fixes of 3 % changed notes", "fix", _upload_changed(_ENGINE), _upload_changed(_PLAIN))
    yield await on.measure(PIPELINE, "pipeline", _change_notes)


def _forget(what: str) -> Work:
    async def forget(pool: Pool, twin: Twin) -> None:
        await stage.run(pool, twin, f"forget_{what}")
        await stage.tidy(pool)

    return forget


async def _nothing(pool: Pool, twin: Twin) -> None:
    """The work is done again."""


async def _change_notes(_: Pool, twin: Twin) -> None:
    twin.change_notes()


def _upload_changed(work: Mapping[str, Work]) -> Work:
    async def prepare(pool: Pool, twin: Twin) -> None:
        twin.change_notes()
        await work["notes"](pool, twin)
        await work["check"](pool, twin)

    return prepare


def _mentions(twin: Twin) -> Parameters:
    return plain.mention_parameters(twin.rows_now, twin.numbers)
