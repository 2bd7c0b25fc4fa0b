"""Where a guild that was renamed or moved gets its new name: first what it would lead to, then one button."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import RedirectResponse, Response

from patt.api import guild_moves as api
from patt.api.guild_moves import NameToKeep
from patt.pages import flash
from patt.pages.flash import Flash
from patt.pages.forms import FormDep, done, form_router
from patt.pages.setting_shell import respond_with_settings
from patt.pages.shell import chosen_guild
from patt.setup.guild_moves import NewName, preview_move
from patt.web.context import AdministratorDep, GuildDep, OfficerDep, ServicesDep, administrator_of, officer_of
from patt.web.navigation import SETTINGS
from sv_common.guild_sync.core.errors import PattError

HOME = f"{SETTINGS.href}/guild"

router = APIRouter(prefix=HOME, dependencies=[Depends(officer_of)], include_in_schema=False)
actions = form_router(f"{HOME}/actions", administrator_of)

_Text = Annotated[str, Query(max_length=100, pattern=r"^[^\x00]*$")]


@router.get("/move")
async def preview(
    request: Request,
    services: ServicesDep,
    officer: OfficerDep,
    guild: GuildDep,
    region: _Text = "",
    realm: _Text = "",
    name: _Text = "",
) -> Response:
    """Show what is at the new name, and how much of the guild is the same; where nothing is, lead back and say so."""
    async with services.pool.connection() as conn:
        chosen, known = await chosen_guild(conn, officer, guild)
    wanted = NewName(region, realm, name)
    try:
        found = await preview_move(services, wanted, guild_id=chosen.id)
    except PattError as error:
        typed = {"guild": chosen.id, "region": region, "realm": realm, "name": name}
        response = RedirectResponse(f"{HOME}?{urlencode(typed)}", 303)
        flash.keep(request, response, Flash(str(error), "problem"))
        return response
    context: dict[str, Any] = {"found": found, "wanted": wanted, "under": "Guild", "back": f"{HOME}?guild={chosen.id}"}
    return respond_with_settings(request, "move", officer, chosen, known, context)


@actions.post("/move")
async def move(
    request: Request, services: ServicesDep, administrator: AdministratorDep, guild: GuildDep, form: FormDep
) -> Response:
    """Keep the new name that was previewed."""
    wanted = NameToKeep(form.get("region", ""), form.get("realm", ""), form.get("name", ""), form.get("key"))
    return await done(request, form, api.keep(services, administrator, guild, wanted), home=HOME)
