"""How healthy a guild's data is: who is linked and consistent, how open issues move, what mended itself, how old it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal

from sv_common.db.pool import Connection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.domain.freshness import FRESHNESS, Source
from sv_common.guild_sync.rules import RULES

SQL = load_sql(__package__, "health.sql")

TrendDays = Literal[30, 90]
"""How far back a trend can be asked for."""

WEEK_DAYS = 7
"""Days, today among them, of which it is told what mended itself."""


@dataclass(frozen=True, slots=True)
class Share:
    """How many of `counted` are linked and consistent: linked to a player, and no issue about them is open.

    Issues for information only do not count against anybody; `noted` says how many of the healthy have one. `left_out`
    says who does not count, by why: "left" and "gone" (characters that left the guild, or of which Battle.net says that
    they are no more), "left", "bots" and "guests" (members who left Discord, bots, members without a role of the guild).
    """

    counted: int
    unlinked: int
    troubled: int
    noted: int
    left_out: Mapping[str, int]

    @property
    def healthy(self) -> int:
        """How many are linked and consistent."""
        return self.counted - self.unlinked - self.troubled

    @property
    def percent(self) -> int | None:
        """The share in whole per cent, rounded down, so that 100 means everybody; None of nobody."""
        return 100 * self.healthy // self.counted if self.counted else None


@dataclass(frozen=True, slots=True)
class SourceAge:
    """When a source's data is from. `error` says why the last try since then failed, if one did."""

    source: Source
    last: datetime | None
    expected_every: timedelta
    stale_after: timedelta
    error: str | None
    is_stale: bool


@dataclass(frozen=True, slots=True)
class SelfFixed:
    """Fixes that automation made of one rule, and how many of them somebody took back."""

    issue_type: str
    fixed: int
    undone: int


@dataclass(frozen=True, slots=True)
class Health:
    """How healthy a guild's data is. `fixed_since` is the first day (UTC) of what mended itself."""

    characters: Share
    members: Share
    sources: Sequence[SourceAge]
    fixed_since: date
    fixed_by_itself: Sequence[SelfFixed]

    @property
    def fixed(self) -> int:
        """How many fixes automation made."""
        return sum(each.fixed for each in self.fixed_by_itself)


@dataclass(frozen=True, slots=True)
class Trends:
    """How many issues of each rule were open at the end of each day (UTC), oldest first; the last day is today so far."""

    days: Sequence[date]
    open: Mapping[str, Sequence[int]]

    @property
    def total(self) -> list[int]:
        """How many were open of all rules."""
        return [sum(counts) for counts in zip(*self.open.values(), strict=True)]


async def health(conn: Connection, guild_id: int) -> Health:
    """Return how healthy a guild's data is now, in three statements."""
    now = datetime.now(UTC)
    since = now.date() - timedelta(days=WEEK_DAYS - 1)
    shares = _shares(await _rows(conn, "shares", guild_id=guild_id))
    sources = await source_ages(conn, guild_id)
    beginning = datetime.combine(since, time(), UTC)
    fixed = {
        row[0]: SelfFixed(*row) for row in await _rows(conn, "fixed_by_itself", guild_id=guild_id, since=beginning)
    }
    return Health(
        shares["characters"],
        shares["members"],
        sources,
        since,
        [fixed[issue_type] for issue_type in dict.fromkeys([*RULES, *fixed]) if issue_type in fixed],
    )


async def source_ages(conn: Connection, guild_id: int) -> list[SourceAge]:
    """Return how old each source's data of a guild is, in the order of `FRESHNESS`, in one statement."""
    return _ages(await _rows(conn, "sources", guild_id=guild_id), datetime.now(UTC))[guild_id]


async def all_source_ages(conn: Connection) -> dict[int, list[SourceAge]]:
    """Return the same of every guild, by its number, in one statement."""
    return _ages(await _rows(conn, "sources", guild_id=None), datetime.now(UTC))


async def trends(conn: Connection, guild_id: int, days: TrendDays = 30) -> Trends:
    """Return how many issues of every rule of the registry were open on each of the last days, in one statement."""
    rows = await _rows(conn, "trends", guild_id=guild_id, days=days, rules=list(RULES))
    counts: dict[str, list[int]] = {issue_type: [] for issue_type in RULES}
    for issue_type, _, count in rows:
        counts[issue_type].append(count)
    return Trends(list(dict.fromkeys(row[1] for row in rows)), counts)


async def _rows(conn: Connection, statement: str, **values: Any) -> list[tuple[Any, ...]]:
    return await (await conn.execute(SQL[statement], values)).fetchall()


def _shares(rows: Iterable[tuple[Any, ...]]) -> dict[str, Share]:
    known = list(rows)
    shares = {}
    for kind in ("characters", "members"):
        left_out = {why: count for each, why, count, *_ in known if each == kind and why is not None}
        numbers = next((row[2:] for row in known if row[:2] == (kind, None)), (0, 0, 0, 0))
        counted, unlinked, troubled, noted = numbers
        shares[kind] = Share(counted, unlinked, troubled, noted, left_out)
    return shares


def _ages(rows: Iterable[tuple[Any, ...]], now: datetime) -> dict[int, list[SourceAge]]:
    known = {(guild_id, pipeline): found for guild_id, pipeline, *found in rows}
    ages: dict[int, list[SourceAge]] = {guild_id: [] for guild_id, _ in known}
    for guild_id, listed in ages.items():
        for source, expected in FRESHNESS.items():
            last, error = known[guild_id, expected.pipeline]
            is_stale = last is None or now - last > expected.stale_after
            listed.append(SourceAge(source, last, expected.expected_every, expected.stale_after, error, is_stale))
    return ages
