"""Role fixes of real issues while Discord misbehaves: what was done is recorded and reported, and can be undone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from starlette.responses import HTMLResponse, JSONResponse, Response

from faults import table
from faults.installation import Installation
from faults.sentences import faults_of
from sv_common.guild_sync.core.errors import Refused, SourceError
from sv_common.guild_sync.engine.results import FixOutcome, FixResult
from sv_common.guild_sync.mitigations import fix_all, undo
from sv_common.guild_sync.simulators.faults import CutResponse, Fault
from sv_common.guild_sync.simulators.model import WorldMember

WRONG, RIGHT = "Raider", "Officer"
OPEN = "select count(*) from guild_identity.audit_issues where issue_type = 'role_mismatch' and resolved_at is null"
ATTEMPTS = "select outcome, jsonb_array_length(changes) from guild_identity.fix_attempts where issue_type = 'role_mismatch' order by id"

LOST = Fault(change=lambda _: CutResponse(b"{" * 20, 200))
"""Discord does what it is asked to, and the connection ends before its answer is whole."""
LOST_BEHIND_A_GATEWAY = Fault(change=lambda _: HTMLResponse("<html>", 502))

REFUSALS = {
    "missing permissions": (403, {"message": "Missing Permissions", "code": 50013}),
    "missing access": (403, {"message": "Missing Access", "code": 50001}),
    "two-factor authentication": (403, {"message": "Two factor is required", "code": 60003}),
    "unknown role": (404, {"message": "Unknown Role", "code": 10011}),
    "unknown member": (404, {"message": "Unknown Member", "code": 10007}),
    "unknown server": (404, {"message": "Unknown Guild", "code": 10004}),
    "invalid role": (400, {"message": "Invalid Role", "code": 50028}),
    "invalid form body": (400, {"message": "Invalid Form Body", "code": 50035, "errors": {}}),
    "unheard-of code": (400, {"message": "<b>Nobody knows</b>", "code": 999_999}),
}


async def officers_look_like_raiders(installation: Installation) -> list[WorldMember]:
    """Give the officers among the players the wrong role on Discord, and let a sync find it; they come in its order."""
    world = installation.world
    members = [p.member for p in world.people if p.member and world.correct_role(p) is world.role_named(RIGHT)]
    for member in members:
        world.set_discord_roles(member, [world.role_named(WRONG)])
    await installation.sync_discord()
    assert await installation.rows(OPEN) == [(len(members),)]
    world.audit_log.clear()
    installation.simulator.calls.clear()
    return members


async def fix(installation: Installation) -> list[FixResult]:
    report = await fix_all(
        installation.pool,
        "role_mismatch",
        actor="bob",
        guild_id=installation.guild_id,
        discord_bot=installation.discord,
    )
    return list(report.results)


async def take_back(installation: Installation, result: FixResult) -> None:
    await undo(installation.pool, result.attempt_id or 0, actor="alice", discord_bot=installation.discord)


def held(installation: Installation, member: WorldMember) -> list[str]:
    return sorted(role.name for role in installation.world.roles if role.role_id in member.role_ids)


async def known(installation: Installation, member: WorldMember) -> list[str]:
    """The names of the roles that the database knows a member to have."""
    rows = await installation.rows(
        "select r.name from guild_identity.discord_users u join guild_identity.discord_roles r "
        "on r.role_id = any (u.all_guild_roles) where u.discord_id = %(id)s order by r.name",
        {"id": member.user_id},
    )
    return [name for (name,) in rows]


def changes(installation: Installation) -> list[tuple[str, str]]:
    """What Discord's audit log says was done: to whom, and what."""
    return [(entry.user_id, entry.action) for entry in installation.world.audit_log]


@pytest.mark.parametrize("refusal", REFUSALS)
async def test_a_refused_role_changes_nothing_and_each_issue_says_why(installed: Installation, refusal: str) -> None:
    members = await officers_look_like_raiders(installed)
    status, body = REFUSALS[refusal]
    installed.simulator.faults.json("add_role", body, status, times=None)
    results = await fix(installed)
    assert {result.outcome for result in results} <= {FixOutcome.FAILED, FixOutcome.REFUSED}
    assert [faults for result in results if (faults := faults_of(result.reason, "Discord"))] == []
    assert (changes(installed), await installed.rows(OPEN)) == ([], [(len(members),)])
    assert [held(installed, member) for member in members] == [[WRONG]] * len(members)
    recorded = "select count(*) from guild_identity.fix_attempts where reason = %(reason)s and changes = '[]'"
    assert await installed.rows(recorded, {"reason": results[0].reason}) != [(0,)]


@pytest.mark.parametrize(
    ("route", "name"),
    [
        pytest.param(route, name, marks=pytest.mark.nightly if (number + place) % 3 else ())
        for number, route in enumerate(("member", "add_role", "remove_role"))
        for place, name in enumerate(("bare", "user", "global", "shared", "Retry-After", "empty"))
    ],
)
async def test_a_rate_limit_is_waited_out_and_the_fix_is_whole(installed: Installation, route: str, name: str) -> None:
    members = await officers_look_like_raiders(installed)
    next(each for each in table.LIMITS if each.name == f"429 {name}").strike(installed.simulator.faults, route, 2)
    assert {result.outcome for result in await fix(installed)} == {FixOutcome.FIXED}
    assert [held(installed, member) for member in members] == [[RIGHT]] * len(members)
    assert len(changes(installed)) == 2 * len(members)


async def test_a_rate_limit_without_end_stops_the_run_at_the_first_member(installed: Installation) -> None:
    members = await officers_look_like_raiders(installed)
    installed.simulator.faults.rate_limited("add_role", 1.0, times=None)
    results = await fix(installed)
    assert {result.outcome for result in results} == {FixOutcome.FAILED}
    assert [faults for result in results if (faults := faults_of(result.reason, "Discord"))] == []
    assert (changes(installed), installed.simulator.calls["add_role"]) == ([], 4)
    assert await installed.rows(OPEN) == [(len(members),)]


@pytest.mark.parametrize("route", ["member", "add_role", "remove_role"])
async def test_a_token_that_is_rejected_in_the_middle_of_many_fixes_ends_every_request(
    installed: Installation, route: str
) -> None:
    """The first member is done before it, the second is in the middle, the third is never asked for."""
    members = await officers_look_like_raiders(installed)
    path = members[1].user_id
    installed.simulator.faults.json(route, {"message": "401: Unauthorized", "code": 0}, 401, times=None, path=path)
    results = await fix(installed)
    second = (
        FixOutcome.UNVERIFIED if route == "remove_role" else FixOutcome.FAILED
    )  # given, and then it cannot be looked at
    assert [result.outcome for result in results] == [FixOutcome.FIXED, second, FixOutcome.FAILED]
    assert [faults for result in results[1:] if (faults := faults_of(result.reason, "Discord"))] == []
    assert (held(installed, members[0]), await known(installed, members[0])) == ([RIGHT], [RIGHT])
    assert held(installed, members[2]) == [WRONG]
    assert RIGHT in held(installed, members[1]) or WRONG in held(installed, members[1])
    asked = installed.simulator.calls.total()
    await fix(installed)
    assert installed.simulator.calls.total() == asked
    installed.connect()
    installed.simulator.faults.clear()
    assert {result.outcome for result in await fix(installed)} == {FixOutcome.FIXED}
    assert [held(installed, member) for member in members] == [[RIGHT]] * 3


@pytest.mark.parametrize("lost", [LOST, LOST_BEHIND_A_GATEWAY], ids=["cut", "gateway"])
@pytest.mark.parametrize("times", [1, None], ids=["once", "always"])
@pytest.mark.parametrize("route", ["add_role", "remove_role"])
async def test_a_change_whose_answer_is_lost_is_seen_by_looking_again(
    installed: Installation, route: str, times: int | None, lost: Fault
) -> None:
    members = await officers_look_like_raiders(installed)
    installed.simulator.faults.add(route, replace(lost, times=times))
    results = await fix(installed)
    assert {result.outcome for result in results} == {FixOutcome.FIXED}
    assert [held(installed, member) for member in members] == [[RIGHT]] * len(members)
    assert await installed.rows(ATTEMPTS) == [("fixed", 2)] * len(members)
    installed.simulator.faults.clear()
    for result in results:
        await take_back(installed, result)
    assert [held(installed, member) for member in members] == [[WRONG]] * len(members)


async def test_a_role_that_is_given_while_the_other_cannot_be_taken_is_told_and_can_be_undone(
    installed: Installation,
) -> None:
    members = await officers_look_like_raiders(installed)
    installed.simulator.faults.json("remove_role", {"message": "Unknown Role", "code": 10011}, 404, times=None)
    results = await fix(installed)
    assert {result.outcome for result in results} == {FixOutcome.FAILED}
    for member, result in zip(members, results, strict=True):
        assert held(installed, member) == await known(installed, member) == [RIGHT, WRONG]
        assert faults_of(result.reason, "Discord") == []
        assert f"'{RIGHT}' was given" in result.reason
    assert await installed.rows(ATTEMPTS) == [("failed", 1)] * len(members)
    rows = await installed.rows("select summary from guild_identity.audit_issues where issue_type = 'role_mismatch'")
    assert all(summary.endswith("has Officer on Discord, which is right, and also Raider") for (summary,) in rows)
    installed.simulator.faults.clear()
    await take_back(installed, results[0])
    assert [held(installed, member) for member in members] == [[WRONG], [RIGHT, WRONG], [RIGHT, WRONG]]
    assert {result.outcome for result in await fix(installed)} == {FixOutcome.FIXED}
    assert [held(installed, member) for member in members] == [[RIGHT]] * 3


async def test_an_outage_after_the_first_change_is_told_with_what_was_done(installed: Installation) -> None:
    """It cannot be looked at again, so it is unverified until the next sync shows the truth; it can be undone."""
    members = await officers_look_like_raiders(installed)

    def and_then_silence(answer: Response) -> Response:
        for route in ("member", "remove_role", "add_role"):
            installed.simulator.faults.status(route, 503, times=None)
        return answer

    installed.simulator.faults.add("add_role", Fault(change=and_then_silence))
    results = await fix(installed)
    assert [result.outcome for result in results] == [FixOutcome.UNVERIFIED, FixOutcome.FAILED, FixOutcome.FAILED]
    assert f"'{RIGHT}' was given" in results[0].reason
    assert [faults for result in results if (faults := faults_of(result.reason, "Discord"))] == []
    assert [held(installed, member) for member in members] == [[RIGHT, WRONG], [WRONG], [WRONG]]
    assert (await installed.rows(ATTEMPTS))[0] == ("unverified", 2)
    installed.simulator.faults.clear()
    await installed.sync_discord()
    assert await known(installed, members[0]) == [RIGHT, WRONG]
    await take_back(installed, results[0])
    assert held(installed, members[0]) == [WRONG]


@pytest.mark.parametrize("status", [404, 503])
async def test_an_undo_that_stops_halfway_can_be_finished_later(installed: Installation, status: int) -> None:
    members = await officers_look_like_raiders(installed)
    results = await fix(installed)
    installed.simulator.faults.status("remove_role", status, times=None)
    with pytest.raises(SourceError) as caught:
        await take_back(installed, results[0])
    assert faults_of(str(caught.value), "Discord") == []
    assert f"'{WRONG}' was given" in str(caught.value)
    assert held(installed, members[0]) == [RIGHT, WRONG]
    installed.simulator.faults.clear()
    await take_back(installed, results[0])
    assert held(installed, members[0]) == await known(installed, members[0]) == [WRONG]
    with pytest.raises(Refused, match="was undone already"):
        await take_back(installed, results[0])


async def test_an_undo_that_stops_halfway_is_not_finished_over_the_change_of_another(installed: Installation) -> None:
    members = await officers_look_like_raiders(installed)
    results = await fix(installed)
    installed.simulator.faults.status("remove_role", 404)
    with pytest.raises(SourceError):
        await take_back(installed, results[0])
    installed.world.set_discord_roles(members[0], [])
    with pytest.raises(Refused, match="changed on Discord since"):
        await take_back(installed, results[0])
    assert held(installed, members[0]) == []


async def test_a_role_that_discord_shows_in_another_shape_is_not_believed(installed: Installation) -> None:
    members = await officers_look_like_raiders(installed)
    installed.simulator.faults.add("member", Fault(JSONResponse({"user": {"id": members[0].user_id}}), times=None))
    results = await fix(installed)
    assert {result.outcome for result in results} == {FixOutcome.FAILED}
    assert [faults for result in results if (faults := faults_of(result.reason, "Discord"))] == []
    assert changes(installed) == []
