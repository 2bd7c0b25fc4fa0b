"""Signing in by one-time link, and signing out."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from patt.auth import credentials, sessions
from patt.auth.permissions import WITH_ARTICLE
from patt.auth.sessions import SESSION_LIFETIME
from patt.bootstrap import discord_login
from patt.config import Settings
from patt.pages.admin_pages import HOME
from patt.web.context import SESSION_COOKIE, ServicesDep, drop_cookie, keep_cookie, open_to_all, session_of
from patt.web.rendering import page

router = APIRouter(include_in_schema=False, dependencies=[Depends(open_to_all)])

_USELESS = "This link cannot be used: it was used before, it is too old, or it is not complete. Make a new one."


@router.get("/")
async def root() -> Response:
    """Lead to the overview."""
    return RedirectResponse(HOME, 303)


@router.get("/login")
async def login(services: ServicesDep) -> Response:
    """Say how to sign in."""
    return sign_in_page(services.settings)


@router.get("/login/{token}")
async def ask(services: ServicesDep, token: str) -> Response:
    """Ask whether to sign in; a useless link answers 401.

    Chats and mail programs open links to show a preview, and scanners to look for harm: opening one uses nothing up.
    """
    async with services.pool.snapshot() as conn:
        account = await credentials.account_of_login_link(conn, token)
    if account is None:
        return sign_in_page(services.settings, _USELESS, 401)
    return page("sign_in.html", {"account": account, "role": WITH_ARTICLE[account.role]})


@router.post("/login/{token}")
async def redeem(request: Request, services: ServicesDep, token: str) -> Response:
    """Use a link up; a useless one answers 401."""
    async with services.pool.connection() as conn:
        session = await credentials.redeem_login_link(conn, token)
    if session is None:
        return sign_in_page(services.settings, _USELESS, 401)
    return await signed_in(request, services, session)


@router.post("/logout")
async def logout(request: Request, services: ServicesDep) -> Response:
    """End the session."""
    session = session_of(request)
    if session:
        async with services.pool.connection() as conn:
            await sessions.end(conn, session)
    return _signed_out(services.settings)


@router.post("/logout/everywhere")
async def logout_everywhere(request: Request, services: ServicesDep) -> Response:
    """End all sessions of whoever this one is of."""
    session = session_of(request)
    if session:
        async with services.pool.connection() as conn:
            holder = await sessions.holder(conn, session)
            if holder is not None:
                await sessions.end_all_of(conn, holder.account_id)
    return _signed_out(services.settings)


async def signed_in(request: Request, services: ServicesDep, session: str, *, to: str = HOME) -> Response:
    """Have the browser keep a new session in the place of the one that it had, which ends."""
    earlier = session_of(request)
    if earlier:
        async with services.pool.connection() as conn:
            await sessions.end(conn, earlier)
    response = RedirectResponse(to, 303)
    keep_cookie(response, services.settings, SESSION_COOKIE, session, SESSION_LIFETIME)
    return response


def sign_in_page(settings: Settings, problem: str | None = None, status: int = 200) -> Response:
    """Say how to sign in, and why it did not work."""
    context = {"problem": problem, "has_discord": discord_login(settings) is not None}
    return page("login.html", context, status=status)


def _signed_out(settings: Settings) -> Response:
    response = RedirectResponse("/login", 303)
    drop_cookie(response, settings, SESSION_COOKIE)
    return response
