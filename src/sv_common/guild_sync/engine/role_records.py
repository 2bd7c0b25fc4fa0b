"""Role changes on Discord: the lock of a member, and the results of fixes and undos, recorded.

The lock ends with its connection, so a running attempt whose lock is free was left behind by a process that died. It has a
connection of its own: Discord may take long to respond, and no one else should have to wait for that.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar
from weakref import WeakKeyDictionary

import psycopg
from psycopg import AsyncConnection

from sv_common.db.pool import GuildConnection, Pool
from sv_common.guild_sync.changes import attempts
from sv_common.guild_sync.changes.attempts import Attempt
from sv_common.guild_sync.changes.roles import Member, RoleOutcome
from sv_common.guild_sync.core.errors import Busy
from sv_common.guild_sync.core.kept_texts import fixed_by
from sv_common.guild_sync.core.language import tr
from sv_common.guild_sync.engine.record import verify
from sv_common.guild_sync.engine.results import FixOutcome
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.roster import members
from sv_common.guild_sync.rulebook.rule import RuleDefinition

MOST_AT_ONCE = 8
"""Members whose roles one process changes at the same time; each of them costs PostgreSQL a connection."""

_Result = TypeVar("_Result")
_ROLE_LOCK = 7285
_KEYS = 0x7FFF_FFFF
_places: WeakKeyDictionary[Pool, asyncio.Semaphore] = WeakKeyDictionary()


@contextlib.asynccontextmanager
async def member_lock(pool: Pool, member_id: int) -> AsyncIterator[None]:
    """Keep every other process from changing a member's roles inside the block. Raises `Busy` where one does already."""
    places = _places.setdefault(pool, asyncio.Semaphore(MOST_AT_ONCE))
    async with places, await AsyncConnection.connect(pool.database_url) as conn:
        key = [_ROLE_LOCK, member_id & _KEYS]
        cursor = await conn.execute(
            "select pg_try_advisory_xact_lock(%s, %s), set_config('idle_in_transaction_session_timeout', '0', true)",
            key,
        )
        row = await cursor.fetchone()
        if row is None or not row[0]:
            raise Busy(tr("This member's roles are being changed on Discord right now. Wait a moment and check again."))
        try:
            yield
        finally:
            # PostgreSQL notices the end of a connection a moment later; the next process must not find it locked until then.
            with contextlib.suppress(psycopg.OperationalError):  # a connection that is lost holds no lock
                await conn.rollback()


async def member_at(guild: GuildConnection, member_id: int) -> Member:
    address = (await members.addresses(guild, [member_id]))[member_id]
    return Member(address.row_id, address.discord_id, address.discord_guild_id or "")


async def record_fix(
    guild: GuildConnection, rule: RuleDefinition | None, attempt: Attempt, member: Member, done: RoleOutcome
) -> tuple[FixOutcome, str]:
    """Record what was done to a member, and resolve the issue if the rule agrees. The caller holds the guild's lock."""
    if done.roles is not None:
        await members.set_roles(guild, {member.row_id: done.roles})
    outcome, reason = await _judge(guild, rule, attempt, done)
    await attempts.finish(guild, attempt.id, outcome.value, reason, done.changes)
    if attempt.issue_id is not None:
        if outcome is FixOutcome.FIXED:
            actor = attempt.actor
            await lifecycle.resolve(guild, [attempt.issue_id], resolved_by=actor, reason=fixed_by(actor))
        else:
            await lifecycle.save_review_reasons(guild, {attempt.issue_id: reason})
    return outcome, reason


async def _judge(
    guild: GuildConnection, rule: RuleDefinition | None, attempt: Attempt, done: RoleOutcome
) -> tuple[FixOutcome, str]:
    if done.is_unverified:
        return FixOutcome.UNVERIFIED, done.error or ""
    if done.error is not None:
        return FixOutcome.FAILED, done.error
    if rule is None or attempt.issue_id is None:
        return FixOutcome.FIXED, attempt.reason
    return await verify(
        guild,
        rule,
        await lifecycle.get(guild, attempt.issue_id),
        fixed=attempt.reason,
        still_found=tr("The roles were changed, but they still do not match. Check the member on Discord."),
        in_doubt=tr("The roles were changed, but the rule cannot tell whether they are right:"),
    )


async def recorded(pool: Pool, guild_id: int, write: Callable[[GuildConnection], Awaitable[_Result]]) -> _Result:
    """Record what Discord has done already, under the guild's lock, and once more where the connection was lost."""
    try:
        return await _in_transaction(pool, guild_id, write)
    except psycopg.OperationalError:
        await pool.check()
        return await _in_transaction(pool, guild_id, write)


async def _in_transaction(pool: Pool, guild_id: int, write: Callable[[GuildConnection], Awaitable[_Result]]) -> _Result:
    async with pool.writing(guild_id) as guild:
        return await write(guild)
