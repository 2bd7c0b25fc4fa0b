"""The settings pages of upload keys and API tokens. A new secret is on the page that answers the button, and never again."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request
from pydantic import TypeAdapter, ValidationError
from starlette.responses import Response

from patt.api import credentials
from patt.api.credentials import KeyId, NewKey, NewToken, TokenId
from patt.auth.credentials import SCOPES
from patt.bootstrap import Services
from patt.pages.forms import FormDep, done, form_router
from patt.pages.setting_shell import SettingsView, respond_with_settings
from patt.pages.shell import chosen_guild
from patt.web.context import AdministratorDep, Caller, GuildDep, ServicesDep, administrator_of
from patt.web.navigation import SETTINGS
from sv_common.guild_sync.core.errors import BadInput, PattError

HOME = SETTINGS.href
_NEW_TOKEN = TypeAdapter(NewToken)

router = APIRouter(prefix=HOME, dependencies=[Depends(administrator_of)], include_in_schema=False)
actions = form_router(f"{HOME}/actions")


@router.get("/keys")
async def keys(request: Request, services: ServicesDep, administrator: AdministratorDep, guild: GuildDep) -> Response:
    """Show whose companion may upload."""
    return await _keys(request, services, administrator, guild, {})


@actions.post("/keys")
async def make_key(
    request: Request, services: ServicesDep, administrator: AdministratorDep, guild: GuildDep, form: FormDep
) -> Response:
    """Make an upload key, and show it this once."""
    async with services.pool.snapshot() as conn:
        chosen, _ = await chosen_guild(conn, administrator, guild)
    try:
        made = await credentials.make_key(services, administrator, NewKey(form.get("uploader", "")), chosen.id)
    except PattError as error:
        return await _keys(request, services, administrator, guild, {"problem": str(error)})
    return await _keys(request, services, administrator, guild, {"made": made})


@actions.post("/keys/{key_id}/revoke")
async def revoke_key(
    request: Request,
    services: ServicesDep,
    administrator: AdministratorDep,
    guild: GuildDep,
    form: FormDep,
    key_id: KeyId,
) -> Response:
    """Make an upload key useless."""
    work = credentials.revoke_key(services, administrator, key_id, guild)
    return await done(request, form, work, home=f"{HOME}/keys")


@router.get("/tokens")
async def tokens(request: Request, services: ServicesDep, administrator: AdministratorDep, guild: GuildDep) -> Response:
    """Show which programs may use the API."""
    return await _tokens(request, services, administrator, guild, {})


@actions.post("/tokens")
async def make_token(
    request: Request, services: ServicesDep, administrator: AdministratorDep, guild: GuildDep, form: FormDep
) -> Response:
    """Make an API token, and show it this once."""
    try:
        made = await credentials.make_token(services, administrator, _token_asked(form))
    except PattError as error:
        return await _tokens(request, services, administrator, guild, {"problem": str(error), "typed": form})
    return await _tokens(request, services, administrator, guild, {"made": made})


@actions.post("/tokens/{token_id}/revoke")
async def revoke_token(
    request: Request, services: ServicesDep, administrator: AdministratorDep, form: FormDep, token_id: TokenId
) -> Response:
    """Make an API token useless."""
    work = credentials.revoke_token(services, administrator, token_id)
    return await done(request, form, work, home=f"{HOME}/tokens")


async def _keys(
    request: Request, services: Services, administrator: Caller, guild: int | None, shown: dict[str, Any]
) -> Response:
    async with services.pool.snapshot() as conn:
        chosen, known = await chosen_guild(conn, administrator, guild)
        listed = await credentials.keys(services, chosen.id)
    context = {
        "made": None,
        "problem": None,
        "valid": [key for key in listed if key.revoked_at is None],
        "revoked": [key for key in listed if key.revoked_at is not None],
        "view": SettingsView(chosen.id, "keys"),
        "server": services.settings.base_url.rstrip("/"),
        **shown,
    }
    return respond_with_settings(request, "keys", administrator, chosen, known, context)


async def _tokens(
    request: Request, services: Services, administrator: Caller, guild: int | None, shown: dict[str, Any]
) -> Response:
    async with services.pool.snapshot() as conn:
        chosen, known = await chosen_guild(conn, administrator, guild)
        listed = await credentials.tokens(services, administrator, None)
    context = {
        "made": None,
        "problem": None,
        "typed": {},
        "valid": [token for token in listed if token.revoked_at is None],
        "revoked": [token for token in listed if token.revoked_at is not None],
        "names": {each.id: each.name for each in known},
        "scopes": SCOPES,
        "view": SettingsView(chosen.id, "tokens"),
        **shown,
    }
    return respond_with_settings(request, "tokens", administrator, chosen, known, context)


def _token_asked(form: dict[str, str]) -> NewToken:
    fields = {"name": form.get("name", ""), "scope": form.get("scope", ""), "guild_id": form.get("for_guild") or None}
    try:
        return _NEW_TOKEN.validate_python(fields)
    except ValidationError as error:
        faults = [f"{fault['loc'][0]}: {fault['msg']}" for fault in error.errors()]
        raise BadInput(f"This cannot be used. {'; '.join(faults)}.", faults) from error
