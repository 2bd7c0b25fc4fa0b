"""Decisions about people on the pages: first what would change, then one button, by forms that need no JavaScript."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter, Depends, Request
from pydantic import TypeAdapter, ValidationError
from starlette.responses import RedirectResponse, Response

from patt.api import players as api
from patt.api.players import fields_of
from patt.pages import flash
from patt.pages.flash import Flash
from patt.pages.forms import FormDep, done, form_router, way_back
from patt.pages.shell import respond
from patt.web.context import GuildDep, OfficerDep, ServicesDep, ViewerDep, viewer_of
from patt.web.navigation import PLAYERS
from sv_common.guild_sync.core.errors import BadInput, PattError
from sv_common.guild_sync.identity.decisions import Decision
from sv_common.guild_sync.identity_engine import DecisionReport

HOME = PLAYERS.href
LABELS = {
    "link": "Link the character",
    "confirm": "Confirm the link",
    "unlink": "Unlink the character",
    "reject": "Not this player",
    "allow": "Take it back",
    "link_member": "Link the Discord member",
    "link_to_member": "Link the character",
    "unlink_member": "Unlink the Discord member",
    "allow_member": "Take it back",
    "merge": "Merge the players",
    "main": "Make it the main",
    "add_alias": "Add the alias",
    "remove_alias": "Remove the alias",
}
_REQUEST: TypeAdapter[Decision] = TypeAdapter(Decision)

preview_router = APIRouter(prefix=HOME, dependencies=[Depends(viewer_of)], include_in_schema=False)
router = form_router(f"{HOME}/actions")


@preview_router.get("/preview")
async def preview(request: Request, services: ServicesDep, viewer: ViewerDep, guild: GuildDep) -> Response:
    """Show what a decision would change; where it cannot be carried out, lead back and say why."""
    fields = {name: value.strip() for name, value in request.query_params.items() if value.strip()}
    back = way_back(fields.get("back", ""), HOME)
    try:
        asked = _request_of(fields)
        planned = await api.preview(services, viewer, asked, guild)
    except PattError as error:
        response = RedirectResponse(back, 303)
        flash.keep(request, response, Flash(str(error), "problem"))
        return response
    context = {
        "planned": planned,
        "fields": {**fields_of(asked), "plan_key": planned.plan_key, "back": back},
        "label": LABELS[asked.decision],
        "asks_why": asked.decision == "reject",
        "home": HOME,
        "back": back,
    }
    return respond(request, "admin/decision.html", viewer, context)


@router.post("/decide")
async def decide(
    request: Request, services: ServicesDep, officer: OfficerDep, form: FormDep, guild: GuildDep
) -> Response:
    """Carry out a decision that was previewed."""

    async def work() -> DecisionReport:
        return await api.decide(services, officer, _request_of(form), guild)

    return await done(request, form, work(), home=HOME)


def _request_of(fields: Mapping[str, str]) -> Decision:
    try:
        return _REQUEST.validate_python(fields)
    except ValidationError as error:
        faults = [f"{fault['loc'][-1] if fault['loc'] else 'decision'}: {fault['msg']}" for fault in error.errors()]
        raise BadInput(f"This cannot be used. {'; '.join(faults)}.", faults) from error
