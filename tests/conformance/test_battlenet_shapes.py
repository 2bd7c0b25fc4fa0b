"""The simulated Battle.net answers in the shape of the captures: the same keys, and values of the same types."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx2
import pytest

from sv_common.guild_sync.simulators import GuildSimulator

pytestmark = pytest.mark.fixtures

CAPTURES = {
    "roster": "GuildRosterResponse.json",
    "profile": "CharacterProfileSummaryResponse.json",
    "status": "CharacterProfileStatusResponse.json",
    "realm": "RealmResponse.json",
    "not found": "Item404ErrorResponse.json",
}
NEWER = {
    "roster": {"members[].character.faction", "members[].character.faction.type"},
    "realm": {"key", "key.href"},
}
"""Places that the captures, which are some years old, do not have; a realm's key is of the index, which is not captured."""

NOT_ALWAYS = {
    "profile": {"active_spec", "active_title"},
    "realm": {"_links", "region", "connected_realm", "category", "locale", "timezone", "type", "is_tournament"},
}
"""Fields that not every answer has, or (for realms) that the index leaves to the realm's own address."""

LINKS = {
    *("pvp_summary", "encounters", "media", "specializations", "statistics", "mythic_keystone_profile", "equipment"),
    *("appearance", "collections", "reputations", "quests", "achievements_statistics", "professions"),
}
"""Links of a profile to more of it, which come and go with the game's expansions; nothing here follows them."""


def shape(value: object, place: str = "") -> dict[str, str]:
    """The type of the value in every place of an answer; the entries of a list count together."""
    kind = {dict: "object", list: "list", str: "text", int: "number", float: "number", bool: "flag"}[type(value)]
    found = {place: kind}
    if isinstance(value, dict):
        for key, item in value.items():
            found |= shape(item, f"{place}.{key}".removeprefix("."))
    elif isinstance(value, list):
        for item in value:
            found |= shape(item, f"{place}[]")
    return found


def departures(ours: Mapping[str, str], captured: Mapping[str, str], kind: str) -> list[str]:
    """Where a simulated answer has another type than the capture, a place of its own, or lacks one."""
    own = {place for place in ours if place not in captured} - NEWER.get(kind, set())
    left_out = NOT_ALWAYS.get(kind, set()) | (LINKS if kind == "profile" else set())
    lacking = {place for place in captured if place not in ours and place.split(".")[0] not in left_out}
    return [
        *(f"{place} is not in the capture" for place in sorted(own)),
        *(f"{place} is missing" for place in sorted(lacking)),
        *(
            f"{place} is a {ours[place]}, and a {captured[place]} in the capture"
            for place in sorted(ours.keys() & captured.keys())
            if ours[place] != captured[place]
        ),
    ]


@pytest.fixture
async def bearer(simulator: GuildSimulator, http: httpx2.AsyncClient) -> dict[str, str]:
    credentials = (simulator.client_id, simulator.client_secret)
    answer = await http.post(simulator.token_url, data={"grant_type": "client_credentials"}, auth=credentials)
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


async def simulated(kind: str, simulator: GuildSimulator, http: httpx2.AsyncClient, bearer: dict[str, str]) -> Any:
    """Ask the simulator for an answer of this kind."""
    world = simulator.world
    character = world.characters[0]
    profile = f"/profile/wow/character/{character.realm.slug}/{character.name.lower()}"
    path, namespace = {
        "roster": (f"/data/wow/guild/{world.realm.slug}/{world.guild_slug}/roster", "profile"),
        "profile": (profile, "profile"),
        "status": (f"{profile}/status", "profile"),
        "realm": ("/data/wow/realm/index", "dynamic"),
        "not found": (f"{profile}x", "profile"),
    }[kind]
    query = {"namespace": f"{namespace}-us", "locale": "en_US"}
    answer = (await http.get(simulator.battlenet_url + path, params=query, headers=bearer)).json()
    return answer["realms"][0] if kind == "realm" else answer


@pytest.mark.parametrize("kind", CAPTURES)
async def test_a_simulated_answer_has_the_shape_of_the_capture(
    kind: str, simulator: GuildSimulator, http: httpx2.AsyncClient, bearer: dict[str, str], fixtures: Path
) -> None:
    captured = json.loads((fixtures / "battlenet" / CAPTURES[kind]).read_text(encoding="utf-8"))
    ours = await simulated(kind, simulator, http, bearer)
    assert departures(shape(ours), shape(captured), kind) == []


async def test_a_simulated_error_is_the_captured_one(
    simulator: GuildSimulator, http: httpx2.AsyncClient, bearer: dict[str, str], fixtures: Path
) -> None:
    captured = json.loads((fixtures / "battlenet" / CAPTURES["not found"]).read_text(encoding="utf-8"))
    assert await simulated("not found", simulator, http, bearer) == captured
