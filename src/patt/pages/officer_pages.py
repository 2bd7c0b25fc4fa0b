"""Who may sign in: what gives a role, who has one by it, accounts, and sessions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from fastapi import APIRouter, Depends, Request
from pydantic import TypeAdapter, ValidationError
from starlette.responses import RedirectResponse, Response

from patt.api import access
from patt.api.access import AuthorityChange, Confirmation, Done, SessionId
from patt.auth.permissions import GIVEN
from patt.bootstrap import DISCORD_CALLBACK, discord_login
from patt.pages import flash
from patt.pages.flash import Flash
from patt.pages.forms import FormDep, done, form_router
from patt.pages.setting_shell import respond_with_settings
from patt.pages.shell import chosen_guild, respond
from patt.web.context import AdministratorDep, GuildDep, PageQuery, ServicesDep, administrator_of
from sv_common.guild_sync.core.errors import BadInput, PattError

HOME = "/admin/settings/officers"
_Kind = TypeVar("_Kind")

router = APIRouter(prefix=HOME, dependencies=[Depends(administrator_of)], include_in_schema=False)
actions = form_router(f"{HOME}/actions", administrator_of)


@router.get("")
async def officers(
    request: Request, services: ServicesDep, administrator: AdministratorDep, guild: GuildDep, page: PageQuery = 1
) -> Response:
    """Show what gives a role, who may sign in, accounts and sessions."""
    async with services.pool.snapshot() as conn:
        chosen, known = await chosen_guild(conn, administrator, guild)
        found = {
            "mapping": (await access.mapping(services, chosen.id)).mapping,
            "people": await access.people(services, chosen.id, page),
            "sessions": await access.all_sessions(services, administrator),
            "accounts": await access.accounts(services, administrator),
        }
    context = {
        **found,
        "given": GIVEN,
        "home": HOME,
        "has_discord": discord_login(services.settings) is not None,
        "callback": services.settings.own_page(DISCORD_CALLBACK),
    }
    return respond_with_settings(request, "officers", administrator, chosen, known, context)


@router.get("/preview")
async def preview(
    request: Request, services: ServicesDep, administrator: AdministratorDep, guild: GuildDep
) -> Response:
    """Show who would gain or lose what; where it cannot be done, lead back and say why."""
    try:
        asked = _asked(AuthorityChange, dict(request.query_params), ("kind", "key", "role"))
        planned = await access.preview(services, guild, asked)
    except PattError as error:
        response = RedirectResponse(_home(guild), 303)
        flash.keep(request, response, Flash(str(error), "problem"))
        return response
    context = {"planned": planned, "asked": asked, "guild_id": guild, "back": _home(guild), "home": HOME}
    return respond(request, "admin/settings/officers_preview.html", administrator, context)


@actions.post("/authority")
async def decide(
    request: Request, services: ServicesDep, administrator: AdministratorDep, guild: GuildDep, form: FormDep
) -> Response:
    """Let a rank or a Discord role give a role, as it was previewed."""

    async def work() -> Done:
        asked = _asked(AuthorityChange, form, ("kind", "key", "role", "seen"))
        return await access.decide(services, administrator, guild, asked)

    return await done(request, form, work(), home=_home(guild))


@actions.post("/confirm")
async def confirm(
    request: Request, services: ServicesDep, administrator: AdministratorDep, guild: GuildDep, form: FormDep
) -> Response:
    """Confirm that a character is a member's."""

    async def work() -> Done:
        asked = _asked(Confirmation, form, ("discord_id", "character_id"))
        return await access.confirm(services, administrator, guild, asked)

    return await done(request, form, work(), home=_home(guild))


@actions.post("/sessions/{session_id}/revoke")
async def revoke(
    request: Request, services: ServicesDep, administrator: AdministratorDep, form: FormDep, session_id: SessionId
) -> Response:
    """End a session."""
    return await done(request, form, access.revoke(services, administrator, session_id), home=HOME)


def _home(guild: int | None) -> str:
    return HOME if guild is None else f"{HOME}?guild={guild}"


def _asked(kind: type[_Kind], fields: Mapping[str, str], names: tuple[str, ...]) -> _Kind:
    """Read what a form asks for. Raises `BadInput`, which names each field that cannot be used."""
    try:
        return TypeAdapter(kind).validate_python({name: fields[name] for name in names if name in fields})
    except ValidationError as error:
        faults = [f"{fault['loc'][-1]}: {fault['msg']}" for fault in error.errors()]
        raise BadInput(f"This cannot be used. {'; '.join(faults)}.", faults) from error
