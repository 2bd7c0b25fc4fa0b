"""A source that misbehaves and does not stop: the run fails with a sentence, and nothing in the database has changed."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import httpx2
import pytest
from _pytest.mark import ParameterSet

from faults import table
from faults.installation import Installation
from faults.sentences import faults_of
from faults.table import Misbehavior
from sv_common.guild_sync.core.errors import PattError
from sv_common.guild_sync.scheduler import PipelineReport
from sv_common.guild_sync.sources.http import RetryPolicy

ROUTES = {"token": "Battle.net", "roster": "Battle.net", "guild": "Discord", "roles": "Discord", "members": "Discord"}
"""The routes without which a pipeline cannot go on, and whose they are."""


def cases(faults: Sequence[Misbehavior]) -> list[ParameterSet]:
    """Each fault at one route of each source at every commit, in turn, and at each route by night."""
    found = []
    for source in dict.fromkeys(ROUTES.values()):
        routes = [route for route in ROUTES if ROUTES[route] == source]
        for (number, fault), (place, route) in itertools.product(enumerate(faults), enumerate(routes)):
            marks = () if number % len(routes) == place else (pytest.mark.nightly,)
            found.append(pytest.param(route, fault, id=f"{route}-{fault.name}", marks=marks))
    return found


async def sync(installation: Installation, source: str) -> PipelineReport:
    return await (installation.sync_battlenet() if source == "Battle.net" else installation.sync_discord())


@pytest.mark.parametrize(("route", "fault"), cases(table.ALL))
async def test_a_source_that_keeps_misbehaving_fails_its_run_with_a_sentence_and_changes_nothing(
    honest: Installation, impatient: httpx2.AsyncClient, route: str, fault: Misbehavior
) -> None:
    if fault.is_slow:
        honest.connect(impatient, RetryPolicy(attempts=2))
    before = await honest.fingerprint()
    fault.strike(honest.simulator.faults, route)
    with pytest.raises(PattError) as caught:
        await sync(honest, ROUTES[route])
    assert faults_of(str(caught.value), ROUTES[route]) == [], str(caught.value)
    assert await honest.fingerprint() == before
    run = await honest.newest_run()
    assert (run.status, run.error, run.steps[-1]["error"]) == ("failed", str(caught.value), str(caught.value))
