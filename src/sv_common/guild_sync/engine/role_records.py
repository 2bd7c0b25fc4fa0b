"""Role changes on Discord: the lock of a member, and the results of fixes and undos, recorded.

The lock ends with its connection, so a running attempt whose lock is free was left behind by a process that died. It has a
connection of its own: Discord may take long to respond, and no one else should have to wait for that.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar
from weakref import WeakKeyDictionary

import psycopg
import structlog
from psycopg import AsyncConnection

from sv_common.db.lost import raise_if_lost
from sv_common.db.pool import GuildConnection, Pool
from sv_common.guild_sync.changes import attempts
from sv_common.guild_sync.changes.attempts import Attempt
from sv_common.guild_sync.changes.roles import Member, RoleOutcome
from sv_common.guild_sync.core.errors import Busy, reason_of
from sv_common.guild_sync.engine.results import FixOutcome
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.roster import members
from sv_common.guild_sync.rulebook.rule import RuleDefinition

MOST_AT_ONCE = 8
"""Members whose roles one process changes at the same time; each of them costs PostgreSQL a connection."""

_ROLE_LOCK = 7285
_KEYS = 0x7FFF_FFFF
_places: WeakKeyDictionary[Pool, asyncio.Semaphore] = WeakKeyDictionary()


@contextlib.asynccontextmanager
async def member_lock(pool: Pool, member_id: int) -> AsyncIterator[None]:
    """Keep every other process from changing a member's roles inside the block. Raises `Busy` where one does already."""
    places = _places.setdefault(pool, asyncio.Semaphore(MOST_AT_ONCE))
    async with places, await AsyncConnection.connect(pool.database_url, autocommit=True) as conn:
        key = [_ROLE_LOCK, member_id & _KEYS]
        cursor = await conn.execute("select pg_try_advisory_lock(%s, %s)", key)
        row = await cursor.fetchone()
        if row is None or not row[0]:
            raise Busy(
                "Already in progress: this member's roles are being changed on Discord just now. "
                "Wait a moment and look again."
            )
        try:
            yield
        finally:
            # PostgreSQL notices the end of a connection a moment later; the next process must not find it locked until then.
            with contextlib.suppress(psycopg.OperationalError):  # a connection that is lost holds no lock
                await conn.execute("select pg_advisory_unlock(%s, %s)", key)


log = structlog.get_logger(__name__)

_Result = TypeVar("_Result")

STILL_FOUND = "The roles were changed, and the rule still finds a mismatch. Look at the member on Discord."


@dataclass(frozen=True, slots=True)
class Ending:
    outcome: FixOutcome
    reason: str


async def member_at(guild: GuildConnection, member_id: int) -> Member:
    address = (await members.addresses(guild, [member_id]))[member_id]
    return Member(address.row_id, address.discord_id, address.discord_guild_id or "")


async def record_fix(
    guild: GuildConnection, rule: RuleDefinition | None, attempt: Attempt, member: Member, outcome: RoleOutcome
) -> Ending:
    """Record what was done to a member, and resolve the issue if the rule agrees. The caller holds the guild's lock."""
    if outcome.roles is not None:
        await members.set_roles(guild, {member.row_id: outcome.roles})
    ending = await _judge(guild, rule, attempt, outcome)
    await attempts.finish(guild, attempt.id, ending.outcome.value, ending.reason, outcome.changes)
    if attempt.issue_id is not None:
        await _tell_issue(guild, attempt, attempt.issue_id, ending)
    return ending


async def _judge(guild: GuildConnection, rule: RuleDefinition | None, attempt: Attempt, outcome: RoleOutcome) -> Ending:
    if outcome.is_unverified:
        return Ending(FixOutcome.UNVERIFIED, outcome.error or "")
    if outcome.error is not None:
        return Ending(FixOutcome.FAILED, outcome.error)
    if rule is None or attempt.issue_id is None:
        return Ending(FixOutcome.FIXED, attempt.reason)
    (issue,) = await lifecycle.get_many(guild, [attempt.issue_id])
    try:
        async with guild.savepoint():
            found = await rule.findings(guild)
    except Exception as doubt:  # a rule that concludes nothing, or is broken; what was done is recorded all the same
        raise_if_lost(doubt, guild.conn)
        log.warning("role_change_not_judged", attempt_id=attempt.id, exc_info=doubt)
        told = f"The roles were changed, and the rule cannot tell whether they are right: {reason_of(doubt)}"
        return Ending(FixOutcome.UNVERIFIED, told)
    if any(finding.issue_hash == issue.issue_hash for finding in found):
        return Ending(FixOutcome.FAILED, STILL_FOUND)
    return Ending(FixOutcome.FIXED, attempt.reason)


async def _tell_issue(guild: GuildConnection, attempt: Attempt, issue_id: int, ending: Ending) -> None:
    if ending.outcome is FixOutcome.FIXED:
        await lifecycle.resolve(guild, [issue_id], resolved_by=attempt.actor, reason=f"Fixed by {attempt.actor}.")
    else:
        await lifecycle.save_review_reasons(guild, {issue_id: ending.reason})


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
