"""The API of a guild's health: shares, ages, trends."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Query
from pydantic import BeforeValidator

from patt.api.health_models import (
    HealthAnswer,
    RuleTrendAnswer,
    SelfFixedAnswer,
    ShareAnswer,
    SourceAnswer,
    TrendsAnswer,
)
from patt.api.officers import officer_router
from patt.deps import GuildDep, ServicesDep
from sv_common.guild_sync import health as engine
from sv_common.guild_sync.health import SourceAge
from sv_common.guild_sync.rules import RULES
from sv_common.guild_sync.store import guilds

TrendQuery = Annotated[engine.TrendDays, BeforeValidator(int), Query(description="How many days back.")]

router = officer_router("data-quality", "data quality")


@router.get("/health", summary="How healthy the guild's data is")
async def health(services: ServicesDep, guild: GuildDep) -> HealthAnswer:
    """Who is linked and consistent, what was fixed by itself this week, and how old each source's data is."""
    async with services.pool.snapshot() as conn:
        number = (await guilds.the_only(conn, guild)).id
        found = await engine.health(conn, number)
    now = datetime.now(UTC)
    return HealthAnswer(
        guild_id=number,
        characters=ShareAnswer.model_validate(found.characters),
        members=ShareAnswer.model_validate(found.members),
        sources=[_source(each, now) for each in found.sources],
        fixed_since=found.fixed_since,
        fixed=found.fixed,
        fixed_by_itself=[SelfFixedAnswer.model_validate(each) for each in found.fixed_by_itself],
    )


@router.get("/trends", summary="How many issues were open on each of the last days")
async def trends(services: ServicesDep, guild: GuildDep, days: TrendQuery = 30) -> TrendsAnswer:
    """One number for each rule and day, for the end of the day (UTC); the last one is how many are open now."""
    async with services.pool.snapshot() as conn:
        number = (await guilds.the_only(conn, guild)).id
        found = await engine.trends(conn, number, days)
    return TrendsAnswer(
        guild_id=number,
        days=found.days,
        total=found.total,
        rules=[
            RuleTrendAnswer(issue_type=rule.issue_type, name=rule.name, open=found.open[rule.issue_type])
            for rule in RULES.values()
        ],
    )


def _source(age: SourceAge, now: datetime) -> SourceAnswer:
    return SourceAnswer(
        source=age.source,
        last=age.last,
        age_s=None if age.last is None else max(0, int((now - age.last).total_seconds())),
        expected_every_s=int(age.expected_every.total_seconds()),
        stale_after_s=int(age.stale_after.total_seconds()),
        is_stale=age.is_stale,
        error=age.error,
    )
