"""Profiles, statuses and realms through the real client."""

import pytest

from clients.conftest import Net
from sv_common.guild_sync.core.errors import SourceDenied, SourceMalformed, SourceUnavailable
from sv_common.guild_sync.simulators import GuildWorld
from sv_common.guild_sync.simulators.model import Realm, WorldCharacter
from sv_common.guild_sync.sources.battlenet.api import REQUESTS_AT_ONCE
from sv_common.guild_sync.sources.battlenet.client import MOST_FAILURES_IN_A_ROW, BattleNetClient
from sv_common.guild_sync.sources.http import RateLimiter, RetryPolicy
from sv_common.guild_sync.sources.models import CharacterAddress, CharacterStatus, ProfileAnswer, ProfileState

A_MOMENT = 0.1
"""Seconds that pacing costs a few requests; a pause before another try would be longer."""

INACTIVE = {"code": 403, "type": "Forbidden", "detail": "Account Inactive"}


def address(character: WorldCharacter) -> CharacterAddress:
    return CharacterAddress(character.realm.slug, character.name, character.character_id)


async def ask(battlenet: BattleNetClient, character: WorldCharacter) -> ProfileAnswer:
    (answer,) = await battlenet.fetch_profiles("us", [address(character)])
    return answer


async def test_profiles_come_in_the_order_of_the_characters_with_one_request_each(net: Net) -> None:
    for character in net.world.characters:
        character.has_profile = True
    answers = await net.battlenet.fetch_profiles("us", [address(each) for each in net.world.characters])
    assert [(answer.state, answer.profile and answer.profile.last_login_timestamp) for answer in answers] == [
        (ProfileState.SHOWN, character.last_login_ms) for character in net.world.characters
    ]
    assert (net.calls["profile"], net.calls["status"]) == (len(answers), 0)


async def test_nobody_asked_for_is_nobody_answered(net: Net) -> None:
    assert await net.battlenet.fetch_profiles("us", []) == []
    assert not net.calls


async def test_a_character_that_battle_net_does_not_know_is_gone(net: Net) -> None:
    character = net.world.characters[0]
    character.has_profile = False
    assert (await ask(net.battlenet, character)).state is ProfileState.GONE
    assert await net.battlenet.fetch_status("us", character.realm.slug, character.name) is None


async def test_a_character_that_is_not_valid_is_gone(net: Net) -> None:
    character = net.world.characters[0]
    character.is_valid = False
    assert (await ask(net.battlenet, character)).state is ProfileState.GONE
    status = await net.battlenet.fetch_status("us", character.realm.slug, character.name)
    assert status == CharacterStatus(character.character_id, is_valid=False)


async def test_a_name_that_another_character_bears_now_is_gone_and_its_profile_is_not_used(net: Net) -> None:
    character = net.world.characters[0]
    meant = address(character)
    character.character_id += 1
    (answer,) = await net.battlenet.fetch_profiles("us", [meant])
    assert (answer.state, answer.profile) == (ProfileState.GONE, None)


async def test_a_profile_that_is_missing_while_the_status_is_good_is_hidden_and_not_gone(net: Net) -> None:
    net.faults.json("profile", {"code": 404}, 404)
    assert (await ask(net.battlenet, net.world.characters[0])).state is ProfileState.HIDDEN


async def test_the_character_of_an_inactive_account_is_hidden(net: Net) -> None:
    net.faults.json("profile", INACTIVE, 403)
    net.faults.json("status", INACTIVE, 403)
    assert (await ask(net.battlenet, net.world.characters[0])).state is ProfileState.HIDDEN
    assert (net.calls["profile"], net.calls["status"]) == (1, 1)
    assert sum(net.clock.sleeps) < A_MOMENT


@pytest.mark.parametrize("route", ["profile", "status"])
@pytest.mark.parametrize("status", [429, 500, 503])
async def test_an_answer_that_cannot_be_had_is_never_taken_for_gone(net: Net, route: str, status: int) -> None:
    net.world.characters[0].has_profile = False
    net.faults.status(route, status, times=None)
    answer = await ask(net.battlenet, net.world.characters[0])
    assert answer.state is ProfileState.FAILED
    assert "Try again later" in answer.reason
    assert net.calls[route] == RetryPolicy().attempts


async def test_in_an_outage_the_rest_is_not_asked(net: Net) -> None:
    net.simulator.load(GuildWorld.seeded(3, 80))
    net.faults.status("profile", 503, times=None)
    answers = await net.battlenet.fetch_profiles("us", [address(each) for each in net.simulator.world.characters])
    states = [answer.state for answer in answers]
    assert set(states) == {ProfileState.FAILED, ProfileState.NOT_ASKED}
    assert states.count(ProfileState.FAILED) <= MOST_FAILURES_IN_A_ROW + REQUESTS_AT_ONCE


async def test_rejected_credentials_end_the_fetch(net: Net) -> None:
    net.faults.status("profile", 401, times=None)
    with pytest.raises(SourceDenied, match="rejected a fresh access token"):
        await net.battlenet.fetch_profiles("us", [address(each) for each in net.world.characters])
    with pytest.raises(SourceDenied):
        await net.battlenet.fetch_roster(net.world.address)


async def test_the_requests_of_the_hour_are_counted_down(net: Net) -> None:
    assert net.battlenet.spare_requests == 35_000
    await net.battlenet.fetch_roster(net.world.address)
    assert net.battlenet.spare_requests == 35_000 - 1 - len(net.world.characters)


async def test_when_the_hour_is_used_up_nobody_waits_for_its_end(net: Net) -> None:
    client = net.battlenet_with(limiter=RateLimiter([(2, 3600.0)], net.timing))
    for _ in range(2):
        await client.fetch_members(net.world.address)
    with pytest.raises(SourceUnavailable, match=r"used up .* Try again in 60 minutes"):
        await client.fetch_members(net.world.address)
    assert (client.spare_requests, net.calls["roster"], net.clock.sleeps) == (0, 2, [])


async def test_the_realms_come_with_their_names_in_every_language_of_the_region(net: Net) -> None:
    net.world.region = "eu"
    net.world.realms = [Realm(1602, "Gordunni", "gordunni", {"ru_RU": "Гордунни"}), Realm(1098, "Malygos", "malygos")]
    index = await net.battlenet.fetch_realms("eu")
    assert [(realm.slug, realm.names) for realm in index.realms] == [
        ("gordunni", ("Gordunni", "Гордунни")),
        ("malygos", ("Malygos",)),
    ]
    assert [realm.realm_id for realm in index.called("Гордунни")] == [1602]
    assert net.calls["realm_index"] == 7


async def test_a_realm_index_that_fails_in_one_language_fails_whole(net: Net) -> None:
    net.faults.headers("realm_index", {})
    net.faults.status("realm_index", 500, times=None)
    with pytest.raises(SourceUnavailable):
        await net.battlenet.fetch_realms("us")


async def test_a_realm_index_that_is_not_there_is_malformed(net: Net) -> None:
    net.faults.status("realm_index", 404)
    with pytest.raises(SourceMalformed, match="Check the API address"):
        await net.battlenet.fetch_realms("us")


async def test_the_realms_of_an_unknown_region_are_never_asked(net: Net) -> None:
    with pytest.raises(SourceDenied, match=r"no Battle\.net region"):
        await net.battlenet.fetch_realms("cn")
    assert not net.calls
