"""One's own sign-ins: where one is signed in, and the end of any of it."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from patt.api import access
from patt.api.access import SessionId
from patt.auth.permissions import WITH_ARTICLE
from patt.pages.forms import FormDep, done, form_router
from patt.pages.shell import respond
from patt.web.context import PageQuery, ServicesDep, ViewerDep, viewer_of

HOME = "/admin/account"

router = APIRouter(prefix=HOME, dependencies=[Depends(viewer_of)], include_in_schema=False)
actions = form_router(f"{HOME}/actions", viewer_of)


@router.get("")
async def account(request: Request, services: ServicesDep, viewer: ViewerDep, page: PageQuery = 1) -> Response:
    """Show who is signed in, what they may do, and all their sessions."""
    found = await access.own_sessions(services, viewer, page)
    context = {"found": found, "role": WITH_ARTICLE[viewer.role], "home": HOME}
    return respond(request, "admin/account.html", viewer, context)


@actions.post("/sessions/{session_id}/revoke")
async def revoke(
    request: Request, services: ServicesDep, viewer: ViewerDep, form: FormDep, session_id: SessionId
) -> Response:
    """End a session of one's own."""
    return await done(request, form, access.revoke_own(services, viewer, session_id), home=HOME)
