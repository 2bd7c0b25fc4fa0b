"""Nothing outside is asked while a pooled connection is held, so a source that does not answer takes no other down."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextvars import ContextVar
from typing import Any

import httpx2
import pytest

from faults.installation import Installation
from faults.test_role_changes import fix, officers_look_like_raiders, take_back
from sv_common.db.pool import Connection, PoolWithLocks
from sv_common.guild_sync.engine.results import FixOutcome
from sv_common.guild_sync.mitigations import finish_interrupted, fix_one, preview_undo
from sv_common.guild_sync.reporter import send_digest
from sv_common.guild_sync.scheduler import run_sweep
from sv_common.guild_sync.settings.requests import RuleRequest
from sv_common.guild_sync.settings.service import save_setting

_held: ContextVar[int] = ContextVar("connections_held", default=0)
VIEWERS, PATIENCE_S = 12, 2.5


@pytest.fixture
def asked_while_holding(installed: Installation, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which addresses were asked by a task that held a connection of the pool."""
    honest = PoolWithLocks.connection
    asked: list[str] = []

    @contextlib.asynccontextmanager
    async def connection(pool: PoolWithLocks, *arguments: Any, **options: Any) -> AsyncIterator[Connection]:
        token = _held.set(_held.get() + 1)
        try:
            async with honest(pool, *arguments, **options) as conn:
                yield conn
        finally:
            _held.reset(token)

    async def before(request: httpx2.Request) -> None:
        if _held.get():
            asked.append(str(request.url))

    monkeypatch.setattr(PoolWithLocks, "connection", connection)
    installed.http.event_hooks["request"].append(before)
    return asked


async def test_no_pipeline_fix_undo_preview_or_message_asks_while_it_holds_a_connection(
    installed: Installation, asked_while_holding: list[str]
) -> None:
    members = await officers_look_like_raiders(installed)
    ((issue,), *_) = await installed.rows(
        "select id from guild_identity.audit_issues where issue_type = 'role_mismatch' order by id"
    )
    first = await fix_one(installed.pool, issue, actor="bob", discord_bot=installed.discord)
    results = await fix(installed)
    assert {first.outcome, *(result.outcome for result in results)} == {FixOutcome.FIXED}
    for result in (first, *results):
        assert (
            await preview_undo(installed.pool, result.attempt_id or 0, discord_bot=installed.discord)
        ).obstacle is None
        await take_back(installed, result)
    await save_setting(
        installed.pool, RuleRequest("role_mismatch", fixes_itself="yes"), actor="alice", discord_bot=installed.discord
    )
    await installed.sync_battlenet()
    await installed.sync_discord()
    await installed.upload()
    await run_sweep(installed.pool, sources=installed.sources)
    await send_digest(installed.pool, installed.discord, guild_id=installed.guild_id)
    await finish_interrupted(installed.pool, installed.discord)
    assert (len(members), asked_while_holding) == (3, [])


async def test_many_previews_of_an_undo_while_discord_hangs_leave_the_database_to_others(
    installed: Installation,
) -> None:
    await officers_look_like_raiders(installed)
    attempt = (await fix(installed))[0].attempt_id or 0
    installed.simulator.faults.slow("member", PATIENCE_S, times=None)
    asked = installed.simulator.calls["member"]
    previews = [
        asyncio.create_task(preview_undo(installed.pool, attempt, discord_bot=installed.discord))
        for _ in range(VIEWERS)
    ]
    while installed.simulator.calls["member"] < asked + installed.pool.max_size:  # noqa: ASYNC110 -- a server in a thread
        await asyncio.sleep(0.05)
    started = time.monotonic()
    assert await installed.rows("select 1") == [(1,)]
    assert time.monotonic() - started < PATIENCE_S / 2
    assert not any(preview.done() for preview in previews)
    assert {preview.obstacle for preview in await asyncio.gather(*previews)} == {None}
