"""The last uploads, as a part of the activity page, and the button that has one tried again that was given up."""

from __future__ import annotations

from typing import Any, NamedTuple

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from patt.api import uploads as api
from patt.pages.forms import FormDep, done, form_router
from patt.pages.shell import chosen_guild, respond_with_part
from patt.pages.words import UPLOAD_STATES
from patt.web.context import Caller, GuildDep, OfficerDep, ServicesDep, UploadId, ViewerDep, viewer_of
from patt.web.navigation import ACTIVITY
from sv_common.db.pool import Connection, GuildConnection
from sv_common.guild_sync.roster import uploads

HOME = f"{ACTIVITY.href}/uploads"
SHOWN = 5

router = APIRouter(prefix=HOME, dependencies=[Depends(viewer_of)], include_in_schema=False)
actions = form_router(f"{HOME}/actions")


class _Told(NamedTuple):
    sentence: str


async def upload_context(conn: Connection, guild_id: int, viewer: Caller) -> dict[str, Any]:
    """Return all that the list of uploads shows: those that wait or were given up first, then the newest."""
    found = await uploads.recent(GuildConnection(conn, guild_id), limit=SHOWN)
    return {"uploads": found, "upload_states": UPLOAD_STATES, "may_act": viewer.may_act_as("officer")}


@router.get("")
async def uploads_part(services: ServicesDep, viewer: ViewerDep, guild: GuildDep) -> Response:
    """Show the uploads alone, for the page that is looked at."""
    async with services.pool.snapshot() as conn:
        chosen, _ = await chosen_guild(conn, viewer, guild)
        context = await upload_context(conn, chosen.id, viewer)
    return respond_with_part("partials/uploads.html", {"guild": chosen, **context})


@actions.post("/{upload_id}/retry")
async def retry(
    request: Request,
    services: ServicesDep,
    officer: OfficerDep,  # noqa: ARG001 -- who asks is declared so
    guild: GuildDep,
    upload_id: UploadId,
    form: FormDep,
) -> Response:
    """Let an upload that was given up wait again."""

    async def work() -> _Told:
        upload = await api.retry(services, upload_id, guild)
        return _Told(f"Upload {upload.id} waits again, and a worker takes it in.")

    return await done(request, form, work(), home=ACTIVITY.href)
