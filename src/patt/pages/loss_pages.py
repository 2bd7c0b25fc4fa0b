"""The page of a loss: who would be marked as gone, and the button that lets just them go."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from patt.api import losses as api
from patt.api.losses import Release, Released
from patt.pages.forms import FormDep, done, form_router
from patt.pages.shell import chosen_guild, respond
from patt.web.context import GuildDep, OfficerDep, ServicesDep, ViewerDep, viewer_of
from patt.web.navigation import ACTIVITY
from sv_common.guild_sync.core.errors import BadInput
from sv_common.guild_sync.roster.loss import SOURCES, LossSource

HOME = f"{ACTIVITY.href}/losses"

router = APIRouter(prefix=HOME, dependencies=[Depends(viewer_of)], include_in_schema=False)
actions = form_router(f"{HOME}/actions")


@router.get("")
async def losses(request: Request, services: ServicesDep, viewer: ViewerDep, guild: GuildDep) -> Response:
    """Show who would be marked as gone, for each source whose list was refused."""
    async with services.pool.connection() as conn:
        chosen, _ = await chosen_guild(conn, viewer, guild)
    found = await api.listed(services, chosen.id)
    context = {"guild": chosen, "losses": found, "may_act": viewer.may_act_as("officer")}
    return respond(request, "admin/losses.html", viewer, context)


@actions.post("/release")
async def release(
    request: Request, services: ServicesDep, officer: OfficerDep, guild: GuildDep, form: FormDep
) -> Response:
    """Let those go who were seen."""
    source, key = form.get("source", ""), form.get("key", "")

    async def work() -> Released:
        return await api.release(services, officer, Release(_source(source), key), guild)

    return await done(request, form, work(), home=HOME)


def _source(text: str) -> LossSource:
    for source in SOURCES:
        if text == source:
            return source
    raise BadInput("Say whose list it was: battlenet or discord.")
