"""The full match API: look at what it would do, ask for it, and see what became of it. For officers only."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import Query

from patt.api import matching
from patt.api.models import (
    MatchAnswer,
    MatchPreviewAnswer,
    MatchReceipt,
    MatchRunsAnswer,
    MatchWish,
    UndecidedAnswer,
)
from patt.api.officers import officer_router
from patt.deps import GuildDep, MatchId, OfficerDep, PageQuery, ServicesDep
from sv_common.guild_sync.identity_engine import Evidence
from sv_common.guild_sync.store import guilds, matches

router = officer_router("full-match", "full match")


@router.get("/preview", summary="What a full match would do")
async def preview(
    services: ServicesDep,
    guild: GuildDep,
    evidence: Annotated[
        Evidence | None, Query(description="Only people of this kind of evidence.", examples=["main"])
    ] = None,
    page: PageQuery = 1,
) -> MatchPreviewAnswer:
    """Every person that it would make or add to, with the evidence, 50 a page; nothing is changed."""
    return await matching.preview(services, guild, evidence=evidence, number=page)


@router.get("/preview/undecided", summary="Whom a full match would leave alone")
async def undecided(services: ServicesDep, guild: GuildDep, page: PageQuery = 1) -> UndecidedAnswer:
    """Every person whom evidence does not decide, with the reason, 50 a page."""
    return await matching.undecided(services, guild, number=page)


@router.get("", summary="Full matches, 50 a page")
async def runs(services: ServicesDep, guild: GuildDep, page: PageQuery = 1) -> MatchRunsAnswer:
    """The one that waits first, then the newest; each with what takes it back."""
    async with services.pool.snapshot() as conn:
        return await matching.runs(conn, guild, number=page)


@router.post("", status_code=202, summary="Ask for a full match")
async def ask(
    services: ServicesDep, officer: OfficerDep, guild: GuildDep, body: MatchWish | None = None
) -> MatchReceipt:
    """Of everybody, or of the people who are chosen by their keys. A worker does it; all of it can be undone.

    While one waits for this guild, no second one is added, and another choice is refused.
    """
    return await matching.ask(services, officer, guild, body.chosen if body else None)


@router.get("/{request_id}", summary="What became of a full match")
async def status(services: ServicesDep, guild: GuildDep, request_id: MatchId) -> MatchAnswer:
    """Whether it waits, is done or has failed, and which attempt takes it back."""
    async with services.pool.snapshot() as conn:
        request = await matches.get(conn, request_id, (await guilds.the_only(conn, guild)).id)
    return MatchAnswer(
        request_id=request.id, **{k: v for k, v in asdict(request).items() if k in MatchAnswer.model_fields}
    )
