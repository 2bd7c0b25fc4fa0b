"""Achievements through the real client: what they are made into, and every way in which Battle.net fails to give them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import pytest

from clients.conftest import Net
from sv_common.guild_sync.core.errors import SourceDenied
from sv_common.guild_sync.simulators import GuildWorld
from sv_common.guild_sync.simulators.model import WorldCharacter
from sv_common.guild_sync.sources.battlenet.achievements import MOST_ACHIEVEMENTS
from sv_common.guild_sync.sources.battlenet.client import COLLECTIONS_AT_ONCE, MOST_FAILED_COLLECTIONS_IN_A_ROW
from sv_common.guild_sync.sources.bounded import LARGEST_ANSWER
from sv_common.guild_sync.sources.http import RetryPolicy
from sv_common.guild_sync.sources.models import Achievement, CharacterAddress, CollectionAnswer, CollectionState

INACTIVE = {"code": 403, "type": "Forbidden", "detail": "Account Inactive"}
LINKS = {"self": {"href": "https://us.api.blizzard.com/"}}
A_TIME = 1_468_999_980_000

Achievements = CollectionAnswer[frozenset[Achievement]]


def as_they_are(achievements: frozenset[Achievement]) -> frozenset[Achievement]:
    return achievements


async def ask(net: Net, characters: Sequence[WorldCharacter] | None = None) -> list[Achievements]:
    meant = net.world.characters[:1] if characters is None else characters
    addresses = [CharacterAddress(each.realm.slug, each.name, each.character_id) for each in meant]
    return list(await net.battlenet.fetch_achievements("us", addresses, as_they_are))


async def test_the_characters_of_one_account_have_its_achievements_with_one_request_each(net: Net) -> None:
    for character in net.world.characters:
        character.has_profile = True
    answers = await ask(net, net.world.characters)
    for character, answer in zip(net.world.characters, answers, strict=True):
        expected = {Achievement(*each) for each in net.world.account_of(character).achievements.items()}
        assert answer.reduced is not None
        assert {each.id for each in answer.reduced - expected} == {6}, "one of the character, and none that is begun"
        assert answer.reduced >= expected
    assert (net.calls["achievements"], net.calls["pets"]) == (len(answers), 0)


async def test_nobody_asked_for_costs_no_request(net: Net) -> None:
    assert await ask(net, []) == []
    assert not net.calls


async def test_who_displays_only_character_achievements_shows_none_of_the_account(net: Net) -> None:
    net.world.account_of(net.world.characters[0]).hides_achievements = True
    (answer,) = await ask(net)
    assert answer.state is CollectionState.READ
    assert {each.id for each in answer.reduced or ()} == {6}


async def test_an_answer_without_a_list_is_read_and_has_none(net: Net) -> None:
    net.faults.json("achievements", {"_links": LINKS, "total_quantity": 0})
    (answer,) = await ask(net)
    assert (answer.state, answer.reduced) == (CollectionState.READ, frozenset())


async def test_who_hides_their_game_data_is_refused_at_once(net: Net) -> None:
    net.world.account_of(net.world.characters[0]).is_hidden = True
    assert (await ask(net))[0].state is CollectionState.REFUSED
    assert net.calls["achievements"] == 1


async def test_the_character_of_an_inactive_account_is_refused(net: Net) -> None:
    net.faults.json("achievements", INACTIVE, 403)
    assert (await ask(net))[0].state is CollectionState.REFUSED


async def test_an_entry_without_a_time_that_is_a_whole_number_is_left_out(net: Net) -> None:
    times = (None, "1468999980000", 1_468_999_980_000.5, True, [A_TIME], {"ms": A_TIME})
    entries = [{"id": 10681}, *({"id": 10682, "completed_timestamp": each} for each in times)]
    net.faults.json("achievements", {"achievements": [*entries, {"id": 9670, "completed_timestamp": A_TIME}]})
    (answer,) = await ask(net)
    assert answer.reduced == frozenset({Achievement(9670, A_TIME)})


@pytest.mark.parametrize("status", [404, 408, 429, 500, 502, 503, 504])
async def test_a_gateways_error_is_never_taken_for_a_refusal(net: Net, status: int) -> None:
    net.faults.status("achievements", status, times=None)
    (answer,) = await ask(net)
    assert (answer.state, answer.reduced) == (CollectionState.FAILED, None)
    assert answer.reason.startswith("Battle.net")


@pytest.mark.parametrize("break_it", [
    lambda net: net.faults.empty("achievements", times=None),
    lambda net: net.faults.empty("achievements", 204, times=None),
    lambda net: net.faults.truncated("achievements", times=None),
    lambda net: net.faults.cut("achievements", times=None),
    lambda net: net.faults.html("achievements", times=None),
    lambda net: net.faults.json("achievements", {}, times=None),
    lambda net: net.faults.json("achievements", [], times=None),
    lambda net: net.faults.json("achievements", {"_links": []}, times=None),
    lambda net: net.faults.json("achievements", {"achievements": {}}, times=None),
    lambda net: net.faults.json("achievements", {"achievements": [None]}, times=None),
    lambda net: net.faults.json("achievements", {"achievements": [{"completed_timestamp": A_TIME}]}, times=None),
    lambda net: net.faults.json("achievements", {"achievements": [{"id": "9670"}]}, times=None),
    lambda net: net.faults.json("achievements", {"achievements": [{"id": True}]}, times=None),
    lambda net: net.faults.json("achievements", {"achievements": [{"id": 1}] * (MOST_ACHIEVEMENTS + 1)}, times=None),
])  # fmt: skip
async def test_of_an_answer_that_is_not_whole_nothing_is_used(net: Net, break_it: Callable[[Net], None]) -> None:
    break_it(net)
    (answer,) = await ask(net)
    assert (answer.state, answer.reduced) == (CollectionState.FAILED, None)


async def test_an_entry_that_cannot_be_read_is_named_by_its_place(net: Net) -> None:
    net.faults.json("achievements", {"achievements": [{"id": 1}, {"id": "two"}]})
    (answer,) = await ask(net)
    assert "'achievements entry 2.id' should be a whole number" in answer.reason


async def test_an_answer_that_never_ends_is_cut_off(net: Net) -> None:
    net.faults.json("achievements", {"_links": LINKS, "pad": "x" * LARGEST_ANSWER})
    (answer,) = await ask(net)
    assert answer.state is CollectionState.FAILED
    assert "far more than a real answer has" in answer.reason


async def test_a_large_answer_is_read_whole(net: Net) -> None:
    entries = [{"id": number, "completed_timestamp": A_TIME, "pad": "x" * 1_500} for number in range(4_000)]
    net.faults.json("achievements", {"_links": LINKS, "achievements": entries})
    (answer,) = await ask(net)
    assert len(answer.reduced or ()) == 4_000


async def test_a_fault_that_passes_is_tried_again(net: Net) -> None:
    net.faults.status("achievements", 503, times=2)
    assert (await ask(net))[0].state is CollectionState.READ
    assert net.calls["achievements"] == 3


async def test_in_an_outage_the_rest_is_not_asked(net: Net) -> None:
    net.simulator.load(GuildWorld.seeded(3, 80))
    net.faults.status("achievements", 503, times=None)
    states = [answer.state for answer in await ask(net, net.simulator.world.characters)]
    assert set(states) == {CollectionState.FAILED, CollectionState.NOT_ASKED}
    assert states.count(CollectionState.FAILED) <= MOST_FAILED_COLLECTIONS_IN_A_ROW + COLLECTIONS_AT_ONCE
    assert net.calls["achievements"] <= states.count(CollectionState.FAILED) * RetryPolicy().attempts


async def test_rejected_credentials_end_the_reading(net: Net) -> None:
    net.faults.status("achievements", 401, times=None)
    with pytest.raises(SourceDenied, match="rejected a fresh access token"):
        await ask(net, net.world.characters)


async def test_achievements_are_reduced_in_another_thread_one_answer_at_a_time(net: Net) -> None:
    at_work, most, threads = 0, 0, set[int]()

    def reduce(achievements: frozenset[Achievement]) -> int:
        nonlocal at_work, most
        at_work += 1
        most = max(most, at_work)
        threads.add(threading.get_ident())
        at_work -= 1
        return len(achievements)

    addresses = [CharacterAddress(each.realm.slug, each.name) for each in net.world.characters]
    answers = await net.battlenet.fetch_achievements("us", addresses, reduce)
    assert any(each.reduced for each in answers)
    assert most == 1
    assert threading.get_ident() not in threads
