"""Whoever may do everything in one guild can neither see nor change anything of another, whatever numbers they send.

The routes are taken from the application itself. Each is asked with the numbers of another guild's rows: in the path, in
the address and in the body, by a session and by a token, both of an administrator of the one guild.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import httpx2
from fastapi import FastAPI

import thoroughness
from cuts.requests import ASKS, Ask
from cuts.world import World
from guild_builder import GuildBuilder
from laws import snapshot
from laws.snapshot import differences
from proofs.furnishing import Words, furnish
from sv_common.db.pool import Pool
from web.helpers import api_token, application, asker, bound_session, officer
from web.test_web_routes import Way, all_ways

_HERS = ("Grimalt", "Newalt", "Riddle", "Sleeper", "Twinkle", "Latecomer")
"""Names that nobody has in the guild of whoever asks."""

_KINDS = {
    "issue_id": "guild_identity.audit_issues",
    "key": "guild_identity.audit_issues",
    "attempt_id": "guild_identity.fix_attempts",
    "request_id": "guild_identity.match_requests",
    "job_id": "guild_identity.work_requests",
    "character_id": "guild_identity.wow_characters",
    "player_id": "guild_identity.players",
    "change_id": "guild_identity.setting_changes",
    "key_id": "common.upload_keys",
    "token_id": "common.api_tokens",
    "session_id": "common.web_sessions",
    "upload_id": "guild_identity.addon_uploads",
}
"""Of what a number in a path is. A new one needs a line here."""

_IN_THE_ADDRESS = {
    "attempts": "guild_identity.fix_attempts",
    "events": "guild_identity.issue_events",
    "other": "guild_identity.players",
}
_OF_WHOEVER_ASKS = frozenset({"/api/v1/admin/account/sessions/revoke-all"})

_BECAUSE_ASKED = ("last_used_at", "last_seen_at")
_WAITS_FOR_EVER = "/live"
_EACH = 2
"""Numbers of each kind that are tried at every commit."""

_ROBOT = "robot"


@dataclass(frozen=True)
class Trial:
    """One request of somebody from elsewhere."""

    way: Way
    path: str
    query: dict[str, Any]
    ask: Ask

    def __str__(self) -> str:
        return f"{self.way.method} {self.path} {self.query}"

    async def sent(self, client: httpx2.AsyncClient) -> httpx2.Response:
        """Send it, with a body where it changes something."""
        body: dict[str, Any] = {} if self.way.method == "GET" else {"json": self.ask.json, "data": self.ask.form}
        return await client.request(self.way.method, self.path, params={**self.ask.query, **self.query}, **body)


async def test_no_number_of_another_guild_opens_or_changes_anything(pool: Pool) -> None:
    world = await World.furnish(pool)
    other = GuildBuilder(pool, await _number_of(world, "Other Watch"), "7001")
    await furnish(other, Words(("Sunhollow", "Moorland")))
    await world.let_work_wait()
    hers = await _numbers(world.guild)
    app = application(pool, clock=itertools.count(step=3600).__next__)
    trials = [trial for way in all_ways(app) if _is_tried(way) for trial in _trials(way, hers, world)]
    askers = await _askers(app, pool, other)
    before = await _rows_of(world)
    wrong, statuses = [], Counter[int]()
    for name, client in askers.items():
        async with client:
            for trial in trials:
                if trial.way.is_page and name == _ROBOT:
                    continue
                answer = await trial.sent(client)
                statuses[answer.status_code] += 1
                wrong += [f"{name}: {trial}: {fault}" for fault in _faults(trial, answer)]
    assert wrong == [], "\n".join(wrong)
    outright = next(trial for trial in trials if trial.way.method == "GET" and "guild" in trial.query)
    async with officer(app, world.secrets["alice"]) as entitled:
        assert _faults(outright, await outright.sent(entitled))  # what is looked for is there to be found
    assert differences(before, await _rows_of(world)) == {}
    assert statuses.total() > 250
    assert statuses[404] > statuses.total() // 2
    assert statuses[200]  # where an address or a body holds another guild's numbers, and the answer is about one's own


def test_every_number_in_a_path_is_of_a_known_kind(pool: Pool) -> None:
    in_paths = {name for way in all_ways(application(pool)) for name in re.findall(r"{(\w+)}", way.path)}
    assert in_paths - _KINDS.keys() == {"issue_type", "token"}


async def _number_of(world: World, name: str) -> int:
    rows = await world.guild.rows("select id from guild_identity.guilds where name = %(name)s", {"name": name})
    return int(rows[0][0])


async def _askers(app: FastAPI, pool: Pool, guild: GuildBuilder) -> dict[str, httpx2.AsyncClient]:
    """Return who may do everything in a guild, and nothing elsewhere."""
    mighty = await bound_session(pool, "dora", "administrator", guild.guild_id)
    return {
        "session": officer(app, mighty),
        _ROBOT: asker(app, headers=await api_token(pool, "theirs", guild.guild_id)),
    }


async def _numbers(guild: GuildBuilder) -> dict[str, list[int]]:
    """Return the numbers of all rows of a guild, by table; sessions and tokens of the whole installation are nobody's."""
    whose = {"common.web_sessions": "true", "common.api_tokens": "guild_id is null"}
    found = {}
    for table in {*_KINDS.values(), *_IN_THE_ADDRESS.values()}:
        which = whose.get(table, "guild_id = %(guild)s")
        rows = await guild.rows(f"select id from {table} where {which} order by id")  # noqa: S608 -- names of this file
        found[table] = [int(row[0]) for row in rows]
        assert found[table], f"nothing is in {table}"
    return found


async def _rows_of(world: World) -> snapshot.Snapshot:
    """Return all rows of the guild, and which secrets of the installation are valid."""
    rows = await snapshot.take(world.guild.pool, guild_id=world.guild.guild_id, without_columns=_BECAUSE_ASKED)
    valid = await world.guild.rows(
        "select 'session', id from common.web_sessions where revoked_at is null and guild_id is null "
        "union all select 'token', id from common.api_tokens where revoked_at is null and guild_id is null order by 1, 2"
    )
    return rows | {"valid secrets": [str(each) for each in valid]}


def _is_tried(way: Way) -> bool:
    return way.is_for_a_role and way.path not in _OF_WHOEVER_ASKS and not way.path.endswith(_WAITS_FOR_EVER)


def _trials(way: Way, hers: dict[str, list[int]], world: World) -> Iterator[Trial]:
    """Ask about the other guild outright, and about each of its rows as if they were one's own."""
    ask = _with_numbers(ASKS[way.path](world), hers) if way.path in ASKS else Ask()
    name = next((name for name in re.findall(r"{(\w+)}", way.path) if name in _KINDS), None)
    if name:
        for number in _some(hers[_KINDS[name]]):
            for query in ({}, {"guild": world.guild.guild_id}) if "guild" in way.query else ({},):
                yield Trial(way, way.path.format(**{name: number}, issue_type="orphan_wow"), query, ask)
        return
    path = way.path.format(issue_type="orphan_wow")
    if "guild" in way.query:
        yield Trial(way, path, {"guild": world.guild.guild_id}, ask)
    elif way.method != "GET":
        yield Trial(way, path, {}, ask)
    for field in way.query & _IN_THE_ADDRESS.keys():
        for number in _some(hers[_IN_THE_ADDRESS[field]]):
            yield Trial(way, path, {field: number}, ask)
    if way.method != "GET" and _names_numbers(ask):
        yield Trial(way, path, {}, ask)


def _some(numbers: list[int]) -> list[int]:
    return numbers if thoroughness.everything() else numbers[:: max(1, len(numbers) // _EACH)][:_EACH]


def _with_numbers(ask: Ask, hers: dict[str, list[int]]) -> Ask:
    """Let a body name people by their numbers: names may be anybody's."""
    if not isinstance(ask.json, dict):
        return ask
    people = {
        "character": str(hers["guild_identity.wow_characters"][0]),
        "player": str(hers["guild_identity.players"][0]),
    }
    return replace(ask, json={name: people.get(name, value) for name, value in ask.json.items()})


def _names_numbers(ask: Ask) -> bool:
    numbers = {"issue_ids", "keys", "attempts", "events", "character", "player", "character_id"}
    return isinstance(ask.json, dict) and not numbers.isdisjoint(ask.json)


def _faults(trial: Trial, answer: httpx2.Response) -> list[str]:
    """What is wrong with an answer to somebody from elsewhere."""
    faults = [f"it names {name}" for name in _HERS if name in answer.text]
    if answer.status_code >= 500:
        faults.append(f"{answer.status_code}: {answer.text[:300]}")
    if answer.status_code == 401 or answer.headers.get("location", "").startswith("/login"):
        faults.append("whoever asks is not let in at all")
    is_outright = "guild" in trial.query and trial.way.method == "GET"
    if is_outright and answer.status_code not in (303, 403, 404):
        faults.append(f"{answer.status_code} about another guild")
    return faults
