"""Every route of the application says whom it is for, and nobody else gets anything from it.

The routes are taken from the application itself, so that a new one is judged here without being listed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import httpx2
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import RouteContext, iter_route_contexts

from guild_builder import GuildBuilder
from patt.api.uploads import uploader_of
from patt.auth import credentials
from patt.web.context import administrator_of, installer_of, officer_of, open_to_all, viewer_of
from patt.web.places import ADMIN_PREFIX, API_PREFIX, METRICS_PATH
from sv_common.db.pool import Pool
from web.helpers import api_token, asker

FRAMEWORK = {"/openapi.json", "/static"}
"""What the framework itself serves; both are for everybody."""

AUDIENCES = {
    open_to_all: "all",
    uploader_of: "uploader",
    viewer_of: "viewer",
    officer_of: "officer",
    administrator_of: "administrator",
    installer_of: "installer",
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
    query: frozenset[str]

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


def _query(dependant: Dependant) -> frozenset[str]:
    """The names of what a route takes in its address after the path."""
    own = {str(each.alias) for each in dependant.query_params}
    return frozenset(own.union(*(_query(each) for each in dependant.dependencies)))


def all_ways(app: FastAPI) -> Iterator[Way]:
    """Return every method of every route of the application."""
    for route in iter_route_contexts(app.routes):
        if route.path not in FRAMEWORK:
            for method in sorted(route.methods or ()):
                yield Way(method, str(route.path), _audiences(route), _query(route.dependant))


async def all_that_is_written(guild: GuildBuilder) -> list[tuple[object, ...]]:
    """Return what routes could have changed, for comparing. Work counts where it is asked for in this guild alone."""
    return await guild.rows(
        "select (select count(*) from guild_identity.issue_events), (select count(*) from guild_identity.sync_log), "
        "(select json_agg(a order by id)::text from guild_identity.fix_attempts a), "
        "(select json_agg(u.state order by id)::text from guild_identity.addon_uploads u), "
        "(select count(*) from common.web_sessions where revoked_at is not null), "
        "(select count(*) from common.upload_keys where revoked_at is not null), "
        "(select count(*) from common.api_tokens where revoked_at is not null), "
        "(select count(*) from guild_identity.player_characters), "
        "(select count(*) from guild_identity.work_requests where guild_id = %(guild)s), "
        "(select count(*) from common.access_grants), (select count(*) from common.confirmed_links)"
    )


async def _key(guild: GuildBuilder) -> str:
    async with guild.pool.connection() as conn:
        return await credentials.create_upload_key(conn, "Mito", guild_id=guild.guild_id, created_by="test")


def test_every_route_says_whom_it_is_for(patient: FastAPI) -> None:
    ways = list(all_ways(patient))
    assert len(ways) > 30
    for way in ways:
        assert len(way.audiences) == 1, f"{way.path} is for {sorted(way.audiences) or 'nobody in particular'}"
        assert ("all" in way.audiences) is not way.path.startswith(CLOSED), way.path
        assert way.path.startswith(f"{API_PREFIX}/v1/guild-sync/") is ("uploader" in way.audiences), way.path


def test_whatever_changes_something_asks_for_more_than_a_viewer(patient: FastAPI) -> None:
    only_looks = {"/api/v1/admin/players/decisions/preview"}
    own_sessions = {"/api/v1/admin/account/sessions/revoke-all", "/api/v1/admin/account/sessions/{session_id}/revoke"}
    for way in all_ways(patient):
        if way.method != "GET" and way.path not in only_looks | own_sessions:
            assert "viewer" not in way.audiences, way.path


async def test_without_signing_in_only_the_open_routes_answer(patient: FastAPI, theirs: dict[str, int]) -> None:
    async with asker(patient) as client:
        for way in all_ways(patient):
            answer = await way.ask(client, theirs, {})
            is_refused = (answer.status_code, answer.headers.get("location")) in ((401, None), (303, "/login"))
            assert is_refused is ("all" not in way.audiences) or way.path.startswith(
                ("/login", "/logout", "/claim/")
            ), way.path


async def test_an_upload_key_opens_the_uploads_alone_however_it_is_sent(
    patient: FastAPI, troubled: GuildBuilder, theirs: dict[str, int]
) -> None:
    key, before = await _key(troubled), await all_that_is_written(troubled)
    async with asker(patient) as client:
        for way in all_ways(patient):
            if way.is_for_a_role:
                for headers in ({"X-API-Key": key}, {"Authorization": f"Bearer {key}"}):
                    answer = await way.ask(client, theirs, headers)
                    assert answer.status_code == (303 if way.is_page else 401), way.path
    assert await all_that_is_written(troubled) == before


async def test_a_token_opens_no_page_and_no_upload(
    patient: FastAPI, troubled: GuildBuilder, theirs: dict[str, int]
) -> None:
    headers, before = await api_token(troubled.pool), await all_that_is_written(troubled)
    async with asker(patient) as client:
        for way in all_ways(patient):
            if way.is_page or "uploader" in way.audiences:
                answer = await way.ask(client, theirs, headers)
                assert answer.status_code == (303 if way.is_page else 401), way.path
    assert await all_that_is_written(troubled) == before


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
    before, asked = await all_that_is_written(troubled), 0
    async with asker(patient) as client:
        for way in all_ways(patient):
            headers = key if "uploader" in way.audiences else token
            guilds: list[int | None] = [None] if "_id}" in way.path else []
            guilds += [troubled.guild_id] if way.is_for_a_role else []
            for guild in () if way.is_page or "all" in way.audiences else guilds:
                answer = await way.ask(client, theirs, headers, guild)
                assert answer.status_code in (403, 404), (way.method, way.path, guild, answer.text)
                asked += 1
    assert asked > 15
    assert await all_that_is_written(troubled) == before
