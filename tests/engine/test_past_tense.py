"""What was done is told in the past tense, whatever kind of row it changed."""

from __future__ import annotations

import pytest

from sv_common.guild_sync.changes import row_changes as change
from sv_common.guild_sync.changes.changeset import Changeset, Named, RowChange
from sv_common.guild_sync.changes.describe import plan_as_json
from sv_common.guild_sync.changes.past import Subject, done_in_words, is_about_others

MITO, ELREK = Named(1, "Mito"), Named(2, "Elrek")
NAMESAKE, NEW_MITO = Named(40, "Mito"), Named(-7, "Mito")
DAY = "2099-12-24"


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (change.set_hiatus(MITO, DAY, "exams"), f"put Mito on hiatus until {DAY}"),
        (change.set_hiatus(MITO, None, "exams"), "put Mito on hiatus"),
        (change.set_hiatus(MITO, DAY, "exams", former={"until": None, "reason": "army"}), "changed the hiatus of Mito"),
        (change.end_hiatus(MITO, DAY), "ended the hiatus of Mito"),
        (change.move_hiatus(MITO, ELREK, DAY), "gave Mito the hiatus of Elrek"),
    ],
)
def test_a_hiatus_is_told_as_it_was_decided(row: RowChange, told: str) -> None:
    assert done_in_words(plan_as_json(Changeset((row,), "said so."))) == told


def test_a_plan_that_links_to_a_namesake_too_is_about_others() -> None:
    rows = (change.link(Named(1, "Grimalt"), MITO, "so."), change.link(Named(2, "Grimbank"), NAMESAKE, "so."))
    plan = plan_as_json(Changeset(rows, "said so."))
    assert is_about_others(plan, Subject("player", MITO.id, MITO.name))


def test_a_player_that_a_plan_creates_is_known_by_name() -> None:
    rows = (change.link(Named(1, "Grimalt"), NEW_MITO, "so."), change.link(Named(2, "Grimbank"), NEW_MITO, "so."))
    plan = plan_as_json(Changeset(rows, "said so."))
    assert not is_about_others(plan, Subject("player", MITO.id, MITO.name))
