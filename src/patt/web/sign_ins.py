"""Sign-ins at Discord and Battle.net: begun with a state that counts once, and ended in the browser that began them."""

from __future__ import annotations

from typing import Protocol

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from patt.auth import sessions
from patt.auth.hashing import hashed, new_secret
from patt.auth.sessions import SIGN_IN_LIFETIME, Purpose
from patt.bootstrap import Services, discord_login
from patt.web.context import SIGN_IN_COOKIE, cookie_name, keep_cookie
from sv_common.guild_sync.core.errors import ConfigurationError
from sv_common.guild_sync.core.language import mark, tr
from sv_common.guild_sync.sources.discord.login import DiscordLogin

DENIED = "access_denied"
"""How both say that the person has pressed Cancel."""

STRANGE = mark("This sign-in was started elsewhere, already used, or took over ten minutes. Start again.")


class SignIn(Protocol):
    def address(self, state: str, verifier: str) -> str:
        """Return the address at which a person is asked."""


def discord(services: Services) -> DiscordLogin:
    """Return the application for signing in with Discord. Raises `ConfigurationError` without one."""
    login = discord_login(services.settings)
    if login is None:
        raise ConfigurationError(
            tr(
                "Discord sign-in is not set up here. Ask the person who runs PATT for a sign-in link, or to set "
                "PATT_DISCORD_CLIENT_ID and PATT_DISCORD_CLIENT_SECRET."
            )
        )
    return login


async def begin(
    services: Services, login: SignIn, purpose: Purpose, *, cookie: str = SIGN_IN_COOKIE, session: str = ""
) -> Response:
    """Lead to where a person signs in; the browser keeps what belongs to the state. It ends in the same `session` only."""
    state, verifier = new_secret(), new_secret()
    async with services.pool.installation() as conn:
        await sessions.begin_sign_in(conn, _proof(state, verifier, session), purpose)
    response = RedirectResponse(login.address(state, verifier), 303)
    keep_cookie(response, services.settings, cookie, verifier, SIGN_IN_LIFETIME)
    return response


async def end(
    request: Request, services: Services, state: str, cookie: str, *, session: str = ""
) -> tuple[Purpose | None, str]:
    """Use up the sign-in that a browser comes back from; return what it was for, None for a strange one, and its verifier."""
    verifier = request.cookies.get(cookie_name(services.settings, cookie), "")
    async with services.pool.installation() as conn:
        return await sessions.end_sign_in(conn, _proof(state, verifier, session)), verifier


def _proof(state: str, verifier: str, session: str) -> str:
    """What is sent back together with what the browser kept; neither alone is of use."""
    return ".".join(map(hashed, (state, verifier, *([session] if session else []))))
