"""What a page or an answer of the API shows was so at one moment, whatever others do between two of its statements.

Two players are merged in between: rows of one are gone, and those of the other are more. With `--all` that is
done before each statement, instead of a choice of them.
"""

from __future__ import annotations

import contextlib
import itertools
import re

import httpx2
import pytest
from fastapi import FastAPI

from cuts.conftest import Bench
from cuts.trial import places
from patt.bootstrap import Services
from proofs.houses import numbers_of
from sv_common.db.pool import make_pool
from sv_common.guild_sync.core.errors import Busy
from sv_common.guild_sync.identity.decisions import MergePlayers
from sv_common.guild_sync.identity_engine import apply_decision
from sv_common.guild_sync.sources.ports import Sources
from web.helpers import BASE_URL, made, officer, settings
from web.test_web_routes import FRAMEWORK, all_ways

NO_PAGES = frozenset(
    {
        "/metrics",
        "/health",
        "/ready",
        "/api/v1/admin/live",
        "/login/discord",
        "/login/discord/callback",
        "/claim/discord",
        "/claim/battlenet",
        "/claim/battlenet/callback",
    }
)
"""What tells of the installation, never ends, or leads away."""

ONE_ROW = frozenset(
    {
        "/api/v1/guild-sync/upload-key",
        "/api/v1/guild-sync/proposed-notes",
        "/api/v1/guild-sync/addon-upload/{upload_id}",
        "/api/v1/admin/data-quality/jobs/{job_id}",
        "/admin/activity/jobs/{job_id}",
        "/api/v1/admin/full-match/{request_id}",
    }
)
"""What tells of a single row that is not there, or is for others."""

_CHANGES_EACH_TIME = re.compile(
    r"\d{4}-\d\d-\d\d[T ][\d:.]+(?:\+00:00|Z)?|[0-9a-f]{16,}|[A-Z2-7]{64,}=|\"duration_ms\": ?\d+|\d+ ms|\bjust now\b|\b\d+[mhd] ago\b"
)
"""Moments and durations, how long ago something was, and what is made by chance."""


def _paths() -> list[str]:
    app = made(Services(settings(BASE_URL), make_pool("postgresql:///nowhere"), Sources()))
    return sorted({way.path for way in all_ways(app) if way.method == "GET"} - NO_PAGES - FRAMEWORK)


@pytest.fixture
def app(bench: Bench) -> FastAPI:
    """The application behind the proxy; no request is told to wait."""
    services = Services(settings(BASE_URL), bench.pool, Sources())
    return made(services, clock=itertools.count(step=3600).__next__)


@pytest.mark.parametrize("path", _paths())
async def test_a_merge_between_two_statements_is_seen_whole_or_not_at_all(
    bench: Bench, app: FastAPI, path: str
) -> None:
    numbers = {name: values[0] for name, values in (await numbers_of(bench.kept.pool)).items() if values}
    known = {**numbers, "issue_type": "orphan_wow", **bench.world.numbers}
    known |= {"issue_id": bench.world.numbers["newalt"], "token": bench.world.secrets["token"]}
    known |= {"upload_id": 1, "job_id": 1, "request_id": 1, "key": bench.world.numbers["riddle"]}

    async def shown(client: httpx2.AsyncClient) -> str:
        query: dict[str, str | int] = {"guild": bench.world.guild.guild_id, "chosen": bench.world.numbers["newalt"]}
        query |= {"decision": "link", "character": "Riddle", "player": "Sol", "search": "el"}
        query |= {"attempts": bench.world.numbers["attempt_id"], "q": "el", "find": "el"}
        query |= {"kind": "player", "id": bench.world.numbers["player_id"]}
        answer = await client.get(path.format(**known), params=query)
        return f"{answer.status_code} {_CHANGES_EACH_TIME.sub('…', answer.text)}"

    async def merge() -> None:
        number = bench.world.guild.guild_id
        with contextlib.suppress(Busy):  # a preview that holds the guild's lock lets no one come between
            await apply_decision(bench.kept.pool, MergePlayers("Mito", "Twin"), actor="officer bob", guild_id=number)

    async with officer(app, bench.world.secrets["alice"]) as client:
        bench.kept.put_back()
        bench.proxy.begin()
        before = await shown(client)
        assert before.startswith(("2", "3")) or path in ONE_ROW, before
        statements = bench.proxy.statements
        await merge()
        after = await shown(client)
        for place in places(path, statements):
            bench.kept.put_back()
            bench.proxy.begin(place, before=merge)
            seen = await shown(client)
            assert seen in (before, after), f"the merge came before statement {place}: {statements[place - 1][:80]}"
