"""Every misbehavior that is known of, at the answers of which account evidence is made: none of them is taken for one."""

from __future__ import annotations

from collections.abc import Sequence

import httpx2
import pytest

from faults.table import ALL, LATE_S, Misbehavior
from sv_common.guild_sync.core.errors import SourceDenied
from sv_common.guild_sync.simulators import GuildSimulator
from sv_common.guild_sync.simulators.clock import SimulatedClock
from sv_common.guild_sync.sources.battlenet.client import BattleNetClient
from sv_common.guild_sync.sources.http import Timing
from sv_common.guild_sync.sources.models import CharacterAddress, CollectionAnswer, CollectionState

REFUSED = "page 403"
"""The one that says something about the account, whatever its body: 404 does so only in Battle.net's own words."""

KINDS = ("pets", "achievements")


async def fetch(client: BattleNetClient, kind: str, address: CharacterAddress) -> Sequence[CollectionAnswer[int]]:
    if kind == "pets":
        return await client.fetch_pets("us", [address], len)
    return await client.fetch_achievements("us", [address], len)


@pytest.fixture
def address(served: GuildSimulator) -> CharacterAddress:
    served.faults.clear()
    character = next(each for each in served.world.characters if each.has_profile and each.level >= 10)
    return CharacterAddress(character.realm.slug, character.name, character.character_id)


def client_of(simulator: GuildSimulator, http: httpx2.AsyncClient) -> BattleNetClient:
    clock = SimulatedClock()
    return BattleNetClient(
        http,
        client_id=simulator.client_id,
        client_secret=simulator.client_secret,
        token_url=simulator.token_url,
        api_url=simulator.battlenet_url,
        timing=Timing(clock.clock, clock.sleep, clock.jitter),
    )


@pytest.mark.parametrize("misbehavior", ALL, ids=lambda each: each.name)
@pytest.mark.parametrize("kind", KINDS)
async def test_what_is_no_answer_is_no_evidence(
    served: GuildSimulator,
    http: httpx2.AsyncClient,
    impatient: httpx2.AsyncClient,
    address: CharacterAddress,
    kind: str,
    misbehavior: Misbehavior,
) -> None:
    misbehavior.strike(served.faults, kind)
    client = client_of(served, impatient if misbehavior.is_slow else http)
    if misbehavior.name == "page 401":
        with pytest.raises(SourceDenied):
            await fetch(client, kind, address)
        return
    (answer,) = await fetch(client, kind, address)
    assert answer.reduced is None
    assert answer.state is (CollectionState.REFUSED if misbehavior.name == REFUSED else CollectionState.FAILED)
    assert bool(answer.reason) is (misbehavior.name != REFUSED)


@pytest.mark.parametrize("kind", KINDS)
async def test_an_answer_that_hangs_once_is_requested_again(
    served: GuildSimulator, impatient: httpx2.AsyncClient, address: CharacterAddress, kind: str
) -> None:
    served.faults.slow(kind, LATE_S)
    (answer,) = await fetch(client_of(served, impatient), kind, address)
    assert answer.state is CollectionState.READ
