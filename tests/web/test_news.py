"""From notices to sentences: which rows are told of together, and who did what."""

from __future__ import annotations

import pytest

from guild_builder import GuildBuilder
from patt.live.news import Deed, in_words, of_rows
from patt.live.notices import Notice, gathered, read_notice
from sv_common.guild_sync import mitigations
from sv_common.guild_sync.core.text import name_of
from sv_common.guild_sync.identity.decisions import UnlinkCharacter
from sv_common.guild_sync.identity_engine import apply_decision
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
    ("deeds", "sentence"),
    [
        ([Deed("officer Bo", "fixed", 3)], "Bo fixed 3 issues."),
        ([Deed("officer Bo", "fixed", 1), Deed("officer Bo", "fixed", 1)], "Bo fixed 2 issues."),
        (
            [Deed("officer Bo", "fixed", 1), Deed("officer Bo", "dismissed", 2), Deed("detection", "opened", 1)],
            "Bo fixed 1 issue and set 2 issues aside; A check found 1 new issue.",
        ),
        ([Deed("officer Bo", "undone", 1)], "Bo undid a change."),
        ([Deed("token robot", "resolved", 1)], "token robot closed 1 issue."),
    ],
)
def test_who_did_what_is_said_in_one_sentence(deeds: list[Deed], sentence: str) -> None:
    told = in_words(deeds)
    assert told is not None
    assert told.sentence == sentence
    assert told.actors == {deed.actor for deed in deeds}


def test_of_nothing_nothing_is_said() -> None:
    assert in_words([]) is None


def test_an_officer_is_called_by_name() -> None:
    assert [name_of(actor) for actor in ("officer Bo Peep", "automation", "root")] == ["Bo Peep", "Automation", "root"]


async def test_a_fix_is_told_as_moves_of_issues_and_its_undo_and_decisions_by_hand_as_deeds(
    troubled: GuildBuilder,
) -> None:
    number = await issue_number(troubled, "orphan_wow", "Newalt")
    fixed = await mitigations.fix_one(troubled.pool, number, actor="officer alice")
    assert fixed.attempt_id is not None
    async with troubled.pool.connection() as conn:
        assert await of_rows(conn, "deeds", troubled.guild_id, 1, fixed.attempt_id) == []
    await mitigations.undo(troubled.pool, fixed.attempt_id, actor="officer bob")
    await apply_decision(troubled.pool, UnlinkCharacter("Grimalt"), actor="officer carol")
    async with troubled.pool.connection() as conn:
        deeds = await of_rows(conn, "deeds", troubled.guild_id, 1, 100)
        moves = await of_rows(conn, "moves", troubled.guild_id, 1, 1000)
    assert deeds == [Deed("officer bob", "undone", 1), Deed("officer carol", "decided", 1)]
    assert Deed("officer alice", "fixed", 1) in moves
