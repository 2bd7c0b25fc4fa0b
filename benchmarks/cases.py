"""What is measured, in the order of a guild's life: each source for the first time and again, checks, fixes, uploads.

Everything stands beside plain SQL. What an upload costs stands beside the limit as well, and beside the same done row by row.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from benchmarks import limit, plain, row_by_row, stage
from benchmarks.measuring import WALL, Clock, Contender, Samples, compare
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
UNCHANGED = "upload pipeline, nothing changed"
CHECK_AGAIN = "integrity check, again"
MOST_ROW_BY_ROW = 3
"""Timed runs of what is done row by row, since one takes seconds."""


@dataclass(frozen=True, slots=True)
class Row:
    """What one piece of work costs at one size; the limit and row by row where these do the same."""

    name: str
    size: int
    engine: Samples
    plain: Samples
    limit: Samples | None = None
    row_by_row: Samples | None = None

    @property
    def ratio(self) -> float:
        """How many times as long as plain SQL the engine takes."""
        return self.engine.median / self.plain.median

    @property
    def ratio_to_limit(self) -> float | None:
        """How many times as long as the limit the engine takes."""
        return None if self.limit is None else self.engine.median / self.limit.median

    @property
    def times_faster(self) -> float | None:
        """How many times as long as the engine it takes row by row."""
        return None if self.row_by_row is None else self.row_by_row.median / self.engine.median


@dataclass(frozen=True, slots=True)
class Stage:
    """A database with a guild for each way, and how often each piece of work is run."""

    pool: Pool
    engine: Twin
    plain: Twin
    limit: Twin
    row_by_row: Twin
    repetitions: int
    warm_up: int
    clock: Clock

    @property
    def size(self) -> int:
        return len(self.engine.roster)

    async def measure(self, name: str, work: str, prepare: Work, prepare_plain: Work | None = None) -> Row:
        """Let all that can do the work do it to their guilds, each prepared in the same way unless said otherwise."""
        ways = [(_ENGINE, self.engine, prepare), (_PLAIN, self.plain, prepare_plain or prepare)]
        ways += [(_LIMIT, self.limit, prepare)] * (work in _LIMIT)
        ways += [(_ROW_BY_ROW, self.row_by_row, prepare)] * (work in _ROW_BY_ROW)
        contenders = [
            self._contender(how[work], twin, before, is_slow=how is _ROW_BY_ROW) for how, twin, before in ways
        ]
        taken = await compare(contenders, repetitions=self.repetitions, warm_up=self.warm_up, clock=self.clock)
        samples = dict(zip([twin.guild_id for _, twin, _ in ways], taken, strict=True))
        twins = (self.engine, self.plain)
        others = (samples.get(twin.guild_id) for twin in (self.limit, self.row_by_row))
        return Row(name, self.size, *(samples[twin.guild_id] for twin in twins), *others)

    def _contender(self, work: Work, twin: Twin, prepare: Work, *, is_slow: bool) -> Contender:
        most = MOST_ROW_BY_ROW if is_slow else None
        return Contender(lambda: prepare(self.pool, twin), lambda: work(self.pool, twin), most)

    async def every(self, work: Work) -> None:
        """Do something to all guilds, untimed."""
        for twin in (self.engine, self.plain, self.limit, self.row_by_row):
            await work(self.pool, twin)

    async def raise_others(self) -> None:
        """Let plain SQL do for the limit and for row by row what has been measured so far."""
        for twin in (self.limit, self.row_by_row):
            for work in (_PLAIN["roster"], stage.map_ranks, stage.learn_numbers, _PLAIN["members"], _PLAIN["notes"]):
                await work(self.pool, twin)

    async def match_turns(self) -> None:
        """Let the limit change and fix as many notes as have been changed and fixed so far."""
        for _ in range(self.warm_up + self.repetitions):
            self.limit.change_notes()
            await _LIMIT["pipeline"](self.pool, self.limit)

    async def differences(self) -> dict[str, int]:
        """Count, for each other way, the rows in which its guild and the engine's came to differ."""
        if self.row_by_row.is_changed != self.engine.is_changed:
            self.row_by_row.change_notes()
            await _ROW_BY_ROW["pipeline"](self.pool, self.row_by_row)
        twins = {"plain SQL": self.plain, "the limit": self.limit, "row by row": self.row_by_row}
        return {
            name: await stage.differences(self.pool, self.engine, twin, has_history=twin is not self.row_by_row)
            for name, twin in twins.items()
        }


async def set_stage(pool: Pool, size: int, *, repetitions: int, warm_up: int, clock: Clock = WALL) -> Stage:
    people = synthetic_guild(size)
    names = ("the-engine", "plain-sql", "the-limit", "row-by-row")
    engine, sql, least, rows = [
        await stage.new_twin(pool, people, name, f"81000000000000000{i}") for i, name in enumerate(names, start=1)
    ]
    await limit.make(pool)
    return Stage(pool, engine, sql, least, rows, repetitions, warm_up, clock)


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
_LIMIT: dict[str, Work] = {
    "check": lambda pool, twin: limit.check(pool, twin.guild_id),
    "pipeline": lambda pool, twin: limit.pipeline(pool, twin.guild_id, twin.rows_now),
    "unchanged": lambda pool, twin: limit.compare(pool, twin.guild_id, twin.rows_now),
}
_ROW_BY_ROW: dict[str, Work] = {
    "pipeline": lambda pool, twin: row_by_row.pipeline(pool, twin.guild_id, twin.rows_now),
}
for _ways in (_ENGINE, _PLAIN):  # the same work under other circumstances
    _ways["unchanged"], _ways["first check"] = _ways["pipeline"], _ways["check"]


async def all_rows(on: Stage) -> AsyncIterator[Row]:
    yield await on.measure("Battle.net roster, first", "roster", _forget("roster"))
    yield await on.measure("Battle.net roster, again", "roster", _nothing)
    for twin in (on.engine, on.plain):
        await stage.map_ranks(on.pool, twin)
        await stage.learn_numbers(on.pool, twin)
    yield await on.measure("Discord members, first", "members", _forget("members"))
    yield await on.measure("Discord members, again", "members", _nothing)
    yield await on.measure("addon notes, first", "notes", _forget("notes"))
    yield await on.measure("addon notes, again", "notes", _nothing)
    await on.raise_others()
    await on.every(stage.link_people)
    await limit.read_every_note(on.pool, on.limit.guild_id)
    await stage.tidy(on.pool)
    yield await on.measure("integrity check, first", "first check", _forget_all_that_was_found)
    for twin in (on.limit, on.row_by_row):
        await _PLAIN["check"](on.pool, twin)
    yield await on.measure(CHECK_AGAIN, "check", _nothing)
    # Plain SQL prepares by plain SQL: the engine writes more details of an issue, which its next scan would refresh.
    yield await on.measure("fixes of 3 % changed notes", "fix", _upload_changed(_ENGINE), _upload_changed(_PLAIN))
    await on.match_turns()
    yield await on.measure(PIPELINE, "pipeline", _change_notes)
    yield await on.measure(UNCHANGED, "unchanged", _nothing)


def _forget(what: str) -> Work:
    async def forget(pool: Pool, twin: Twin) -> None:
        await stage.run(pool, twin, f"forget_{what}")
        await stage.tidy(pool)

    return forget


async def _forget_all_that_was_found(pool: Pool, twin: Twin) -> None:
    """Forget the issues, and let the engine's memory of what it found hold no more."""
    await stage.run(pool, twin, "write_characters")
    await _forget("issues")(pool, twin)


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
