"""Asking the real client for what an account has collected, of each kind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from clients.conftest import Net
from sv_common.guild_sync.simulators.model import WorldCharacter
from sv_common.guild_sync.sources.models import CharacterAddress, CollectionAnswer, CollectionState

Kind = Literal["pets", "achievements"]
LINKS = {"self": {"href": "https://us.api.blizzard.com/"}}


def as_they_are(collected: frozenset[Any]) -> frozenset[Any]:
    return collected


def addresses_of(characters: Sequence[WorldCharacter]) -> list[CharacterAddress]:
    return [CharacterAddress(each.realm.slug, each.name, each.character_id) for each in characters]


async def ask(
    net: Net, kind: Kind, characters: Sequence[WorldCharacter] | None = None, reduce: Any = as_they_are
) -> list[CollectionAnswer[Any]]:
    """Ask for some characters, or for the first one."""
    fetch = net.battlenet.fetch_pets if kind == "pets" else net.battlenet.fetch_achievements
    meant = net.world.characters[:1] if characters is None else characters
    return list(await fetch("us", addresses_of(meant), reduce))


async def nothing_is_used(net: Net, kind: Kind) -> None:
    (answer,) = await ask(net, kind)
    assert (answer.state, answer.reduced) == (CollectionState.FAILED, None)
