"""One role fix of one member, and what Discord and the record tell of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from faults.installation import Installation
from faults.test_role_changes import RIGHT, officers_look_like_raiders
from sv_common.guild_sync.engine.results import FixResult
from sv_common.guild_sync.mitigations import fix_one
from sv_common.guild_sync.simulators.model import WorldMember

Effect = tuple[str, str, bool]
"""Whose role on Discord, which, and whether it was given."""

_WRITTEN = """
    select d.discord_id, change -> 'after' ->> 'role_id', (change -> 'after' ->> 'held')::boolean
    from guild_identity.fix_attempts a
    cross join lateral jsonb_array_elements(a.intended || a.changes) as change
    join guild_identity.discord_users d on d.id = (change ->> 'id')::bigint
    where change ->> 'table' = 'role'
"""
UNFINISHED = "select id from guild_identity.fix_attempts where outcome = 'running' or undoing_at is not null"
OPEN_ISSUES = (
    "select id from guild_identity.audit_issues where issue_type = 'role_mismatch' and resolved_at is null order by id"
)


def effects(installed: Installation) -> list[Effect]:
    return [(entry.user_id, entry.role_id, entry.action == "add") for entry in installed.world.audit_log]


async def assert_every_effect_has_its_record(installed: Installation) -> None:
    written = set(await installed.rows(_WRITTEN))
    assert set(effects(installed)) <= written
    assert len(effects(installed)) == len(set(effects(installed))), "something was done twice"


async def until(is_so: Callable[[], Awaitable[object]]) -> None:
    """Ask again and again, for nothing tells when another task has come so far."""
    while not await is_so():  # noqa: ASYNC110 -- another task moves in the database
        await asyncio.sleep(0.01)


async def begin(installed: Installation) -> tuple[WorldMember, int]:
    """One officer with the role of a raider, and the issue that says so."""
    for member in installed.world.members:
        if not member.is_bot:
            member.role_ids = [r for r in member.role_ids if installed.world.role_named(RIGHT).role_id != r]
    members = await officers_look_like_raiders(installed)
    for other in members[1:]:
        installed.world.set_discord_roles(other, [installed.world.role_named(RIGHT)])
    await installed.sync_discord()
    installed.world.audit_log.clear()
    ((issue,),) = await installed.rows(OPEN_ISSUES)
    return members[0], issue


async def one_fix(installed: Installation, issue: int) -> FixResult:
    return await fix_one(installed.pool, issue, actor="bob", discord_bot=installed.discord)
