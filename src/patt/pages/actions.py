"""The buttons of the data quality pages for browsers without JavaScript: do what the API does, then lead back.

What came of it is told on the page that follows. With JavaScript the same forms go to the API instead.
"""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import date
from typing import Annotated, Protocol
from urllib.parse import parse_qs

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from patt.api import commands
from patt.deps import LARGEST_BODY, AttemptId, GuildDep, IssueId, IssueType, OfficerDep, ServicesDep, officer_of
from patt.pages import flash
from patt.pages.admin_pages import HOME
from patt.pages.flash import Flash
from sv_common.guild_sync.domain.errors import BadInput, PattError

router = APIRouter(
    prefix="/admin/data-quality/actions",
    dependencies=[Depends(officer_of)],
    include_in_schema=False,
    max_body_size=LARGEST_BODY,
)


class _Answer(Protocol):
    @property
    def sentence(self) -> str: ...


async def _form(request: Request) -> dict[str, str]:
    """The fields of a form; a field that is there twice counts with its first value."""
    body = (await request.body()).decode("utf-8", errors="replace")
    return {name: values[0].strip() for name, values in parse_qs(body).items()}


FormDep = Annotated[dict[str, str], Depends(_form)]


@router.post("/scan")
async def scan(
    request: Request, services: ServicesDep, officer: OfficerDep, guild: GuildDep, form: FormDep
) -> Response:
    """Run all rules."""
    return await _done(request, form, commands.scan(services, officer, guild_id=guild))


@router.post("/scan/{issue_type}")
async def scan_rule(
    request: Request, services: ServicesDep, officer: OfficerDep, guild: GuildDep, form: FormDep, issue_type: IssueType
) -> Response:
    """Run one rule."""
    return await _done(request, form, commands.scan(services, officer, guild_id=guild, issue_type=issue_type))


@router.post("/fix/{issue_id}")
async def fix(
    request: Request, services: ServicesDep, officer: OfficerDep, guild: GuildDep, form: FormDep, issue_id: IssueId
) -> Response:
    """Fix one issue."""
    return await _done(request, form, commands.fix(services, officer, issue_id, guild_id=guild))


@router.post("/fix-all/{issue_type}")
async def fix_all(
    request: Request, services: ServicesDep, officer: OfficerDep, guild: GuildDep, form: FormDep, issue_type: IssueType
) -> Response:
    """Fix all open issues of a rule."""
    return await _done(request, form, commands.fix_all(services, officer, issue_type, guild_id=guild))


@router.post("/issues/{issue_id}/dismiss")
async def dismiss(
    request: Request, services: ServicesDep, officer: OfficerDep, guild: GuildDep, form: FormDep, issue_id: IssueId
) -> Response:
    """Set an issue aside."""
    reason = form.get("reason", "")

    async def work() -> _Answer:
        until = _day(form.get("until", ""))
        return await commands.dismiss(services, officer, issue_id, guild_id=guild, reason=reason, until=until)

    return await _done(request, form, work())


@router.post("/issues/{issue_id}/wake")
async def wake(
    request: Request, services: ServicesDep, officer: OfficerDep, guild: GuildDep, form: FormDep, issue_id: IssueId
) -> Response:
    """End a dismissal."""
    reason = form.get("reason") or "By hand."
    return await _done(request, form, commands.wake(services, officer, issue_id, guild_id=guild, reason=reason))


@router.post("/attempts/{attempt_id}/undo")
async def undo(
    request: Request, services: ServicesDep, officer: OfficerDep, guild: GuildDep, form: FormDep, attempt_id: AttemptId
) -> Response:
    """Undo a fix."""
    return await _done(request, form, commands.undo(services, officer, attempt_id, guild_id=guild))


async def _done(request: Request, form: dict[str, str], work: Awaitable[_Answer]) -> Response:
    """Do the work and lead back to the page it was asked from, which tells what came of it."""
    try:
        told = Flash((await work).sentence)
    except PattError as error:
        told = Flash(str(error), "problem")
    response = RedirectResponse(_way_back(form.get("back", "")), 303)
    flash.keep(request, response, told)
    return response


def _way_back(address: str) -> str:
    """The page to lead to: an address is only believed when it is one of these pages."""
    is_ours = address == HOME or address.startswith((f"{HOME}?", f"{HOME}/"))
    return address if is_ours and address.isprintable() and "//" not in address and "\\" not in address else HOME


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise BadInput(f"“{text}” is no day; write it like 2026-12-31.") from error
