"""Achievements through the real client: what they are made into, and of which answers nothing is used."""

from __future__ import annotations

import pytest

from clients.asking_for_collections import LINKS, ask, nothing_is_used
from clients.conftest import Net
from sv_common.guild_sync.sources.battlenet.achievements import MOST_ACHIEVEMENTS
from sv_common.guild_sync.sources.models import Achievement, CollectionState

A_TIME = 1_468_999_980_000


async def test_the_characters_of_one_account_have_its_achievements_with_one_request_each(net: Net) -> None:
    for character in net.world.characters:
        character.has_profile = True
    answers = await ask(net, "achievements", net.world.characters)
    for character, answer in zip(net.world.characters, answers, strict=True):
        expected = {Achievement(*each) for each in net.world.account_of(character).achievements.items()}
        assert answer.reduced is not None
        assert {each.id for each in answer.reduced - expected} == {6}, "one of the character, and none that is begun"
        assert answer.reduced >= expected
    assert (net.calls["achievements"], net.calls["pets"]) == (len(answers), 0)


async def test_who_displays_only_character_achievements_shows_none_of_the_account(net: Net) -> None:
    net.world.account_of(net.world.characters[0]).hides_achievements = True
    (answer,) = await ask(net, "achievements")
    assert answer.state is CollectionState.READ
    assert {each.id for each in answer.reduced or ()} == {6}


async def test_an_answer_without_a_list_is_read_and_has_none(net: Net) -> None:
    net.faults.json("achievements", {"_links": LINKS, "total_quantity": 0})
    (answer,) = await ask(net, "achievements")
    assert (answer.state, answer.reduced) == (CollectionState.READ, frozenset())


async def test_an_entry_without_a_time_that_is_a_whole_number_is_left_out(net: Net) -> None:
    times = (None, "1468999980000", 1_468_999_980_000.5, True, [A_TIME], {"ms": A_TIME})
    entries = [{"id": 10681}, *({"id": 10682, "completed_timestamp": each} for each in times)]
    net.faults.json("achievements", {"achievements": [*entries, {"id": 9670, "completed_timestamp": A_TIME}]})
    (answer,) = await ask(net, "achievements")
    assert answer.reduced == frozenset({Achievement(9670, A_TIME)})


@pytest.mark.parametrize("achievements", [
    [{"completed_timestamp": A_TIME}],
    [{"id": "9670"}],
    [{"id": True}],
    [{"id": 1}] * (MOST_ACHIEVEMENTS + 1),
])  # fmt: skip
async def test_of_an_answer_with_something_that_is_no_achievement_nothing_is_used(
    net: Net, achievements: list[object]
) -> None:
    net.faults.json("achievements", {"achievements": achievements}, times=None)
    await nothing_is_used(net, "achievements")


async def test_an_entry_that_cannot_be_read_is_named_by_its_place(net: Net) -> None:
    net.faults.json("achievements", {"achievements": [{"id": 1}, {"id": "two"}]})
    (answer,) = await ask(net, "achievements")
    assert "'achievements entry 2.id' should be a whole number" in answer.reason


async def test_a_large_answer_is_read_whole(net: Net) -> None:
    entries = [{"id": number, "completed_timestamp": A_TIME, "pad": "x" * 1_500} for number in range(4_000)]
    net.faults.json("achievements", {"_links": LINKS, "achievements": entries})
    (answer,) = await ask(net, "achievements")
    assert len(answer.reduced or ()) == 4_000
