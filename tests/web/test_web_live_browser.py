"""Two officers at once in real browsers, with a real server and a real worker: each sees what the other does."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from guild_builder import GuildBuilder
from patt.auth import credentials
from patt.bootstrap import Services
from sv_common.db.guild import lock
from sv_common.db.pool import Pool
from sv_common.guild_sync import mitigations
from sv_common.guild_sync.core.progress import Progress
from sv_common.guild_sync.jobs import requests
from web.at_work import at_work
from web.helpers import PAGE, issue_number, made
from web.live_server import served

pytestmark = pytest.mark.browser

SignIn = Callable[..., Awaitable[Page]]
SLOW_MS = 20_000


@pytest.fixture
async def site(services: Services) -> AsyncIterator[str]:
    async with served(made(services)) as base_url:
        yield base_url


@pytest.fixture
async def sign_in(browser: Browser, site: str, pool: Pool) -> AsyncIterator[SignIn]:
    """Sign somebody in; whatever goes wrong on a page fails the test in the end."""
    wrong: list[str] = []
    async with contextlib.AsyncExitStack() as contexts:

        async def signed_in(name: str, **options: Any) -> Page:
            context = await contexts.enter_async_context(await browser.new_context(**options))
            page = await context.new_page()
            page.on("console", lambda message: wrong.append(message.text))
            page.on("pageerror", lambda error: wrong.append(str(error)))
            async with pool.connection() as conn:
                link = await credentials.create_login_link(conn, name)
            await page.goto(f"{site}/login/{link}")
            await page.get_by_role("button", name=f"Sign in as {name}").click()
            await expect(page.locator("#content")).to_contain_text("Data quality rules")
            if options.get("java_script_enabled", True):
                await _hears(page)
            return page

        yield signed_in
    assert wrong == []


async def _hears(page: Page) -> None:
    """Wait until the page hears of changes."""
    await expect(page.locator("html.is-live")).to_have_count(1)


async def test_a_scans_progress_is_seen_by_both_officers_and_its_end_by_the_one_who_asked(
    sign_in: SignIn, services: Services, troubled: GuildBuilder
) -> None:
    alice, bob = await sign_in("alice"), await sign_in("bob")
    button = alice.locator("#rule-orphan_wow").get_by_role("button", name="Run Scan")
    await button.click()
    await expect(alice.locator("#status")).to_contain_text("No worker is running. Start one with “patt serve”")
    await expect(bob.locator("#rule-orphan_wow .work")).to_contain_text("Scan by alice")
    await expect(button).to_be_focused()

    async with troubled.pool.connection() as holding:
        await lock(holding, troubled.guild_id)
        async with at_work(services):
            begun = await _begun(troubled)
            async with troubled.pool.writing(troubled.guild_id, alone=False) as here:
                await requests.report(here, begun, Progress(1, 4, "Looking for: trouble"))
            for page in (alice, bob):
                await expect(page.locator("#rule-orphan_wow .work")).to_contain_text("1 of 4", timeout=SLOW_MS)
                assert await page.locator("#rule-orphan_wow progress").get_attribute("value") == "1"
            await holding.commit()
            await expect(alice.locator("#status")).to_have_text(
                "Scan done: 2 found, 0 new, 0 resolved.", timeout=SLOW_MS
            )
    for page in (alice, bob):
        await expect(page.locator(".work")).to_have_count(0)
    await expect(button).to_be_focused()


async def _begun(guild: GuildBuilder) -> requests.WorkRequest:
    while True:
        async with guild.pool.writing(guild.guild_id, alone=False) as here:
            found = await requests.under_way(here)
        if found and found[0].state == "running":
            return found[0]
        await asyncio.sleep(0.05)


async def test_one_officers_fix_shows_at_the_others_page_without_taking_what_is_being_written(
    sign_in: SignIn, site: str, troubled: GuildBuilder
) -> None:
    alice, bob = await sign_in("alice"), await sign_in("bob")
    await alice.goto(f"{site}{PAGE}/issues/{await issue_number(troubled, 'orphan_wow', 'Newalt')}")
    await _hears(alice)
    await alice.get_by_label("Reason").fill("a guest")
    await bob.get_by_role("button", name="Fix: 'Newalt'").click()
    await expect(bob.locator("#status")).to_contain_text("Fixed. Link Newalt")
    await expect(alice.locator("#news")).to_contain_text("bob fixed 1 issue.")
    await expect(alice.get_by_label("Reason")).to_have_value("a guest")
    await expect(alice.get_by_label("Reason")).to_be_focused()
    await alice.get_by_role("button", name="Show").click()
    await expect(alice.locator("#content")).to_contain_text("by bob")
    await expect(bob.locator("#news")).to_be_hidden()


async def test_a_page_that_nobody_touches_is_brought_up_to_date_by_itself(
    sign_in: SignIn, troubled: GuildBuilder
) -> None:
    alice = await sign_in("alice")
    await alice.evaluate("lastTouch = 0; document.activeElement.blur()")
    await expect(alice.locator("#rule-orphan_wow")).to_contain_text("Open: 2")
    number = await issue_number(troubled, "orphan_wow", "Newalt")
    await mitigations.fix_one(troubled.pool, number, actor="automation")
    await expect(alice.locator("#rule-orphan_wow")).to_contain_text("Open: 1")
    await expect(alice.locator("#news")).to_contain_text("Automation fixed 1 issue.")


async def test_a_fix_of_all_is_asked_for_on_the_preview_and_tells_its_outcome_there(
    sign_in: SignIn, services: Services, troubled: GuildBuilder
) -> None:
    alice = await sign_in("alice")
    await alice.locator("#rule-orphan_wow").get_by_role("link", name="Attempt Fix").click()
    async with at_work(services):
        await alice.get_by_role("button", name="Attempt Fix", exact=True).click()
        await expect(alice.locator("#status p")).to_have_text("Of 1 issue: 1 fixed.", timeout=SLOW_MS)
    await expect(alice.locator("#content")).not_to_contain_text("Newalt")


async def test_without_javascript_the_next_page_says_that_it_is_under_way(
    sign_in: SignIn, services: Services, troubled: GuildBuilder
) -> None:
    alice = await sign_in("alice", java_script_enabled=False)
    await alice.get_by_role("button", name="Run all scans").click()
    await expect(alice.locator("#status")).to_contain_text("Scan by all rules is queued. No worker is running")
    await expect(alice.locator(".page-head .work")).to_contain_text("Scan by all rules by alice")
    async with at_work(services):
        while await troubled.rows("select 1 from guild_identity.work_requests where finished_at is null"):  # noqa: ASYNC110 -- nothing tells a page without JavaScript
            await asyncio.sleep(0.05)
    await alice.reload()
    await expect(alice.locator(".work")).to_have_count(0)


async def test_what_happens_while_the_connection_is_lost_is_shown_when_it_is_back(
    sign_in: SignIn, site: str, troubled: GuildBuilder
) -> None:
    alice = await sign_in("alice")
    await alice.evaluate("lastTouch = 0; document.activeElement.blur()")
    await alice.context.set_offline(True)
    await alice.evaluate("stream.close()")
    number = await issue_number(troubled, "orphan_wow", "Newalt")
    await mitigations.fix_one(troubled.pool, number, actor="officer bob")
    await alice.context.set_offline(False)
    await alice.evaluate("stream.open()")
    await expect(alice.locator("#news")).to_contain_text("bob fixed 1 issue.")
    await expect(alice.locator("#rule-orphan_wow")).to_contain_text("Open: 1")
