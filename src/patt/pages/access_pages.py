"""Who may do what: upload keys and API tokens, who may sign in, sessions, and one's own sign-ins."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from patt.api import access, credentials
from patt.api.access import AuthorityChange
from patt.api.credentials import NewKey, NewToken
from patt.auth.credentials import SCOPES
from patt.auth.permissions import GIVEN, WITH_ARTICLE
from patt.bootstrap import DISCORD_CALLBACK, Services, discord_login
from patt.pages.layout import SettingsView, chosen_guild, respond, respond_with_settings
from patt.web.context import (
    LARGEST_BODY,
    AdministratorDep,
    Caller,
    GuildDep,
    PageQuery,
    ServicesDep,
    ViewerDep,
    administrator_of,
    viewer_of,
)
from patt.web.forms import Flash, FormReader, led_back, pairs_of
from patt.web.places import ACCOUNT, SETTINGS
from sv_common.guild_sync.core.errors import PattError

KEYS, TOKENS, OFFICERS = (f"{SETTINGS.href}/{place}" for place in ("keys", "tokens", "officers"))
_NEW_KEY = FormReader[NewKey](NewKey)
_NEW_TOKEN = FormReader[NewToken](NewToken)
_CHANGE = FormReader[AuthorityChange](AuthorityChange)

router = APIRouter(dependencies=[Depends(administrator_of)], include_in_schema=False, max_body_size=LARGEST_BODY)
own = APIRouter(dependencies=[Depends(viewer_of)], include_in_schema=False)


@router.get(KEYS)
async def keys(request: Request, services: ServicesDep, administrator: AdministratorDep, guild: GuildDep) -> Response:
    """Show whose companion may upload."""
    return await _keys(request, services, administrator, guild, {})


@router.post(KEYS)
async def make_key(
    request: Request, services: ServicesDep, administrator: AdministratorDep, guild: GuildDep
) -> Response:
    """Make an upload key, and show it this once."""
    async with services.pool.snapshot() as conn:
        chosen, _ = await chosen_guild(conn, administrator, guild)
    try:
        wanted = _NEW_KEY.read(await pairs_of(request))
        made = await credentials.make_key(services, administrator, wanted, chosen.id)
    except PattError as error:
        return await _keys(request, services, administrator, guild, {"problem": str(error)})
    return await _keys(request, services, administrator, guild, {"made": made})


@router.get(TOKENS)
async def tokens(request: Request, services: ServicesDep, administrator: AdministratorDep, guild: GuildDep) -> Response:
    """Show which programs may use the API."""
    return await _tokens(request, services, administrator, guild, {})


@router.post(TOKENS)
async def make_token(
    request: Request, services: ServicesDep, administrator: AdministratorDep, guild: GuildDep
) -> Response:
    """Make an API token, and show it this once."""
    pairs = await pairs_of(request)
    try:
        made = await credentials.make_token(services, administrator, _NEW_TOKEN.read(pairs))
    except PattError as error:
        return await _tokens(request, services, administrator, guild, {"problem": str(error), "typed": dict(pairs)})
    return await _tokens(request, services, administrator, guild, {"made": made})


@router.get(OFFICERS)
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
        "home": OFFICERS,
        "has_discord": discord_login(services.settings) is not None,
        "callback": services.settings.own_page(DISCORD_CALLBACK),
    }
    return respond_with_settings(request, "officers", administrator, chosen, known, context)


@router.get(f"{OFFICERS}/preview")
async def preview(
    request: Request, services: ServicesDep, administrator: AdministratorDep, guild: GuildDep
) -> Response:
    """Show who would gain or lose what; where it cannot be done, lead back and say why."""
    back = f"{OFFICERS}?guild={guild}" if guild else OFFICERS
    try:
        asked = _CHANGE.read(request.query_params.multi_items())
        planned = await access.preview(services, guild, asked)
    except PattError as error:
        return led_back(request, back, Flash(str(error), "problem"))
    context = {"planned": planned, "asked": asked, "guild_id": guild, "back": back}
    return respond(request, "admin/settings/officers_preview.html", administrator, context)


@own.get(ACCOUNT.href)
async def account(request: Request, services: ServicesDep, viewer: ViewerDep, page: PageQuery = 1) -> Response:
    """Show who is signed in, what they may do, and all their sessions."""
    found = await access.own_sessions(services, viewer, page)
    context = {"found": found, "role": WITH_ARTICLE[viewer.role]}
    return respond(request, "admin/account.html", viewer, context)


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
