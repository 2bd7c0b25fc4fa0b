"""Nobody stands for their own rights: what would give its own author a right is refused, and needs somebody else's word.

Whoever signs in with Discord is a member of the guild, and a link that they vouch for can make a rank count for themselves.
So what they ask for is rehearsed, and rolled back, and their own rights before and after are compared. Administrators may
do anything already; accounts of the command line and tokens are nobody on Discord.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from patt import authority, sessions
from patt.authority import Claim
from patt.deps import Caller
from patt.roles import WITH_ARTICLE
from sv_common.db.pool import Connection, Pool
from sv_common.guild_sync import issues, mitigations
from sv_common.guild_sync.changes import attempts
from sv_common.guild_sync.changes.apply import apply
from sv_common.guild_sync.domain.errors import Refused
from sv_common.guild_sync.fixes.command import Command
from sv_common.guild_sync.fixes.undo_parts import parts_of, put_parts_back, put_rows_back
from sv_common.guild_sync.fixes.undo_roles import check_undoable
from sv_common.guild_sync.identity.decisions import ManualDecision
from sv_common.guild_sync.identity_engine import write_here
from sv_common.guild_sync.store import guilds

Write: TypeAlias = Callable[[Connection, int], Awaitable[object]]
"""Writes what is asked for into the rows of a guild."""


async def check_decision(pool: Pool, caller: Caller, decision: ManualDecision, guild_id: int | None) -> None:
    """Refuse a decision by hand that would give a right to whoever asks for it. Raises like the decision, and `Refused`."""

    async def write(conn: Connection, number: int) -> object:
        return await write_here(conn, number, decision, actor=caller.actor)

    await _check(pool, caller, guild_id, write)


async def check_fix(pool: Pool, caller: Caller, issue_id: int, guild_id: int | None) -> None:
    """Refuse the fix of one issue that would give a right to whoever asks for it. Raises `NotFound` and `Refused`."""
    if not _is_limited(caller):
        return
    async with pool.connection() as conn:
        issue = await issues.get(conn, issue_id, guild_id)
    ready = (await mitigations.preview_one(pool, issue_id, guild_id=guild_id)).ready
    if not ready:
        return
    plan = ready[0].plan

    async def write(conn: Connection, number: int) -> object:
        return await apply(conn, number, [plan], Command(caller.actor).author)

    await _check(pool, caller, issue.guild_id, write)


async def check_undo(
    pool: Pool, caller: Caller, attempt_id: int, guild_id: int | None, *, partly: bool = False
) -> None:
    """Refuse an undo that would give a right to whoever asks for it. Raises like the undo of rows, and `Refused`."""
    if not _is_limited(caller):
        return
    async with pool.connection() as conn:
        attempt = await attempts.get(conn, attempt_id, guild_id)
    check_undoable(attempt)

    async def write(conn: Connection, _: int) -> None:
        if partly:
            await put_parts_back(conn, attempt, parts_of(attempt.rows), actor=caller.actor)
        else:
            await put_rows_back(conn, attempt, attempt.rows, actor=caller.actor)

    await _check(pool, caller, attempt.guild_id, write)


def _is_limited(caller: Caller) -> bool:
    return caller.is_of_discord and caller.account_id is not None and not caller.may_act_as("administrator")


async def _check(pool: Pool, caller: Caller, guild_id: int | None, write: Write) -> None:
    if not _is_limited(caller):
        return
    async with pool.connection() as conn:
        discord_id = await sessions.discord_id_of(conn, caller.account_id or 0)
        number = await guilds.lock_the_only(conn, guild_id)
        before = {_identity(claim) for claim in await authority.powers(conn, number, discord_id)}
        async with conn.transaction(force_rollback=True):
            await write(conn, number)
            after = await authority.powers(conn, number, discord_id)
    gained = [claim for claim in after if _identity(claim) not in before]
    if gained:
        role = WITH_ARTICLE[gained[0].given or "viewer"]
        raise Refused(
            f"This would give you a right of your own: {gained[0].because} would make you {role}. Nobody vouches for their "
            "own rights; another officer or an administrator has to do it."
        )


def _identity(claim: Claim) -> tuple[object, ...]:
    return claim.kind, claim.because if claim.character_id is None else claim.character_id, claim.given
