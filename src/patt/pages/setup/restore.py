"""Restoring a backup from the first page: the file is sent, shown, and restored once that is confirmed."""

from __future__ import annotations

from typing import cast

from fastapi import APIRouter, Depends, Request
from starlette.background import BackgroundTask
from starlette.responses import RedirectResponse, Response

from patt.pages.layout import Visit, VisitDep
from patt.setup.restoring import LARGEST_BACKUP, Restoring, receive, refuse_with_guild
from patt.web import forms
from patt.web.context import LARGEST_BODY, installer_of, open_to_all
from patt.web.forms import Flash, pairs_of
from patt.web.load.multipart import Multipart, boundary_of
from patt.web.places import RESTORE_PATH, RESTORE_PREVIEW_PATH, RESTORED_PATH, SIGN_IN_PREFIX
from patt.web.rendering import page
from sv_common.guild_sync.core.errors import BadInput, PattError
from sv_common.guild_sync.core.language import tr
from sv_common.guild_sync.core.plain_text import shown

router = APIRouter(dependencies=[Depends(installer_of)], include_in_schema=False, max_body_size=LARGEST_BODY)
of_files = APIRouter(dependencies=[Depends(installer_of)], include_in_schema=False, max_body_size=LARGEST_BACKUP)
for_all = APIRouter(dependencies=[Depends(open_to_all)], include_in_schema=False, max_body_size=LARGEST_BODY)

_LONGEST_NAME = 100


@router.get(RESTORE_PATH)
async def restore(visit: VisitDep) -> Response:
    """Show what the backup that was sent would bring, or ask for its file."""
    restoring, told = _restoring(visit.request), forms.kept(visit.request)
    problem = told.text if told and told.tone == "problem" else restoring.problem
    try:
        await refuse_with_guild(visit.services.pool)
    except PattError as error:
        return visit.page("setup/restore", flash=None, problem=str(error), uploaded=None, is_possible=False)
    return visit.page(
        "setup/restore",
        flash=None,
        problem=problem,
        uploaded=restoring.uploaded,
        is_possible=restoring.stop is not None,
    )


@of_files.post(RESTORE_PREVIEW_PATH)
async def preview(visit: VisitDep) -> Response:
    """Take a file; the page to which this leads shows what it would bring, or why it cannot be used."""
    restoring = _restoring(visit.request)
    restoring.uploaded, restoring.problem = None, ""
    try:
        await refuse_with_guild(visit.services.pool)
        boundary = boundary_of(visit.request.headers.get("content-type", ""))
        if boundary is None:
            raise BadInput(tr("Choose the file of a backup."))
        parts = Multipart(visit.request.stream(), boundary)
        while (part := await parts.next_part()) is not None and part[0] != "file":
            """The token of the form was seen before."""
        if part is None:
            raise BadInput(tr("Choose the file of a backup."))
        called = shown(part[1].replace("\\", "/").rpartition("/")[2][:_LONGEST_NAME]) or tr("the file")
        restoring.uploaded = await receive(visit.services.settings, called, parts.content())
    except PattError as error:
        return _leads_back(visit, error)
    return RedirectResponse(RESTORE_PATH, 303)


@router.post(RESTORE_PATH)
async def confirm(visit: VisitDep) -> Response:
    """Have the server stop, restore the backup that was shown, and begin again."""
    restoring = _restoring(visit.request)
    try:
        await refuse_with_guild(visit.services.pool)
        restoring.confirm(dict(await pairs_of(visit.request)).get("key", ""))
    except PattError as error:
        return _leads_back(visit, error)
    return RedirectResponse(RESTORED_PATH, 303, background=BackgroundTask(_stop, restoring))


@for_all.get(RESTORED_PATH)
async def restored(request: Request) -> Response:
    """Say that a backup was restored, and how to sign in; else lead to where something can be done."""
    restoring = _restoring(request)
    if restoring.problem:
        return RedirectResponse(RESTORE_PATH, 303)
    if restoring.wanted is None and not restoring.told:
        return RedirectResponse(SIGN_IN_PREFIX, 303)
    return page("restored.html", {"told": restoring.told, "is_waiting": restoring.wanted is not None})


def _leads_back(visit: Visit, error: PattError) -> Response:
    return forms.led_back(visit.request, RESTORE_PATH, Flash(str(error), "problem"))


def _restoring(request: Request) -> Restoring:
    return cast("Restoring", request.app.state.restoring)


async def _stop(restoring: Restoring) -> None:
    if restoring.stop is not None:
        restoring.stop()
