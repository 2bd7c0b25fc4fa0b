"""Battle pets through the real client: what they are made into, and of which answers nothing is used."""

from __future__ import annotations

import pytest

from clients.asking_for_collections import ask, nothing_is_used
from clients.conftest import Net
from sv_common.guild_sync.sources.battlenet.pets import MOST_PETS
from sv_common.guild_sync.sources.models import CollectionState


async def test_the_characters_of_one_account_have_its_pets_with_one_request_each(net: Net) -> None:
    for character in net.world.characters:
        character.has_profile = True
    answers = await ask(net, "pets", net.world.characters)
    assert [answer.reduced for answer in answers] == [
        frozenset(net.world.account_of(each).pets) for each in net.world.characters
    ]
    assert net.calls["pets"] == len(answers)


async def test_pets_are_reduced_to_what_is_made_of_them(net: Net) -> None:
    for character in net.world.characters:
        character.has_profile = True
    answers = await ask(net, "pets", net.world.characters, len)
    assert [each.reduced for each in answers] == [len(set(net.world.account_of(c).pets)) for c in net.world.characters]


async def test_an_account_without_any_pet_is_read_and_has_none(net: Net) -> None:
    net.world.account_of(net.world.characters[0]).pets = []
    (answer,) = await ask(net, "pets")
    assert (answer.state, answer.reduced) == (CollectionState.READ, frozenset())


@pytest.mark.parametrize("pets", [
    [{"id": 1}],
    [{"id": "1", "species": {"id": 2}}],
    [{"id": True, "species": {"id": 2}}],
    [{"id": 2**63, "species": {"id": 2}}],
    [{"id": 1, "species": {"id": 2}}, None],
    [{"id": 1, "species": {"id": 2}}] * (MOST_PETS + 1),
])  # fmt: skip
async def test_of_an_answer_with_something_that_is_no_pet_nothing_is_used(net: Net, pets: list[object]) -> None:
    net.faults.json("pets", {"pets": pets}, times=None)
    await nothing_is_used(net, "pets")


async def test_a_pet_that_cannot_be_read_is_named_by_its_place(net: Net) -> None:
    net.faults.json("pets", {"pets": [{"id": 1, "species": {"id": 2}}, {"id": 3, "species": {}}]})
    (answer,) = await ask(net, "pets")
    assert "'pets entry 2.species.id' should be a whole number" in answer.reason
