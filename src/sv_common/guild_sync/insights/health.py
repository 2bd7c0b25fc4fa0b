"""How healthy a guild's data is: who is linked and consistent, trends, automatic fixes, age of the sources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field, PlainSerializer, computed_field

from sv_common.db.pool import Connection, GuildConnection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.insights.coverage import Coverage, coverage
from sv_common.guild_sync.insights.everyone.verified import Verified, verified
from sv_common.guild_sync.roster.freshness import FRESHNESS, Source
from sv_common.guild_sync.rules import RULES, rules_to_show

SQL = load_sql(__package__, "health.sql")

TrendDays = Literal[30, 90]
"""How far back a trend can be asked for."""

WEEK_DAYS = 7
"""Days, today among them, of which it is told what fixed itself."""


Seconds: TypeAlias = Annotated[timedelta, PlainSerializer(lambda each: int(each.total_seconds()), return_type=int)]


@dataclass(frozen=True, slots=True)
class Share:
    """How many are linked and consistent: linked to a player, and without an open issue except for information."""

    counted: int
    unlinked: Annotated[int, Field(description="Linked to no player.")]
    troubled: Annotated[int, Field(description="Linked, with an open issue.")]
    noted: Annotated[int, Field(description="How many of the healthy have an open issue for information only.")]
    left_out: Annotated[
        Mapping[str, int],
        Field(
            description="Who is excluded, by reason: left, gone (per Battle.net), shared (bank or shared), bots, "
            "guests (no guild role).",
            examples=[{"left": 31, "gone": 2}],
        ),
    ]

    @computed_field
    @property
    def healthy(self) -> int:
        """Linked, and without an open issue."""
        return self.counted - self.unlinked - self.troubled

    @computed_field
    @property
    def percent(self) -> int | None:
        """The share, rounded down; null where no one counts."""
        return 100 * self.healthy // self.counted if self.counted else None


@dataclass(frozen=True, slots=True)
class SourceAge:
    source: Source
    last: Annotated[datetime | None, Field(description="When its data is from; null where there was none yet.")]
    expected_every: Annotated[
        Seconds, Field(serialization_alias="expected_every_s", description="How often it is expected, in seconds.")
    ]
    stale_after: Annotated[
        Seconds, Field(serialization_alias="stale_after_s", description="From which age on it is stale, in seconds.")
    ]
    error: Annotated[str | None, Field(description="Why the last try since then failed, if one did.")]
    is_stale: bool
    age_s: Annotated[int | None, Field(description="Its age in seconds.")]


@dataclass(frozen=True, slots=True)
class AutomaticFixes:
    """Automatic fixes of one rule."""

    issue_type: str
    fixed: int
    undone: Annotated[int, Field(description="How many of them were undone.")]


@dataclass(frozen=True, slots=True)
class Health:
    """How healthy a guild's data is now."""

    guild_id: int
    characters: Share
    members: Share
    sources: Sequence[SourceAge]
    fixed_since: Annotated[
        date, Field(description="The first day (UTC) of the week that `fixed` counts; today is the last.")
    ]
    fixed_automatically: Sequence[AutomaticFixes]
    coverage: Coverage
    verified: Verified

    @computed_field
    @property
    def fixed(self) -> int:
        """Automatic fixes in this week."""
        return sum(each.fixed for each in self.fixed_automatically)


@dataclass(frozen=True, slots=True)
class RuleTrend:
    issue_type: str
    name: str
    open: Annotated[Sequence[int], Field(description="How many were open at the end of each of the days.")]


@dataclass(frozen=True, slots=True)
class Trends:
    """How many issues were open at the end of each day (UTC), oldest first; the last day is today so far.

    The first day is not before the guild's first run: what was open before is unknown.
    """

    guild_id: int
    days: Sequence[date]
    rules: Sequence[RuleTrend]

    @computed_field
    @property
    def total(self) -> Sequence[int]:
        """How many were open of all rules."""
        return [sum(counts) for counts in zip(*(rule.open for rule in self.rules), strict=True)]


async def health(guild: GuildConnection) -> Health:
    """Return how healthy a guild's data is now, in five statements, and the facts of the guild where they are not read yet."""
    now = datetime.now(UTC)
    since = now.date() - timedelta(days=WEEK_DAYS - 1)
    shares = _shares(await _rows(guild.conn, "shares", guild_id=guild.id))
    sources = await source_ages(guild)
    beginning = datetime.combine(since, time(), UTC)
    fixed = {
        row[0]: AutomaticFixes(*row)
        for row in await _rows(guild.conn, "fixed_automatically", guild_id=guild.id, since=beginning)
    }
    return Health(
        guild.id,
        shares["characters"],
        shares["members"],
        sources,
        since,
        [fixed[issue_type] for issue_type in dict.fromkeys([*RULES, *fixed]) if issue_type in fixed],
        await coverage(guild),
        await verified(guild),
    )


async def source_ages(guild: GuildConnection) -> list[SourceAge]:
    """Return how old each source's data of a guild is, in the order of `FRESHNESS`, in one statement."""
    return _ages(await _rows(guild.conn, "sources", guild_id=guild.id), datetime.now(UTC))[guild.id]


async def all_source_ages(conn: Connection) -> dict[int, list[SourceAge]]:
    """Return the same of every guild, by its number, in one statement."""
    return _ages(await _rows(conn, "sources", guild_id=None), datetime.now(UTC))


async def trends(guild: GuildConnection, days: TrendDays = 30) -> Trends:
    """Return how many issues of every rule that may be shown were open on each of the last days, in one statement."""
    shown = rules_to_show()
    rows = await _rows(guild.conn, "trends", guild_id=guild.id, days=days, rules=list(shown))
    counts: dict[str, list[int]] = {issue_type: [] for issue_type in shown}
    for issue_type, _, count in rows:
        counts[issue_type].append(count)
    rules = [RuleTrend(rule.issue_type, rule.name, counts[rule.issue_type]) for rule in shown.values()]
    return Trends(guild.id, list(dict.fromkeys(row[1] for row in rows)), rules)


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
            age_s = None if last is None else max(0, int((now - last).total_seconds()))
            listed.append(
                SourceAge(source, last, expected.expected_every, expected.stale_after, error, is_stale, age_s)
            )
    return ages
