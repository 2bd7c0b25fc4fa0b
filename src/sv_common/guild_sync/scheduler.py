"""The pipelines: what runs when a source has news. Each run is one row of the sync log; runs of one guild never overlap.

- addon upload:    sync_addon_data → integrity check → automatic fixes → summary if notable
- Battle.net sync: sync_blizzard_roster → realms, profiles, account evidence → integrity check → automatic fixes → summary if notable
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

from sv_common.db.pool import Pool, counting_statements, hold_lock
from sv_common.guild_sync.accounts.reading import compares_accounts, refresh_accounts
from sv_common.guild_sync.core.errors import BadInput, ConfigurationError, PattError, SourceError, reason_of
from sv_common.guild_sync.core.language import tr
from sv_common.guild_sync.core.reports import StepReport, SyncReport
from sv_common.guild_sync.db_sync import (
    erase_expired_profiles,
    refresh_profiles,
    refresh_realms,
    sync_addon_data,
    sync_blizzard_roster,
)
from sv_common.guild_sync.discord_sync import sync_discord_members
from sv_common.guild_sync.engine.results import FixOutcome, FixReport
from sv_common.guild_sync.identity_engine import MatchReport, run_matching
from sv_common.guild_sync.insights.activity import PIPELINES, Pipeline
from sv_common.guild_sync.integrity_checker import run_integrity_check
from sv_common.guild_sync.issues.reports import CheckReport
from sv_common.guild_sync.mitigations import finish_interrupted, run_auto_mitigations
from sv_common.guild_sync.reporter import send_sync_summary
from sv_common.guild_sync.roster import guilds, runs
from sv_common.guild_sync.roster.guilds import Guild
from sv_common.guild_sync.sources.addon.origin import ExportOrigin
from sv_common.guild_sync.sources.ports import AccountSource, ProfileSource, Sources

log = structlog.get_logger(__name__)
_Result = TypeVar("_Result")
_MOVES = ("found", "opened", "recurred", "refreshed", "resolved", "reopened")

_waiting_here: WeakKeyDictionary[Pool, dict[int, asyncio.Lock]] = WeakKeyDictionary()


async def run_addon_sync(
    pool: Pool,
    characters: Iterable[object],
    *,
    guild_id: int | None = None,
    sources: Sources,
    actor: str = "addon",
    exported_at: datetime | None = None,
    origin: ExportOrigin | None = None,
    on_start: Callable[[], Awaitable[None]] | None = None,
) -> PipelineReport:
    """Process an addon upload; see `sync_addon_data`. Raises `BadInput` when it cannot be used; nothing was changed then.

    `on_start` is called once the guild's other pipelines have let this one begin. Where a newer export has told everything
    already, nothing else is done, and the run ends as superseded.
    """
    rows = list(characters)

    async def sync(guild: Guild) -> SyncReport:
        if on_start is not None:
            await on_start()
        return await sync_addon_data(pool, rows, guild_id=guild.id, exported_at=exported_at, origin=origin)

    async with _run(pool, guild_id, sources, "addon_upload", actor) as run:
        if await run.has_news(sync):
            await run.tail()
    return run.report()


async def run_blizzard_sync(
    pool: Pool, *, guild_id: int | None = None, sources: Sources, actor: str = "schedule", accept_losses: bool = False
) -> PipelineReport:
    """Fetch the roster from Battle.net and write it. Raises `SourceError`, `SuspiciousSource`, `ConfigurationError`."""

    async def sync(guild: Guild) -> SyncReport:
        if sources.battle_net is None:
            raise ConfigurationError(
                tr("Battle.net is not set up: set PATT_BLIZZARD_CLIENT_ID and PATT_BLIZZARD_CLIENT_SECRET.")
            )
        began = await _now(pool)
        if sources.profiles is None:
            roster, address = await sources.battle_net.fetch_roster(guild.address), None
        else:
            fetched = await sources.profiles.fetch_members(guild.address)
            roster, address = fetched.members, fetched.address
        report = await sync_blizzard_roster(
            pool, roster, guild_id=guild.id, accept_losses=accept_losses, fetched_at=began
        )
        if address is not None:
            async with pool.installation() as conn:  # only now: a roster that was refused may be another guild's
                await guilds.keep_canonical_address(conn, guild.id, address)
        return report

    async with _run(pool, guild_id, sources, "battlenet_sync", actor) as run:
        if await run.has_news(sync):
            await run.refresh()
            await run.tail()
    return run.report()


async def run_discord_sync(
    pool: Pool, *, guild_id: int | None = None, sources: Sources, actor: str = "schedule", accept_losses: bool = False
) -> PipelineReport:
    """Fetch roles and members from Discord and write them. Raises like `run_blizzard_sync`."""

    async def sync(guild: Guild) -> SyncReport:
        if sources.discord is None:
            raise ConfigurationError(tr("Discord is not set up: set PATT_DISCORD_BOT_TOKEN."))
        if guild.discord_guild_id is None:
            raise ConfigurationError(tr("{guild} has no Discord server set.", guild=guild.name))
        began = await _now(pool)
        server = await sources.discord.fetch_guild(guild.discord_guild_id)
        return await sync_discord_members(
            pool, server, guild_id=guild.id, accept_losses=accept_losses, fetched_at=began
        )

    async with _run(pool, guild_id, sources, "discord_sync", actor) as run:
        if await run.has_news(sync):
            await run.tail(has_summary=False)
    return run.report()


async def run_sweep(
    pool: Pool, *, guild_id: int | None = None, sources: Sources, actor: str = "schedule"
) -> PipelineReport:
    """Scan a whole guild without news from any source: time itself makes characters stale and ends dismissals."""
    async with _run(pool, guild_id, sources, "sweep", actor) as run:
        await run.sync("erase_expired_profiles", lambda: erase_expired_profiles(pool, guild_id=run.guild.id))
        await run.tail()
    return run.report()


async def run_full_match(
    pool: Pool, *, guild_id: int | None = None, sources: Sources, actor: str, selected: Collection[str] | None = None
) -> tuple[PipelineReport, MatchReport]:
    """Match the whole guild, or the players that are selected by their keys, on an officer's command; then check it."""
    async with _run(pool, guild_id, sources, "full_match", actor) as run:
        match = await run.step(
            "run_matching",
            lambda: run_matching(pool, actor=actor, guild_id=run.guild.id, selected=selected),
            lambda report: (report.counts, ()),
        )
        await run.tail(has_fixes=False)
    return run.report(), match


@dataclass(slots=True)
class _Run:
    """One run of a pipeline while it goes on."""

    pool: Pool
    sources: Sources
    id: int
    guild: Guild
    name: Pipeline
    steps: list[StepReport] = field(default_factory=list)
    checked: CheckReport | None = None
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
        """Do one step and record how it went, also when it raises."""
        started = time.monotonic()
        try:
            result = await work()
        except Exception as error:
            problems = error.problems if isinstance(error, BadInput) else ()
            self.steps.append(StepReport(name, _milliseconds(started), {}, problems, reason_of(error)))
            raise
        counts, notices = describe(result)
        self.steps.append(StepReport(name, _milliseconds(started), counts, tuple(notices)))
        return result

    async def sync(self, name: str, work: Callable[[], Awaitable[SyncReport]]) -> SyncReport:
        return await self.step(name, work, lambda report: (report.counts, report.notices))

    async def has_news(self, sync: Callable[[Guild], Awaitable[SyncReport]]) -> bool:
        """Sync the source; return whether it told anything that newer news had not told already."""
        news = await self.sync("sync", lambda: sync(self.guild))
        self.as_of, self.is_superseded = news.as_of, news.is_superseded
        return not news.is_superseded

    async def refresh(self) -> None:
        """Fetch realms, profiles and account evidence again; where one of the last two fails, the run is partial and the roster stands."""
        pool, number, realms, profiles = self.pool, self.guild.id, self.sources.realms, self.sources.profiles
        if realms is not None:
            await self.sync("refresh_realms", lambda: refresh_realms(pool, realms, guild_id=number))
        if profiles is not None:
            await self._refresh_profiles(profiles)
        accounts = self.sources.accounts
        if accounts is not None and await compares_accounts(pool, number):
            await self._refresh_accounts(accounts)

    async def _refresh_profiles(self, profiles: ProfileSource) -> None:
        pool, number = self.pool, self.guild.id
        try:
            report = await self.sync("refresh_profiles", lambda: refresh_profiles(pool, profiles, guild_id=number))
            self.is_partial |= report.is_partial
        except SourceError as error:
            log.warning("profiles_not_refreshed", guild_id=number, error=type(error).__name__)
            self.is_partial = True

    async def _refresh_accounts(self, accounts: AccountSource) -> None:
        pool, number = self.pool, self.guild.id
        try:
            report = await self.sync("refresh_accounts", lambda: refresh_accounts(pool, accounts, guild_id=number))
            self.is_partial |= report.is_partial
        except SourceError as error:
            log.warning("accounts_not_refreshed", guild_id=number, error=type(error).__name__)
            self.is_partial = True

    async def tail(self, *, has_fixes: bool = True, has_summary: bool = True) -> None:
        """Do what follows the news: finish interrupted fixes, check, fix, report."""
        pool, number, discord = self.pool, self.guild.id, self.sources.discord
        await self._finish_interrupted()
        self.checked = await self.step(
            "run_integrity_check",
            lambda: run_integrity_check(pool, guild_id=number),
            lambda report: ({move: report.total(move) for move in _MOVES}, report.errors),
        )
        if has_fixes:
            self.fixes = await self.step(
                "run_auto_mitigations",
                lambda: run_auto_mitigations(pool, guild_id=number, discord_bot=discord),
                lambda report: ({outcome.value: report.count(outcome) for outcome in FixOutcome}, ()),
            )
        if has_summary:
            await self._summarize()

    async def _finish_interrupted(self) -> None:
        """Finish role changes of a process that died; it is a step of the run only where there are some."""
        if self.sources.discord is None:
            return
        started = time.monotonic()
        done = await finish_interrupted(self.pool, self.sources.discord, guild_id=self.guild.id)
        if done.count or done.left:
            counts = {"finished": done.count, "left": done.left}
            self.steps.append(StepReport("finish_interrupted", _milliseconds(started), counts, (), done.error))
            self.is_partial = self.is_partial or done.left > 0

    async def _summarize(self) -> None:
        """Report on Discord; where that fails, the run is partial and keeps what it did."""

        async def send() -> bool:
            title = f"{self.guild.name}: {tr(PIPELINES[self.name])}"
            checked, fixes = self.checked or CheckReport(()), self.fixes or FixReport()
            return await send_sync_summary(
                self.pool, self.sources.announcer, self.guild, title, checked, fixes, run_id=self.id
            )

        try:
            await self.step("send_sync_summary", send, lambda is_posted: ({"posted": int(is_posted)}, ()))
        except PattError as error:
            log.warning("summary_not_posted", guild_id=self.guild.id, error=type(error).__name__)
            self.is_partial = True

    @property
    def status(self) -> str:
        if self.is_superseded:
            return "superseded"
        return "partial" if self.is_partial or (self.checked and self.checked.errors) else "done"

    async def finish(self, status: str, error: str | None = None) -> None:
        async with self.pool.writing(self.guild.id, alone=False) as here:
            await runs.finish(here, self.id, status=status, steps=self.steps, error=error, as_of=self.as_of)

    def report(self) -> PipelineReport:
        return PipelineReport(
            self.name,
            self.guild.id,
            self.id,
            self.status,
            self.steps,
            self.statements,
            self.seconds,
            self.checked,
            self.fixes,
        )


@contextlib.asynccontextmanager
async def _run(pool: Pool, guild_id: int | None, sources: Sources, name: Pipeline, actor: str) -> AsyncIterator[_Run]:
    """Log a run from its beginning to its end, while no other pipeline of the guild runs."""
    async with pool.installation() as conn:
        guild = await guilds.the_only(conn, guild_id)
    async with _alone(pool, guild.id):
        started = time.monotonic()
        with counting_statements() as counter:
            async with pool.writing(guild.id, alone=False) as here:
                run = _Run(pool, sources, await runs.start(here, name, actor=actor), guild, name)
            try:
                yield run
            except asyncio.CancelledError:
                await run.finish("failed", tr("The run was stopped; it is tried again."))
                raise
            except Exception as error:
                await run.finish("failed", str(error) if isinstance(error, PattError) else type(error).__name__)
                raise
            await run.finish(run.status)
        run.statements = counter.statements
        run.seconds = time.monotonic() - started


@contextlib.asynccontextmanager
async def _alone(pool: Pool, guild_id: int) -> AsyncIterator[None]:
    """Wait until no pipeline of the guild runs, in this process or another.

    Within this process at most one of the waiting holds a connection, so that many uploads at once cannot use them up.
    """
    mine = _waiting_here.setdefault(pool, {}).setdefault(guild_id, asyncio.Lock())
    async with mine, pool.locks.connection() as conn:
        await hold_lock(conn, runs.PIPELINE_LOCK, guild_id)
        yield  # the transaction ends and gives the lock back, and a lost connection loses it


async def _now(pool: Pool) -> datetime:
    """Return the time of the database's clock, by which all servers tell which of two fetches began first."""
    async with pool.installation() as conn:
        return await runs.now(conn)


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
