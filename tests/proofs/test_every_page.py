"""Every page of the admin, in each of its views, keeps the laws of pages.

The pages are taken from the application itself (`walking.py`), so a new one is judged here without being listed. Each is
opened in a browser once for all that is asked of it. With `--all` every view is judged at both widths; at every commit
axe, which takes most of the time, judges some views of each page on a wide screen.
"""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

import thoroughness
from proofs.houses import REFUSALS, House
from proofs.looking import MOST_BYTES, PHONE, WIDE, Eye, eye
from proofs.walking import HOW_TO_MEND, Page, View, some_of_each_route

VIEWS_FOR_AXE, VIEWS_WITHOUT_SCRIPTS = 3, 1
"""Of each route, at every commit."""


async def _views_of(house: House) -> list[View]:
    return [*(await house.walk()).views, *REFUSALS]


async def test_every_page_is_visited(lived_in: House) -> None:
    walk = await lived_in.walk()
    assert len({view.route for view in walk.views}) > 10
    assert walk.unvisited == {}, HOW_TO_MEND


@pytest.mark.browser
async def test_everybody_can_use_every_page_and_it_fits(browser: Browser, lived_in: House) -> None:
    wrong = await _wrong_with(browser, lived_in)
    assert wrong == [], "\n".join(wrong)


@pytest.mark.browser
@pytest.mark.nightly
async def test_where_there_is_nothing_yet_everybody_can_use_every_page_too(
    browser: Browser, bare: House, deserted: House
) -> None:
    wrong = [*await _wrong_with(browser, bare), *await _wrong_with(browser, deserted)]
    assert wrong == [], "\n".join(wrong)


async def _wrong_with(browser: Browser, house: House) -> list[str]:
    """What is wrong with the pages of a house: the address, and the check that fails."""
    wrong, views = [], await _views_of(house)
    for_axe = set(some_of_each_route(views, VIEWS_FOR_AXE))
    async with eye(browser, house) as tab:
        for view in views:
            faults = await _faults_of(tab, view)
            faults += await _barriers(tab, WIDE) if view in for_axe else []
            faults += await _barriers(tab, PHONE) if thoroughness.everything() else []
            wrong += [f"{view.address}: {fault}" for fault in faults]
    return wrong


async def _faults_of(tab: Eye, view: View) -> list[str]:
    """Open a page; return what is wrong with how it came, what it weighs, and how it fits."""
    await tab.show("light", WIDE)
    faults = await tab.open(view)
    faults += [f"{size:,} bytes"] if (size := await tab.transferred()) > MOST_BYTES else []
    for width in (WIDE, PHONE):
        await tab.show("light", width)
        faults += [f"{over} pixels too wide at {width}"] if (over := await tab.overhang()) else []
    return faults


async def _barriers(tab: Eye, width: int) -> list[str]:
    """What keeps somebody from using the page that is open; of the dark page only the colours differ."""
    await tab.show("light", width)
    faults = [f"at {width}: {fault}" for fault in await tab.grave_faults()]
    await tab.show("dark", width)
    return [*faults, *(f"at {width} in the dark: {fault}" for fault in await tab.grave_faults(of_colours=True))]


async def test_every_page_comes_and_holds_no_script_or_style_of_its_own(
    lived_in: House, bare: House, deserted: House
) -> None:
    wrong: list[str] = []
    for house in (lived_in, bare, deserted):
        async with house.client() as client:
            for view in await _views_of(house):
                answer = await client.get(view.address)
                faults = [f"answered {answer.status_code}"] if answer.status_code != view.status else []
                wrong += [f"{view.address}: {each}" for each in [*faults, *Page(answer.text).inline]]
    assert wrong == [], "\n".join(wrong)


@pytest.mark.browser
async def test_without_javascript_every_page_says_the_same(browser: Browser, lived_in: House) -> None:
    views = some_of_each_route((await lived_in.walk()).views, VIEWS_WITHOUT_SCRIPTS)
    async with eye(browser, lived_in) as tab, eye(browser, lived_in, java_script_enabled=False) as plain:
        for view in views:
            assert [*await tab.open(view), *await plain.open(view)] == [], view.address
            with_scripts = await tab.page.locator("main").inner_text()
            without = plain.page.locator("main")
            await expect(without.locator("h1"), view.address).to_be_visible()
            assert len(await without.inner_text()) >= len(with_scripts) // 2, view.address
