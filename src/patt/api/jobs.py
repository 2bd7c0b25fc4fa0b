"""The jobs API: ask a worker for scans and fixes, and see how far they are and what came of them."""

from __future__ import annotations

from typing import Annotated

from fastapi import Body, Path

from patt.api import asking
from patt.api.jobs_models import JobAnswer, JobReceipt, JobsAnswer, JobWish
from patt.api.officers import officer_router
from patt.deps import LARGEST_BIGINT, GuildDep, OfficerDep, PageQuery, ServicesDep

JobId = Annotated[int, Path(ge=1, le=LARGEST_BIGINT, description="Number of the job.", examples=[12])]

router = officer_router("data-quality/jobs", "jobs")


@router.post("", status_code=202, summary="Ask for a scan or for fixes")
async def ask(
    services: ServicesDep,
    officer: OfficerDep,
    guild: GuildDep,
    wish: Annotated[JobWish, Body(examples=[{"kind": "scan"}, {"kind": "fix_all", "issue_type": "orphan_wow"}])],
) -> JobReceipt:
    """A worker does it; the answer says where to look. While an equal job waits, no second one is added."""
    return await asking.ask(services, officer, wish, guild_id=guild)


@router.get("", summary="Jobs, 50 a page, newest first")
async def jobs(services: ServicesDep, guild: GuildDep, page: PageQuery = 1) -> JobsAnswer:
    """Those that wait and run, and those of the last day."""
    async with services.pool.snapshot() as conn:
        return await asking.jobs(conn, guild, number=page)


@router.get("/{job_id}", summary="How far a job is, and what came of it")
async def job(services: ServicesDep, guild: GuildDep, job_id: JobId) -> JobAnswer:
    """Its progress while it runs; then the outcome, rule by rule or issue by issue."""
    async with services.pool.snapshot() as conn:
        return await asking.job(conn, guild, job_id)
