"""Profiles that cannot be had: the roster is synced all the same, what is known stays, and no one counts as gone."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import httpx2
import pytest

from faults import table
from faults.installation import MOMENTS, Installation
from faults.sentences import faults_of
from faults.table import Misbehavior
from sv_common.guild_sync.sources.http import RetryPolicy

HIDDEN = {"code": 404, "type": "BLZWEBAPI00000404", "detail": "Not Found"}
GONE = "select count(*) from guild_identity.character_profiles where gone_since is not null"
STRIKING = [each for each in table.ALL if each.name != "page 401"]
"""All but a rejected token, which ends all requests and not just one."""


def batches(size: int) -> Iterator[Sequence[Misbehavior]]:
    """As many faults at once as there are characters: each character meets another one."""
    faults = iter(STRIKING)
    while batch := list(itertools.islice(faults, size)):
        yield batch


async def show_all_profiles(installation: Installation) -> None:
    """Let Battle.net show every profile, and read them until nothing is new."""
    for character in installation.world.characters:
        character.has_profile = True
    for _ in range(2):
        await installation.let_profiles_be_due()
        await installation.sync_battlenet()


async def age(installation: Installation, days: float) -> None:
    """Let so much time pass: everything that is remembered of profiles happened so much earlier."""
    await installation.rows(
        "with profiles as (update guild_identity.character_profiles set requested_at = requested_at - %(age)s::interval, "
        "fetched_at = fetched_at - %(age)s::interval, gone_since = gone_since - %(age)s::interval) "
        "update guild_identity.wow_characters set first_seen = first_seen - %(age)s::interval returning id",
        {"age": f"{days} days"},
    )


@pytest.mark.parametrize("route", ["profile", "status"])
async def test_whatever_a_profile_or_a_status_answers_the_roster_is_synced_and_what_is_known_stays(
    honest: Installation, impatient: httpx2.AsyncClient, route: str
) -> None:
    """A character is asked for its status where its profile is not shown."""
    await show_all_profiles(honest)
    before = await honest.fingerprint(without_columns=MOMENTS)
    for batch in batches(len(honest.world.characters)):
        honest.connect(impatient, RetryPolicy(attempts=2))
        honest.simulator.faults.clear()
        if route == "status":
            honest.simulator.faults.json("profile", HIDDEN, 404, times=None)
        for fault, character in zip(batch, honest.world.characters, strict=False):
            fault.strike(honest.simulator.faults, route, path=f"/{character.name.lower()}")
        await honest.let_profiles_be_due()
        report = await honest.sync_battlenet()
        names = [fault.name for fault in batch]
        learned = sum(report.steps[1].counts[state] for state in ("shown", "hidden", "gone"))
        assert report.status == ("done" if learned else "partial"), names
        assert report.steps[0].counts["characters"] == 12, names
        assert [faults for notice in report.steps[1].notices if (faults := faults_of(notice, "Battle.net"))] == [], (
            names
        )
        assert await honest.fingerprint(without_columns=MOMENTS) == before, names


@pytest.mark.parametrize("route", ["profile", "status"])
async def test_a_token_that_is_rejected_over_profiles_ends_their_reading_and_not_the_run(
    honest: Installation, route: str
) -> None:
    if route == "status":
        honest.simulator.faults.json("profile", HIDDEN, 404, times=None)
    before = await honest.fingerprint(without_columns=MOMENTS)
    honest.simulator.faults.status(route, 401, times=None)
    await honest.let_profiles_be_due()
    report = await honest.sync_battlenet()
    assert report.status == "partial"
    assert faults_of(report.steps[1].error or "", "Battle.net") == []
    assert await honest.fingerprint(without_columns=MOMENTS) == before


async def test_an_outage_of_all_profiles_erases_what_they_said_before_thirty_days_are_over_and_not_at_once(
    installed: Installation,
) -> None:
    known = "select count(*) from guild_identity.wow_characters where last_login_timestamp is not null"
    await show_all_profiles(installed)
    before = await installed.rows(known)
    installed.simulator.faults.status("profile", 503, times=None)
    for days in (10, 10, 7):
        await age(installed, days)
        report = await installed.sync_battlenet()
        assert (report.status, "Not one of the 12 profiles" in " ".join(report.steps[1].notices)) == ("partial", True)
        assert await installed.rows(known) == before
    await age(installed, 1.1)
    await installed.let_profiles_be_due()
    report = await installed.sync_battlenet()
    assert (report.status, await installed.rows(known)) == ("partial", [(0,)])
    assert "not updated for 28 days were erased" in " ".join(report.steps[1].notices)
    assert await installed.rows(GONE) == [(0,)]


async def test_a_gateway_that_knows_no_address_for_days_is_no_word_about_anybody(installed: Installation) -> None:
    """A 404 that is a page and not Battle.net's own JSON comes from something in between."""
    await show_all_profiles(installed)
    known = "select id, item_level, last_login_timestamp from guild_identity.wow_characters order by 1"
    before = await installed.rows(known)
    for route in ("profile", "status"):
        installed.simulator.faults.status(route, 404, times=None)
    for _ in range(3):
        await age(installed, 5)
        await installed.sync_battlenet()
    assert (await installed.rows(known), await installed.rows(GONE)) == (before, [(0,)])
