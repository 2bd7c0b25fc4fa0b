"""Made-up answers about collections: each is read into whole numbers, or refused; none ends in another error."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clients.test_battlenet_wire import node
from sv_common.guild_sync.accounts.earned import ACHIEVEMENTS, Earned, earned_of
from sv_common.guild_sync.accounts.hashes import EvidenceKey
from sv_common.guild_sync.accounts.sketch import sketch_of
from sv_common.guild_sync.core.errors import SourceMalformed
from sv_common.guild_sync.sources.battlenet.achievements import parse_achievements
from sv_common.guild_sync.sources.battlenet.pets import parse_pets
from thoroughness import examples

KEY = EvidenceKey(b"k" * 32, "us")
NOW = datetime(2026, 3, 2, tzinfo=UTC)

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
numbers = st.sampled_from([*sorted(ACHIEVEMENTS), 6]) | st.integers() | values
times = st.integers(1_400_000_000_000, 1_500_000_000_000) | st.integers() | values
entries = st.fixed_dictionaries({}, optional={"id": numbers, "completed_timestamp": times, "species": values}) | values
answers = st.fixed_dictionaries(
    {}, optional={"_links": values, "achievements": st.lists(entries) | values, "pets": st.lists(entries) | values}
)


@given(answers | values)
@settings(max_examples=examples(400))
def test_made_up_achievements_are_read_or_refused(answer: Any) -> None:
    try:
        found = parse_achievements(node(answer))
    except SourceMalformed:
        return
    assert all(type(part) is int for each in found for part in each)
    kept = earned_of(KEY, found, NOW)
    assert len(kept.moments) <= len(ACHIEVEMENTS)
    assert Earned.from_bytes(kept.to_bytes()) == kept


@given(answers | values)
@settings(max_examples=examples(400))
def test_made_up_pets_are_read_or_refused(answer: Any) -> None:
    try:
        found = parse_pets(node(answer))
    except SourceMalformed:
        return
    assert sketch_of(KEY, found).pets == len(found)


@pytest.mark.parametrize("number", [-1, 2**63, 10**400])
def test_a_number_that_no_achievement_has_tells_nothing(number: int) -> None:
    answer = {"achievements": [{"id": number, "completed_timestamp": number}]}
    assert earned_of(KEY, parse_achievements(node(answer)), NOW) == Earned(frozenset())
