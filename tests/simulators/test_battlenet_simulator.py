from collections.abc import Mapping
from typing import Any

import httpx2
import pytest

from sv_common.guild_sync.simulators import GuildSimulator
from sv_common.guild_sync.simulators.model import Realm, WorldCharacter
from sv_common.guild_sync.sources.models import LOCALES

QUERY = {"namespace": "profile-us", "locale": "en_US"}


class Wire:
    """Asks the simulated Battle.net as a client with a token does."""

    def __init__(self, simulator: GuildSimulator, http: httpx2.Client) -> None:
        self.simulator, self.http = simulator, http
        self.world = simulator.world
        self.roster_url = f"{simulator.battlenet_url}/data/wow/guild/maltorith/the-lantern-watch/roster"
        self.realms_url = f"{simulator.battlenet_url}/data/wow/realm/index"
        credentials = (simulator.client_id, simulator.client_secret)
        token = http.post(simulator.token_url, data={"grant_type": "client_credentials"}, auth=credentials).json()
        assert token.keys() == {"access_token", "token_type", "expires_in", "sub"}
        assert token["expires_in"] == 86_399
        self.bearer = {"Authorization": f"Bearer {token['access_token']}"}

    def get(self, url: str, params: Mapping[str, str] = QUERY) -> httpx2.Response:
        return self.http.get(url, params=params, headers=self.bearer)

    def profile_url(self, character: WorldCharacter) -> str:
        return f"{self.simulator.battlenet_url}/profile/wow/character/{character.realm.slug}/{character.name.lower()}"


@pytest.fixture
def wire(simulator: GuildSimulator, http: httpx2.Client) -> Wire:
    return Wire(simulator, http)


def test_a_token_needs_the_right_credentials_and_grant(wire: Wire) -> None:
    right = (wire.simulator.client_id, wire.simulator.client_secret)
    form = {"grant_type": "client_credentials"}
    assert wire.http.post(wire.simulator.token_url, data=form, auth=("patt-client", "wrong")).status_code == 401
    assert wire.http.post(wire.simulator.token_url, data={"grant_type": "password"}, auth=right).status_code == 400
    assert wire.http.get(wire.simulator.token_url, auth=right).status_code == 405


def test_nothing_is_answered_without_a_valid_token(wire: Wire) -> None:
    token = wire.bearer["Authorization"].split()[1]
    assert wire.http.get(wire.roster_url, params=QUERY).status_code == 401
    assert wire.http.get(wire.roster_url, params=QUERY | {"access_token": token}).status_code == 401
    assert wire.get(wire.roster_url).status_code == 200
    wire.simulator.battlenet.revoke_tokens()
    assert wire.get(wire.roster_url).status_code == 401


def test_the_namespace_is_needed_as_query_or_header(wire: Wire) -> None:
    assert wire.http.get(wire.roster_url, headers=wire.bearer).status_code == 404
    assert wire.http.get(wire.roster_url, headers=wire.bearer, params={"namespace": "dynamic-us"}).status_code == 404
    assert (
        wire.http.get(wire.roster_url, headers=wire.bearer | {"Battlenet-Namespace": "profile-us"}).status_code == 200
    )


def test_the_world_changes_what_is_answered_at_once(wire: Wire) -> None:
    gone, risen = wire.world.characters[3], wire.world.characters[4]
    wire.world.leave(gone)
    wire.world.set_rank(risen, 2)
    members = wire.get(wire.roster_url).json()["members"]
    assert [entry["character"]["name"] for entry in members] == [each.name for each in wire.world.characters]
    ranks = {entry["character"]["id"]: entry["rank"] for entry in members}
    assert gone.character_id not in ranks
    assert ranks[risen.character_id] == 2


def test_a_profile_is_found_in_lower_case_only(wire: Wire) -> None:
    zoe = wire.world.join("Zoë")
    url = wire.profile_url(zoe)
    body = wire.get(url).json()
    assert (body["id"], body["name"], body["realm"]["name"]) == (zoe.character_id, "Zoë", "Mal'Torith")
    assert body["last_login_timestamp"] == zoe.last_login_ms
    assert body["guild"]["name"] == wire.world.guild_name
    assert wire.get(url.replace("zoë", "Zoë")).status_code == 404


def test_without_a_locale_every_name_comes_in_all_languages(wire: Wire) -> None:
    url = wire.profile_url(wire.world.characters[0])
    body: dict[str, Any] = wire.get(url, {"namespace": "profile-us"}).json()
    assert body["realm"]["name"]["en_US"] == "Mal'Torith"
    assert isinstance(body["name"], str)


def test_who_left_has_a_profile_without_a_guild(wire: Wire) -> None:
    character = wire.world.characters[1]
    wire.world.leave(character)
    assert "guild" not in wire.get(wire.profile_url(character)).json()


def test_a_realm_is_named_in_all_languages_of_its_region_where_none_is_asked_for(wire: Wire) -> None:
    wire.world.region, wire.world.realms = "eu", [Realm(1602, "Gordunni", "gordunni", {"ru_RU": "Гордунни"})]
    (realm,) = wire.get(wire.realms_url, {"namespace": "dynamic-eu"}).json()["realms"]
    assert realm["name"] == dict.fromkeys(LOCALES["eu"], "Gordunni") | {"ru_RU": "Гордунни"}


def test_the_realm_index_is_in_the_dynamic_namespace(wire: Wire) -> None:
    assert wire.get(wire.realms_url).status_code == 404
    realms = wire.get(wire.realms_url, QUERY | {"namespace": "dynamic-us"}).json()["realms"]
    assert [(realm["id"], realm["name"], realm["slug"]) for realm in realms] == [
        (realm.realm_id, realm.name, realm.slug) for realm in wire.world.realms
    ]
