"""Every route of the application says whom it is for, and nobody else gets anything from it.

The routes are taken from the application itself, so that a new one is judged here without being listed.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.routing import RouteContext, iter_route_contexts

from guild_builder import GuildBuilder
from patt import access
from patt.api.uploads import uploader_of
from patt.deps import administrator_of, officer_of, open_to_all, viewer_of
from patt.guard import ADMIN_PREFIX
from patt.problems import API_PREFIX, METRICS_PATH
from sv_common.db.pool import Pool
from sv_common.guild_sync import mitigations
from sv_common.guild_sync.store import matches
from web.helpers import api_token, application, asker, issue_number

FRAMEWORK = {"/openapi.json", "/static"}
"""What the framework itself serves; both are for everybody."""

AUDIENCES = {
    open_to_all: "all",
    uploader_of: "uploader",
    viewer_of: "viewer",
    officer_of: "officer",
    administrator_of: "administrator",
}
ROLES = ("viewer", "officer", "administrator")
CLOSED = (ADMIN_PREFIX, API_PREFIX, METRICS_PATH)
BODY = {"reason": "mine now"}


@dataclass(frozen=True)
class Way:
    """One method of one route, and whom it is declared to be for."""

    method: str
    path: str
    audiences: frozenset[str]

    @property
    def is_page(self) -> bool:
        """Whether it is a page rather than a part of the API."""
        return self.path == ADMIN_PREFIX or self.path.startswith(f"{ADMIN_PREFIX}/")

    @property
    def is_for_a_role(self) -> bool:
        """Whether it is for signed-in people of some role, and for tokens."""
        return not self.audiences.isdisjoint(ROLES)

    async def ask(
        self, client: httpx2.AsyncClient, numbers: dict[str, int], headers: dict[str, str], guild: int | None = None
    ) -> httpx2.Response:
        """Ask with these numbers in the path; where one is not given, with the first row's."""
        values: defaultdict[str, int | str] = defaultdict(lambda: 1, numbers)
        values["issue_type"] = "orphan_wow"
        params = {} if guild is None else {"guild": guild}
        body = None if self.method == "GET" else BODY
        path = self.path.format_map(values)
        return await client.request(self.method, path, params=params, headers=headers, json=body)


def _audiences(route: RouteContext) -> frozenset[str]:
    """Whom a route is for; of the roles it asks for, the one that may do most counts, as each includes the others."""
    declared = {each.call for each in route.dependant.dependencies}
    named = {name for marker, name in AUDIENCES.items() if marker in declared}
    least = [role for role in ROLES if role in named][-1:]
    return frozenset({*(named - set(ROLES)), *least})


def _ways(app: FastAPI) -> Iterator[Way]:
    for route in iter_route_contexts(app.routes):
        if route.path not in FRAMEWORK:
            for method in sorted(route.methods or ()):
                yield Way(method, str(route.path), _audiences(route))


@pytest.fixture
def patient(pool: Pool) -> FastAPI:
    """The application with a clock that goes so fast that nobody is told to wait."""
    return application(pool, clock=itertools.count(step=3600).__next__)


@pytest.fixture
async def theirs(troubled: GuildBuilder) -> dict[str, int]:
    """Numbers of what the troubled guild has."""
    issue = await issue_number(troubled, "orphan_wow", "Newalt")
    fixed = await mitigations.fix_one(troubled.pool, issue, actor="test", guild_id=troubled.guild_id, discord_bot=None)
    assert fixed.attempt_id is not None
    async with troubled.pool.connection() as conn:
        request, _ = await matches.ask(conn, troubled.guild_id, actor="test")
    issue = await issue_number(troubled, "orphan_wow", "Riddle")
    return {"issue_id": issue, "attempt_id": fixed.attempt_id, "request_id": request}


async def _all_that_is_written(guild: GuildBuilder) -> list[tuple[object, ...]]:
    return await guild.rows(
        "select (select count(*) from guild_identity.issue_events), (select count(*) from guild_identity.sync_log), "
        "(select json_agg(a order by id)::text from guild_identity.fix_attempts a), "
        "(select count(*) from guild_identity.addon_uploads), (select count(*) from guild_identity.player_characters)"
    )


async def _key(guild: GuildBuilder) -> str:
    async with guild.pool.connection() as conn:
        return await access.create_upload_key(conn, "Mito", guild_id=guild.guild_id, created_by="test")


def test_every_route_says_whom_it_is_for(patient: FastAPI) -> None:
    ways = list(_ways(patient))
    assert len(ways) > 30
    for way in ways:
        assert len(way.audiences) == 1, f"{way.path} is for {sorted(way.audiences) or 'nobody in particular'}"
        assert ("all" in way.audiences) is not way.path.startswith(CLOSED), way.path
        assert way.path.startswith(f"{API_PREFIX}/v1/guild-sync/") is ("uploader" in way.audiences), way.path


def test_whatever_changes_something_asks_for_more_than_a_viewer(patient: FastAPI) -> None:
    only_looks = {"/api/v1/admin/players/decisions/preview"}
    for way in _ways(patient):
        if way.method != "GET" and way.path not in only_looks:
            assert "viewer" not in way.audiences, way.path


async def test_without_signing_in_only_the_open_routes_answer(patient: FastAPI, theirs: dict[str, int]) -> None:
    async with asker(patient) as client:
        for way in _ways(patient):
            answer = await way.ask(client, theirs, {})
            is_refused = (answer.status_code, answer.headers.get("location")) in ((401, None), (303, "/login"))
            assert is_refused is ("all" not in way.audiences) or way.path.startswith(("/login", "/logout")), way.path


async def test_an_upload_key_opens_the_uploads_alone_however_it_is_sent(
    patient: FastAPI, troubled: GuildBuilder, theirs: dict[str, int]
) -> None:
    key, before = await _key(troubled), await _all_that_is_written(troubled)
    async with asker(patient) as client:
        for way in _ways(patient):
            if way.is_for_a_role:
                for headers in ({"X-API-Key": key}, {"Authorization": f"Bearer {key}"}):
                    answer = await way.ask(client, theirs, headers)
                    assert answer.status_code == (303 if way.is_page else 401), way.path
    assert await _all_that_is_written(troubled) == before


async def test_a_token_opens_no_page_and_no_upload(
    patient: FastAPI, troubled: GuildBuilder, theirs: dict[str, int]
) -> None:
    headers, before = await api_token(troubled.pool), await _all_that_is_written(troubled)
    async with asker(patient) as client:
        for way in _ways(patient):
            if way.is_page or "uploader" in way.audiences:
                answer = await way.ask(client, theirs, headers)
                assert answer.status_code == (303 if way.is_page else 401), way.path
    assert await _all_that_is_written(troubled) == before


async def test_with_another_guilds_token_or_key_nothing_of_this_guild_is_seen_or_changed(
    patient: FastAPI, pool: Pool, troubled: GuildBuilder, theirs: dict[str, int]
) -> None:
    other = await GuildBuilder.create(pool, "Other Watch", "7001")
    token, key = await api_token(pool, guild_id=other.guild_id), {"X-API-Key": await _key(other)}
    await troubled.execute(
        "with key as (insert into common.upload_keys (guild_id, uploader, key_hash, created_by) "
        "values (%(guild)s, 'Mito', 'h', 'test') returning id) "
        "insert into guild_identity.addon_uploads (guild_id, upload_key_id, content_hash, characters, character_count) "
        "select %(guild)s, id, 'c', '[]', 1 from key"
    )
    before, asked = await _all_that_is_written(troubled), 0
    async with asker(patient) as client:
        for way in _ways(patient):
            headers = key if "uploader" in way.audiences else token
            guilds: list[int | None] = [None] if "_id}" in way.path else []
            guilds += [troubled.guild_id] if way.is_for_a_role else []
            for guild in () if way.is_page or "all" in way.audiences else guilds:
                answer = await way.ask(client, theirs, headers, guild)
                assert answer.status_code in (403, 404), (way.method, way.path, guild, answer.text)
                asked += 1
    assert asked > 15
    assert await _all_that_is_written(troubled) == before
