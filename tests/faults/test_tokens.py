"""Tokens that end while a sync is under way: Battle.net's is replaced, Discord's ends every request."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
from starlette.responses import Response

from faults.installation import MOMENTS, Installation
from faults.sentences import faults_of
from sv_common.guild_sync.core.errors import SourceDenied
from sv_common.guild_sync.simulators.faults import Fault
from sv_common.guild_sync.sources.http import TOO_MANY_REQUESTS


def revoking(installation: Installation, at: int | None = None) -> Callable[[Response], Response]:
    """Give true answers, and end all tokens with one of them (None: with each)."""
    numbers = itertools.count(1)

    def change(answer: Response) -> Response:
        if at is None or next(numbers) == at:
            installation.simulator.battlenet.revoke_tokens()
        return answer

    return change


@pytest.mark.parametrize(
    ("route", "at"), [("token", 1), ("roster", 1), ("profile", 1), ("profile", 6), ("profile", 12)]
)
async def test_a_token_of_battle_net_that_ends_in_mid_sync_is_replaced(
    installed: Installation, route: str, at: int
) -> None:
    for character in installed.world.characters:
        character.has_profile = True
    await installed.let_profiles_be_due()
    await installed.sync_battlenet()
    right = await installed.fingerprint(without_columns=MOMENTS)
    installed.connect()
    installed.simulator.calls.clear()
    installed.simulator.faults.add(route, Fault(change=revoking(installed, at), times=None))
    await installed.let_profiles_be_due()
    report = await installed.sync_battlenet()
    assert (report.status, report.steps[1].counts["shown"]) == ("done", 12)
    assert await installed.fingerprint(without_columns=MOMENTS) == right
    assert installed.simulator.calls["token"] == (1 if (route, at) == ("profile", 12) else 2)


async def test_a_token_that_lives_shorter_than_a_sync_is_renewed_on_the_way(installed: Installation) -> None:
    installed.simulator.battlenet.token_lifetime = 2
    installed.simulator.faults.json("roster", {}, TOO_MANY_REQUESTS, headers={"Retry-After": "30"})
    installed.connect()
    assert (await installed.sync_battlenet()).status == "done"
    assert installed.simulator.calls["token"] == 2


async def test_tokens_that_are_all_rejected_end_the_sync_after_one_replacement(installed: Installation) -> None:
    before = await installed.fingerprint()
    installed.simulator.faults.add("token", Fault(change=revoking(installed), times=None))
    installed.connect()
    with pytest.raises(SourceDenied) as caught:
        await installed.sync_battlenet()
    assert faults_of(str(caught.value), "Battle.net") == []
    assert await installed.fingerprint() == before
    assert (installed.simulator.calls["token"], installed.simulator.calls["roster"]) == (2, 2)


@pytest.mark.parametrize("route", ["guild", "roles", "members"])
async def test_a_bot_token_that_is_rejected_in_mid_sync_ends_all_requests_and_changes_nothing(
    installed: Installation, route: str
) -> None:
    installed.simulator.calls.clear()
    before = await installed.fingerprint()
    installed.simulator.faults.json(route, {"message": "401: Unauthorized", "code": 0}, 401)
    installed.connect()
    with pytest.raises(SourceDenied) as caught:
        await installed.sync_discord()
    assert faults_of(str(caught.value), "Discord") == []
    asked = installed.simulator.calls.total()
    with pytest.raises(SourceDenied):
        await installed.sync_discord()
    assert await installed.fingerprint() == before
    assert (installed.simulator.calls[route], installed.simulator.calls.total()) == (1, asked)
    installed.connect()
    assert (await installed.sync_discord()).status == "done"
