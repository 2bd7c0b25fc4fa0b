"""Lists and their buttons stand beside each other as they are read, in a real browser."""

from __future__ import annotations

import contextlib

import pytest

from guild_builder import GuildBuilder, entry
from sv_common.guild_sync.core.errors import SuspiciousSource
from sv_common.guild_sync.db_sync import sync_blizzard_roster
from sv_common.guild_sync.issues import lifecycle
from web.browsers import SignIn
from web.helpers import PAGE, issue_number

pytestmark = pytest.mark.browser


async def test_the_button_of_a_dismissal_stands_in_its_row(sign_in: SignIn, troubled: GuildBuilder) -> None:
    number = await issue_number(troubled, "orphan_wow", "Riddle")
    async with troubled.pool.writing(troubled.guild_id, alone=False) as here:
        await lifecycle.dismiss(here, number, actor="officer alice", reason="a guest")
    page, _ = await sign_in(f"{PAGE}/dismissals")
    badge = await page.locator(".finding .badge").bounding_box()
    text = await page.locator(".finding-text").bounding_box()
    button = await page.get_by_role("button", name="Reopen").bounding_box()
    assert badge is not None
    assert text is not None
    assert button is not None
    assert badge["x"] + badge["width"] <= text["x"] < button["x"]
    assert button["y"] < text["y"] + text["height"]
    assert text["width"] > 400


async def test_a_list_of_those_who_are_missing_keeps_its_distance_from_the_edge_of_its_card(
    sign_in: SignIn, guild: GuildBuilder
) -> None:
    for names in ("abcdefghij", "klmnopqrst"):
        entries = [entry(f"Name{letter}") for letter in names]
        with contextlib.suppress(SuspiciousSource):
            await sync_blizzard_roster(guild.pool, entries, guild_id=guild.guild_id)
    page, _ = await sign_in("/admin/activity/losses")
    card = await page.locator(".card").bounding_box()
    table = await page.locator(".changes").bounding_box()
    assert card is not None
    assert table is not None
    assert table["x"] >= card["x"] + 8
