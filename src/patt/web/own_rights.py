"""No user grants themselves a permission: what would give its own author one is refused, and needs another officer.

A user who signs in with Discord is a member of the guild, and a link that they confirm can make their own rank count.
So their own permissions before and after are compared in the transaction that writes, and a gain is rolled back.
Administrators may do anything already; accounts of the command line and tokens are no members on Discord.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from patt.auth import permissions
from patt.auth.permissions import Grant
from patt.web.context import Caller
from patt.web.telling.roles import not_oneself
from sv_common.db.pool import GuildConnection, Pool
from sv_common.guild_sync.core.errors import Refused
from sv_common.guild_sync.engine.command import Guard, unguarded
from sv_common.guild_sync.identity.decisions import ManualDecision
from sv_common.guild_sync.identity_engine import write_in_transaction
from sv_common.guild_sync.roster import guilds


async def check_decision(pool: Pool, caller: Caller, decision: ManualDecision, guild_id: int | None) -> None:
    """Refuse a manual decision that would give its author a permission. Raises like the decision, and `Refused`."""
    if not _is_limited(caller):
        return
    async with (
        pool.writing(await guilds.resolve_guild(pool, guild_id)) as guild,
        guild.conn.transaction(force_rollback=True),
        guard_of(caller)(guild),
    ):
        await write_in_transaction(guild, decision, actor=caller.actor)


def guard_of(caller: Caller) -> Guard:
    """Return a guard that refuses a change that would give its author a permission, in the transaction that writes it."""
    discord_id = caller.discord_id
    if discord_id is None or not _is_limited(caller):
        return unguarded

    @contextlib.asynccontextmanager
    async def guard(guild: GuildConnection) -> AsyncIterator[None]:
        before = {_identity(grant) for grant in await permissions.strong_grants(guild, discord_id)}
        yield
        after = await permissions.strong_grants(guild, discord_id)
        gained = [grant for grant in after if _identity(grant) not in before]
        if gained:
            raise Refused(not_oneself(str(gained[0].because), gained[0].given or "viewer"))

    return guard


def _is_limited(caller: Caller) -> bool:
    return caller.discord_id is not None and not caller.may_act_as("administrator")


def _identity(grant: Grant) -> tuple[object, ...]:
    return grant.kind, grant.because if grant.character_id is None else grant.character_id, grant.given
