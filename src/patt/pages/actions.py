"""The buttons of the data quality pages for browsers without JavaScript: do what the API does, then lead back.

What came of it is told on the page that follows; of scans and fixes of many, which a worker does, that they are under way.
With JavaScript the same forms go to the API instead.
"""

from __future__ import annotations

from datetime import date

from fastapi import Request
from starlette.responses import Response

from patt.api import issue as api
from patt.api import selected
from patt.api.issue import DismissRequest, PartlyQuery, ResolveRequest, SeenDep, WakeRequest
from patt.api.selected import DismissSelected, ReopenSelected
from patt.pages.chosen import chosen_issues, previewed
from patt.pages.forms import Answer, FormDep, TickedDep, done, form_router
from patt.web.context import AttemptId, GuildDep, IssueId, IssueType, OfficerDep, ServicesDep
from patt.web.navigation import DATA_QUALITY
from patt.worker import jobs as worker_jobs
from patt.worker.jobs import ScanJob, ScanRuleJob
from sv_common.guild_sync.core.errors import BadInput

HOME = DATA_QUALITY.href

router = form_router(f"{HOME}/actions")


@router.post("/scan")
async def scan(
    request: Request, services: ServicesDep, officer: OfficerDep, guild: GuildDep, form: FormDep
) -> Response:
    """Ask for a scan by all rules."""
    work = worker_jobs.enqueue(services, ScanJob("scan"), actor=officer.actor, guild_id=guild)
    return await done(request, form, work, home=HOME)


@router.post("/scan/{issue_type}")
async def scan_rule(
    request: Request, services: ServicesDep, officer: OfficerDep, guild: GuildDep, form: FormDep, issue_type: IssueType
) -> Response:
    """Ask for a scan by one rule."""
    work = worker_jobs.enqueue(services, ScanRuleJob("scan_rule", issue_type), actor=officer.actor, guild_id=guild)
    return await done(request, form, work, home=HOME)


@router.post("/fix/{issue_id}")
async def fix(
    request: Request,
    services: ServicesDep,
    officer: OfficerDep,
    guild: GuildDep,
    form: FormDep,
    issue_id: IssueId,
    seen: SeenDep,
) -> Response:
    """Fix one issue."""
    return await done(request, form, api.fix(services, officer, issue_id, guild, seen), home=HOME)


@router.post("/issues/{issue_id}/dismiss")
async def dismiss(
    request: Request,
    services: ServicesDep,
    officer: OfficerDep,
    guild: GuildDep,
    form: FormDep,
    issue_id: IssueId,
    seen: SeenDep,
) -> Response:
    """Set an issue aside."""
    reason = form.get("reason", "")

    async def work() -> Answer:
        body = DismissRequest(reason, _day(form.get("until", "")))
        return await api.dismiss(services, officer, issue_id, body, guild, seen)

    return await done(request, form, work(), home=HOME)


@router.post("/issues/{issue_id}/reopen")
async def reopen(
    request: Request,
    services: ServicesDep,
    officer: OfficerDep,
    guild: GuildDep,
    form: FormDep,
    issue_id: IssueId,
    seen: SeenDep,
) -> Response:
    """End a dismissal."""
    body = WakeRequest(form["reason"]) if form.get("reason") else WakeRequest()
    work = api.reopen(services, officer, issue_id, guild, seen, body)
    return await done(request, form, work, home=HOME)


@router.post("/issues/{issue_id}/resolve")
async def resolve(
    request: Request,
    services: ServicesDep,
    officer: OfficerDep,
    guild: GuildDep,
    form: FormDep,
    issue_id: IssueId,
    seen: SeenDep,
) -> Response:
    """Close an issue on an officer's word."""
    work = api.resolve(services, officer, issue_id, ResolveRequest(form.get("reason", "")), guild, seen)
    return await done(request, form, work, home=HOME)


@router.post("/issues/fix")
async def fix_previewed(
    request: Request, services: ServicesDep, officer: OfficerDep, guild: GuildDep, form: FormDep
) -> Response:
    """Ask for a fix of the issues that a preview has shown, as it has shown them."""

    async def work() -> Answer:
        wish = previewed(form.get("wish", ""))
        return await worker_jobs.enqueue(services, wish, actor=officer.actor, guild_id=guild)

    return await done(request, form, work(), home=HOME)


@router.post("/issues/dismiss")
async def dismiss_chosen(
    request: Request, services: ServicesDep, officer: OfficerDep, guild: GuildDep, form: FormDep, ticked: TickedDep
) -> Response:
    """Set the ticked issues aside."""

    async def work() -> Answer:
        numbers, seen = chosen_issues(ticked)
        reason, until = form.get("reason", ""), _day(form.get("until", ""))
        body = DismissSelected(issue_ids=numbers, seen=seen, reason=reason, until=until)
        return await selected.dismiss(services, officer, body, guild)

    return await done(request, form, work(), home=HOME)


@router.post("/issues/reopen")
async def wake_chosen(
    request: Request, services: ServicesDep, officer: OfficerDep, guild: GuildDep, form: FormDep, ticked: TickedDep
) -> Response:
    """End the dismissals of the ticked issues."""

    async def work() -> Answer:
        numbers, seen = chosen_issues(ticked)
        return await selected.reopen(services, officer, ReopenSelected(issue_ids=numbers, seen=seen), guild)

    return await done(request, form, work(), home=HOME)


@router.post("/attempts/{attempt_id}/undo")
async def undo(
    request: Request,
    services: ServicesDep,
    officer: OfficerDep,
    guild: GuildDep,
    form: FormDep,
    attempt_id: AttemptId,
    seen: SeenDep,
    partly: PartlyQuery = False,
) -> Response:
    """Undo a fix, whole or in part."""
    undone = api.undo(services, officer, attempt_id, guild, seen, partly)
    return await done(request, form, undone, home=HOME)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise BadInput(f"“{text}” is no day; write it like 2026-12-31.") from error
