"""The API of a guild's health: shares, ages, trends."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from pydantic import BeforeValidator

from patt.api.routing import officer_router
from patt.web.context import GuildDep, ServicesDep
from sv_common.guild_sync.insights import health as insight
from sv_common.guild_sync.insights.health import Health, Trends
from sv_common.guild_sync.roster import guilds

TrendQuery = Annotated[insight.TrendDays, BeforeValidator(int), Query(description="How many days back.")]

router = officer_router("data-quality", "data quality")


@router.get("/health", summary="How healthy the guild's data is")
async def health(services: ServicesDep, guild: GuildDep) -> Health:
    """Who is linked and consistent, what was fixed by itself this week, and how old each source's data is."""
    async with services.pool.reading(await guilds.resolve_guild(services.pool, guild)) as here:
        return await insight.health(here)


@router.get("/trends", summary="How many issues were open on each of the last days")
async def trends(services: ServicesDep, guild: GuildDep, days: TrendQuery = 30) -> Trends:
    """One number for each rule and day, for the end of the day (UTC); the last one is how many are open now."""
    async with services.pool.reading(await guilds.resolve_guild(services.pool, guild)) as here:
        return await insight.trends(here, days)
