"""The settings in a real browser: each change is seen before it is made, and everything fits and reads everywhere."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from guild_builder import ROLE_NAMES, GuildBuilder
from sv_common.guild_sync.roster import members
from sv_common.guild_sync.sources.models import DiscordRole
from web.browsers import SignIn

pytestmark = pytest.mark.browser

PAGE = "/admin/settings"


@pytest.fixture
async def furnished(troubled: GuildBuilder) -> GuildBuilder:
    """The troubled guild, whose Discord roles are known."""
    known = [DiscordRole(role_id, name, int(role_id), managed=False) for role_id, name in ROLE_NAMES.items()]
    async with troubled.pool.writing(troubled.guild_id, alone=False) as guild:
        await members.apply_roles(guild, known)
    return troubled


@pytest.mark.usefixtures("furnished")
async def test_a_rule_is_turned_off_and_on_and_its_threshold_changed(sign_in: SignIn) -> None:
    page, wrong = await sign_in()
    await page.get_by_role("link", name="Settings").click()
    status, content = page.get_by_role("status"), page.locator("#content")
    await page.get_by_role("link", name="Change: Stale Character").click()
    await page.get_by_label("Scan for it").select_option("Off")
    await page.get_by_role("button", name="Preview").click()
    await expect(content).to_contain_text("1 issue of this rule stays open")
    await page.get_by_role("button", name="Save").click()
    await expect(status).to_contain_text("Saved. No issue opened or was resolved.")
    await page.get_by_label("Scan for it").select_option("On")
    await page.get_by_label("Stale after").fill("45")
    await page.get_by_role("button", name="Preview").click()
    await expect(content).to_contain_text("This would resolve 1 issue.")
    await expect(page.locator(".changes").first).to_contain_text("30 days")
    await page.get_by_role("button", name="Save").click()
    await expect(status).to_contain_text("Saved. It resolved 1 issue.")
    await page.get_by_role("link", name="History").click()
    await expect(page.locator(".entry")).to_have_count(2)
    await page.get_by_role("link", name="Undo: stale_character. Switched: off → on; Stale after").click()
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator(".entry")).to_have_count(3)
    await expect(page.locator(".entry").nth(1)).to_contain_text("undone by alice")
    assert wrong == []


@pytest.mark.usefixtures("furnished")
async def test_a_rank_is_mapped_and_a_word_added(sign_in: SignIn) -> None:
    page, wrong = await sign_in(f"{PAGE}/ranks")
    status, content = page.get_by_role("status"), page.locator("#content")
    await page.get_by_label("Social", exact=True).select_option("No role, on purpose")
    await page.get_by_role("button", name="Preview").click()
    await expect(content).to_contain_text("Rank 3, Social")
    await page.get_by_role("button", name="Save").click()
    await expect(status).to_contain_text("Saved.")
    await expect(page.get_by_label("Social", exact=True)).to_have_value("none")

    await page.get_by_role("link", name="Words in notes").click()
    await page.get_by_label("Note", exact=True).fill("hello there friend")
    await page.get_by_role("button", name="Read note").click()
    await expect(page.locator(".tried")).to_contain_text("Known words")
    await page.get_by_label("Word", exact=True).fill("Nightcrew")
    await page.get_by_label("Meaning", exact=True).select_option("role")
    await page.get_by_role("button", name="Preview").click()
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator(".rows")).to_contain_text("nightcrew")
    await page.get_by_role("link", name="Remove: nightcrew").click()
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator(".rows")).to_contain_text("None yet: notes are read as in every guild.")
    assert wrong == []


@pytest.mark.usefixtures("furnished")
async def test_a_key_is_made_shown_once_and_revoked_on_a_phone_without_javascript(sign_in: SignIn) -> None:
    page, wrong = await sign_in(f"{PAGE}/keys", java_script_enabled=False, viewport={"width": 360, "height": 740})
    await page.get_by_label("Player", exact=True).fill("W" * 100)
    await page.get_by_role("button", name="Make a key").click()
    secret = await page.locator(".key").first.inner_text()
    assert len(secret) > 100
    assert await page.evaluate("document.documentElement.scrollWidth") == 360
    await expect(page.locator(".secret")).to_contain_text("patt watch")
    await expect(page.locator(".secret")).not_to_contain_text(f"--key {secret}")
    await page.get_by_role("link", name="Upload keys").click()
    assert secret not in await page.content()
    await page.get_by_text("Revoke", exact=True).click()
    await page.get_by_role("button", name="Revoke for good").click()
    await expect(page.get_by_role("status")).to_contain_text(f"Revoked {'W' * 100}’s upload key 1.")
    await expect(page.locator("#content")).to_contain_text("No companion may upload yet.")
    assert wrong == []
