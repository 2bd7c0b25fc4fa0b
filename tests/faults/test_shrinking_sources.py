"""Sources that lose half of their people, or all: no one is gone until an officer confirms it."""

from __future__ import annotations

import json
from collections.abc import Awaitable

import pytest
from starlette.responses import JSONResponse, Response

from faults.installation import Installation
from faults.sentences import faults_of
from sv_common.guild_sync.core.errors import PattError, SourceMalformed, SuspiciousSource
from sv_common.guild_sync.simulators.faults import Fault

PRESENT = """
    select (select count(*) from guild_identity.wow_characters where removed_at is null),
           (select count(*) from guild_identity.discord_users where is_present and not is_bot)
"""
LINKS = "select character_id, player_id from guild_identity.player_characters order by 1"


async def refused(installation: Installation, run: Awaitable[object], source: str) -> PattError:
    """Let a sync fail and change nothing, and return what it said."""
    before = await installation.fingerprint()
    with pytest.raises(PattError) as caught:
        await run
    assert await installation.fingerprint() == before
    assert faults_of(str(caught.value), source) == []
    assert (await installation.newest_run()).error == str(caught.value)
    return caught.value


def half_of_the_guild_leaves(installation: Installation) -> None:
    for character in installation.world.characters[::2]:
        installation.world.leave(character)


def half_of_the_server_leaves(installation: Installation) -> None:
    people = [member for member in installation.world.members if not member.is_bot]
    for member in people[::2]:
        installation.world.discord_leave(member)


async def test_a_roster_that_shrinks_by_half_counts_as_a_failed_fetch(installed: Installation) -> None:
    half_of_the_guild_leaves(installed)
    error = await refused(installed, installed.sync_battlenet(), "Battle.net")
    assert isinstance(error, SuspiciousSource)
    assert "6 of 12 known characters" in str(error)
    assert "More than 30% at once" in str(error)
    assert "accept the losses" in str(error)


async def test_half_a_roster_is_taken_when_an_officer_accepts_the_losses(installed: Installation) -> None:
    links = await installed.rows(LINKS)
    half_of_the_guild_leaves(installed)
    report = await installed.sync_battlenet(accept_losses=True)
    assert (report.status, report.steps[0].counts["left"]) == ("done", 6)
    assert (await installed.rows(PRESENT))[0][0] == 6
    assert await installed.rows(LINKS) == links
    assert (await installed.sync_battlenet()).status == "done"


@pytest.mark.parametrize("is_accepted", [False, True])
async def test_an_empty_roster_is_refused_even_when_losses_are_accepted(
    installed: Installation, is_accepted: bool
) -> None:
    for character in installed.world.characters:
        installed.world.leave(character)
    run = installed.sync_battlenet(accept_losses=is_accepted)
    assert isinstance(await refused(installed, run, "Battle.net"), SourceMalformed)


async def test_the_roster_of_another_guild_is_refused_and_so_is_its_address(installed: Installation) -> None:
    def of_strangers(answer: Response) -> Response:
        body = json.loads(bytes(answer.body))
        body["guild"]["key"]["href"] = "https://us.api.blizzard.com/data/wow/guild/maltorith/strangers"
        for number, member in enumerate(body["members"]):
            member["character"] |= {"id": number + 1, "name": f"Stranger{'abcdefghijklm'[number]}"}
        return JSONResponse(body)

    installed.simulator.faults.add("roster", Fault(change=of_strangers))
    error = await refused(installed, installed.sync_battlenet(), "Battle.net")
    assert "12 of 12 known characters" in str(error)
    assert (await installed.sync_battlenet()).status == "done"


@pytest.mark.parametrize("path", ["/data/wow/guild//strangers", "/data/wow/guild/maltorith/%00", "/data/wow/guild/a/b"])
async def test_an_address_that_cannot_be_is_not_kept_and_its_roster_is(installed: Installation, path: str) -> None:
    def elsewhere(answer: Response) -> Response:
        body = json.loads(bytes(answer.body))
        body["guild"]["key"]["href"] = f"https://us.api.blizzard.com{path}?namespace=profile-us"
        return JSONResponse(body)

    installed.simulator.faults.add("roster", Fault(change=elsewhere))
    assert (await installed.sync_battlenet()).status == "done"


async def test_a_member_list_that_shrinks_by_half_counts_as_a_failed_fetch(installed: Installation) -> None:
    half_of_the_server_leaves(installed)
    error = await refused(installed, installed.sync_discord(), "Discord")
    assert isinstance(error, SuspiciousSource)
    assert "accept the losses" in str(error)


async def test_half_a_member_list_is_taken_when_an_officer_accepts_the_losses(installed: Installation) -> None:
    players = await installed.rows("select id, discord_user_id from guild_identity.players order by 1")
    half_of_the_server_leaves(installed)
    report = await installed.sync_discord(accept_losses=True)
    assert report.steps[0].counts["left"] == 3
    assert await installed.rows("select id, discord_user_id from guild_identity.players order by 1") == players


@pytest.mark.parametrize("is_accepted", [False, True])
async def test_a_member_list_without_people_is_refused_even_when_losses_are_accepted(
    installed: Installation, is_accepted: bool
) -> None:
    installed.world.members = [member for member in installed.world.members if member.is_bot]
    run = installed.sync_discord(accept_losses=is_accepted)
    assert isinstance(await refused(installed, run, "Discord"), SuspiciousSource)


async def test_a_page_of_the_member_list_that_is_missing_counts_as_the_whole(installed: Installation) -> None:
    """A page that is cut short looks like the last one; what it lacks must not be taken for gone."""
    installed.simulator.faults.add(
        "members", Fault(change=lambda answer: JSONResponse(json.loads(bytes(answer.body))[:2]))
    )
    assert isinstance(await refused(installed, installed.sync_discord(), "Discord"), SuspiciousSource)
