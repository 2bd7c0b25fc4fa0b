"""From notices to sentences: which rows are told of together, and who did what."""

from __future__ import annotations

import time

import pytest

from guild_builder import GuildBuilder
from patt.live.hub import Action, Notice, actions_in, gathered, in_words, read_notice
from sv_common.guild_sync import mitigations
from sv_common.guild_sync.core.language import PSEUDO, speaking
from sv_common.guild_sync.core.text import name_of
from sv_common.guild_sync.identity.decisions import UnlinkCharacter
from sv_common.guild_sync.identity_engine import apply_decision
from sv_common.guild_sync.issues import lifecycle
from web.helpers import issue_number


def test_a_notice_is_read() -> None:
    assert read_notice('{"guild" : 3, "kind" : "issues", "first" : 4, "last" : 9}') == Notice(3, "issues", 4, 9)
    assert read_notice('{"guild": 3, "kind": "jobs"}') == Notice(3, "jobs")


@pytest.mark.parametrize(
    ("notices", "together"),
    [
        ([], []),
        ([Notice(1, "issues", 1, 2), Notice(1, "issues", 3, 5)], [Notice(1, "issues", 1, 5)]),
        ([Notice(1, "work", 7, 7), Notice(1, "work", 7, 7)], [Notice(1, "work", 7, 7)]),
        ([Notice(1, "jobs"), Notice(1, "jobs")], [Notice(1, "jobs")]),
        (
            [Notice(1, "attempts", 5, 5), Notice(1, "attempts", 90, 90)],
            [Notice(1, "attempts", 5, 5), Notice(1, "attempts", 90, 90)],
        ),
        (
            [Notice(1, "issues", 1, 1), Notice(2, "issues", 2, 2)],
            [Notice(1, "issues", 1, 1), Notice(2, "issues", 2, 2)],
        ),
    ],
)
def test_notices_of_rows_that_follow_each_other_are_one(notices: list[Notice], together: list[Notice]) -> None:
    assert gathered(notices) == together


@pytest.mark.parametrize(
    ("actions", "sentence"),
    [
        ([Action("officer Bo", "fixed", 3)], "Bo fixed 3 issues."),
        ([Action("officer Bo", "fixed", 1), Action("officer Bo", "fixed", 1)], "Bo fixed 2 issues."),
        (
            [Action("officer Bo", "fixed", 1), Action("officer Bo", "dismissed", 2), Action("detection", "opened", 1)],
            "Bo fixed 1 issue and dismissed 2 issues; A scan found 1 new issue.",
        ),
        ([Action("officer Bo", "undone", 1)], "Bo undid a change."),
        ([Action("token robot", "resolved", 1)], "Token robot closed 1 issue."),
    ],
)
def test_who_did_what_is_said_in_one_sentence(actions: list[Action], sentence: str) -> None:
    assert in_words(actions) == sentence


@pytest.mark.parametrize(
    ("actor", "within", "begins"),
    [
        ("officer Bo Peep", "Bo Peep", "Bo Peep"),
        ("officer bo", "bo", "bo"),
        ("officer", "an officer", "An officer"),
        ("automation", "automation", "Automation"),
        ("detection", "a scan", "A scan"),
        ("subject gone", "a scan", "A scan"),
        ("addon sync", "the addon", "The addon"),
        ("addon of Mito", "addon of Mito", "Addon of Mito"),
        ("token robot", "token robot", "Token robot"),
        ("root", "root", "root"),
    ],
)
def test_an_officer_is_called_by_name_and_the_program_by_what_it_is(actor: str, within: str, begins: str) -> None:
    assert (name_of(actor), name_of(actor, begins=True)) == (within, begins)


@pytest.mark.parametrize("actor", ["addon sync", "addon of Mito", "token robot", "detection", "subject gone"])
def test_what_the_program_calls_itself_is_translated(actor: str) -> None:
    with speaking(PSEUDO):
        assert name_of(actor).startswith("⟦")


async def test_fixes_are_read_from_events_and_undos_and_decisions_from_attempts(
    troubled: GuildBuilder,
) -> None:
    number = await issue_number(troubled, "orphan_wow", "Newalt")
    fixed = await mitigations.fix_one(troubled.pool, number, actor="officer alice")
    assert fixed.attempt_id is not None
    async with troubled.pool.connection() as conn:
        assert await actions_in(conn, Notice(troubled.guild_id, "attempts", 1, fixed.attempt_id)) == []
    await mitigations.undo(troubled.pool, fixed.attempt_id, actor="officer bob")
    await apply_decision(troubled.pool, UnlinkCharacter("Grimalt"), actor="officer carol")
    async with troubled.pool.connection() as conn:
        done = await actions_in(conn, Notice(troubled.guild_id, "attempts", 1, 100))
        events = await actions_in(conn, Notice(troubled.guild_id, "issues", 1, 1000))
    assert done == [Action("officer bob", "undone", 1), Action("officer carol", "decided", 1)]
    assert Action("officer alice", "fixed", 1) in events


async def test_an_issue_that_is_resolved_manually_soon_after_a_slow_fix_was_undone_is_closed(
    troubled: GuildBuilder,
) -> None:
    number = await issue_number(troubled, "orphan_wow", "Newalt")
    waits = iter([0.5])
    slow = await mitigations.fix_selected(
        troubled.pool,
        [number],
        actor="officer alice",
        guild_id=troubled.guild_id,
        on_progress=lambda _: time.sleep(next(waits, 0)),
    )
    [fixed] = slow.results
    assert fixed.attempt_id is not None
    await mitigations.undo(troubled.pool, fixed.attempt_id, actor="officer alice")
    async with troubled.pool.writing(troubled.guild_id) as guild:
        await lifecycle.resolve_manually(guild, number, actor="officer alice", reason="She has told me.")
    async with troubled.pool.connection() as conn:
        events = await actions_in(conn, Notice(troubled.guild_id, "issues", 1, 1000))
    assert {Action("officer alice", "fixed", 1), Action("officer alice", "resolved", 1)} <= {*events}


async def test_an_issue_that_is_resolved_manually_is_closed_even_by_who_fixed_it_before(troubled: GuildBuilder) -> None:
    number = await issue_number(troubled, "orphan_wow", "Newalt")
    fixed = await mitigations.fix_one(troubled.pool, number, actor="officer alice")
    assert fixed.attempt_id is not None
    await mitigations.undo(troubled.pool, fixed.attempt_id, actor="officer alice")
    async with troubled.pool.writing(troubled.guild_id) as guild:
        await lifecycle.resolve_manually(guild, number, actor="officer alice", reason="Fixed by officer alice.")
    async with troubled.pool.connection() as conn:
        events = await actions_in(conn, Notice(troubled.guild_id, "issues", 1, 1000))
    assert {Action("officer alice", "fixed", 1), Action("officer alice", "resolved", 1)} <= {*events}
