"""Every page of the admin, in each of its views, keeps the laws of pages.

The pages are taken from the application itself (`walking.py`), so a new one is judged here without being listed. Each is
opened in a browser once for all that is asked of it. With `--all` that is done with every view, and axe judges it at both
widths; at every commit some views of each page are opened, axe judges fewer, on a wide screen (the Inbox on a phone too), and
one is opened without JavaScript. The source and the weight of every view are judged at each.
"""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Browser

import thoroughness
from proofs.houses import House
from proofs.looking import LANDING, PHONE, WIDE, Eye, eye, too_heavy
from proofs.walking import HOW_TO_MEND, View, page_of, some_of_each_route

VIEWS_IN_A_BROWSER, VIEWS_FOR_AXE, VIEWS_IN_THE_DARK, VIEWS_WITHOUT_SCRIPTS = 2, 1, 1, 1
"""Of each route, at every commit."""

TABS = 2
"""Looking at once: while one waits for a page, the other one is judged."""


async def test_every_page_is_visited(lived_in: House) -> None:
    walk = await lived_in.walk()
    assert len({view.route for view in walk.views}) > 10
    assert walk.unvisited == {}, HOW_TO_MEND


@pytest.mark.browser
async def test_everybody_can_use_every_page_and_it_fits_and_says_the_same_without_javascript(
    browser: Browser, lived_in: House
) -> None:
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
    views = (await house.walk()).views
    counts = VIEWS_FOR_AXE, VIEWS_IN_THE_DARK, VIEWS_WITHOUT_SCRIPTS
    for_axe, in_the_dark, without_scripts = (set(some_of_each_route(views, count)) for count in counts)
    opened = iter(some_of_each_route(views, VIEWS_IN_A_BROWSER))  # each is taken by the tab that is free

    async def look() -> list[str]:
        wrong = []
        async with eye(browser, house) as tab, eye(browser, house, java_script_enabled=False) as plain:
            for view in opened:
                faults = await _came_wrong(tab, view)
                faults += await _lost_without_scripts(tab, plain, view) if view in without_scripts else []
                for width in (WIDE, PHONE):
                    is_judged = width == WIDE or view.route.startswith(LANDING) or thoroughness.everything()
                    faults += await _hanging_over(tab, width)
                    faults += await _barriers(tab, width) if is_judged and view in for_axe else []
                    faults += await _barriers_in_the_dark(tab, width) if is_judged and view in in_the_dark else []
                wrong += [f"{view.address}: {fault}" for fault in faults]
        return wrong

    return [fault for found in await asyncio.gather(*(look() for _ in range(TABS))) for fault in found]


async def _came_wrong(tab: Eye, view: View) -> list[str]:
    """Open a page; return what is wrong with how it came."""
    await tab.show("light", WIDE)
    return await tab.open(view)


async def _hanging_over(tab: Eye, width: int) -> list[str]:
    """How much of the page that is open does not fit."""
    await tab.show("light", width)
    return [f"{over} pixels too wide at {width}"] if (over := await tab.overhang()) else []


async def _barriers(tab: Eye, width: int) -> list[str]:
    """What keeps somebody from using the page that is open."""
    await tab.show("light", width)
    return [f"at {width}: {fault}" for fault in await tab.grave_faults()]


async def _barriers_in_the_dark(tab: Eye, width: int) -> list[str]:
    """The same of the dark page, of which only the colors differ."""
    await tab.show("dark", width)
    faults = [f"at {width} in the dark: {fault}" for fault in await tab.grave_faults(of_colors=True)]
    return faults if await tab.is_dark() else [*faults, "in the dark it is as bright as by day"]


async def _lost_without_scripts(tab: Eye, plain: Eye, view: View) -> list[str]:
    """What a page lacks without JavaScript of all that it says in the tab where it is open."""
    faults = [f"without JavaScript: {fault}" for fault in await plain.open(view)]
    if not await plain.page.locator("main h1").is_visible():
        return [*faults, "without JavaScript: no heading is seen"]
    said, left = [len(await each.page.locator("main").inner_text()) for each in (tab, plain)]
    return [*faults, *([f"without JavaScript: {left} letters instead of {said}"] if left < said // 2 else [])]


async def test_no_page_weighs_much_when_it_is_opened_first(lived_in: House) -> None:
    walk = await lived_in.walk()
    assert any(view.address == LANDING for view in walk.views)
    assert await too_heavy(lived_in, walk) == []


async def test_every_page_comes_and_holds_no_script_or_style_of_its_own(
    lived_in: House, bare: House, deserted: House
) -> None:
    wrong: list[str] = []
    for house in (lived_in, bare, deserted):
        for view, source in (await house.walk()).sources.items():
            wrong += [f"{view.address}: {fault}" for fault in page_of(source).inline]
    assert wrong == [], "\n".join(wrong)
