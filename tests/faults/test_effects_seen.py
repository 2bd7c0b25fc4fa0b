"""What was done on Discord is reported, recorded and undone as it is seen there, whatever else runs and whatever is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from functools import partial
from typing import Any

import httpx2
import psycopg
import pytest
from psycopg import sql
from starlette.responses import Response

from faults.installation import Installation
from faults.role_effects import (
    OPEN_ISSUES,
    UNFINISHED,
    assert_every_effect_has_its_record,
    begin,
    effects,
    one_fix,
    until,
)
from faults.test_role_changes import ATTEMPTS, RIGHT, WRONG, fix, held, officers_look_like_raiders, take_back
from sv_common.guild_sync.core.errors import Busy, PlanStale
from sv_common.guild_sync.engine.results import FixOutcome
from sv_common.guild_sync.issues.history import Seen, moves
from sv_common.guild_sync.mitigations import finish_interrupted, fix_one, preview_one, preview_undo, undo
from sv_common.guild_sync.simulators.faults import Fault
from sv_common.guild_sync.sources.bounded import LARGEST_ANSWER
from sv_common.guild_sync.sources.http import RetryPolicy


@pytest.mark.parametrize("route", ["member", "roles", "add_role", "remove_role"])
async def test_a_run_for_many_members_that_is_stopped_at_one_has_recorded_those_before(
    installed: Installation, route: str
) -> None:
    members = await officers_look_like_raiders(installed)
    await _interrupted(installed, fix(installed), route, path=members[1].user_id if route != "roles" else "")
    await assert_every_effect_has_its_record(installed)
    done_before = [("fixed", 2)] if route != "roles" else []
    assert [row for row in await installed.rows(ATTEMPTS) if row[0] != "running"] == done_before
    report = await installed.sync_discord()
    finished = [step for step in report.steps if step.name == "finish_interrupted"]
    assert len(finished) == (1 if route in ("add_role", "remove_role") else 0)
    assert await installed.rows(UNFINISHED) == []
    assert {result.outcome for result in await fix(installed)} == {FixOutcome.FIXED}
    assert [held(installed, member) for member in members] == [[RIGHT]] * len(members)
    assert len(effects(installed)) == 2 * len(members)


async def test_what_cannot_be_verified_is_told_as_that_and_can_be_undone_as_far_as_it_was_done(
    installed: Installation,
) -> None:
    member, issue = await begin(installed)

    def lost_and_then_silence(answer: Response) -> Response:
        installed.simulator.faults.status("member", 503, times=None)
        return Response(status_code=503)

    installed.simulator.faults.add("add_role", Fault(change=lost_and_then_silence, times=None))
    result = await one_fix(installed, issue)
    assert result.outcome is FixOutcome.UNVERIFIED
    assert "Nothing was changed" not in result.reason
    assert held(installed, member) == [RIGHT, WRONG]
    installed.simulator.faults.clear()
    attempt = result.attempt_id or 0
    assert (await preview_undo(installed.pool, attempt, discord_bot=installed.discord)).obstacle is None
    await take_back(installed, result)
    assert held(installed, member) == [WRONG]


async def test_of_two_officers_who_press_at_once_the_second_reads_that_it_is_in_progress(
    installed: Installation,
) -> None:
    member, issue = await begin(installed)
    installed.simulator.faults.slow("add_role", 0.5)
    first = asyncio.create_task(one_fix(installed, issue))
    await until(partial(installed.rows, UNFINISHED))
    with pytest.raises(Busy, match="are being changed on Discord right now"):
        await fix_one(installed.pool, issue, actor="carol", discord_bot=installed.discord)
    (second,) = await fix(installed)
    assert (second.outcome, "are being changed on Discord right now" in second.reason) == (FixOutcome.REFUSED, True)
    assert (await finish_interrupted(installed.pool, installed.discord)).count == 0
    assert (await first).outcome is FixOutcome.FIXED
    assert (held(installed, member), len(effects(installed))) == ([RIGHT], 2)


async def test_a_refused_fix_keeps_no_one_waiting_although_postgresql_hears_late_of_its_end(
    installed: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, issue = await begin(installed)
    left_open = list[psycopg.AsyncConnection[Any]]()

    async def close(connection: psycopg.AsyncConnection[Any]) -> None:
        left_open.append(connection)

    installed.simulator.faults.status("member", 403)
    with monkeypatch.context() as patched:
        patched.setattr(psycopg.AsyncConnection, "close", close)
        assert (await one_fix(installed, issue)).outcome is FixOutcome.FAILED
        assert (await one_fix(installed, issue)).outcome is FixOutcome.FIXED
    for connection in left_open:
        await connection.close()


async def test_an_undo_beside_a_fix_of_the_same_member_reads_that_it_is_in_progress_and_can_be_made_after_it(
    installed: Installation,
) -> None:
    member, issue = await begin(installed)
    first = (await one_fix(installed, issue)).attempt_id or 0
    installed.world.set_discord_roles(member, [installed.world.role_named("Social")])
    await installed.sync_discord()
    ((issue,),) = await installed.rows(OPEN_ISSUES)
    installed.simulator.faults.slow("add_role", 0.5)
    second = asyncio.create_task(one_fix(installed, issue))
    await until(partial(installed.rows, UNFINISHED))
    with pytest.raises(Busy, match="are being changed on Discord right now"):
        await undo(installed.pool, first, actor="carol", discord_bot=installed.discord)
    assert (await second).outcome is FixOutcome.FIXED
    preview = await preview_undo(installed.pool, first, discord_bot=installed.discord)
    assert preview.obstacle is None
    await undo(installed.pool, first, actor="carol", discord_bot=installed.discord)
    assert held(installed, member) == [WRONG]


async def test_a_member_whose_roles_have_changed_on_discord_is_planned_anew_and_never_otherwise_than_seen(
    installed: Installation,
) -> None:
    member, issue = await begin(installed)
    async with installed.pool.writing(installed.guild_id, alone=False) as here:
        seen = Seen((await moves(here, issue))[-1].id)
    installed.world.set_discord_roles(member, [installed.world.role_named("Social")])
    with pytest.raises(PlanStale, match="The fix has changed since the preview"):
        await fix_one(installed.pool, issue, actor="bob", discord_bot=installed.discord, seen=seen)
    assert effects(installed) == []
    (plan,) = (await preview_one(installed.pool, issue)).ready
    assert plan.sentences[1].startswith("Take the Discord role Social from")
    assert (await one_fix(installed, issue)).outcome is FixOutcome.FIXED
    assert held(installed, member) == [RIGHT]


async def test_a_member_who_left_while_it_was_interrupted_ends_the_attempt(installed: Installation) -> None:
    member, issue = await begin(installed)
    await _interrupted(installed, one_fix(installed, issue), "add_role")
    installed.world.discord_leave(member)
    assert (await finish_interrupted(installed.pool, installed.discord)).count == 1
    ((outcome, reason),) = await installed.rows(
        "select outcome, reason from guild_identity.fix_attempts where issue_type = 'role_mismatch'"
    )
    assert outcome == "failed"
    assert "has left the Discord server" in reason


async def test_while_discord_cannot_be_asked_what_was_interrupted_waits(installed: Installation) -> None:
    _, issue = await begin(installed)
    await _interrupted(installed, one_fix(installed, issue), "add_role")
    installed.simulator.faults.status("member", 503, times=None)
    assert (await finish_interrupted(installed.pool, installed.discord)).left == 1
    ((attempt,),) = await installed.rows(UNFINISHED)
    assert "is under way, or was interrupted" in (
        (await preview_undo(installed.pool, attempt, discord_bot=installed.discord)).obstacle or ""
    )
    installed.simulator.faults.clear()
    assert (await finish_interrupted(installed.pool, installed.discord)).count == 1


async def test_a_change_whose_answer_cannot_be_read_is_believed_as_it_is_seen(installed: Installation) -> None:
    member, issue = await begin(installed)
    flood = Fault(change=lambda _: Response(b" " * (LARGEST_ANSWER + 1)), times=None)
    installed.simulator.faults.add("add_role", flood)
    result = await one_fix(installed, issue)
    assert (result.outcome, held(installed, member)) == (FixOutcome.FIXED, [RIGHT])
    assert (await installed.rows(ATTEMPTS))[-1] == ("fixed", len(effects(installed)))
    await take_back(installed, result)
    assert held(installed, member) == [WRONG]


async def test_a_change_that_discord_makes_after_the_wait_was_over_can_be_undone(
    installed: Installation,
) -> None:
    member, issue = await begin(installed)
    async with httpx2.AsyncClient(timeout=0.2, trust_env=False) as hasty:
        installed.connect(hasty, RetryPolicy(attempts=1))
        installed.simulator.faults.slow("add_role", 1.0)
        result = await one_fix(installed, issue)
    installed.connect()
    assert held(installed, member) == [WRONG]
    assert result.outcome is FixOutcome.UNVERIFIED
    assert "may still make it" in result.reason
    while not effects(installed):  # noqa: ASYNC110 -- Discord takes its time
        await asyncio.sleep(0.05)
    await installed.sync_discord()
    assert held(installed, member) == [RIGHT, WRONG]
    assert (await preview_undo(installed.pool, result.attempt_id or 0, discord_bot=installed.discord)).obstacle is None
    await take_back(installed, result)
    assert held(installed, member) == [WRONG]


async def test_what_discord_did_is_recorded_although_the_rule_breaks_meanwhile(installed: Installation) -> None:
    """Recording and finishing interrupted work asks the rule; a rule that breaks leaves no effect unrecorded."""
    member, issue = await begin(installed)

    def break_the_rule(answer: Response) -> Response:
        _rename_authority(installed, "access_grants_in_force", "elsewhere")
        return answer

    installed.simulator.faults.add("add_role", Fault(change=break_the_rule))
    result = await one_fix(installed, issue)
    assert (result.outcome, held(installed, member)) == (FixOutcome.UNVERIFIED, [RIGHT])
    assert "The roles were changed, but the rule cannot tell whether they are right" in result.reason
    assert await installed.rows(UNFINISHED) == []
    _rename_authority(installed, "elsewhere", "access_grants_in_force")
    await take_back(installed, result)
    assert held(installed, member) == [WRONG]


def _rename_authority(installed: Installation, old: str, new: str) -> None:
    with psycopg.connect(installed.pool.database_url, autocommit=True) as conn:
        statement = sql.SQL("alter view common.{} rename to {}").format(sql.Identifier(old), sql.Identifier(new))
        conn.execute(statement)


async def test_one_member_of_whom_nothing_is_told_keeps_no_other_from_being_finished(installed: Installation) -> None:
    members = (await officers_look_like_raiders(installed))[:2]
    for (issue,) in (await installed.rows(OPEN_ISSUES))[:2]:
        await _interrupted(installed, one_fix(installed, issue), "remove_role")
    missing_access = {"message": "Missing Access", "code": 50001}
    installed.simulator.faults.json("member", missing_access, 403, path=members[0].user_id, times=None)
    done = await finish_interrupted(installed.pool, installed.discord)
    assert (done.count, done.left) == (1, 1)
    assert len(await installed.rows(UNFINISHED)) == 1


async def test_an_undo_of_what_was_interrupted_says_what_it_undid(installed: Installation) -> None:
    member, issue = await begin(installed)
    await _interrupted(installed, one_fix(installed, issue), "remove_role")
    ((attempt,),) = await installed.rows(UNFINISHED)
    report = await undo(installed.pool, attempt, actor="alice", discord_bot=installed.discord)
    assert held(installed, member) == [WRONG]
    taken, given = report.sentences
    assert taken.startswith("Undone: Take the Discord role Raider from ")
    assert given.startswith("Undone: Give ")


async def _interrupted(installed: Installation, work: Coroutine[Any, Any, object], route: str, path: str = "") -> None:
    """Begin this, and end it when Discord has done what it was asked to on a route."""
    loop, task = asyncio.get_running_loop(), asyncio.create_task(work)

    def strike(answer: Response) -> Response:
        loop.call_soon_threadsafe(task.cancel)
        return answer

    installed.simulator.faults.add(route, Fault(change=strike, path=path))
    with pytest.raises(asyncio.CancelledError):
        await task
