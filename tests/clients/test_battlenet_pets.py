"""Battle pets through the real client: what they are made into, and every way in which Battle.net fails to give them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import pytest

from clients.conftest import Net
from sv_common.guild_sync.core.errors import SourceDenied
from sv_common.guild_sync.simulators import GuildWorld
from sv_common.guild_sync.simulators.model import WorldCharacter
from sv_common.guild_sync.sources.battlenet.client import COLLECTIONS_AT_ONCE, MOST_FAILED_COLLECTIONS_IN_A_ROW
from sv_common.guild_sync.sources.battlenet.pets import MOST_PETS
from sv_common.guild_sync.sources.bounded import LARGEST_ANSWER
from sv_common.guild_sync.sources.http import RetryPolicy
from sv_common.guild_sync.sources.models import CharacterAddress, CollectionAnswer, CollectionState, Pet

INACTIVE = {"code": 403, "type": "Forbidden", "detail": "Account Inactive"}
LINKS = {"self": {"href": "https://us.api.blizzard.com/"}}

Pets = CollectionAnswer[frozenset[Pet]]


def as_they_are(pets: frozenset[Pet]) -> frozenset[Pet]:
    return pets


async def ask(net: Net, characters: Sequence[WorldCharacter] | None = None) -> list[Pets]:
    meant = net.world.characters[:1] if characters is None else characters
    addresses = [CharacterAddress(each.realm.slug, each.name, each.character_id) for each in meant]
    return list(await net.battlenet.fetch_pets("us", addresses, as_they_are))


async def test_the_characters_of_one_account_have_its_pets_with_one_request_each(net: Net) -> None:
    for character in net.world.characters:
        character.has_profile = True
    answers = await ask(net, net.world.characters)
    assert [answer.reduced for answer in answers] == [
        frozenset(net.world.account_of(each).pets) for each in net.world.characters
    ]
    assert net.calls["pets"] == len(answers)


async def test_nobody_asked_for_costs_no_request(net: Net) -> None:
    assert await ask(net, []) == []
    assert not net.calls


async def test_an_account_without_any_pet_is_read_and_has_none(net: Net) -> None:
    net.world.account_of(net.world.characters[0]).pets = []
    (answer,) = await ask(net)
    assert (answer.state, answer.reduced) == (CollectionState.READ, frozenset())


async def test_who_hides_their_game_data_is_refused_at_once(net: Net) -> None:
    net.world.account_of(net.world.characters[0]).is_hidden = True
    assert (await ask(net))[0].state is CollectionState.REFUSED
    assert net.calls["pets"] == 1


async def test_the_character_of_an_inactive_account_is_refused(net: Net) -> None:
    net.faults.json("pets", INACTIVE, 403)
    assert (await ask(net))[0].state is CollectionState.REFUSED


@pytest.mark.parametrize("status", [404, 408, 429, 500, 502, 503, 504])
async def test_a_gateways_error_is_never_taken_for_a_refusal(net: Net, status: int) -> None:
    net.faults.status("pets", status, times=None)
    (answer,) = await ask(net)
    assert (answer.state, answer.reduced) == (CollectionState.FAILED, None)
    assert answer.reason.startswith("Battle.net")


@pytest.mark.parametrize("break_it", [
    lambda net: net.faults.empty("pets", times=None),
    lambda net: net.faults.empty("pets", 204, times=None),
    lambda net: net.faults.truncated("pets", times=None),
    lambda net: net.faults.cut("pets", times=None),
    lambda net: net.faults.html("pets", times=None),
    lambda net: net.faults.json("pets", {}, times=None),
    lambda net: net.faults.json("pets", [], times=None),
    lambda net: net.faults.json("pets", {"pets": {}}, times=None),
    lambda net: net.faults.json("pets", {"pets": [{"id": 1}]}, times=None),
    lambda net: net.faults.json("pets", {"pets": [{"id": "1", "species": {"id": 2}}]}, times=None),
    lambda net: net.faults.json("pets", {"pets": [{"id": True, "species": {"id": 2}}]}, times=None),
    lambda net: net.faults.json("pets", {"pets": [{"id": 2**63, "species": {"id": 2}}]}, times=None),
    lambda net: net.faults.json("pets", {"pets": [{"id": 1, "species": {"id": 2}}, None]}, times=None),
    lambda net: net.faults.json("pets", {"pets": [{"id": 1, "species": {"id": 2}}] * (MOST_PETS + 1)}, times=None),
])  # fmt: skip
async def test_of_an_answer_that_is_not_whole_nothing_is_used(net: Net, break_it: Callable[[Net], None]) -> None:
    break_it(net)
    (answer,) = await ask(net)
    assert (answer.state, answer.reduced) == (CollectionState.FAILED, None)


async def test_a_pet_that_cannot_be_read_is_named_by_its_place(net: Net) -> None:
    net.faults.json("pets", {"pets": [{"id": 1, "species": {"id": 2}}, {"id": 3, "species": {}}]})
    (answer,) = await ask(net)
    assert "'pets entry 2.species.id' should be a whole number" in answer.reason


async def test_an_answer_that_never_ends_is_cut_off(net: Net) -> None:
    net.faults.json("pets", {"_links": LINKS, "pad": "x" * LARGEST_ANSWER})
    (answer,) = await ask(net)
    assert answer.state is CollectionState.FAILED
    assert "far more than a real answer has" in answer.reason


async def test_a_fault_that_passes_is_tried_again(net: Net) -> None:
    net.faults.status("pets", 503, times=2)
    assert (await ask(net))[0].state is CollectionState.READ
    assert net.calls["pets"] == 3


async def test_in_an_outage_the_rest_is_not_asked(net: Net) -> None:
    net.simulator.load(GuildWorld.seeded(3, 80))
    net.faults.status("pets", 503, times=None)
    answers = await ask(net, net.simulator.world.characters)
    states = [answer.state for answer in answers]
    assert set(states) == {CollectionState.FAILED, CollectionState.NOT_ASKED}
    assert states.count(CollectionState.FAILED) <= MOST_FAILED_COLLECTIONS_IN_A_ROW + COLLECTIONS_AT_ONCE
    assert net.calls["pets"] <= states.count(CollectionState.FAILED) * RetryPolicy().attempts


async def test_rejected_credentials_end_the_reading(net: Net) -> None:
    net.faults.status("pets", 401, times=None)
    with pytest.raises(SourceDenied, match="rejected a fresh access token"):
        await ask(net, net.world.characters)


async def test_pets_are_reduced_in_another_thread_one_answer_at_a_time(net: Net) -> None:
    for character in net.world.characters:
        character.has_profile = True
    at_work, most, threads = 0, 0, set[int]()

    def reduce(pets: frozenset[Pet]) -> int:
        nonlocal at_work, most
        at_work += 1
        most = max(most, at_work)
        threads.add(threading.get_ident())
        at_work -= 1
        return len(pets)

    addresses = [CharacterAddress(each.realm.slug, each.name) for each in net.world.characters]
    answers = await net.battlenet.fetch_pets("us", addresses, reduce)
    assert [each.reduced for each in answers] == [len(set(net.world.account_of(c).pets)) for c in net.world.characters]
    assert most == 1
    assert threading.get_ident() not in threads
