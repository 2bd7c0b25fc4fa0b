"""What all routes of the API have in common: who may use them, how much they read, and how they refuse."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Security
from fastapi.security import APIKeyCookie, HTTPBearer

from patt.bootstrap import Services
from patt.web.context import LARGEST_BODY, SESSION_COOKIE, administrator_of, officer_of, viewer_of
from patt.web.problems import problems
from sv_common.guild_sync.roster import guilds
from sv_common.guild_sync.roster.guilds import Guild

FOR_OFFICERS = [Depends(officer_of)]
FOR_ADMINISTRATORS = [Depends(administrator_of)]


def officer_router(path: str, tag: str) -> APIRouter:
    """Return a router below `/api/v1/admin`, for viewers; a route that changes something asks for an officer itself."""
    return APIRouter(
        prefix=f"/api/v1/admin/{path}",
        tags=[tag],
        dependencies=[
            Depends(viewer_of),
            # These two only describe, for OpenAPI, what the guard demands.
            Security(HTTPBearer(auto_error=False, description="An API token: `patt admin token`.")),
            Security(APIKeyCookie(name=SESSION_COOKIE, auto_error=False, description="A signed-in officer's session.")),
        ],
        responses=problems(
            _401="Neither a session nor a valid token.",
            _403="For a role that whoever asks does not have, or sent with a session by a page of another site.",
            _404="No such guild, rule, issue, attempt or request, or it is not visible to whoever asks.",
            _409="Refused: the sentence says why, and nothing was changed.",
            _422="The input cannot be used.",
            _429="Asked too often; the header Retry-After says how many seconds to wait.",
            _502="Discord could not be used.",
            _503="The database does not answer, or a setting is missing.",
        ),
        max_body_size=LARGEST_BODY,
    )


async def the_guild(services: Services, guild: int | None) -> Guild:
    """Return the guild that a request is about. Raises `NotFound`, and `Refused` where it is not clear which."""
    async with services.pool.connection() as conn:
        return await guilds.the_only(conn, guild)
