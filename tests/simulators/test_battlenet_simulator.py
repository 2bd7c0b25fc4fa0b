from typing import Any

import httpx2
import pytest

from sv_common.guild_sync.simulators import GuildSimulator, GuildWorld
from sv_common.guild_sync.simulators.model import Realm, WorldCharacter
from sv_common.guild_sync.sources.models import LOCALES

QUERY = {"namespace": "profile-us", "locale": "en_US"}


@pytest.fixture
def bearer(simulator: GuildSimulator, http: httpx2.Client) -> dict[str, str]:
    answer = http.post(
        simulator.token_url,
        data={"grant_type": "client_credentials"},
        auth=(simulator.client_id, simulator.client_secret),
    )
    token = answer.json()
    assert token.keys() == {"access_token", "token_type", "expires_in", "sub"}
    assert token["expires_in"] == 86_399
    return {"Authorization": f"Bearer {token['access_token']}"}


@pytest.fixture
def roster_url(simulator: GuildSimulator) -> str:
    return f"{simulator.battlenet_url}/data/wow/guild/maltorith/the-lantern-watch/roster"


def profile_url(simulator: GuildSimulator, character: WorldCharacter) -> str:
    return f"{simulator.battlenet_url}/profile/wow/character/{character.realm.slug}/{character.name.lower()}"


def keys(value: object) -> object:
    """Reduce a JSON value to its keys and types, lists to their first entry."""
    if isinstance(value, dict):
        return {key: keys(item) for key, item in value.items()}
    return [keys(value[0])] if isinstance(value, list) else type(value).__name__


def test_a_token_needs_the_right_credentials_and_grant(simulator: GuildSimulator, http: httpx2.Client) -> None:
    right = (simulator.client_id, simulator.client_secret)
    form = {"grant_type": "client_credentials"}
    assert http.post(simulator.token_url, data=form, auth=("patt-client", "wrong")).status_code == 401
    assert http.post(simulator.token_url, data={"grant_type": "password"}, auth=right).status_code == 400
    assert http.get(simulator.token_url, auth=right).status_code == 405


def test_nothing_is_answered_without_a_valid_token(
    simulator: GuildSimulator, http: httpx2.Client, roster_url: str, bearer: dict[str, str]
) -> None:
    token = bearer["Authorization"].split()[1]
    assert http.get(roster_url, params=QUERY).status_code == 401
    assert http.get(roster_url, params=QUERY | {"access_token": token}).status_code == 401
    assert http.get(roster_url, params=QUERY, headers=bearer).status_code == 200
    simulator.battlenet.revoke_tokens()
    assert http.get(roster_url, params=QUERY, headers=bearer).status_code == 401


def test_the_namespace_is_needed_as_query_or_header(
    http: httpx2.Client, roster_url: str, bearer: dict[str, str]
) -> None:
    assert http.get(roster_url, headers=bearer).status_code == 404
    assert http.get(roster_url, headers=bearer, params={"namespace": "dynamic-us"}).status_code == 404
    assert http.get(roster_url, headers=bearer | {"Battlenet-Namespace": "profile-us"}).status_code == 200


def test_the_roster_has_the_shape_of_the_wire(
    http: httpx2.Client, roster_url: str, bearer: dict[str, str], world: GuildWorld
) -> None:
    body = http.get(roster_url, params=QUERY, headers=bearer).json()
    key = {"href": "str"}
    assert keys(body) == {
        "_links": {"self": key},
        "guild": {
            "key": key,
            "name": "str",
            "id": "int",
            "realm": {"key": key, "name": "str", "id": "int", "slug": "str"},
            "faction": {"type": "str", "name": "str"},
        },
        "members": [
            {
                "character": {
                    "key": key,
                    "name": "str",
                    "id": "int",
                    "realm": {"key": key, "id": "int", "slug": "str"},
                    "level": "int",
                    "playable_class": {"key": key, "id": "int"},
                    "playable_race": {"key": key, "id": "int"},
                    "faction": {"type": "str"},
                },
                "rank": "int",
            }
        ],
    }
    shown = [(entry["character"]["name"], entry["rank"]) for entry in body["members"]]
    assert shown == [(character.name, character.rank) for character in world.characters]


def test_the_world_changes_what_is_answered_at_once(
    http: httpx2.Client, roster_url: str, bearer: dict[str, str], world: GuildWorld
) -> None:
    gone, risen = world.characters[3], world.characters[4]
    world.leave(gone)
    world.set_rank(risen, 2)
    members = http.get(roster_url, params=QUERY, headers=bearer).json()["members"]
    ranks = {entry["character"]["id"]: entry["rank"] for entry in members}
    assert gone.character_id not in ranks
    assert ranks[risen.character_id] == 2


def test_a_profile_is_found_in_lower_case_only(
    simulator: GuildSimulator, http: httpx2.Client, bearer: dict[str, str], world: GuildWorld
) -> None:
    zoe = world.join("Zoë")
    url = profile_url(simulator, zoe)
    body = http.get(url, params=QUERY, headers=bearer).json()
    assert (body["id"], body["name"], body["realm"]["name"]) == (zoe.character_id, "Zoë", "Mal'Torith")
    assert body["last_login_timestamp"] == zoe.last_login_ms
    assert body["guild"]["name"] == world.guild_name
    assert http.get(url.replace("zoë", "Zoë"), params=QUERY, headers=bearer).status_code == 404


def test_without_a_locale_every_name_comes_in_all_languages(
    simulator: GuildSimulator, http: httpx2.Client, bearer: dict[str, str], world: GuildWorld
) -> None:
    url = profile_url(simulator, world.characters[0])
    body: dict[str, Any] = http.get(url, params={"namespace": "profile-us"}, headers=bearer).json()
    assert body["realm"]["name"]["en_US"] == "Mal'Torith"
    assert isinstance(body["name"], str)


def test_who_left_has_a_profile_without_a_guild(
    simulator: GuildSimulator, http: httpx2.Client, bearer: dict[str, str], world: GuildWorld
) -> None:
    character = world.characters[1]
    world.leave(character)
    assert "guild" not in http.get(profile_url(simulator, character), params=QUERY, headers=bearer).json()


@pytest.mark.parametrize("field", ["has_profile", "level"])
def test_some_members_have_no_profile_and_no_status(
    simulator: GuildSimulator, http: httpx2.Client, bearer: dict[str, str], world: GuildWorld, field: str
) -> None:
    character = world.characters[0]
    setattr(character, field, 0)
    url = profile_url(simulator, character)
    answer = http.get(url, params=QUERY, headers=bearer)
    assert (answer.status_code, answer.json()) == (
        404,
        {"code": 404, "type": "BLZWEBAPI00000404", "detail": "Not Found"},
    )
    assert http.get(f"{url}/status", params=QUERY, headers=bearer).status_code == 404


def test_a_status_confirms_the_id(
    simulator: GuildSimulator, http: httpx2.Client, bearer: dict[str, str], world: GuildWorld
) -> None:
    character = world.characters[0]
    body = http.get(f"{profile_url(simulator, character)}/status", params=QUERY, headers=bearer).json()
    assert (body["id"], body["is_valid"]) == (character.character_id, True)


def test_a_character_that_is_not_valid_has_a_status_and_no_profile(
    simulator: GuildSimulator, http: httpx2.Client, bearer: dict[str, str], world: GuildWorld
) -> None:
    character = world.characters[0]
    character.is_valid = False
    url = profile_url(simulator, character)
    assert http.get(url, params=QUERY, headers=bearer).status_code == 404
    assert http.get(f"{url}/status", params=QUERY, headers=bearer).json()["is_valid"] is False


def test_a_realm_is_named_in_the_language_that_is_asked_for(
    simulator: GuildSimulator, http: httpx2.Client, bearer: dict[str, str], world: GuildWorld
) -> None:
    world.realms = [Realm(1602, "Gordunni", "gordunni", {"ru_RU": "Гордунни"})]
    url = f"{simulator.battlenet_url}/data/wow/realm/index"
    names = [
        http.get(url, params={"namespace": "dynamic-us", "locale": locale}, headers=bearer).json()["realms"][0]["name"]
        for locale in ("ru_RU", "en_GB")
    ]
    assert names == ["Гордунни", "Gordunni"]


def test_a_realm_is_named_in_all_languages_of_its_region_where_none_is_asked_for(
    simulator: GuildSimulator, http: httpx2.Client, bearer: dict[str, str], world: GuildWorld
) -> None:
    world.region, world.realms = "eu", [Realm(1602, "Gordunni", "gordunni", {"ru_RU": "Гордунни"})]
    url = f"{simulator.battlenet_url}/data/wow/realm/index"
    (realm,) = http.get(url, params={"namespace": "dynamic-eu"}, headers=bearer).json()["realms"]
    assert realm["name"] == dict.fromkeys(LOCALES["eu"], "Gordunni") | {"ru_RU": "Гордунни"}


def test_the_realm_index_is_in_the_dynamic_namespace(
    simulator: GuildSimulator, http: httpx2.Client, bearer: dict[str, str], world: GuildWorld
) -> None:
    url = f"{simulator.battlenet_url}/data/wow/realm/index"
    assert http.get(url, params=QUERY, headers=bearer).status_code == 404
    realms = http.get(url, params=QUERY | {"namespace": "dynamic-us"}, headers=bearer).json()["realms"]
    assert [(realm["id"], realm["name"], realm["slug"]) for realm in realms] == [
        (realm.realm_id, realm.name, realm.slug) for realm in world.realms
    ]
