"""Trends: how many issues were open at the end of each day, whatever happened to them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import thoroughness
from guild_builder import GuildBuilder
from sv_common.db.pool import GuildConnection, Pool
from sv_common.guild_sync.insights import health
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.issues.lifecycle import Conclusion
from sv_common.guild_sync.issues.model import Finding, SubjectKind
from sv_common.guild_sync.rules import RULES

_RULES = ("orphan_wow", "stale_character")
_CHARACTERS = 3


class Move(NamedTuple):
    """Something that happens to the issues of a rule, some hours after what happened before it."""

    hours: int
    what: str
    issue_type: str
    characters: frozenset[int]


_EVERY_WAY = [
    "find",
    "dismiss",
    "dismiss",
    "resolve",
    "reopen",
    "find",
    "dismiss",
    "resolve",
    "find",
    "reopen",
    "reopen",
    "find",
]
"""An issue that is dismissed twice, resolved while dismissed, reopened while resolved, and found again while dismissed."""

_moves = st.lists(
    st.builds(
        Move,
        st.integers(0, 90),
        st.sampled_from(["find", "find", "dismiss", "dismiss", "reopen", "resolve"]),
        st.sampled_from(_RULES),
        st.frozensets(st.integers(0, _CHARACTERS - 1)),
    ),
    min_size=3,
    max_size=16,
)


async def _play(guild: GuildBuilder, moves: Sequence[Move]) -> None:
    """Let it all happen, and date each move: the last one was an hour ago."""
    characters = [await guild.character(f"Char{number}") for number in range(_CHARACTERS)]
    for index, move in enumerate(moves):
        chosen = [characters[number] for number in sorted(move.characters)]
        await _happen(guild, move, chosen)
        ago = 1 + sum(later.hours for later in moves[index + 1 :])
        await guild.execute(
            "update guild_identity.issue_events set at = date_trunc('second', now()) - make_interval(hours => %(ago)s) "
            "where at > now() - interval '30 minutes'",
            {"ago": ago},
        )


async def _happen(guild: GuildBuilder, move: Move, characters: Sequence[int]) -> None:
    rows = await guild.rows(
        "select id from guild_identity.audit_issues where issue_type = %(type)s and wow_character_id = any(%(ids)s)",
        {"type": move.issue_type, "ids": list(characters)},
    )
    known = [row[0] for row in rows]
    match move.what:
        case "find":
            findings = [
                Finding(move.issue_type, guild.guild_id, SubjectKind.CHARACTER, each, "s") for each in characters
            ]
            conclusion = Conclusion(move.issue_type, "warning", findings, ())
            await guild.call(lifecycle.reconcile, [conclusion], actor="detection")
        case "dismiss":
            await guild.call(lifecycle.dismiss_many, known, actor="alice", reason="later")
        case "reopen":
            await guild.call(lifecycle.reopen_many, known, actor="alice", reason="now")
        case "resolve":
            await guild.call(lifecycle.resolve, known, resolved_by="alice", reason="done")


def _open_at(end: datetime, events: Sequence[tuple[Any, ...]]) -> dict[str, int]:
    """Count by replaying every issue's moves up to a moment."""
    resolved: dict[int, bool] = {}
    dismissed: dict[int, bool] = defaultdict(bool)
    rule_of = {}
    for issue_id, issue_type, event, at in events:
        if at >= end:
            continue
        rule_of[issue_id] = issue_type
        if event in ("opened", "recurred", "resolved"):
            resolved[issue_id] = event == "resolved"
        elif event in ("dismissed", "reopened"):
            dismissed[issue_id] = event == "dismissed"
    counts = dict.fromkeys(_RULES, 0)
    for issue_id, issue_type in rule_of.items():
        counts[issue_type] += not resolved[issue_id] and not dismissed[issue_id]
    return counts


def _end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), UTC)


@settings(
    max_examples=thoroughness.examples(60),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(_moves)
@example([Move(0, what, "orphan_wow", frozenset({0})) for what in _EVERY_WAY])
async def test_a_trend_is_what_counting_day_by_day_comes_to(pool: Pool, moves: list[Move]) -> None:
    async with pool.connection() as conn:
        await conn.execute("delete from guild_identity.guilds")
    guild = await GuildBuilder.create(pool)
    await _play(guild, moves)
    events = await guild.rows(
        "select e.issue_id, i.issue_type, e.event, e.at from guild_identity.issue_events e "
        "join guild_identity.audit_issues i on i.id = e.issue_id order by e.id"
    )
    async with pool.writing(guild.guild_id, alone=False) as here:
        trends = await health.trends(here, 30)
    counts = {rule.issue_type: rule.open for rule in trends.rules}
    assert list(counts) == list(RULES)
    for index, day in enumerate(trends.days):
        assert {rule: counts[rule][index] for rule in _RULES} == _open_at(_end_of(day), events), day
    ((opened,),) = await guild.rows("select count(*) from guild_identity.audit_issues where state = 'open'")
    assert trends.total[-1] == opened


async def test_a_trend_has_each_day_once_and_today_last(guild: GuildBuilder) -> None:
    async with guild.pool.writing(guild.guild_id, alone=False) as here:
        untouched = await health.trends(here, 30)
    assert (len(untouched.days), untouched.total) == (1, [0])  # nobody has counted on any day before
    await guild.execute(
        "insert into guild_identity.sync_log (guild_id, pipeline, actor, status, started_at, finished_at) values "
        "(%(guild)s, 'discord_sync', 'clock', 'done', now() - interval '200 days', now())"
    )
    async with guild.pool.writing(guild.guild_id, alone=False) as here:
        for days in (30, 90):
            trends = await health.trends(here, 90 if days == 90 else 30)
            assert len(trends.days) == days + 1
            assert trends.days == [trends.days[0] + timedelta(days=number) for number in range(days + 1)]
            assert trends.total == [0] * (days + 1)
        ((today,),) = await guild.rows("select (now() at time zone 'UTC')::date")
    assert trends.days[-1] == today


async def test_a_trend_counts_the_guilds_own_issues_only(guild: GuildBuilder, pool: Pool) -> None:
    other = await GuildBuilder.create(pool, "Other Watch", "7001")
    await _play(other, [Move(0, "find", "orphan_wow", frozenset({0, 1}))])
    await _play(guild, [Move(0, "find", "orphan_wow", frozenset({0}))])
    async with pool.connection() as conn:
        counts = [(await health.trends(GuildConnection(conn, each.guild_id))).total[-1] for each in (guild, other)]
    assert counts == [1, 2]
