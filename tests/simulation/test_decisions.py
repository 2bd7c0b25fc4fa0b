"""What of people's decisions may end by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from simulation.decisions import Decisions

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
FOR_EVER, ENDED, TO_COME = (
    ("officer Alice", None),
    ("officer Alice", NOW - timedelta(days=1)),
    ("officer Alice", NOW + timedelta(days=1)),
)


def test_a_dismissal_may_end_when_its_time_has_come_or_when_what_it_rested_on_has_changed() -> None:
    dismissed = Decisions(dismissals={1: FOR_EVER, 2: ENDED, 3: TO_COME})
    assert dismissed.overturned_in(Decisions(outdated=frozenset({1, 3})), NOW) == []


def test_a_dismissal_may_not_end_or_become_another_otherwise() -> None:
    dismissed = Decisions(dismissals={1: FOR_EVER, 2: TO_COME, 3: FOR_EVER})
    later = Decisions(dismissals={3: TO_COME}, outdated=frozenset({3}))
    told = dismissed.overturned_in(later, NOW)
    assert [line.split(":")[0] for line in told] == [f"dismissal of issue {number}" for number in (1, 2, 3)]
