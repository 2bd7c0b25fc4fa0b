"""Every way in which Battle.net fails to say what an account has collected, for each kind of collection alike."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from clients.asking_for_collections import LINKS, Kind, ask, nothing_is_used
from clients.conftest import Net
from sv_common.guild_sync.core.errors import SourceDenied
from sv_common.guild_sync.simulators import GuildWorld
from sv_common.guild_sync.sources.battlenet.client import COLLECTIONS_AT_ONCE, MOST_FAILED_COLLECTIONS_IN_A_ROW
from sv_common.guild_sync.sources.bounded import LARGEST_ANSWER
from sv_common.guild_sync.sources.http import RetryPolicy
from sv_common.guild_sync.sources.models import CollectionState

INACTIVE = {"code": 403, "type": "Forbidden", "detail": "Account Inactive"}


@pytest.fixture(params=["pets", "achievements"])
def kind(request: pytest.FixtureRequest) -> Kind:
    chosen: Kind = request.param
    return chosen


async def test_nobody_asked_for_costs_no_request(net: Net, kind: Kind) -> None:
    assert await ask(net, kind, []) == []
    assert not net.calls


async def test_who_hides_their_game_data_is_refused_at_once(net: Net, kind: Kind) -> None:
    net.world.account_of(net.world.characters[0]).is_hidden = True
    assert (await ask(net, kind))[0].state is CollectionState.REFUSED
    assert net.calls[kind] == 1


async def test_the_character_of_an_inactive_account_is_refused(net: Net, kind: Kind) -> None:
    net.faults.json(kind, INACTIVE, 403)
    assert (await ask(net, kind))[0].state is CollectionState.REFUSED


@pytest.mark.parametrize("status", [404, 408, 429, 500, 502, 503, 504])
async def test_a_gateways_error_is_never_taken_for_a_refusal(net: Net, kind: Kind, status: int) -> None:
    net.faults.status(kind, status, times=None)
    (answer,) = await ask(net, kind)
    assert (answer.state, answer.reduced) == (CollectionState.FAILED, None)
    assert answer.reason.startswith("Battle.net")


@pytest.mark.parametrize("break_it", [
    lambda net, kind: net.faults.empty(kind, times=None),
    lambda net, kind: net.faults.empty(kind, 204, times=None),
    lambda net, kind: net.faults.truncated(kind, times=None),
    lambda net, kind: net.faults.cut(kind, times=None),
    lambda net, kind: net.faults.html(kind, times=None),
    lambda net, kind: net.faults.json(kind, {}, times=None),
    lambda net, kind: net.faults.json(kind, [], times=None),
    lambda net, kind: net.faults.json(kind, {"_links": []}, times=None),
    lambda net, kind: net.faults.json(kind, {kind: {}}, times=None),
    lambda net, kind: net.faults.json(kind, {kind: [None]}, times=None),
])  # fmt: skip
async def test_of_an_answer_that_is_not_whole_nothing_is_used(
    net: Net, kind: Kind, break_it: Callable[[Net, Kind], None]
) -> None:
    break_it(net, kind)
    await nothing_is_used(net, kind)


async def test_an_answer_that_never_ends_is_cut_off(net: Net, kind: Kind) -> None:
    net.faults.json(kind, {"_links": LINKS, "pad": "x" * LARGEST_ANSWER})
    (answer,) = await ask(net, kind)
    assert answer.state is CollectionState.FAILED
    assert "far more than a real answer has" in answer.reason


async def test_a_fault_that_passes_is_tried_again(net: Net, kind: Kind) -> None:
    net.faults.status(kind, 503, times=2)
    assert (await ask(net, kind))[0].state is CollectionState.READ
    assert net.calls[kind] == 3


async def test_in_an_outage_the_rest_is_not_asked(net: Net, kind: Kind) -> None:
    net.simulator.load(GuildWorld.seeded(3, 80))
    net.faults.status(kind, 503, times=None)
    states = [answer.state for answer in await ask(net, kind, net.simulator.world.characters)]
    assert set(states) == {CollectionState.FAILED, CollectionState.NOT_ASKED}
    assert states.count(CollectionState.FAILED) <= MOST_FAILED_COLLECTIONS_IN_A_ROW + COLLECTIONS_AT_ONCE
    assert net.calls[kind] <= states.count(CollectionState.FAILED) * RetryPolicy().attempts


async def test_rejected_credentials_end_the_reading(net: Net, kind: Kind) -> None:
    net.faults.status(kind, 401, times=None)
    with pytest.raises(SourceDenied, match="rejected a fresh access token"):
        await ask(net, kind, net.world.characters)


async def test_answers_are_reduced_in_another_thread_one_at_a_time(net: Net, kind: Kind) -> None:
    for character in net.world.characters:
        character.has_profile = True
    at_work, most, threads = 0, 0, set[int]()

    def reduce(collected: frozenset[object]) -> int:
        nonlocal at_work, most
        at_work += 1
        most = max(most, at_work)
        threads.add(threading.get_ident())
        at_work -= 1
        return len(collected)

    answers = await ask(net, kind, net.world.characters, reduce)
    whole = await ask(net, kind, net.world.characters)
    assert [each.reduced for each in answers] == [len(each.reduced) for each in whole if each.reduced is not None]
    assert any(each.reduced for each in answers)
    assert most == 1
    assert threading.get_ident() not in threads
