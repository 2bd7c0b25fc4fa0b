"""Every page of the admin, in each of its views, keeps the laws of pages.

The pages are taken from the application itself (`walking.py`), so a new one is judged here without being listed.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from playwright.async_api import Browser, expect

from proofs.houses import REFUSALS, House
from proofs.looking import MOST_BYTES, PHONE, WIDE, Eye, eye
from proofs.walking import HOW_TO_MEND, Page, View

pytestmark = pytest.mark.browser


async def _views(*houses_and_lives: tuple[House, bool]) -> list[tuple[House, Sequence[View]]]:
    return [
        (house, [*(await house.walk(is_lived_in=is_lived_in)).views, *REFUSALS])
        for house, is_lived_in in houses_and_lives
    ]


async def _faults_in_both_schemes(tab: Eye, width: int) -> list[str]:
    """What keeps somebody from using the page; of the dark page only the colours differ."""
    await tab.show("light", width)
    faults = await tab.grave_faults()
    await tab.show("dark", width)
    return [*faults, *(f"in the dark: {fault}" for fault in await tab.grave_faults(of_colours=True))]


async def test_every_page_is_visited(lived_in: House) -> None:
    walk = await lived_in.walk()
    assert len({view.route for view in walk.views}) > 10
    assert walk.unvisited == {}, HOW_TO_MEND


@pytest.mark.parametrize("width", [WIDE, PHONE])
async def test_everybody_can_use_every_page_and_it_fits(browser: Browser, lived_in: House, width: int) -> None:
    wrong: list[str] = []
    for house, views in await _views((lived_in, True)):
        wrong += await _judged(browser, house, views, width)
    assert wrong == [], "\n".join(wrong)


@pytest.mark.parametrize("width", [WIDE, PHONE])
async def test_where_there_is_nothing_yet_everybody_can_use_every_page_too(
    browser: Browser, bare: House, deserted: House, width: int
) -> None:
    wrong: list[str] = []
    for house, views in await _views((bare, False), (deserted, False)):
        wrong += await _judged(browser, house, views, width)
    assert wrong == [], "\n".join(wrong)


async def _judged(browser: Browser, house: House, views: Sequence[View], width: int) -> list[str]:
    """What is wrong with these pages at this width, in light and dark; an entry for each fault."""
    wrong: list[str] = []
    async with eye(browser, house) as tab:
        for view in views:
            await tab.show("light", width)
            faults = await tab.open(view)
            faults += [f"{size:,} bytes"] if (size := await tab.transferred()) > MOST_BYTES else []
            faults += [f"{over} pixels too wide"] if (over := await tab.overhang()) else []
            faults += await _faults_in_both_schemes(tab, width)
            wrong += [f"{view.address}: {fault}" for fault in faults]
    return wrong


async def test_no_page_holds_a_script_or_a_style_of_its_own(lived_in: House, bare: House, deserted: House) -> None:
    wrong: list[str] = []
    for house, views in await _views((lived_in, True), (bare, False), (deserted, False)):
        async with house.client() as client:
            for view in views:
                inline = Page((await client.get(view.address)).text).inline
                wrong += [f"{view.address}: {each}" for each in inline]
    assert wrong == []


async def test_without_javascript_every_page_says_the_same(browser: Browser, lived_in: House) -> None:
    views = (await lived_in.walk()).views
    async with eye(browser, lived_in) as tab, eye(browser, lived_in, java_script_enabled=False) as plain:
        for view in views:
            assert [*await tab.open(view), *await plain.open(view)] == [], view.address
            with_scripts = await tab.page.locator("main").inner_text()
            without = plain.page.locator("main")
            await expect(without.locator("h1"), view.address).to_be_visible()
            assert len(await without.inner_text()) >= len(with_scripts) // 2, view.address
