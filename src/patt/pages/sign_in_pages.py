"""Signing in by one-time link or with Discord, the choice among several guilds, and signing out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import RedirectResponse, Response

from patt.auth import credentials, permissions, sessions
from patt.auth.permissions import Permission
from patt.auth.sessions import SESSION_LIFETIME
from patt.bootstrap import DISCORD_CALLBACK, Services, discord_login
from patt.config import Settings
from patt.pages.admin_pages import HOME
from patt.pages.members import claim_pages
from patt.web import sign_ins
from patt.web.context import (
    LARGEST_BODY,
    SESSION_COOKIE,
    SIGN_IN_COOKIE,
    ServicesDep,
    drop_cookie,
    keep_cookie,
    open_to_all,
    session_of,
)
from patt.web.forms import pairs_of
from patt.web.places import CHOICE_PATH, DISCORD_PREFIX, SETUP_PATH, SIGN_IN_PREFIX
from patt.web.rendering import page
from sv_common.db.pool import Connection, GuildConnection
from sv_common.guild_sync.core.errors import BadInput, ConfigurationError, PattError, SourceError
from sv_common.guild_sync.core.language import mark, tr
from sv_common.guild_sync.roster import guilds
from sv_common.guild_sync.sources.discord.login import DiscordLogin

router = APIRouter(include_in_schema=False, dependencies=[Depends(open_to_all)], max_body_size=LARGEST_BODY)

_USELESS = mark("This link is used, expired or incomplete. Ask for a new one.")
_REFUSED = mark("Discord refused the sign-in. Nothing was done. Try again.")
_CANCELLED = mark("You did not allow Discord to share your name. You can start again.")


@router.get("/")
async def root() -> Response:
    return RedirectResponse(HOME, 303)


@router.get("/login")
async def login(services: ServicesDep) -> Response:
    return _sign_in_page(services.settings)


@router.get(DISCORD_PREFIX)
async def begin(services: ServicesDep) -> Response:
    """Lead to Discord, which asks whether PATT may know who this is."""
    return await sign_ins.begin(services, sign_ins.discord(services), "admin")


@router.get(DISCORD_CALLBACK)
async def come_back(
    request: Request,
    services: ServicesDep,
    state: Annotated[str, Query()] = "",
    code: Annotated[str, Query()] = "",
    error: Annotated[str, Query()] = "",
) -> Response:
    """Sign in the user that Discord has sent back, to the pages that the sign-in was begun for, or say why not."""
    login = sign_ins.discord(services)
    purpose, verifier = await sign_ins.end(request, services, state, SIGN_IN_COOKIE)
    if purpose not in ("admin", "claim"):
        response = _sign_in_page(services.settings, tr(sign_ins.STRANGE), 401)
    elif error or not code:
        problem = tr(_CANCELLED if error == sign_ins.DENIED else _REFUSED)
        tell = claim_pages.refused if purpose == "claim" else _sign_in_page
        response = tell(services.settings, problem, 403)
    elif purpose == "claim":
        response = await claim_pages.identified(services, login, code, verifier)
    else:
        response = await _identified(request, services, login, code, verifier)
    drop_cookie(response, services.settings, SIGN_IN_COOKIE)
    return response


@router.get(CHOICE_PATH)
async def choice(request: Request, services: ServicesDep) -> Response:
    """Show the guilds in which the user of a Discord sign-in has a role; where there is none, say why."""
    async with services.pool.installation() as conn:  # the time of this request is recorded
        holder = await sessions.holder(conn, session_of(request) or "")
    if holder is None or holder.discord_id is None:
        return RedirectResponse(HOME if holder else SIGN_IN_PREFIX, 303)
    async with services.pool.snapshot() as conn:
        standings = await permissions.of_member(conn, holder.discord_id)
        powerful = [each for each in standings if each.role]
        if not powerful:
            return await _powerless_page(conn, holder.name, standings, is_signed_in=True)
    return page("choose_guild.html", {"name": holder.name, "standings": powerful, "current": holder.guild_id})


@router.post(CHOICE_PATH)
async def choose(request: Request, services: ServicesDep) -> Response:
    """Go on in another guild, with a new secret for the session. What they may do there is asked at the next request."""
    session, wanted = session_of(request) or "", dict(await pairs_of(request)).get("guild", "")
    async with services.pool.installation() as conn:
        holder = await sessions.holder(conn, session)
        if holder is None or holder.discord_id is None:
            return RedirectResponse(SIGN_IN_PREFIX, 303)
        powerful = [each for each in await permissions.of_member(conn, holder.discord_id) if each.role]
        chosen = next((each for each in powerful if str(each.guild_id) == wanted), None)
        if chosen is None:
            raise BadInput(tr("guild: choose one of the guilds that the page shows."))
        renewed = await sessions.move_to_guild(conn, session, chosen.guild_id)
    return _with_session(services.settings, renewed, HOME)


@router.get("/login/{token}")
async def ask(services: ServicesDep, token: str) -> Response:
    """Ask whether to sign in; a useless link answers 401.

    Chats and mail programs open links to show a preview, and scanners to look for harm: opening one uses nothing up.
    """
    async with services.pool.snapshot() as conn:
        account = await credentials.account_of_login_link(conn, token)
    if account is None:
        return _sign_in_page(services.settings, tr(_USELESS), 401)
    return page("sign_in.html", {"account": account})


@router.post("/login/{token}")
async def redeem(request: Request, services: ServicesDep, token: str) -> Response:
    """Use up a link; a useless one answers 401."""
    async with services.pool.installation() as conn:
        account = await credentials.account_of_login_link(conn, token)
        session = await credentials.redeem_login_link(conn, token)
        known = await guilds.near(conn, None, beside=0)
    if session is None or account is None:
        return _sign_in_page(services.settings, tr(_USELESS), 401)
    is_first = not known and account.role == "administrator"
    return await _signed_in(request, services, session, SETUP_PATH if is_first else HOME)


@router.post("/logout")
async def logout(request: Request, services: ServicesDep) -> Response:
    if session := session_of(request):
        async with services.pool.installation() as conn:
            await sessions.end(conn, session)
    return _signed_out(services.settings)


@router.post("/logout/everywhere")
async def logout_everywhere(request: Request, services: ServicesDep) -> Response:
    if session := session_of(request):
        async with services.pool.installation() as conn:
            if holder := await sessions.holder(conn, session):
                await sessions.end_all_of(conn, holder.account_id)
    return _signed_out(services.settings)


async def _signed_in(request: Request, services: Services, session: str, to: str) -> Response:
    """Have the browser keep a new session in the place of the one that it had, which ends."""
    if earlier := session_of(request):
        async with services.pool.installation() as conn:
            await sessions.end(conn, earlier)
    return _with_session(services.settings, session, to)


def _with_session(settings: Settings, session: str, to: str) -> Response:
    response = RedirectResponse(to, 303)
    keep_cookie(response, settings, SESSION_COOKIE, session, SESSION_LIFETIME)
    return response


def _sign_in_page(settings: Settings, problem: str | None = None, status: int = 200) -> Response:
    context = {"problem": problem, "has_discord": discord_login(settings) is not None}
    return page("login.html", context, status=status)


def _signed_out(settings: Settings) -> Response:
    response = RedirectResponse("/login", 303)
    drop_cookie(response, settings, SESSION_COOKIE)
    return response


async def _identified(request: Request, services: Services, login: DiscordLogin, code: str, verifier: str) -> Response:
    """Ask Discord who came back, and sign them in where they may do something."""
    try:
        identity = await login.identify(code, verifier)
    except PattError as error:
        status = 502 if isinstance(error, SourceError) else 503 if isinstance(error, ConfigurationError) else 401
        return _sign_in_page(services.settings, str(error), status)
    async with services.pool.installation() as conn:
        standings = await permissions.of_member(conn, identity.discord_id)
        powerful = [each for each in standings if each.role]
        if not powerful:
            return await _powerless_page(conn, f"@{identity.username}", standings, is_signed_in=False)
        guild_id = powerful[0].guild_id if len(powerful) == 1 else None
        session = await sessions.sign_in_with_discord(conn, identity.discord_id, identity.username, guild_id)
    return await _signed_in(request, services, session, HOME if guild_id else CHOICE_PATH)


async def _powerless_page(conn: Connection, name: str, standings: list[Permission], *, is_signed_in: bool) -> Response:
    """Say why a user has no role here, and who can give them one."""
    helpers = {}
    for each in standings:
        administrators = await permissions.administrators(GuildConnection(conn, each.guild_id))
        helpers[each.guild_id] = [administrator.display_name for administrator in administrators]
    context = {"name": name, "standings": standings, "helpers": helpers, "is_signed_in": is_signed_in}
    return page("no_authority.html", context, status=403)
