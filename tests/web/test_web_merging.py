"""Merging two players on the pages and by the API: found by name, previewed, applied, undone, and told afterwards."""

from __future__ import annotations

from urllib.parse import unquote

import httpx2
import pytest

from guild_builder import GuildBuilder
from web.helpers import API, PLAYERS, PLAYERS_API, Seen, see


@pytest.fixture
async def twice(guild: GuildBuilder) -> tuple[int, int]:
    """Mito of Discord, and Mito who was made of a note, with two alts."""
    mito = await guild.main("Mito")
    other = await guild.player("Mito")
    for name in ("Grimalt", "Stormalt"):
        await guild.alt(name, "alt of Mito", other)
    return mito, other


async def test_of_two_who_are_called_alike_the_name_means_the_other_one(
    alice: httpx2.AsyncClient, guild: GuildBuilder, twice: tuple[int, int]
) -> None:
    mito, other = twice
    page = f"{PLAYERS}/{mito}?guild={guild.guild_id}"
    assert "Find the other player" in Seen(await alice.get(page)).text("content")
    asked = {"decision": "merge", "player": str(mito), "other": "mito", "back": page}
    preview = Seen(await alice.get(f"{PLAYERS}/preview", params=asked)).text("content")
    for words in (
        f"Player of Grimalt-area-52 Mito (number {other}), by evidence Mito (number {mito}), decided by an officer",
        f"The player Mito (number {other}) exists does not exist",
        "Merge players: preview",
    ):
        assert words in preview, preview
    done = await alice.post(f"{PLAYERS_API}/decisions", data=asked)
    assert (done.status_code, done.headers["location"]) == (303, page)
    shown = Seen(await alice.get(page))
    reason = f"Mito (number {other}) is merged into Mito (number {mito})."
    assert shown.text("status") == f"Done. {reason} Undo u"
    assert "Characters 3" in shown.text("content")
    assert (await alice.get(f"{PLAYERS}/{other}")).status_code == 404


async def test_the_merge_is_undone_from_the_page_of_the_one_that_stays_and_from_the_activity(
    alice: httpx2.AsyncClient, guild: GuildBuilder, twice: tuple[int, int]
) -> None:
    mito, other = twice
    body = {"decision": "merge", "player": str(mito), "other": str(other)}
    for place in (f"{PLAYERS}/{mito}", "/admin/activity?show=actions"):
        done = (await alice.post(f"{PLAYERS_API}/decisions", json=body)).json()
        undo = f"attempts/{done['attempt_id']}/undo"
        assert undo in (await alice.get(place)).text
        assert "is merged into" in Seen(await alice.get(place)).text("content")
        undone = await alice.post(f"{API}/{undo}", data={"back": place})
        assert undone.headers["location"] == place
        characters = (await alice.get(f"{PLAYERS_API}/{other}")).json()["characters"]
        assert [each["name"] for each in characters] == ["Grimalt", "Stormalt"]


async def test_a_long_merge_is_told_by_its_first_steps(alice: httpx2.AsyncClient, guild: GuildBuilder) -> None:
    mito, other = await guild.player("Mito"), await guild.player("Mito")
    for number in range(20):
        await guild.alt(f"Alt{number:02}", None, other)
    body = {"decision": "merge", "player": str(mito), "other": str(other)}
    done = await alice.post(f"{PLAYERS_API}/decisions", json=body)
    assert len(done.json()["sentence"]) < 200
    (attempt,) = (await alice.get(f"{PLAYERS_API}/{mito}")).json()["attempts"]
    first, *_, last = attempt["steps"]
    assert first.startswith(
        f"Move Alt00-area-52 from Mito (number {other}) to Mito (number {mito}): an officer merged Mito"
    )
    assert last == "And 9 more steps."


async def test_a_rejection_and_a_discord_member_are_taken_back_on_the_player_page(
    alice: httpx2.AsyncClient, guild: GuildBuilder, twice: tuple[int, int]
) -> None:
    mito, other = twice
    await alice.post(
        f"{PLAYERS_API}/decisions", json={"decision": "reject", "character": "Grimalt", "player": str(mito)}
    )
    body = {"decision": "merge", "player": str(mito), "other": str(other)}
    refused = await alice.post(f"{PLAYERS_API}/decisions", json=body)
    assert "Undo that first" in refused.json()["detail"]
    page = Seen(await alice.get(f"{PLAYERS}/{mito}"))
    for decision in ("allow", "unlink_member"):
        (link,) = [link for link in page.links if f"decision={decision}&" in link]
        assert Seen(await alice.get(link)).status == 200
    allowed = {"decision": "allow", "character": "Grimalt", "player": str(mito)}
    assert (await alice.post(f"{PLAYERS_API}/decisions", data=allowed)).status_code == 303
    assert (await alice.post(f"{PLAYERS_API}/decisions", json=body)).status_code == 200


async def _offered(alice: httpx2.AsyncClient, player: int, other: str) -> tuple[str, list[str]]:
    """What the merge part of a player's page says for a search, and the previews it leads to."""
    seen = await see(alice, f"{PLAYERS}/{player}", other=other)
    return seen.text("content"), [unquote(link) for link in seen.links if "decision=merge" in link]


async def test_the_other_player_is_found_by_any_name_and_namesakes_are_offered_one_by_one(
    alice: httpx2.AsyncClient, guild: GuildBuilder
) -> None:
    mito, odo, twin = await guild.main("Mito"), await guild.main("Odo"), await guild.player("Odo")
    await guild.alias(odo, "Brightwynd")
    for search in ("Bright", "brightwnyd"):
        text, links = await _offered(alice, mito, search)
        assert "found as Brightwynd" in text
        assert [f"other=#{odo}&" in link for link in links] == [True]
    _, links = await _offered(alice, mito, "odo")
    assert len(links) == 2
    assert all(any(f"other=#{each}&" in link for link in links) for each in (odo, twin))
    _, links = await _offered(alice, mito, f"#{twin}")
    assert [f"other=#{twin}&" in link for link in links] == [True]
    text, links = await _offered(alice, mito, "Mito")
    assert ("No other player matches “ Mito ”" in text, links) == (True, [])
