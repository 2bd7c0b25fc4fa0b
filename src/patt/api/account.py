"""The API about one's own sign-ins."""

from __future__ import annotations

from patt.api import officer_commands
from patt.api.officer_access import SessionId
from patt.api.officer_models import DoneAnswer, SessionsAnswer
from patt.api.officers import officer_router
from patt.deps import PageQuery, ServicesDep, ViewerDep

router = officer_router("account", "account")


@router.get("/sessions", summary="One's own sessions, 50 a page")
async def sessions(services: ServicesDep, viewer: ViewerDep, page: PageQuery = 1) -> SessionsAnswer:
    """When each began, and when it was last seen."""
    return await officer_commands.own_sessions(services, viewer, number=page)


@router.post("/sessions/revoke-all", summary="Sign out everywhere")
async def revoke_all(services: ServicesDep, viewer: ViewerDep) -> DoneAnswer:
    """End all of one's own sessions, this one too."""
    return await officer_commands.revoke_all_own(services, viewer)


@router.post("/sessions/{session_id}/revoke", summary="End a session of one's own")
async def revoke(services: ServicesDep, viewer: ViewerDep, session_id: SessionId) -> DoneAnswer:
    """Whoever has it must sign in again."""
    return await officer_commands.revoke_own(services, viewer, session_id)
