"""Every effect on Discord has its record, whatever is stopped when: tasks that end and connections that are cut at a statement.

With `--all` a fix and its undo are stopped at each of their statements; at every commit at every fourth, each kind at another.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import psycopg
import pytest

import thoroughness
from faults.installation import Installation
from faults.role_effects import UNFINISHED, assert_every_effect_has_its_record, begin, effects, one_fix
from faults.test_role_changes import ATTEMPTS, RIGHT, WRONG, held
from sv_common.db.counting import CountingCursor
from sv_common.guild_sync.core.errors import Busy, PlanStale, SourceError
from sv_common.guild_sync.engine.results import FixOutcome, FixResult
from sv_common.guild_sync.mitigations import finish_interrupted, undo

HOW = ("task ended", "connections cut")
_CUT = "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"


def end_task() -> None:
    task = asyncio.current_task()
    assert task is not None
    task.cancel()


def cut_connections(installed: Installation) -> Callable[[], None]:
    """Cut every connection to the database, as a database that is started anew does."""

    def cut() -> None:
        with psycopg.connect(installed.pool.database_url, autocommit=True) as conn:
            conn.execute(_CUT)

    return cut


@contextlib.asynccontextmanager
async def striking_at(
    monkeypatch: pytest.MonkeyPatch, number: int, strike: Callable[[], None]
) -> AsyncIterator[list[int]]:
    """Strike before one of the statements that run inside of the block, counted from 1; give how many have run."""
    honest = CountingCursor.execute
    count = [0]

    async def execute(cursor: CountingCursor, *arguments: Any, **options: Any) -> CountingCursor:
        count[0] += 1
        if count[0] == number:
            strike()
        return await honest(cursor, *arguments, **options)

    with monkeypatch.context() as patched:
        patched.setattr(CountingCursor, "execute", execute)
        yield count


def next_place(number: int, how: str) -> int:
    """Say at which statement to stop after this one."""
    if thoroughness.everything():
        return number + 1
    return number + 4 if number else 1 + HOW.index(how)


async def ended(work: Coroutine[Any, Any, Any]) -> Any:
    """Do this in a task of its own; give what came of it, or the error that ended it."""
    try:
        return await asyncio.create_task(work)
    except (asyncio.CancelledError, psycopg.Error, SourceError, Busy, PlanStale) as error:
        return error


@pytest.mark.parametrize("how", HOW)
async def test_a_fix_that_is_stopped_at_any_statement_is_recorded_and_finished_as_seen(
    installed: Installation, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """What the member holds before and after tells what was done; the record must say the same, and undo it."""
    strike = end_task if how == "task ended" else cut_connections(installed)
    number, total, stopped = 0, 0, 0
    while number <= total:
        member, issue = await begin(installed)
        async with striking_at(monkeypatch, number, strike) as count:
            result = await ended(one_fix(installed, issue))
        total = max(total, count[0])
        number = next_place(number, how)
        await installed.pool.check()
        await installed.pool.locks.check()
        await assert_every_effect_has_its_record(installed)
        stopped += not (isinstance(result, FixResult) and result.outcome is FixOutcome.FIXED)
        done = held(installed, member) == [RIGHT]
        if isinstance(result, FixResult):
            assert done or result.outcome is not FixOutcome.FIXED
            says_untouched = "othing was changed" in result.reason
            assert says_untouched == (result.outcome is not FixOutcome.FIXED and not effects(installed)), result
        await finish_interrupted(installed.pool, installed.discord)
        assert await installed.rows(UNFINISHED) == []
        if effects(installed):
            assert (await installed.rows(ATTEMPTS))[-1] == ("fixed" if done else "failed", len(effects(installed)))
            ((attempt,),) = await installed.rows("select max(id) from guild_identity.fix_attempts")
            await undo(installed.pool, attempt, actor="alice", discord_bot=installed.discord)
            assert held(installed, member) == [WRONG]
    assert total > 20
    assert stopped > 3


@pytest.mark.parametrize("how", HOW)
async def test_an_undo_that_is_stopped_at_any_statement_is_finished_as_seen(
    installed: Installation, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    strike = end_task if how == "task ended" else cut_connections(installed)
    number, total, stopped = 0, 0, 0
    while number <= total:
        member, issue = await begin(installed)
        attempt = (await one_fix(installed, issue)).attempt_id or 0
        installed.world.audit_log.clear()
        async with striking_at(monkeypatch, number, strike) as count:
            result = await ended(undo(installed.pool, attempt, actor="alice", discord_bot=installed.discord))
        total = max(total, count[0])
        number = next_place(number, how)
        await installed.pool.check()
        await installed.pool.locks.check()
        if effects(installed):
            marks = "select coalesce(undoing_by, undone_by) from guild_identity.fix_attempts where id = %(id)s"
            assert await installed.rows(marks, {"id": attempt}) == [("alice",)]
        stopped += isinstance(result, BaseException)
        await finish_interrupted(installed.pool, installed.discord)
        assert await installed.rows(UNFINISHED) == []
        undone = await installed.rows(
            "select undone_at is not null from guild_identity.fix_attempts where id = %(id)s", {"id": attempt}
        )
        assert undone == [(held(installed, member) == [WRONG],)]
        if undone == [(False,)]:
            await undo(installed.pool, attempt, actor="alice", discord_bot=installed.discord)
        assert held(installed, member) == [WRONG]
    assert total > 10
    assert stopped > 1
