"""The API about who may sign in: what gives a role, who has one, and whose sessions there are."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path

from patt.api import officer_commands
from patt.api.officer_models import (
    AccountsAnswer,
    AuthorityAnswer,
    AuthorityPreviewAnswer,
    AuthorityRequest,
    DoneAnswer,
    PeopleAnswer,
    SessionsAnswer,
    VouchRequest,
)
from patt.api.officers import officer_router
from patt.deps import LARGEST_INTEGER, AdministratorDep, GuildDep, PageQuery, ServicesDep

router = officer_router("officers", "officers")

SessionId = Annotated[int, Path(ge=1, le=LARGEST_INTEGER, description="Number of the session.", examples=[12])]


@router.get("/authority", summary="What gives a role in a guild")
async def mapping(services: ServicesDep, administrator: AdministratorDep, guild: GuildDep) -> AuthorityAnswer:  # noqa: ARG001 -- says whom it is for
    """Every rank and every Discord role, with the role that each gives."""
    return await officer_commands.mapping(services, guild)


@router.post("/authority", summary="Let a rank or a Discord role give a role")
async def decide(
    services: ServicesDep, administrator: AdministratorDep, guild: GuildDep, body: AuthorityRequest
) -> DoneAnswer:
    """At once, also for those who are signed in. Look at the preview first, and send its key."""
    return await officer_commands.decide(services, administrator, guild, body)


@router.post("/authority/preview", summary="Who would gain or lose what")
async def preview(
    services: ServicesDep,
    administrator: AdministratorDep,  # noqa: ARG001 -- says whom it is for
    guild: GuildDep,
    body: AuthorityRequest,
) -> AuthorityPreviewAnswer:
    """By name; nothing is changed."""
    return await officer_commands.preview(services, guild, body)


@router.get("/people", summary="Who may sign in with Discord, 50 a page")
async def people(
    services: ServicesDep,
    administrator: AdministratorDep,  # noqa: ARG001 -- says whom it is for
    guild: GuildDep,
    page: PageQuery = 1,
) -> PeopleAnswer:
    """With what gives them their role, and what waits for somebody's word, and why."""
    return await officer_commands.people(services, guild, number=page)


@router.post("/vouch", summary="Confirm that a character is a member's")
async def vouch(
    services: ServicesDep, administrator: AdministratorDep, guild: GuildDep, body: VouchRequest
) -> DoneAnswer:
    """So that its rank gives what it gives here. It ends when the character is linked anew, or the member."""
    return await officer_commands.vouch(services, administrator, guild, body)


@router.get("/sessions", summary="Who is signed in, 50 a page")
async def sessions(services: ServicesDep, administrator: AdministratorDep, page: PageQuery = 1) -> SessionsAnswer:
    """Of the only guild that whoever asks is bound to, or of all."""
    return await officer_commands.all_sessions(services, administrator, number=page)


@router.post("/sessions/{session_id}/revoke", summary="End a session")
async def revoke(services: ServicesDep, administrator: AdministratorDep, session_id: SessionId) -> DoneAnswer:
    """Whoever has it must sign in again."""
    return await officer_commands.revoke_any(services, administrator, session_id)


@router.get("/accounts", summary="Accounts, 50 a page")
async def accounts(services: ServicesDep, administrator: AdministratorDep, page: PageQuery = 1) -> AccountsAnswer:
    """Those who sign in by link, and those who have signed in with Discord."""
    return await officer_commands.accounts(services, administrator, number=page)
