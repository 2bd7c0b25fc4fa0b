"""What is measured, in the order of a guild's life: each source for the first time and again, checks, fixes, an upload."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

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
        """How many characters each guild has."""
        return len(self.engine.roster)

    async def measure(
        self,
        name: str,
        prepare: Callable[[Pool, Twin], Awaitable[object]],
        by_engine: Callable[[Pool, Twin], Awaitable[object]],
        by_plain_sql: Callable[[Pool, Twin], Awaitable[object]],
        *,
        prepare_plain: Callable[[Pool, Twin], Awaitable[object]] | None = None,
    ) -> Row:
        """Let the engine and plain SQL do the same to their guilds, each prepared in the same way unless said otherwise."""
        prepared = prepare_plain or prepare
        engine, sql = await compare(
            Contender(lambda: prepare(self.pool, self.engine), lambda: by_engine(self.pool, self.engine)),
            Contender(lambda: prepared(self.pool, self.plain), lambda: by_plain_sql(self.pool, self.plain)),
            repetitions=self.repetitions,
            warm_up=self.warm_up,
        )
        return Row(name, self.size, engine, sql)

    async def both(self, work: Callable[[Pool, Twin], Awaitable[object]]) -> None:
        """Do something to both guilds, untimed."""
        for twin in (self.engine, self.plain):
            await work(self.pool, twin)


async def set_stage(pool: Pool, size: int, *, repetitions: int, warm_up: int) -> Stage:
    """Add the two guilds to an empty database."""
    people = synthetic_guild(size)
    engine = await stage.new_twin(pool, people, "the-engine", "810000000000000001")
    sql = await stage.new_twin(pool, people, "plain-sql", "810000000000000002")
    return Stage(pool, engine, sql, repetitions, warm_up)


async def all_rows(on: Stage) -> AsyncIterator[Row]:
    """Measure everything at one size."""
    yield await on.measure("Battle.net roster, first", _forget("roster"), _sync_roster, _plain_roster)
    yield await on.measure("Battle.net roster, again", _nothing, _sync_roster, _plain_roster)
    await on.both(stage.map_ranks)
    await on.both(stage.learn_numbers)
    yield await on.measure("Discord members, first", _forget("members"), _sync_discord, _plain_discord)
    yield await on.measure("Discord members, again", _nothing, _sync_discord, _plain_discord)
    yield await on.measure("addon notes, first", _forget("notes"), _sync_addon, _plain_addon)
    yield await on.measure("addon notes, again", _nothing, _sync_addon, _plain_addon)
    await on.both(stage.link_people)
    await stage.tidy(on.pool)
    yield await on.measure("integrity check, first", _forget("issues"), _check, _plain_check)
    yield await on.measure("integrity check, again", _nothing, _check, _plain_check)
    yield await on.measure(
        "fixes of 3 % changed notes",
        _upload_changed_notes,
        _fix,
        _plain_fix,
        prepare_plain=_plain_upload_changed_notes,
    )
    yield await on.measure(PIPELINE, _change_notes, _upload, _plain_upload)


def _forget(what: str) -> Callable[[Pool, Twin], Awaitable[object]]:
    async def forget(pool: Pool, twin: Twin) -> None:
        await stage.run(pool, twin, f"forget_{what}")
        await stage.tidy(pool)

    return forget


async def _nothing(pool: Pool, twin: Twin) -> None:
    """The work is done again on what is already so."""


async def _change_notes(_: Pool, twin: Twin) -> None:
    twin.change_notes()


async def _upload_changed_notes(pool: Pool, twin: Twin) -> None:
    twin.change_notes()
    await _sync_addon(pool, twin)
    await _check(pool, twin)


async def _plain_upload_changed_notes(pool: Pool, twin: Twin) -> None:
    """By plain SQL, for the engine writes more details of an issue, which the next scan of plain SQL would refresh."""
    twin.change_notes()
    await _plain_addon(pool, twin)
    await _plain_check(pool, twin)


async def _sync_roster(pool: Pool, twin: Twin) -> None:
    await sync_blizzard_roster(pool, twin.roster, guild_id=twin.guild_id)


async def _plain_roster(pool: Pool, twin: Twin) -> None:
    await plain.roster(pool, twin.guild_id, plain.roster_parameters(twin.roster))


async def _sync_discord(pool: Pool, twin: Twin) -> None:
    await sync_discord_members(pool, twin.server, guild_id=twin.guild_id)


async def _plain_discord(pool: Pool, twin: Twin) -> None:
    await plain.discord(pool, twin.guild_id, plain.role_parameters(twin.server), plain.member_parameters(twin.server))


async def _sync_addon(pool: Pool, twin: Twin) -> None:
    await sync_addon_data(pool, twin.rows_now, guild_id=twin.guild_id)


async def _plain_addon(pool: Pool, twin: Twin) -> None:
    await plain.upload(pool, twin.guild_id, plain.upload_parameters(twin.rows_now))


async def _check(pool: Pool, twin: Twin) -> None:
    await run_integrity_check(pool, guild_id=twin.guild_id)


async def _plain_check(pool: Pool, twin: Twin) -> None:
    await plain.check(pool, twin.guild_id, _mentions(twin))


async def _fix(pool: Pool, twin: Twin) -> None:
    await run_auto_mitigations(pool, guild_id=twin.guild_id)


async def _plain_fix(pool: Pool, twin: Twin) -> None:
    await plain.fix(pool, twin.guild_id, _mentions(twin))


async def _upload(pool: Pool, twin: Twin) -> None:
    await run_addon_sync(pool, twin.rows_now, guild_id=twin.guild_id, sources=Sources())


async def _plain_upload(pool: Pool, twin: Twin) -> None:
    await plain.pipeline(pool, twin.guild_id, plain.upload_parameters(twin.rows_now), _mentions(twin))


def _mentions(twin: Twin) -> Parameters:
    return plain.mention_parameters(twin.rows_now, twin.numbers)
