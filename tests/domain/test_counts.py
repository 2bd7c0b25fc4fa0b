"""Counts of a step in words: each noun in the form that its number asks for."""

from __future__ import annotations

import pytest

from sv_common.guild_sync.core.language import speaking
from sv_common.guild_sync.core.reports import count_in_words, counts_in_words


@pytest.mark.parametrize(
    ("name", "one", "two"),
    [
        ("characters", "1 character", "2 characters"),
        ("notes_changed", "1 note changed", "2 notes changed"),
        ("players_created", "1 player created", "2 players created"),
        ("joined", "1 joined", "2 joined"),
        ("never_heard_of", "1 never heard of", "2 never heard of"),
    ],
)
def test_one_of_a_thing_is_told_as_one(name: str, one: str, two: str) -> None:
    assert (count_in_words(name, 1), count_in_words(name, 2)) == (one, two)


def test_large_counts_are_written_as_the_language_does() -> None:
    counts = {"characters": 1234, "left": 0, "joined": 1}
    assert counts_in_words(counts) == "1,234 characters, 1 joined"
    with speaking("de"):
        assert counts_in_words(counts) == "1.234 Charaktere, 1 beigetreten"
