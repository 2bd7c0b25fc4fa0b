"""Claiming characters in a real browser, over real HTTP: Discord, Battle.net, the list, and the thanks."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI
from playwright.async_api import Browser, Page, expect
from starlette.types import Receive, Scope, Send

from proofs.looking import PHONE, SCHEMES, WIDE, Eye
from sv_common.db.pool import Pool
from sv_common.guild_sync.simulators import GuildSimulator
from sv_common.guild_sync.simulators.server import serve
from web.claimers import People, claim_app

pytestmark = pytest.mark.browser


class _Later:
    """An application that is made once it is known where it is served: both send people back there."""

    app: FastAPI

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


@pytest.fixture
async def site(discord: GuildSimulator, pool: Pool, here: People) -> AsyncIterator[str]:
    """Address of the application on a real server."""
    later = _Later()
    async with serve(later) as base_url:
        later.app = claim_app(discord, pool, base_url)
        async with later.app.state.live.listening():
            yield base_url


@contextlib.asynccontextmanager
async def _tab(browser: Browser, site: str, *, has_scripts: bool = True) -> AsyncIterator[Eye]:
    context = await browser.new_context(java_script_enabled=has_scripts)
    try:
        yield Eye(await context.new_page(), site)
    finally:
        await context.close()


async def _faults(tab: Eye) -> list[str]:
    """What is wrong with the page that is open, in both themes, on a wide screen and on a phone."""
    found = list(tab.wrong)
    for scheme in SCHEMES:
        for width in (WIDE, PHONE):
            await tab.show(scheme, width)
            found += [f"{scheme}, {width}: {over} pixels too wide"] if (over := await tab.overhang()) else []
            found += [f"{scheme}, {width}: {fault}" for fault in await tab.grave_faults()]
        found += [] if (scheme == "dark") is await tab.is_dark() else [f"{scheme}: the ground has the other's color"]
    return found


async def _press_elsewhere(page: Page, tab: Eye, name: str) -> None:
    """Press a button at Discord or Battle.net, whose own pages do not count."""
    button = page.get_by_role("button", name=name)
    await expect(button).to_be_visible()
    await button.click()
    await page.wait_for_url(f"{tab.base_url}/**")
    tab.wrong.clear()


async def test_a_member_claims_their_characters_in_both_themes_and_on_a_phone(
    browser: Browser, site: str, here: People
) -> None:
    await here.guild.link(here.rows["Odo"], await here.guild.main("Blackwater"), source="manual")
    async with _tab(browser, site) as tab:
        page = tab.page
        await page.goto(f"{site}/claim")
        await expect(page.get_by_role("heading", level=1)).to_have_text("Which characters are yours?")
        wrong = await _faults(tab)
        await page.get_by_role("link", name="Say who you are with Discord").click()
        await _press_elsewhere(page, tab, "Authorize as Corin")
        await page.goto(f"{site}/claim")
        wrong += await _faults(tab)
        await page.get_by_role("link", name="Continue with Battle.net").click()
        await _press_elsewhere(page, tab, "Continue as Corin#1234")
        await page.goto(f"{site}/claim")
        await expect(page.get_by_role("heading", level=1)).to_have_text("Are these yours?")
        await expect(page.get_by_text("belongs to Blackwater now; an officer decides")).to_be_visible()
        wrong += await _faults(tab)
        await page.get_by_role("button", name="Yes, these are mine").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Thank you, Corin.")
        wrong += await _faults(tab)
        assert wrong == []
    assert await here.proven() == {"Velquin": "Corin"}


async def test_everything_works_without_javascript(browser: Browser, site: str, here: People) -> None:
    async with _tab(browser, site, has_scripts=False) as tab:
        page = tab.page
        await page.goto(f"{site}/claim")
        await page.get_by_role("link", name="Say who you are with Discord").click()
        await _press_elsewhere(page, tab, "Authorize as Corin")
        await page.get_by_role("link", name="Continue with Battle.net").click()
        await _press_elsewhere(page, tab, "Continue as Corin#1234")
        await page.get_by_role("checkbox", name="Odo").uncheck()
        await page.get_by_role("button", name="Yes, these are mine").click()
        await page.get_by_role("button", name="Unlink my characters").click()
        await expect(page.get_by_text("Your characters are no longer verified.")).to_be_visible()
    rows = await here.guild.rows("select reason from guild_identity.fix_attempts order by id")
    assert [reason for (reason,) in rows] == [
        "Corin proved 1 character with a Battle.net sign-in.",
        "Corin ended the proof of their characters.",
    ]
