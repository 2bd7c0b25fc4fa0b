"""Losses that wait for an officer: on the pages and over the API, seen by name, and released once."""

from __future__ import annotations

import re

import httpx2
import pytest
from fastapi import FastAPI

from guild_builder import OFFICER, SOCIAL, GuildBuilder, entry
from sv_common.guild_sync.core.errors import SuspiciousSource
from sv_common.guild_sync.db_sync import sync_blizzard_roster
from web.helpers import Seen, asker, bound_session, officer

API = "/api/v1/admin/losses"
PAGE = "/admin/activity/losses"
NAMES = [f"Name{chr(97 + number)}" for number in range(10)]


async def roster(guild: GuildBuilder, *names: str) -> int:
    entries = [entry(name, rank=OFFICER if name == "Namea" else SOCIAL) for name in names]
    return (await sync_blizzard_roster(guild.pool, entries, guild_id=guild.guild_id)).counts["left"]


@pytest.fixture
async def halved(guild: GuildBuilder) -> GuildBuilder:
    """A guild of which a list lacked half."""
    await roster(guild, *NAMES)
    with pytest.raises(SuspiciousSource):
        await roster(guild, *NAMES[5:])
    return guild


@pytest.mark.parametrize("page", ["/admin/data-quality", "/admin/activity"])
async def test_the_pages_say_that_a_list_waits_and_lead_to_who_it_is(
    alice: httpx2.AsyncClient, halved: GuildBuilder, page: str
) -> None:
    seen = Seen(await alice.get(page))
    assert "5 characters of 10 would be marked as gone" in seen.text()
    assert f"{PAGE}?guild={halved.guild_id}" in seen.links
    shown = Seen(await alice.get(f"{PAGE}?guild={halved.guild_id}"))
    assert "When more than 30% (and at least 3) are missing at once, the list may be incomplete" in shown.text()
    assert "Namea Officer none" in shown.text()
    assert all(name in shown.text() for name in NAMES[:5])
    assert not any(name in shown.text() for name in NAMES[5:])


async def test_without_a_refused_list_the_pages_say_nothing(alice: httpx2.AsyncClient, guild: GuildBuilder) -> None:
    await roster(guild, *NAMES)
    for page in ("/admin/data-quality", "/admin/activity"):
        assert "would be marked as gone" not in Seen(await alice.get(page)).text()
    assert "Nothing to review" in Seen(await alice.get(PAGE)).text()


async def test_the_button_lets_just_them_go_once(alice: httpx2.AsyncClient, halved: GuildBuilder) -> None:
    page = await alice.get(PAGE)
    found = re.search(r'name="key" value="([0-9a-f]{64})"', page.text)
    assert found is not None
    back = f"{PAGE}?guild={halved.guild_id}"
    form = {"source": "battlenet", "key": found[1], "back": back}
    answer = await alice.post(f"/api/v1/admin/losses/release?guild={halved.guild_id}", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, back)
    told = Seen(await alice.get(back)).text()
    assert "The next list may mark 5 characters as gone, and no one else." in told
    assert await roster(halved, *NAMES[5:]) == 5
    assert "Nothing to review" in Seen(await alice.get(PAGE)).text()


async def test_the_api_tells_who_it_is_and_releases_just_them(alice: httpx2.AsyncClient, halved: GuildBuilder) -> None:
    (loss,) = (await alice.get(API)).json()
    assert (loss["source"], loss["known"], loss["released_at"]) == ("battlenet", 10, None)
    assert [each["name"] for each in loss["subjects"]] == NAMES[:5]
    wrong = await alice.post(f"{API}/release", json={"source": "battlenet", "key": "0" * 64})
    assert (wrong.status_code, "Check it again" in wrong.json()["detail"]) == (409, True)
    answer = await alice.post(f"{API}/release", json={"source": "battlenet", "key": loss["key"]})
    assert (answer.status_code, answer.json()["count"]) == (200, 5)
    assert (await alice.get(API)).json()[0]["released_by"] == "officer alice"
    with pytest.raises(SuspiciousSource):
        await roster(halved, *NAMES[6:])
    assert (await alice.get(API)).json()[0]["released_by"] is None


async def test_another_guilds_loss_is_not_released_from_here(alice: httpx2.AsyncClient, halved: GuildBuilder) -> None:
    (loss,) = (await alice.get(f"{API}?guild={halved.guild_id}")).json()
    other = await GuildBuilder.create(halved.pool, "Ember Court", "7001")
    body = {"source": "battlenet", "key": loss["key"]}
    assert (await alice.post(f"{API}/release?guild={other.guild_id}", json=body)).status_code == 404


async def test_a_viewer_sees_who_it_is_and_may_not_let_them_go(halved: GuildBuilder, app: FastAPI) -> None:
    token = await bound_session(halved.pool, "vera", "viewer", None)
    async with officer(app, token) as vera:
        page = await vera.get(PAGE)
        assert "Namea" in page.text
        assert "Confirm 5 left" not in page.text
        loss = (await vera.get(API)).json()[0]
        body = {"source": "battlenet", "key": loss["key"]}
        assert (await vera.post(f"{API}/release", json=body)).status_code == 403
    async with asker(app) as stranger:
        assert (await stranger.get(API)).status_code == 401
