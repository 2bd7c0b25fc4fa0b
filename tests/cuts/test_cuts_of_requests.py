"""The connection to the database may be lost before any statement: what is answered as done is done.

With `--all` each statement of each route is cut, instead of a choice of them.
"""

from __future__ import annotations

import base64
import itertools
import json
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from cuts.conftest import Bench
from cuts.requests import ASKS, CHANGES_NOTHING, OF_AN_EMPTY_INSTALLATION, SECRET, address
from cuts.trial import Sweep, Told, Trial
from cuts.world import RenamedInMemory
from laws.snapshot import Snapshot, differences
from patt.bootstrap import Services
from patt.web.forms import COOKIE
from sv_common.guild_sync.sources.ports import Sources
from web.helpers import BASE_URL, made, settings
from web.test_web_routes import all_ways


@pytest.fixture
async def app(bench: Bench) -> FastAPI:
    """The application behind the proxy; each time its clock is read an hour has passed, so no request is told to wait."""
    battle_net = await RenamedInMemory.of(bench.world.guild)
    services = Services(settings(BASE_URL), bench.pool, Sources(profiles=battle_net, realms=battle_net), secret=SECRET)
    return made(services, clock=itertools.count(step=3600).__next__)


def test_every_route_that_changes_something_is_cut(app: FastAPI) -> None:
    changing = {way.path for way in all_ways(app) if way.method not in ("GET", "HEAD", "OPTIONS")}
    assert changing - ASKS.keys() == set(), "add what is sent to them in tests/cuts/requests.py"
    assert ASKS.keys() - changing == set(), "there are no such routes any more"


@pytest.mark.parametrize("path", [path for path in ASKS if path not in OF_AN_EMPTY_INSTALLATION])
async def test_what_is_answered_as_done_is_committed(bench: Bench, app: FastAPI, path: str) -> None:
    sweep = await _swept(bench, app, path)
    assert sweep.cuts > 0
    assert sweep.faults == [], "\n".join(sweep.faults)


async def _swept(bench: Bench, app: FastAPI, path: str) -> Sweep:
    async def begin() -> None:
        """The guild as it was furnished is what every request begins with."""

    trial = Trial(bench.kept, bench.proxy, begin)

    async def judge(told: Told, after: Snapshot, whole: Snapshot) -> str | None:
        is_whole, is_untouched = not differences(whole, after), not differences(trial.before, after)
        if told.is_done:
            return None if is_whole else f"it is not so: {differences(whole, after)}"
        return None if is_whole or is_untouched else f"half of it was done: {differences(trial.before, after)}"

    async def work() -> Told:
        ask = ASKS[path](bench.world)
        body = {"json": ask.json} if ask.json is not None else {"data": ask.form} if ask.form is not None else {}
        if ask.content is not None:
            body = {"content": ask.content}
        async with ask.client(app, bench.world) as client:
            query: dict[str, str | int] = {"guild": bench.world.guild.guild_id, **ask.query}
            return _told(await client.post(address(path, bench.world), params=query, **body))

    return await trial.sweep(path, work, judge, changes_nothing=path in CHANGES_NOTHING)


def flash_of(answer: httpx2.Response) -> tuple[str, str] | None:
    """The tone and the sentence that the next page shows, where an answer leads to one."""
    flash = answer.cookies.get(COOKIE)
    if flash is None:
        return None
    tone, text, *_ = json.loads(base64.urlsafe_b64decode(flash.strip('"').partition(".")[0]))
    return tone, text


def _told(answer: httpx2.Response) -> Told:
    flash = flash_of(answer)
    if flash is not None:
        return Told(flash[0] == "result", flash[1])
    is_json = answer.headers.get("content-type", "").startswith("application/json")
    outcomes = set(_outcomes(answer.json())) if is_json else set()
    return Told(answer.status_code < 400 and "failed" not in outcomes, f"{answer.status_code} {answer.text}")


def _outcomes(value: Any) -> list[str]:
    """What an answer says became of each issue."""
    if isinstance(value, list):
        return [each for item in value for each in _outcomes(item)]
    if isinstance(value, dict):
        own = [value["outcome"]] if isinstance(value.get("outcome"), str) else []
        return own + [each for item in value.values() for each in _outcomes(item)]
    return []
