"""The API about who may sign in: what gives a role, who has one, and whose sessions there are; and one's own sign-ins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import ConfigDict, Field

from patt.api.routing import FOR_ADMINISTRATORS, officer_router
from patt.auth import permissions, sessions
from patt.auth.permissions import Change, Mapped, Moved, Permission, Preview, Role
from patt.auth.sessions import KnownAccount, Session
from patt.web.context import (
    LARGEST_INTEGER,
    AdministratorDep,
    Caller,
    GuildDep,
    PageQuery,
    ServicesDep,
    ViewerDep,
    number_of,
)
from patt.web.telling.roles import confirmed_as
from sv_common.db.pool import GuildConnection
from sv_common.guild_sync.core.errors import NotFound
from sv_common.guild_sync.core.language import mark, tr, tr_n
from sv_common.guild_sync.core.paging import Page, page_of
from sv_common.guild_sync.core.text import role_in_words
from sv_common.guild_sync.roster import guilds

router = officer_router("officers", "officers")
own = officer_router("account", "account")

SessionId = Annotated[int, number_of("session", 12, largest=LARGEST_INTEGER)]


@dataclass(frozen=True, slots=True)
class Authority:
    """What gives a role in a guild."""

    guild_id: int
    mapping: Sequence[Mapped]


@dataclass(frozen=True, slots=True)
class WaitingRole:
    """A rank that would give a role once an officer, or for an administrator's role an administrator, has confirmed its player."""

    character_id: int
    because: Annotated[str, Field(examples=["Mito (Guild Master)"])]
    role: Role
    why_waiting: Annotated[
        str,
        Field(
            description="What it is based on until then, and who must confirm it.",
            examples=["The link to Mito is based on the note “alt of Mito” alone (not confirmed)."],
        ),
    ]


@dataclass(frozen=True, slots=True)
class PersonWithRole:
    """A Discord member who may do something in the guild, or waits for an officer's or an administrator's word."""

    discord_id: str
    username: str
    display_name: str
    role: Role | None
    because: Annotated[str | None, Field(description="What gives the role.", examples=["Officer"])]
    by_account: Annotated[
        str | None,
        Field(
            description="By which other character of the same account it counts, where no person stands for its link. "
            "Null otherwise.",
            examples=["It counts by the same account as Mito, whose link is based on a Battle.net sign-in."],
        ),
    ]
    waiting: Sequence[WaitingRole]


@dataclass(frozen=True, slots=True)
class AuthorityChange(Change):
    """What a rank or a Discord role is to give."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    seen: Annotated[
        str | None,
        Field(
            max_length=64,
            description="The key of the preview. Refused (409) if the outcome is another one by now.",
            examples=["0f3c9a5be1d24c770f3c9a5be1d24c77"],
        ),
    ] = None


@dataclass(frozen=True, slots=True)
class AuthorityPreview:
    """Who would gain or lose what. Nothing is changed."""

    sentence: str
    key: Annotated[str, Field(description="Send it back as `seen`, so that exactly this is done.")]
    moved: Sequence[Moved]


@dataclass(frozen=True, slots=True)
class Confirmation:
    """Which player a character belongs to, confirmed by an administrator."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    discord_id: Annotated[str, Field(pattern=r"^[0-9]{1,20}$")]
    character_id: Annotated[int, Field(ge=1, le=2**63 - 1)]


@dataclass(frozen=True, slots=True)
class Done:
    """What was done, in a sentence."""

    sentence: str


@router.get("/authority", summary="Access by rank and Discord role", dependencies=FOR_ADMINISTRATORS)
async def mapping(services: ServicesDep, guild: GuildDep) -> Authority:
    """Every rank and every Discord role, with the role that each gives."""
    number = await guilds.resolve_guild(services.pool, guild)
    async with services.pool.reading(number) as here:
        return Authority(number, await permissions.mapping(here))


@router.post("/authority", summary="Set the access of a rank or Discord role")
async def decide(
    services: ServicesDep, administrator: AdministratorDep, guild: GuildDep, body: AuthorityChange
) -> Done:
    """At once, also for those who are signed in. Look at the preview first, and send its key."""
    number = await guilds.resolve_guild(services.pool, guild)
    async with services.pool.writing(number) as here:
        done = await permissions.decide(here, _change(body), actor=administrator.actor, seen=body.seen)
    return Done(_sentence(done, is_planned=False))


@router.post("/authority/preview", summary="Preview who gains or loses access", dependencies=FOR_ADMINISTRATORS)
async def preview(services: ServicesDep, guild: GuildDep, body: AuthorityChange) -> AuthorityPreview:
    """By name; nothing is changed."""

    async def rehearsed(here: GuildConnection) -> Preview:
        return await permissions.preview(here, _change(body))

    planned = await services.pool.rehearse(await guilds.resolve_guild(services.pool, guild), rehearsed)
    return AuthorityPreview(_sentence(planned, is_planned=True), planned.key, planned.moved)


@router.get("/people", summary="Who may sign in with Discord, 50 a page", dependencies=FOR_ADMINISTRATORS)
async def people(services: ServicesDep, guild: GuildDep, page: PageQuery = 1) -> Page[PersonWithRole]:
    """With what gives them their role, and which roles need a confirmation, and why."""
    async with services.pool.reading(await guilds.resolve_guild(services.pool, guild)) as here:
        found = await permissions.in_guild(here)
    return page_of([_person(each) for each in found], page)


@router.post("/confirm", summary="Confirm the Discord member of a character")
async def confirm(services: ServicesDep, administrator: AdministratorDep, guild: GuildDep, body: Confirmation) -> Done:
    """Then its rank gives its role here. It ends when the character or the member is linked again."""
    number = await guilds.resolve_guild(services.pool, guild)
    async with services.pool.writing(number) as here:
        grant = await permissions.confirm(here, body.discord_id, body.character_id, actor=administrator.actor)
    role: Role = grant.role or "viewer"
    return Done(confirmed_as(str(grant.because), grant.display_name, role))


@router.get("/sessions", summary="Who is signed in, 50 a page")
async def all_sessions(services: ServicesDep, administrator: AdministratorDep, page: PageQuery = 1) -> Page[Session]:
    """Of the guild that the caller is bound to, or of all."""
    async with services.pool.snapshot() as conn:
        return page_of(await sessions.sessions(conn, guild_id=administrator.guild_id), page)


@router.post("/sessions/{session_id}/revoke", summary="End a session")
async def revoke(services: ServicesDep, administrator: AdministratorDep, session_id: SessionId) -> Done:
    """Its user must sign in again."""
    async with services.pool.installation() as conn:
        await sessions.revoke(conn, session_id, guild_id=administrator.guild_id)
    return Done(tr("Session {number} has ended.", number=session_id))


@router.get("/accounts", summary="Accounts, 50 a page")
async def accounts(services: ServicesDep, administrator: AdministratorDep, page: PageQuery = 1) -> Page[KnownAccount]:
    """Those who sign in by link, and those who have signed in with Discord."""
    async with services.pool.snapshot() as conn:
        return page_of(await sessions.accounts(conn, guild_id=administrator.guild_id), page)


@own.get("/sessions", summary="Your sessions, 50 a page")
async def own_sessions(services: ServicesDep, viewer: ViewerDep, page: PageQuery = 1) -> Page[Session]:
    """When each began, and when it was last seen."""
    async with services.pool.snapshot() as conn:
        return page_of(await sessions.sessions(conn, account_id=_account_of(viewer)), page)


@own.post("/sessions/revoke-all", summary="Sign out everywhere")
async def revoke_all_own(services: ServicesDep, viewer: ViewerDep) -> Done:
    """End all of one's own sessions, this one too."""
    async with services.pool.installation() as conn:
        count = await sessions.end_all_of(conn, _account_of(viewer))
    return Done(tr_n("Signed out everywhere: {n} session ended.", "Signed out everywhere: {n} sessions ended.", count))


@own.post("/sessions/{session_id}/revoke", summary="End one of your sessions")
async def revoke_own(services: ServicesDep, viewer: ViewerDep, session_id: SessionId) -> Done:
    """Its user must sign in again."""
    async with services.pool.installation() as conn:
        await sessions.revoke(conn, session_id, account_id=_account_of(viewer))
    return Done(tr("Session {number} has ended.", number=session_id))


def _account_of(caller: Caller) -> int:
    """Whose sessions are meant. Raises `NotFound` for a token, which has none."""
    if caller.account_id is None:
        raise NotFound(tr("A token has no sessions."))
    return caller.account_id


def _change(body: AuthorityChange) -> Change:
    """The change alone: it is hashed by its class, too."""
    return Change(body.kind, body.key, body.role)


def _person(permission: Permission) -> PersonWithRole:
    waiting = [
        WaitingRole(each.character_id, each.because or "", each.role, each.why_waiting or "")
        for each in permission.waiting
        if each.character_id is not None and each.role is not None
    ]
    who = permission.discord_id, permission.username, permission.display_name
    return PersonWithRole(*who, permission.role, permission.because, permission.by_account, waiting)


_WOULD_GIVE = {
    "rank": mark("The rank {rank} would give the role {role}."),
    "discord_role": mark("The Discord role {discord_role} would give the role {role}."),
}
_WOULD_GIVE_NONE = {
    "rank": mark("The rank {rank} would give no role."),
    "discord_role": mark("The Discord role {discord_role} would give no role."),
}
_GIVES = {
    "rank": mark("The rank {rank} gives now the role {role}."),
    "discord_role": mark("The Discord role {discord_role} gives now the role {role}."),
}
_GIVES_NONE = {
    "rank": mark("The rank {rank} gives now no role."),
    "discord_role": mark("The Discord role {discord_role} gives now no role."),
}


def _sentence(preview: Preview, *, is_planned: bool) -> str:
    change = preview.change
    if change.role == "none":
        texts, role = _WOULD_GIVE_NONE if is_planned else _GIVES_NONE, ""
    else:
        texts, role = _WOULD_GIVE if is_planned else _GIVES, role_in_words(change.role)
    return f"{tr(texts[change.kind], role=role, **{change.kind: preview.label})} {_who_moves(len(preview.moved), is_planned)}"


def _who_moves(count: int, is_planned: bool) -> str:
    if is_planned and not count:
        return tr("No one would gain or lose by it.")
    if is_planned:
        return tr_n("{n} person would gain or lose by it.", "{n} people would gain or lose by it.", count)
    if not count:
        return tr("No one gained or lost by it.")
    return tr_n("{n} person gained or lost by it.", "{n} people gained or lost by it.", count)
