"""People and the map in a browser: searching while typing, fields that find somebody, the keyboard, phones, and both themes."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, expect

from guild_builder import OFFICER, GuildBuilder
from web.browsers import SignIn
from web.helpers import PLAYERS

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 844}
WIDE = {"width": 1280, "height": 860}
SMALLEST_TARGET = 24


@pytest.fixture
async def known(guild: GuildBuilder) -> int:
    """Mito with an alt, Zed, and Loner without a player; the number of Mito."""
    mito = await guild.main("Mito", rank=OFFICER)
    await guild.alt("Grimalt", "alt of Mito", mito)
    await guild.main("Zed")
    await guild.character("Loner", "Robin's alt")
    await guild.scan()
    return mito


async def _loaded(page: Page) -> None:
    await page.wait_for_function("window.htmx !== undefined && document.readyState === 'complete'")


async def test_the_list_follows_what_is_typed_and_so_does_the_address(
    sign_in: SignIn, known: int, guild: GuildBuilder
) -> None:
    page, wrong = await sign_in(f"{PLAYERS}?guild={guild.guild_id}&sort=rank")
    await _loaded(page)
    field = page.get_by_role("searchbox", name="Find people")
    await field.press_sequentially("grim")
    await expect(page.locator("#found tbody tr")).to_have_count(1)
    await expect(page.locator("#found")).to_contain_text("found as Grimalt-area-52")
    await expect(page).to_have_url(
        f"{page.url.split('/admin')[0]}{PLAYERS}?guild={guild.guild_id}&search=grim&sort=rank"
    )
    await expect(field).to_be_focused()
    await page.reload()
    await expect(field).to_have_value("grim")
    await expect(page.locator("#found tbody tr")).to_have_count(1)
    await page.get_by_role("link", name="Mito", exact=True).click()
    await expect(page.get_by_role("heading", level=1, name="Mito")).to_be_visible()
    await page.go_back()
    await expect(page.locator("#found")).to_contain_text("found as Grimalt-area-52")
    assert wrong == []
    _ = known


async def test_a_character_is_found_by_the_keyboard_alone_and_linked_after_its_preview(
    sign_in: SignIn, known: int
) -> None:
    page, wrong = await sign_in(f"{PLAYERS}/{known}")
    await _loaded(page)
    field = page.get_by_role("combobox", name="Link a character")
    await field.focus()
    await page.keyboard.type("lon")
    await expect(page.get_by_role("option")).to_have_count(1)
    await expect(field).to_have_attribute("aria-expanded", "true")
    await page.keyboard.press("ArrowDown")
    await expect(page.get_by_role("option")).to_have_attribute("aria-selected", "true")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Link character: preview")
    await page.get_by_role("button", name="Link character").press("Enter")
    await expect(page.get_by_role("heading", level=1, name="Mito")).to_be_visible()
    await expect(page.locator("#content")).to_contain_text("Loner")
    await page.keyboard.press("u")
    await expect(page.locator("#status")).to_contain_text("Undone")
    assert wrong == []


async def test_two_fields_of_one_page_do_not_disturb_each_other(
    sign_in: SignIn, known: int, guild: GuildBuilder
) -> None:
    _ = known
    loner = (await guild.rows("select id from guild_identity.wow_characters where character_name = 'Loner'"))[0][0]
    page, wrong = await sign_in(f"{PLAYERS}/characters/{loner}")
    await _loaded(page)
    player, member = (page.get_by_role("combobox", name=name) for name in ("Link to player", "Or to a Discord member"))
    await player.fill("")
    await player.press_sequentially("zed")
    await expect(page.locator("#link-player-options [role=option]")).to_have_count(1)
    await member.click()
    await expect(page.locator("#link-player-options")).to_be_hidden()
    await member.press_sequentially("mito")
    await page.locator("#link-member-options [role=option]").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Link character: preview")
    await expect(page.locator("#content")).to_contain_text("Mito")
    assert wrong == []


async def test_a_menu_of_filters_opens_by_the_keyboard_and_closes_by_escape(sign_in: SignIn, known: int) -> None:
    _ = known
    page, wrong = await sign_in(PLAYERS)
    await _loaded(page)
    menu = page.locator("summary", has_text="Rank")
    await menu.focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("link", name="Officer 1")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("link", name="Officer 1")).to_be_hidden()
    await expect(menu).to_be_focused()
    await page.keyboard.press("Enter")
    await page.get_by_role("link", name="Officer 1").press("Enter")
    await expect(page.locator("summary", has_text="Rank: Officer")).to_be_visible()
    await expect(page.locator("#found tbody tr")).to_have_count(1)
    assert wrong == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_on_a_phone_everything_fits_and_can_be_hit_and_the_map_is_a_table(
    sign_in: SignIn, known: int, scheme: str
) -> None:
    for address in (PLAYERS, f"{PLAYERS}?show=characters", f"{PLAYERS}/{known}", "/admin/map", "/admin/map?tab=map"):
        page, wrong = await sign_in(address, viewport=PHONE, color_scheme=scheme)
        await _loaded(page)
        over = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert await page.evaluate(over) == 0, address
        buttons = page.locator("#content :is(.button, summary, .choices a, .chip):visible")
        heights = [(await each.bounding_box() or {"height": 0})["height"] for each in await buttons.all()]
        assert min(heights) >= SMALLEST_TARGET, address
        if address == "/admin/map":
            await expect(page.locator(".maptable")).to_be_visible()
            await expect(page.locator(".picture")).to_be_hidden()
            await expect(page.get_by_role("link", name="Table")).to_have_attribute("aria-current", "true")
        assert wrong == []
        await page.close()


async def test_the_map_is_walked_by_the_keyboard_and_a_filter_moves_nothing(sign_in: SignIn, known: int) -> None:
    page, wrong = await sign_in("/admin/map", viewport=WIDE)
    await _loaded(page)
    await expect(page.locator(".maptable")).to_be_hidden()
    dot = page.get_by_role("link", name="Mito, player, 2 characters, Mito#discord")
    before = await dot.bounding_box()
    await page.get_by_role("link", name="Only loose ends").press("Enter")
    await expect(page).to_have_url(f"{page.url.split('/admin')[0]}/admin/map?guild=1&loose=true")
    await expect(dot).to_have_class(re.compile("is-dim"))
    assert await dot.bounding_box() == before
    await dot.focus()
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(f"{page.url.split('/admin')[0]}{PLAYERS}/{known}?guild=1")
    await _loaded(page)
    await page.keyboard.press("g")
    await page.keyboard.press("m")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Map")
    assert wrong == []


async def test_without_javascript_people_are_searched_narrowed_and_linked(sign_in: SignIn, known: int) -> None:
    page, _ = await sign_in(PLAYERS, java_script_enabled=False)
    await page.get_by_role("searchbox", name="Find people").fill("grim")
    await page.get_by_role("button", name="Search").click()
    await page.get_by_role("link", name="On Discord 1", exact=True).click()
    await page.get_by_role("link", name="Mito", exact=True).click()
    assert f"{PLAYERS}/{known}" in page.url
    await page.get_by_role("combobox", name="Link a character").fill("Loner")
    await page.get_by_role("button", name="Preview: link a character").click()
    await page.get_by_role("button", name="Link character").click()
    assert f"{PLAYERS}/{known}" in page.url
    assert "Loner" in await page.locator("#content").inner_text()
