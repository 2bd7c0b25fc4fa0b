"""Who may sign in and which sessions there are, once for the API and the pages."""

from __future__ import annotations

from collections.abc import Sequence

from patt import authority, sessions
from patt.api.officer_models import (
    AccountAnswer,
    AccountsAnswer,
    AuthorityAnswer,
    AuthorityPreviewAnswer,
    AuthorityRequest,
    DoneAnswer,
    MappedAnswer,
    MovedAnswer,
    PeopleAnswer,
    PersonAnswer,
    SessionAnswer,
    SessionsAnswer,
    VouchRequest,
)
from patt.authority import Change, Preview
from patt.bootstrap import Services
from patt.deps import Caller
from patt.roles import WITH_ARTICLE, Role
from sv_common.db.pool import Connection
from sv_common.guild_sync.domain.errors import NotFound
from sv_common.guild_sync.domain.paging import page_of
from sv_common.guild_sync.store import guilds


async def mapping(services: Services, guild_id: int | None) -> AuthorityAnswer:
    """Return what gives a role in a guild. Raises `NotFound` and `Refused`."""
    async with services.pool.snapshot() as conn:
        guild = await guilds.the_only(conn, guild_id)
        mapped = await authority.mapping(conn, guild.id)
    return AuthorityAnswer(guild_id=guild.id, mapping=[MappedAnswer.model_validate(each) for each in mapped])


async def people(services: Services, guild_id: int | None, *, number: int = 1) -> PeopleAnswer:
    """Return one page of those who may do something in a guild, or wait for a word. Raises like `mapping`."""
    async with services.pool.snapshot() as conn:
        guild = await guilds.the_only(conn, guild_id)
        found = await authority.standings_in(conn, guild.id)
    page = page_of(found, number)
    listed = [PersonAnswer.model_validate(each) for each in page.items]
    return PeopleAnswer(page=page.number, pages=page.pages, total=page.total, people=listed)


async def preview(services: Services, guild_id: int | None, asked: AuthorityRequest) -> AuthorityPreviewAnswer:
    """Say who would gain or lose what. Raises `NotFound`, `BadInput` and `Refused`."""

    async def rehearsed(conn: Connection) -> Preview:
        guild = await guilds.the_only(conn, guild_id)
        return await authority.preview(conn, guild.id, _change(asked))

    planned = await services.pool.rehearse(rehearsed)
    moved = [MovedAnswer.model_validate(each) for each in planned.moved]
    return AuthorityPreviewAnswer(sentence=_sentence(planned, is_planned=True), key=planned.key, moved=moved)


async def decide(services: Services, caller: Caller, guild_id: int | None, asked: AuthorityRequest) -> DoneAnswer:
    """Let a rank or a Discord role give a role. Raises like `preview`, and `PlanStale`."""
    async with services.pool.connection() as conn:
        guild = await guilds.the_only(conn, guild_id)
        done = await authority.decide(conn, guild.id, _change(asked), actor=caller.actor, seen=asked.seen)
    return DoneAnswer(sentence=_sentence(done, is_planned=False))


async def vouch(services: Services, caller: Caller, guild_id: int | None, asked: VouchRequest) -> DoneAnswer:
    """Stand for it that a character is a member's. Raises `NotFound` and `Refused`."""
    async with services.pool.connection() as conn:
        guild = await guilds.the_only(conn, guild_id)
        claim = await authority.vouch(conn, guild.id, asked.discord_id, asked.character_id, actor=caller.actor)
    role: Role = claim.role or "viewer"
    sentence = f"Confirmed: {claim.because} is {claim.display_name}’s, who is {WITH_ARTICLE[role]} by it."
    return DoneAnswer(sentence=sentence)


async def all_sessions(services: Services, caller: Caller, *, number: int = 1) -> SessionsAnswer:
    """Return one page of the sessions that an administrator may end."""
    async with services.pool.snapshot() as conn:
        return _sessions_page(await sessions.sessions(conn, guild_id=caller.guild_id), number)


async def revoke_any(services: Services, caller: Caller, session_id: int) -> DoneAnswer:
    """End a session. Raises `NotFound` for one that has ended, or is out of reach."""
    async with services.pool.connection() as conn:
        await sessions.revoke(conn, session_id, guild_id=caller.guild_id)
    return DoneAnswer(sentence=f"Session {session_id} is ended.")


async def accounts(services: Services, caller: Caller, *, number: int = 1) -> AccountsAnswer:
    """Return one page of the accounts of the guild in reach, or of all."""
    async with services.pool.snapshot() as conn:
        found = await sessions.accounts(conn, guild_id=caller.guild_id)
    page = page_of(found, number)
    listed = [AccountAnswer.model_validate(each) for each in page.items]
    return AccountsAnswer(page=page.number, pages=page.pages, total=page.total, accounts=listed)


async def own_sessions(services: Services, caller: Caller, *, number: int = 1) -> SessionsAnswer:
    """Return one page of one's own sessions. Raises `NotFound` for a token, which has none."""
    async with services.pool.snapshot() as conn:
        return _sessions_page(await sessions.sessions(conn, account_id=_account_of(caller)), number)


async def revoke_own(services: Services, caller: Caller, session_id: int) -> DoneAnswer:
    """End a session of one's own. Raises `NotFound` for any other."""
    async with services.pool.connection() as conn:
        await sessions.revoke(conn, session_id, account_id=_account_of(caller))
    return DoneAnswer(sentence=f"Session {session_id} is ended.")


async def revoke_all_own(services: Services, caller: Caller) -> DoneAnswer:
    """End all sessions of one's own, this one too. Raises `NotFound` for a token, which has none."""
    async with services.pool.connection() as conn:
        count = await sessions.end_all_of(conn, _account_of(caller))
    return DoneAnswer(sentence=f"Signed out everywhere: {count} session{'' if count == 1 else 's'} ended.")


def _account_of(caller: Caller) -> int:
    if caller.account_id is None:
        raise NotFound("A token has no sessions of its own.")
    return caller.account_id


def _sessions_page(found: Sequence[sessions.Session], number: int) -> SessionsAnswer:
    page = page_of(found, number)
    listed = [SessionAnswer.model_validate(each) for each in page.items]
    return SessionsAnswer(page=page.number, pages=page.pages, total=page.total, sessions=listed)


def _change(asked: AuthorityRequest) -> Change:
    return Change(asked.kind, asked.key, asked.role)


def _sentence(preview: Preview, *, is_planned: bool) -> str:
    what = "The rank" if preview.change.kind == "rank" else "The Discord role"
    given = "no role" if preview.change.role == "none" else f"the role {preview.change.role}"
    count = len(preview.moved)
    who = "Nobody" if not count else f"{count} {'person' if count == 1 else 'people'}"
    gives, changes = ("would give", "would gain or lose") if is_planned else ("gives now", "gained or lost")
    return f"{what} {preview.label} {gives} {given}. {who} {changes} by it."
