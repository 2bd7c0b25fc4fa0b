"""Signing in by one-time link, and signing out."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from patt import access
from patt.deps import SESSION_COOKIE, ServicesDep, open_to_all
from patt.pages.admin_pages import HOME
from patt.rendering import page

router = APIRouter(include_in_schema=False, dependencies=[Depends(open_to_all)])

_USELESS = "This link cannot be used: it was used before, it is too old, or it is not complete. Make a new one."


@router.get("/")
async def root() -> Response:
    """Lead to the overview."""
    return RedirectResponse(HOME, 303)


@router.get("/login")
async def login() -> Response:
    """Say how to sign in."""
    return page("login.html", {"problem": None})


@router.get("/login/{token}")
async def ask(services: ServicesDep, token: str) -> Response:
    """Ask whether to sign in; a useless link answers 401.

    Chats and mail programs open links to show a preview, and scanners to look for harm: opening one uses nothing up.
    """
    async with services.pool.connection() as conn:
        account = await access.account_of_login_link(conn, token)
    return page("sign_in.html", {"account": account}) if account else _useless()


@router.post("/login/{token}")
async def redeem(services: ServicesDep, token: str) -> Response:
    """Use a link up; a useless one answers 401."""
    async with services.pool.connection() as conn:
        session = await access.redeem_login_link(conn, token)
    if session is None:
        return _useless()
    response = RedirectResponse(HOME, 303)
    response.set_cookie(
        SESSION_COOKIE,
        session,
        max_age=int(access.SESSION_LIFETIME.total_seconds()),
        httponly=True,
        secure=services.settings.base_url.startswith("https:"),
        samesite="lax",
    )
    return response


@router.post("/logout")
async def logout(request: Request, services: ServicesDep) -> Response:
    """End the session."""
    session = request.cookies.get(SESSION_COOKIE)
    if session:
        async with services.pool.connection() as conn:
            await access.end_session(conn, session)
    return _signed_out()


@router.post("/logout/everywhere")
async def logout_everywhere(request: Request, services: ServicesDep) -> Response:
    """End all sessions of whoever this one is of."""
    session = request.cookies.get(SESSION_COOKIE)
    if session:
        async with services.pool.connection() as conn:
            account = await access.account_of_session(conn, session)
            if account is not None:
                await access.end_sessions_of(conn, account.name)
    return _signed_out()


def _signed_out() -> Response:
    response = RedirectResponse("/login", 303)
    response.delete_cookie(SESSION_COOKIE, httponly=True, samesite="lax")
    return response


def _useless() -> Response:
    return page("login.html", {"problem": _USELESS}, status=401)
