"""Captured answers of Battle.net, served over HTTP and read by the real client."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sv_common.db.pool import Pool
from sv_common.guild_sync.core.errors import SourceMalformed
from sv_common.guild_sync.roster import guilds
from sv_common.guild_sync.scheduler import run_blizzard_sync
from sv_common.guild_sync.simulators.clock import SimulatedClock
from sv_common.guild_sync.simulators.server import running
from sv_common.guild_sync.sources.battlenet.client import BattleNetClient
from sv_common.guild_sync.sources.http import Timing, http_client
from sv_common.guild_sync.sources.models import CharacterAddress, CharacterStatus, GuildAddress, ProfileState
from sv_common.guild_sync.sources.ports import Sources

pytestmark = pytest.mark.fixtures

ENIGMA = GuildAddress("us", "deathwing", "enigma")
DRINIAN = CharacterAddress("norgannon", "Drinian", 107_811_065)
REALM = "tichondrius"

ROSTERS = {
    "enigma": "GuildRosterResponse.json",
    "another-kind": "GuildResponse.json",
    "cut": "JournalEncounterResponseTruncated.json",
}
PROFILES = {
    "drinian": ("CharacterProfileSummaryResponse.json", 200),
    "inactive": ("AccountInactive403ForbiddenResponse.json", 403),
}
UNKNOWN = ("Item404ErrorResponse.json", 404)
STATUSES = {"drinian": ("CharacterProfileStatusResponse.json", 200), "inactive": PROFILES["inactive"]}
REALMS = ("RealmResponse.json", "ConnectedRealmResponse.json")


class Captures:
    """Serves each capture where the client asks for an answer of its kind."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.app = Starlette(
            routes=[
                Route("/token", self._token, methods=["POST"]),
                Route("/data/wow/guild/{realm}/{guild}/roster", self._roster),
                Route("/profile/wow/character/{realm}/{name}", self._profile),
                Route("/profile/wow/character/{realm}/{name}/status", self._status),
                Route("/data/wow/realm/index", self._realms),
            ]
        )

    def read(self, name: str) -> Any:
        return json.loads((self._folder / name).read_text(encoding="utf-8"))

    def _answer(self, name: str, status: int = 200) -> Response:
        return Response((self._folder / name).read_bytes(), status, media_type="application/json")

    async def _token(self, _: Request) -> Response:
        return JSONResponse({"access_token": "captured", "token_type": "bearer", "expires_in": 86_399})

    async def _roster(self, request: Request) -> Response:
        return self._answer(ROSTERS[request.path_params["guild"]])

    async def _profile(self, request: Request) -> Response:
        return self._answer(*PROFILES.get(request.path_params["name"], UNKNOWN))

    async def _status(self, request: Request) -> Response:
        return self._answer(*STATUSES.get(request.path_params["name"], UNKNOWN))

    async def _realms(self, _: Request) -> Response:
        """Captured realms in the place where the index lists them."""
        realm, connected = map(self.read, REALMS)
        return JSONResponse({"realms": [realm, *connected["realms"]]})


@pytest.fixture(scope="module")
def captures(fixtures: Path) -> Captures:
    return Captures(fixtures / "battlenet")


@pytest.fixture(scope="module")
def url(captures: Captures) -> Iterator[str]:
    with running(captures.app) as base_url:
        yield base_url


@pytest.fixture
async def battle_net(url: str) -> AsyncIterator[BattleNetClient]:
    clock = SimulatedClock()
    timing = Timing(clock.clock, clock.sleep, clock.jitter)
    async with http_client(trust_env=False) as http:
        yield BattleNetClient(
            http, client_id="id", client_secret="", token_url=f"{url}/token", api_url=url, timing=timing
        )


def test_every_capture_is_served_by_some_test(fixtures: Path) -> None:
    served = {*ROSTERS.values(), *REALMS, UNKNOWN[0], *(name for name, _ in (*PROFILES.values(), *STATUSES.values()))}
    assert served == {path.name for path in (fixtures / "battlenet").iterdir()}


async def test_a_captured_roster_is_read_whole(battle_net: BattleNetClient, captures: Captures) -> None:
    roster = await battle_net.fetch_members(ENIGMA)
    captured = captures.read(ROSTERS["enigma"])
    assert (roster.address, roster.name) == (ENIGMA, "Enigma")
    assert [
        (each.name, each.character_id, each.realm_slug, each.realm_id, each.level, each.class_id, each.rank)
        for each in roster.members
    ] == [
        (
            each["character"]["name"],
            each["character"]["id"],
            each["character"]["realm"]["slug"],
            each["character"]["realm"]["id"],
            each["character"]["level"],
            each["character"]["playable_class"]["id"],
            each["rank"],
        )
        for each in captured["members"]
    ]


async def test_a_captured_roster_is_taken_in_by_a_whole_sync(pool: Pool, battle_net: BattleNetClient) -> None:
    """Nobody in it has a captured profile: all are known by the roster alone."""
    async with pool.connection() as conn:
        await guilds.add(conn, ENIGMA, "Enigma")
    report = await run_blizzard_sync(pool, sources=Sources(battle_net, profiles=battle_net))
    roster = await battle_net.fetch_members(ENIGMA)
    assert (report.status, report.steps[0].counts["joined"]) == ("done", len(roster.members))
    assert report.steps[1].counts["gone"] == len(roster.members)


async def test_a_captured_profile_and_status_are_read(battle_net: BattleNetClient, captures: Captures) -> None:
    (answer,) = await battle_net.fetch_profiles("us", [DRINIAN])
    captured = captures.read(PROFILES["drinian"][0])
    assert answer.state is ProfileState.SHOWN
    assert answer.profile is not None
    assert (answer.profile.item_level, answer.profile.last_login_timestamp, answer.profile.realm_name) == (
        captured["equipped_item_level"],
        captured["last_login_timestamp"],
        captured["realm"]["name"],
    )
    status = await battle_net.fetch_status("us", DRINIAN.realm_slug, DRINIAN.name)
    assert status == CharacterStatus(DRINIAN.character_id, is_valid=True)


@pytest.mark.parametrize(("name", "state"), [("Inactive", ProfileState.HIDDEN), ("Nobody", ProfileState.GONE)])
async def test_captured_errors_are_told_apart(battle_net: BattleNetClient, name: str, state: ProfileState) -> None:
    (answer,) = await battle_net.fetch_profiles("us", [CharacterAddress("norgannon", name)])
    assert answer.state is state


@pytest.mark.parametrize(
    ("guild", "words"), [("cut", "not whole JSON"), ("another-kind", "'members' should be a list")]
)
async def test_captures_that_are_no_whole_roster_are_refused(
    battle_net: BattleNetClient, guild: str, words: str
) -> None:
    with pytest.raises(SourceMalformed, match=words):
        await battle_net.fetch_members(GuildAddress("us", "deathwing", guild))


async def test_captured_realms_are_read(battle_net: BattleNetClient) -> None:
    index = await battle_net.fetch_realms("us")
    assert [(realm.realm_id, realm.slug, realm.names) for realm in index.realms] == [(11, REALM, ("Tichondrius",))]
