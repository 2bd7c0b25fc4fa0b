"""The pipelines: what runs when a source has news. Each run is one row of the sync log; runs of one guild never overlap.

- addon upload:    sync_addon_data → integrity check → automatic fixes → summary if notable
- Battle.net sync: sync_blizzard_roster → realms, profiles → integrity check → automatic fixes → summary if notable
- Discord sync:    sync_discord_members → integrity check → automatic fixes
- daily sweep:     profiles that are too old erased → integrity check → automatic fixes → summary if notable
- full match:      run_matching → integrity check → summary if notable; an officer's command, the only caller of run_matching
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar
from weakref import WeakKeyDictionary

import structlog

from sv_common.db.pool import Pool, counting_statements
from sv_common.guild_sync.core.errors import BadInput, ConfigurationError, PattError, SourceError, reason_of
from sv_common.guild_sync.core.reports import StepReport, SyncReport
from sv_common.guild_sync.db_sync import sync_addon_data, sync_blizzard_roster
from sv_common.guild_sync.discord_sync import sync_discord_members
from sv_common.guild_sync.engine.results import FixOutcome, FixReport
from sv_common.guild_sync.identity_engine import MatchReport, run_matching
from sv_common.guild_sync.integrity_checker import run_integrity_check
from sv_common.guild_sync.issues.reports import CheckReport
from sv_common.guild_sync.mitigations import finish_interrupted, run_auto_mitigations
from sv_common.guild_sync.profile_sync import erase_expired_profiles, refresh_profiles
from sv_common.guild_sync.realm_sync import refresh_realms
from sv_common.guild_sync.reporter import send_sync_summary
from sv_common.guild_sync.roster import guilds, runs
from sv_common.guild_sync.roster.guilds import Guild
from sv_common.guild_sync.sources.addon.origin import ExportOrigin
from sv_common.guild_sync.sources.ports import Outside

log = structlog.get_logger(__name__)
_Result = TypeVar("_Result")

_waiting_here: WeakKeyDictionary[Pool, dict[int, asyncio.Lock]] = WeakKeyDictionary()


async def run_addon_sync(
    pool: Pool,
    characters: Iterable[object],
    *,
    guild_id: int | None = None,
    outside: Outside,
    actor: str = "addon",
    exported_at: datetime | None = None,
    origin: ExportOrigin | None = None,
    on_start: Callable[[], Awaitable[None]] | None = None,
) -> PipelineReport:
    """Take in an addon upload; see `sync_addon_data`. Raises `BadInput` when it cannot be used; nothing was changed then.

    `on_start` is called once the guild's other pipelines have let this one begin. Of an export of which everything is known
    from a newer one nothing follows: the run ends as superseded.
    """
    rows = list(characters)

    async def sync(guild: Guild) -> SyncReport:
        if on_start is not None:
            await on_start()
        return await sync_addon_data(pool, rows, guild_id=guild.id, exported_at=exported_at, origin=origin)

    return await _sync_pipeline(pool, "addon_upload", sync, guild_id, outside, actor, has_summary=True)


async def run_blizzard_sync(
    pool: Pool,
    *,
    guild_id: int | None = None,
    outside: Outside,
    actor: str = "schedule",
    accept_losses: bool = False,
) -> PipelineReport:
    """Fetch the roster from Battle.net and take it in. Raises `SourceError`, `SuspiciousSource`, `ConfigurationError`."""

    async def sync(guild: Guild) -> SyncReport:
        if outside.battle_net is None:
            raise ConfigurationError(
                "Battle.net is not set up: set PATT_BLIZZARD_CLIENT_ID and PATT_BLIZZARD_CLIENT_SECRET."
            )
        began = await _now(pool)
        if outside.profiles is None:
            roster = await outside.battle_net.fetch_roster(guild.address)
            return await sync_blizzard_roster(
                pool, roster, guild_id=guild.id, accept_losses=accept_losses, fetched_at=began
            )
        fetched = await outside.profiles.fetch_members(guild.address)
        report = await sync_blizzard_roster(
            pool, fetched.members, guild_id=guild.id, accept_losses=accept_losses, fetched_at=began
        )
        async with pool.connection() as conn:  # only now: a roster that was refused may be another guild's
            await guilds.keep_canonical_address(conn, guild.id, fetched.address)
        return report

    return await _sync_pipeline(pool, "battlenet_sync", sync, guild_id, outside, actor, has_summary=True, then=_refresh)


async def run_discord_sync(
    pool: Pool,
    *,
    guild_id: int | None = None,
    outside: Outside,
    actor: str = "schedule",
    accept_losses: bool = False,
) -> PipelineReport:
    """Fetch roles and members from Discord and take them in. Raises like `run_blizzard_sync`."""

    async def sync(guild: Guild) -> SyncReport:
        if outside.discord is None:
            raise ConfigurationError("Discord is not set up: set PATT_DISCORD_BOT_TOKEN.")
        if guild.discord_guild_id is None:
            raise ConfigurationError(f"{guild.name} has no Discord server set.")
        began = await _now(pool)
        server = await outside.discord.fetch_guild(guild.discord_guild_id)
        return await sync_discord_members(
            pool, server, guild_id=guild.id, accept_losses=accept_losses, fetched_at=began
        )

    return await _sync_pipeline(pool, "discord_sync", sync, guild_id, outside, actor, has_summary=False)


async def run_sweep(
    pool: Pool, *, guild_id: int | None = None, outside: Outside, actor: str = "schedule"
) -> PipelineReport:
    """Look at a whole guild without news from any source: time itself makes characters stale and ends dismissals."""
    guild = await _guild(pool, guild_id)
    async with _run(pool, guild, "sweep", actor) as run:
        await run.step("erase_expired_profiles", lambda: erase_expired_profiles(pool, guild_id=guild.id), _sync_step)
        await _finish_interrupted(pool, run, outside)
        await _check(pool, run)
        await _mend(pool, run, outside)
        await _summarise(pool, run, outside)
    return run.report()


async def run_full_match(
    pool: Pool, *, guild_id: int | None = None, outside: Outside, actor: str, selected: Collection[str] | None = None
) -> tuple[PipelineReport, MatchReport]:
    """Match the whole guild, or the people who were selected by their keys, on an officer's command; then check it."""
    guild = await _guild(pool, guild_id)
    async with _run(pool, guild, "full_match", actor) as run:
        match = await run.step(
            "run_matching", lambda: run_matching(pool, actor=actor, guild_id=guild.id, selected=selected), _match_step
        )
        await _finish_interrupted(pool, run, outside)
        await _check(pool, run)
        await _summarise(pool, run, outside)
    return run.report(), match


async def _sync_pipeline(
    pool: Pool,
    name: str,
    sync: Callable[[Guild], Awaitable[SyncReport]],
    guild_id: int | None,
    outside: Outside,
    actor: str,
    *,
    has_summary: bool,
    then: Callable[[Pool, _Run, Outside], Awaitable[None]] | None = None,
) -> PipelineReport:
    """Sync, do what belongs to this source alone, then the tail that every sync has: check, mend, report."""
    guild = await _guild(pool, guild_id)
    async with _run(pool, guild, name, actor) as run:
        news = await run.step("sync", lambda: sync(guild), _sync_step)
        run.as_of, run.is_superseded = news.as_of, news.is_superseded
        if not run.is_superseded:
            if then is not None:
                await then(pool, run, outside)
            await _finish_interrupted(pool, run, outside)
            await _check(pool, run)
            await _mend(pool, run, outside)
            if has_summary:
                await _summarise(pool, run, outside)
    return run.report()


async def _refresh(pool: Pool, run: _Run, outside: Outside) -> None:
    """Read realms and profiles again, where they can be; that profiles cannot be had is noted, and the roster stands."""
    number, realms, profiles = run.guild.id, outside.realms, outside.profiles
    if realms is not None:
        await run.step("refresh_realms", lambda: refresh_realms(pool, realms, guild_id=number), _sync_step)
    if profiles is None:
        return
    try:
        report = await run.step(
            "refresh_profiles", lambda: refresh_profiles(pool, profiles, guild_id=number), _sync_step
        )
        run.is_partial |= report.is_partial
    except SourceError as error:
        log.warning("profiles_not_refreshed", guild_id=number, error=type(error).__name__)
        run.is_partial = True


async def _finish_interrupted(pool: Pool, run: _Run, outside: Outside) -> None:
    """Finish role changes that a process left behind when it died; it is a step of the run only where there are some."""
    if outside.discord is None:
        return
    started = time.monotonic()
    done = await finish_interrupted(pool, outside.discord, guild_id=run.guild.id)
    if done.count or done.left:
        counts = {"finished": done.count, "left": done.left}
        run.steps.append(StepReport("finish_interrupted", _milliseconds(started), counts, (), done.error))
        run.is_partial = run.is_partial or done.left > 0


async def _check(pool: Pool, run: _Run) -> None:
    run.check = await run.step(
        "run_integrity_check", lambda: run_integrity_check(pool, guild_id=run.guild.id), _check_step
    )


async def _mend(pool: Pool, run: _Run, outside: Outside) -> None:
    run.fixes = await run.step(
        "run_auto_mitigations",
        lambda: run_auto_mitigations(pool, guild_id=run.guild.id, discord_bot=outside.discord),
        _fix_step,
    )


async def _summarise(pool: Pool, run: _Run, outside: Outside) -> None:
    """Report on Discord; that it cannot be posted is noted and undoes nothing."""

    async def send() -> dict[str, int]:
        title = f"{run.guild.name}: {run.name.replace('_', ' ')}"
        check, fixes = run.check or CheckReport(()), run.fixes or FixReport()
        is_posted = await send_sync_summary(pool, outside.announcer, run.guild, title, check, fixes, run_id=run.id)
        return {"posted": int(is_posted)}

    try:
        await run.step("send_sync_summary", send, lambda counts: (counts, ()))
    except PattError as error:
        log.warning("summary_not_posted", guild_id=run.guild.id, error=type(error).__name__)
        run.is_partial = True


@dataclass(slots=True)
class _Run:
    """One run of a pipeline while it goes on."""

    id: int
    guild: Guild
    name: str
    steps: list[StepReport] = field(default_factory=list)
    check: CheckReport | None = None
    fixes: FixReport | None = None
    is_partial: bool = False
    is_superseded: bool = False
    as_of: datetime | None = None
    statements: int = 0
    seconds: float = 0.0

    async def step(
        self,
        name: str,
        work: Callable[[], Awaitable[_Result]],
        describe: Callable[[_Result], tuple[dict[str, int], Iterable[str]]],
    ) -> _Result:
        """Do one step and remember how it went, also when it raises."""
        started = time.monotonic()
        try:
            result = await work()
        except Exception as error:
            sentence = reason_of(error)
            problems = error.problems if isinstance(error, BadInput) else ()
            self.steps.append(StepReport(name, _milliseconds(started), {}, problems, sentence))
            raise
        counts, notices = describe(result)
        self.steps.append(StepReport(name, _milliseconds(started), counts, tuple(notices)))
        return result

    @property
    def status(self) -> str:
        """How a run ended that was not stopped by an error."""
        if self.is_superseded:
            return "superseded"
        return "partial" if self.is_partial or (self.check and self.check.errors) else "done"

    def report(self) -> PipelineReport:
        """Return what the run did."""
        return PipelineReport(
            self.name,
            self.guild.id,
            self.id,
            self.status,
            self.steps,
            self.statements,
            self.seconds,
            self.check,
            self.fixes,
        )


@contextlib.asynccontextmanager
async def _run(pool: Pool, guild: Guild, name: str, actor: str) -> AsyncIterator[_Run]:
    """Log a run from its beginning to its end, while no other pipeline of the guild runs."""
    async with _alone(pool, guild.id):
        started = time.monotonic()
        with counting_statements() as counter:
            async with pool.connection() as conn:
                run = _Run(await runs.start(conn, guild.id, name, actor=actor), guild, name)
            try:
                yield run
            except asyncio.CancelledError:
                await _finish(pool, run, "failed", "The run was stopped; it is tried again.")
                raise
            except Exception as error:
                sentence = str(error) if isinstance(error, PattError) else type(error).__name__
                await _finish(pool, run, "failed", sentence)
                raise
            await _finish(pool, run, run.status, None)
        run.statements = counter.statements
        run.seconds = time.monotonic() - started


@contextlib.asynccontextmanager
async def _alone(pool: Pool, guild_id: int) -> AsyncIterator[None]:
    """Wait until no pipeline of the guild runs, in this process or another.

    Within this process at most one of the waiting holds a connection, so that many uploads at once cannot use them up.
    """
    mine = _waiting_here.setdefault(pool, {}).setdefault(guild_id, asyncio.Lock())
    async with mine, pool.locks.connection() as conn:
        await conn.execute("select pg_advisory_lock(%s, %s)", [runs.PIPELINE_LOCK, guild_id])
        yield  # the pool gives the lock back, and a lost connection loses it


async def _finish(pool: Pool, run: _Run, status: str, error: str | None) -> None:
    async with pool.connection() as conn:
        await runs.finish(conn, run.id, status=status, steps=run.steps, error=error, as_of=run.as_of)


async def _now(pool: Pool) -> datetime:
    """Return the time of the database's clock, by which all servers tell which of two fetches began first."""
    async with pool.connection() as conn:
        return await runs.now(conn)


async def _guild(pool: Pool, guild_id: int | None) -> Guild:
    async with pool.connection() as conn:
        return await guilds.the_only(conn, guild_id)


def _sync_step(report: SyncReport) -> tuple[dict[str, int], Iterable[str]]:
    return report.counts, report.notices


def _match_step(report: MatchReport) -> tuple[dict[str, int], Iterable[str]]:
    return report.counts, ()


def _check_step(report: CheckReport) -> tuple[dict[str, int], Iterable[str]]:
    moves = ("found", "opened", "recurred", "refreshed", "resolved", "reopened")
    return {move: report.total(move) for move in moves}, report.errors


def _fix_step(report: FixReport) -> tuple[dict[str, int], Iterable[str]]:
    return {outcome.value: report.count(outcome) for outcome in FixOutcome}, ()


def _milliseconds(started: float) -> int:
    return round((time.monotonic() - started) * 1000)


@dataclass(frozen=True, slots=True)
class PipelineReport:
    """A whole pipeline run of one guild. `statements` counts the SQL statements that it ran."""

    name: str
    guild_id: int
    run_id: int
    status: str
    steps: Sequence[StepReport]
    statements: int
    seconds: float
    check: CheckReport | None = None
    fixes: FixReport | None = None
