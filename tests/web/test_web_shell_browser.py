"""What stands around every page, in a real browser: the theme, the reader's own times, the places on each width."""

from __future__ import annotations

from typing import Literal

import pytest
from playwright.async_api import Page

from guild_builder import GuildBuilder
from web.browsers import SignIn
from web.helpers import PAGE

pytestmark = pytest.mark.browser

WIDTHS = (320, 390, 699, 700, 1100, 1240, 1280, 1920)
"""Of the smallest phone, of both sides of the breakpoints, and of a large screen."""

DARKER_THAN = 80
"""The red of a dark page's ground is less, that of a light one's more."""


async def _is_dark(page: Page) -> bool:
    color = await page.evaluate("getComputedStyle(document.body).backgroundColor")
    return int(color.removeprefix("rgb(").split(",")[0]) < DARKER_THAN


async def _theme(page: Page) -> str | None:
    return await page.locator("html").get_attribute("data-theme")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_reader_chooses_a_theme_which_stays(sign_in: SignIn, scheme: Literal["light", "dark"]) -> None:
    page, wrong = await sign_in("/admin/account", color_scheme=scheme)
    switch = page.locator(".spine [data-theme-switch]")
    assert (await _theme(page), await _is_dark(page)) == ("auto", scheme == "dark")
    assert await switch.get_attribute("aria-label") == "Theme: auto. Change to light"
    await switch.click()
    assert (await _theme(page), await _is_dark(page)) == ("light", False)
    await switch.click()
    await page.reload()
    assert (await _theme(page), await _is_dark(page)) == ("dark", True)
    await page.goto(page.url.replace("/admin/account", PAGE))
    assert (await _theme(page), await _is_dark(page)) == ("dark", True)
    await switch.click()
    await page.reload()
    assert (await _theme(page), await _is_dark(page)) == ("auto", scheme == "dark")
    assert wrong == []


async def test_the_chosen_theme_is_there_before_anything_is_painted(sign_in: SignIn) -> None:
    page, _ = await sign_in("/admin/account", color_scheme="light")
    await page.locator(".spine [data-theme-switch]").click()
    await page.locator(".spine [data-theme-switch]").click()
    await page.add_init_script(
        "new MutationObserver(() => { if (document.body && !window.first) "
        "window.first = document.documentElement.dataset.theme; }).observe(document, {childList: true, subtree: true})"
    )
    await page.reload()
    assert await page.evaluate("window.first") == "dark"


async def test_without_script_there_is_no_switch_and_the_browsers_own_theme_is_shown(sign_in: SignIn) -> None:
    page, _ = await sign_in("/admin/account", color_scheme="dark", java_script_enabled=False)
    assert await page.locator("[data-theme-switch]").count() > 0
    for switch in await page.locator("[data-theme-switch]").all():
        assert not await switch.is_visible()


OLD = "2026-01-14T23:30:00Z"


async def _old_time(page: Page) -> tuple[str, str | None]:
    time = page.locator(f'time[datetime="{OLD}"]').first
    return await time.inner_text(), await time.get_attribute("title")


@pytest.fixture
async def old(guild: GuildBuilder) -> str:
    """The page of a player who was made on an evening in January, in UTC."""
    await guild.main("Mito")
    player = await guild.player("Mito of old")
    await guild.execute(
        "update guild_identity.players set created_at = %(at)s where id = %(id)s", {"at": OLD, "id": player}
    )
    return f"/admin/players/{player}"


async def test_moments_are_told_in_the_readers_own_time_zone(sign_in: SignIn, old: str) -> None:
    page, wrong = await sign_in(old, timezone_id="Asia/Tokyo", locale="en-GB")
    assert await _old_time(page) == ("2026-01-15", "15 Jan 2026, 08:30 GMT+9")
    page, _ = await sign_in(old, timezone_id="America/Los_Angeles", locale="en-US")
    assert await _old_time(page) == ("2026-01-14", "Jan 14, 2026, 03:30 PM PST")
    assert wrong == []


async def test_moments_that_come_later_are_told_so_too(sign_in: SignIn, old: str) -> None:
    page, _ = await sign_in(old, timezone_id="Asia/Tokyo", locale="en-GB")
    await page.evaluate(
        f"""document.querySelector("main").insertAdjacentHTML("beforeend",
        '<p id="late"><time datetime="{OLD}" title="2026-01-14 23:30 UTC">2026-01-14</time></p>')"""
    )
    late = page.locator("#late time")
    await page.wait_for_function("document.querySelector('#late time').textContent === '2026-01-15'")
    assert await late.get_attribute("title") == "15 Jan 2026, 08:30 GMT+9"


async def test_without_script_moments_are_told_in_utc(sign_in: SignIn, old: str) -> None:
    page, _ = await sign_in(old, timezone_id="Asia/Tokyo", java_script_enabled=False)
    assert await _old_time(page) == ("2026-01-14", "2026-01-14 23:30 UTC")


@pytest.mark.usefixtures("troubled")
async def test_the_places_can_be_reached_on_every_width_and_nothing_hangs_over(sign_in: SignIn) -> None:
    page, wrong = await sign_in(PAGE)
    address = page.url
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": 844})
        await page.goto(address)
        over = await page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert over <= 0, f"{over} pixels too wide at {width}"
        links = await page.get_by_role("link", name="People", exact=True).all()
        seen = [link for link in links if await link.is_visible()]
        assert len(seen) == 1, f"at {width}"
        box = await seen[0].bounding_box()
        assert box is not None
        assert box["height"] >= (44 if width < 1240 else 24), f"at {width}"
        await seen[0].click()
        await page.wait_for_url("**/admin/players*")
        assert await page.locator("main h1").inner_text() == "People"
        assert wrong == [], f"at {width}"


async def test_a_toast_covers_nothing_of_the_tabs_on_a_phone(sign_in: SignIn, troubled: GuildBuilder) -> None:
    page, _ = await sign_in(PAGE, viewport={"width": 390, "height": 844}, java_script_enabled=False)
    await page.locator(".finding-action button").first.click()
    toast, tabs = await page.locator("#status p").bounding_box(), await page.locator(".tabs").bounding_box()
    assert toast is not None
    assert tabs is not None
    assert toast["y"] + toast["height"] <= tabs["y"]
    assert toast["x"] >= 0
    assert toast["x"] + toast["width"] <= 390
    assert troubled.guild_id


@pytest.mark.usefixtures("troubled")
async def test_a_verb_that_would_do_nothing_says_why_beside_it(sign_in: SignIn) -> None:
    page, _ = await sign_in(PAGE)
    off = page.locator(".rule button:disabled")
    for button in await off.all():
        why = await button.get_attribute("aria-describedby")
        assert await page.locator(f"#{why}").inner_text() != ""
    await page.get_by_role("link", name="Findings").click()
    assert await page.locator("#findings").is_visible()
    box = await page.locator("#findings").bounding_box()
    assert box is not None
    assert 0 <= box["y"] < 900


async def test_on_a_phone_one_signs_out_behind_more(sign_in: SignIn) -> None:
    page, wrong = await sign_in("/admin/account", viewport={"width": 390, "height": 844}, java_script_enabled=False)
    await page.locator(".tabs summary").click()
    await page.get_by_role("button", name="Sign out", exact=True).click()
    await page.wait_for_url("**/login")
    assert wrong == []
