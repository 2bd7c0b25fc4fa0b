"""Dismissals that hide nothing any more: listed on the page and by the API, and removed there."""

from __future__ import annotations

import httpx2

from guild_builder import GuildBuilder
from sv_common.guild_sync.integrity_checker import run_integrity_check
from web.helpers import API, PAGE, issue_number

DISMISSALS = f"{API}/dismissals"


async def _set_aside_and_settled(alice: httpx2.AsyncClient, guild: GuildBuilder) -> tuple[int, int]:
    """Set two issues aside, of which the first is no longer found by now."""
    numbers = await issue_number(guild, "orphan_wow", "Riddle"), await issue_number(guild, "orphan_discord", "Zephyr")
    answer = await alice.post(f"{API}/issues/dismiss", json={"issue_ids": list(numbers), "reason": "guests"})
    assert answer.status_code == 200, answer.text
    ((riddle,),) = await guild.rows("select id from guild_identity.wow_characters where character_name = 'Riddle'")
    await guild.link(riddle, await guild.player("Robin"))
    await run_integrity_check(guild.pool, guild_id=guild.guild_id)
    return numbers


async def test_dismissals_that_hide_nothing_are_listed_and_removed_one_by_one(
    alice: httpx2.AsyncClient, troubled: GuildBuilder
) -> None:
    settled, hiding = await _set_aside_and_settled(alice, troubled)
    both = (await alice.get(DISMISSALS)).json()
    assert {each["issue"]["id"]: each["why_idle"] for each in both["items"]} == {
        settled: "No longer found.",
        hiding: None,
    }
    idle = (await alice.get(DISMISSALS, params={"idle": True})).json()
    assert [each["issue"]["id"] for each in idle["items"]] == [settled]
    removed = (await alice.post(f"{API}/issues/{settled}/reopen", json={"reason": "Done with."})).json()
    assert removed["sentence"] == f"The dismissal of issue {settled} is removed. The issue itself is resolved."
    assert (await alice.get(DISMISSALS, params={"idle": True})).json()["total"] == 0


async def test_the_page_of_dismissals_says_why_each_hides_nothing_and_removes_them_together(
    alice: httpx2.AsyncClient, troubled: GuildBuilder
) -> None:
    settled, hiding = await _set_aside_and_settled(alice, troubled)
    page = await alice.get(f"{PAGE}/dismissals")
    assert page.status_code == 200
    assert "Unused: No longer found." in page.text
    assert "Remove 1 unused" in page.text
    key = (await alice.get(DISMISSALS, params={"idle": True})).json()["items"][0]["issue"]["key"]
    await alice.post(f"{API}/issues/reopen", data={f"seen.{settled}": key, "back": f"{PAGE}/dismissals"})
    left = (await alice.get(DISMISSALS)).json()
    assert [each["issue"]["id"] for each in left["items"]] == [hiding]
    assert "Every dismissal is still in use." in (await alice.get(f"{PAGE}/dismissals?show=idle")).text
