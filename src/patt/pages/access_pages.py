"""Who may do what: upload keys and API tokens, who may sign in, sessions, and one's own sign-ins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Depends
from starlette.responses import Response

from patt.api import access, credentials
from patt.api.access import AuthorityChange
from patt.api.credentials import NewKey, NewToken
from patt.auth.credentials import SCOPES, ApiToken, UploadKey
from patt.auth.permissions import GIVEN
from patt.bootstrap import DISCORD_CALLBACK, discord_login
from patt.pages.layout import SettingsView, VisitDep
from patt.web.context import LARGEST_BODY, PageQuery, administrator_of, viewer_of
from patt.web.forms import FormReader, pairs_of, typed_of
from patt.web.places import ACCOUNT, SETTINGS
from sv_common.guild_sync.core.errors import PattError
from sv_common.guild_sync.roster import guilds

KEYS, TOKENS, OFFICERS = (f"{SETTINGS.href}/{place}" for place in ("keys", "tokens", "officers"))
_NEW_KEY = FormReader[NewKey](NewKey)
_NEW_TOKEN = FormReader[NewToken](NewToken)
_CHANGE = FormReader[AuthorityChange](AuthorityChange)

router = APIRouter(dependencies=[Depends(administrator_of)], include_in_schema=False, max_body_size=LARGEST_BODY)
own = APIRouter(dependencies=[Depends(viewer_of)], include_in_schema=False)


@router.post(KEYS)
async def make_key(visit: VisitDep) -> Response:
    """Make an upload key; the page to which this leads shows it this once."""
    guild, _ = await visit.guilds()
    pairs = await pairs_of(visit.request)
    try:
        made = await credentials.make_key(visit.services, visit.viewer, _NEW_KEY.read(pairs), guild.id)
    except PattError as error:
        return visit.leads_on(typed_of(pairs), error)
    return visit.leads_on({name: value for name, value in asdict(made).items() if value is not None})


@router.get(KEYS)
async def keys(visit: VisitDep) -> Response:
    """Show the upload keys, once with the one that was just made."""
    typed = visit.typed_in(KEYS)
    async with visit.snapshot():
        guild, known = await visit.guilds()
        listed = await credentials.keys(visit.services, guild.id)
    server = visit.services.settings.base_url.rstrip("/")
    made = typed if "secret" in typed else None
    return visit.settings_page("keys", guild, known, made=made, typed=typed, server=server, **_split(listed))


@router.post(TOKENS)
async def make_token(visit: VisitDep) -> Response:
    """Make an API token; the page to which this leads shows it this once."""
    pairs = await pairs_of(visit.request)
    try:
        made = await credentials.make_token(visit.services, visit.viewer, _NEW_TOKEN.read(pairs))
    except PattError as error:
        return visit.leads_on(typed_of(pairs), error)
    return visit.leads_on({"sentence": made.sentence, "secret": made.secret})


@router.get(TOKENS)
async def tokens(visit: VisitDep) -> Response:
    """Show the API tokens, once with the one that was just made."""
    typed = visit.typed_in(TOKENS)
    async with visit.services.pool.snapshot() as conn, visit.snapshot():
        guild, known = await visit.guilds()
        listed = await credentials.tokens(visit.services, visit.viewer, None)
        names = await guilds.names(conn, {each.guild_id for each in listed if each.guild_id is not None})
    return visit.settings_page(
        "tokens",
        guild,
        known,
        made=typed if "secret" in typed else None,
        typed=typed,
        names=names,
        scopes=SCOPES,
        **_split(listed),
    )


def _split(listed: Sequence[UploadKey] | Sequence[ApiToken]) -> dict[str, Any]:
    return {
        "valid": [each for each in listed if each.revoked_at is None],
        "revoked": [each for each in listed if each.revoked_at is not None],
    }


@router.get(OFFICERS)
async def officers(visit: VisitDep, page: PageQuery = 1) -> Response:
    """Show what gives a role, who may sign in, accounts and sessions."""
    services = visit.services
    async with visit.snapshot():
        guild, known = await visit.guilds()
        people = await access.people(services, guild.id, page)
        found = {
            "mapping": (await access.mapping(services, guild.id)).mapping,
            "people": people,
            "view": SettingsView(guild.id, "officers", people.number),
            "sessions": await access.all_sessions(services, visit.viewer),
            "accounts": await access.accounts(services, visit.viewer),
        }
    return visit.settings_page(
        "officers",
        guild,
        known,
        given=GIVEN,
        home=OFFICERS,
        has_discord=discord_login(services.settings) is not None,
        callback=services.settings.own_page(DISCORD_CALLBACK),
        **found,
    )


@router.get(f"{OFFICERS}/preview")
async def preview(visit: VisitDep) -> Response:
    """Show who would gain or lose what; where it cannot be done, lead back and say why."""
    guild_id = visit.guild_id
    back = f"{OFFICERS}?guild={guild_id}" if guild_id else OFFICERS
    try:
        wanted = _CHANGE.read(visit.request.query_params.multi_items())
        planned = await access.preview(visit.services, guild_id, wanted)
    except PattError as error:
        return visit.leads_back(back, error)
    await visit.look_around(guild_id)
    return visit.page("settings/officers_preview", planned=planned, asked=wanted, guild_id=guild_id, back=back)


@own.get(ACCOUNT.href)
async def account(visit: VisitDep, page: PageQuery = 1) -> Response:
    """Show the viewer's role and all their sessions."""
    found = await access.own_sessions(visit.services, visit.viewer, page)
    await visit.look_around(visit.guild_id)
    return visit.page("account", found=found)
