"""The jobs API: ask a worker for scans and fixes, and see how far they are and what came of them."""

from __future__ import annotations

from typing import Annotated

from fastapi import Body, Path

from patt.api.routing import officer_router
from patt.web.context import LARGEST_BIGINT, GuildDep, OfficerDep, PageQuery, ServicesDep
from patt.worker import jobs as worker_jobs
from patt.worker.jobs import Job, JobRequest, RequestedJob
from sv_common.guild_sync.core.paging import Page

JobId = Annotated[int, Path(ge=1, le=LARGEST_BIGINT, description="Number of the job.", examples=[12])]

router = officer_router("data-quality/jobs", "jobs")


@router.post("", status_code=202, summary="Ask for a scan or for fixes")
async def ask(
    services: ServicesDep,
    officer: OfficerDep,
    guild: GuildDep,
    wish: Annotated[JobRequest, Body(examples=[{"kind": "scan"}, {"kind": "fix_all", "issue_type": "orphan_wow"}])],
) -> RequestedJob:
    """A worker does it; the answer says where to look. While an equal job waits, no second one is added."""
    return await worker_jobs.enqueue(services, wish, actor=officer.actor, guild_id=guild)


@router.get("", summary="Jobs, 50 a page, newest first")
async def jobs(services: ServicesDep, guild: GuildDep, page: PageQuery = 1) -> Page[Job]:
    """Those that wait and run, and those of the last day."""
    async with services.pool.snapshot() as conn:
        return await worker_jobs.jobs(conn, guild, number=page)


@router.get("/{job_id}", summary="How far a job is, and what came of it")
async def job(services: ServicesDep, guild: GuildDep, job_id: JobId) -> Job:
    """Its progress while it runs; then the outcome, rule by rule or issue by issue."""
    async with services.pool.snapshot() as conn:
        return await worker_jobs.job(conn, guild, job_id)
