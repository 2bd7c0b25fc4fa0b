"""Signing in with Discord in a real browser, over real HTTP: to the simulated Discord, and back."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from playwright.async_api import Browser, Page, expect
from starlette.types import Receive, Scope, Send

from guild_builder import GuildBuilder
from jobs.all_waiting import run_jobs
from patt.bootstrap import Services
from sv_common.db.pool import Pool
from sv_common.guild_sync.simulators import GuildSimulator, GuildWorld
from sv_common.guild_sync.simulators.server import serve
from sv_common.guild_sync.sources.ports import Sources
from web.discord_people import MASTER, confirm, give, populate, with_discord
from web.helpers import PAGE, settings

pytestmark = pytest.mark.browser

SignIn = Callable[..., Awaitable[tuple[Page, list[str]]]]


class _Later:
    """An application that is made once it is known where it is served: Discord sends people back there."""

    app: FastAPI

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


@pytest.fixture(scope="module")
def discord() -> Iterator[GuildSimulator]:
    with GuildSimulator(GuildWorld.seeded(7, 1)) as simulator:
        yield simulator


@pytest.fixture
async def people(guild: GuildBuilder) -> dict[str, int]:
    characters = await populate(guild)
    await give(guild, "rank", "1", "officer")
    await guild.character("Riddle", "hello there friend")
    return characters


@pytest.fixture
async def site(discord: GuildSimulator, pool: Pool, people: dict[str, int]) -> AsyncIterator[str]:
    later = _Later()
    async with serve(later) as base_url:
        later.app = with_discord(discord, pool, base_url)
        async with later.app.state.live.listening():
            yield base_url


@pytest.fixture
async def sign_in(browser: Browser, site: str) -> AsyncIterator[SignIn]:
    """Go to Discord and press somebody's button there; gives the page, and what the browser complained of."""
    async with contextlib.AsyncExitStack() as contexts:

        async def signed_in(name: str, **options: Any) -> tuple[Page, list[str]]:
            context = await contexts.enter_async_context(await browser.new_context(**options))
            page, wrong = await context.new_page(), list[str]()
            page.on("console", lambda message: wrong.append(message.text))
            page.on("pageerror", lambda error: wrong.append(str(error)))
            await page.goto(f"{site}/login")
            await page.get_by_role("link", name="Sign in with Discord").click()
            await expect(page.get_by_role("heading", level=1)).to_have_text("PATT wants to know who you are on Discord")
            wrong.clear()  # of Discord's own page
            await page.get_by_role("button", name=name).click()
            return page, wrong

        yield signed_in


async def test_an_officer_signs_in_with_discord_and_works(sign_in: SignIn, site: str, guild: GuildBuilder) -> None:
    page, wrong = await sign_in("Authorize as Brisa")
    await expect(page).to_have_url(f"{site}{PAGE}")
    await expect(page.locator(".me")).to_contain_text("@brisa")
    await page.get_by_role("button", name="Run all scans").click()
    await expect(page.get_by_role("status")).to_contain_text("Scan by all rules is queued.")
    await run_jobs(Services(settings(site), guild.pool, Sources()), guild.guild_id)
    await expect(page.get_by_role("status")).to_contain_text("Scan done")
    assert wrong == []


async def test_somebody_without_a_role_is_told_calmly(sign_in: SignIn, site: str) -> None:
    page, _ = await sign_in("Authorize as Corin", viewport={"width": 390, "height": 800}, color_scheme="dark")
    await expect(page.get_by_role("heading", level=1)).to_have_text("No access yet")
    assert await page.evaluate("document.documentElement.scrollWidth") == 390
    await page.goto(f"{site}{PAGE}")
    await expect(page).to_have_url(f"{site}/login")


async def test_whoever_cancels_can_begin_again(sign_in: SignIn) -> None:
    page, _ = await sign_in("Cancel")
    await expect(page.get_by_role("alert")).to_contain_text(
        "You did not allow Discord to share your name. You can start again."
    )
    await page.get_by_role("link", name="Sign in with Discord").click()
    await page.get_by_role("button", name="Authorize as Brisa").click()
    await expect(page.locator(".me")).to_contain_text("@brisa")


async def test_an_officer_who_is_demoted_while_signed_in_is_out_with_the_next_click(
    sign_in: SignIn, site: str, guild: GuildBuilder
) -> None:
    page, _ = await sign_in("Authorize as Brisa")
    await expect(page).to_have_url(f"{site}{PAGE}")
    await guild.execute("update guild_identity.wow_characters set rank_index = 3 where character_name = 'Brisa'")
    await page.get_by_role("button", name="Run all scans").click()
    await expect(page.get_by_role("status")).to_contain_text("have no access to this guild")
    await page.get_by_role("link", name="People", exact=True).click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("No access yet")
    await page.get_by_role("button", name="Sign out").click()
    await expect(page).to_have_url(f"{site}/login")
    assert await guild.rows("select count(*) from guild_identity.sync_log") == [(0,)]


async def test_somebody_in_two_guilds_chooses_one_and_switches(
    sign_in: SignIn, site: str, pool: Pool, people: dict[str, int]
) -> None:
    other = await GuildBuilder.create(pool, "Other Watch", "7001")
    await populate(other)
    await give(other, "rank", "1", "viewer")
    page, wrong = await sign_in("Authorize as Brisa")
    await expect(page).to_have_url(f"{site}/login/guild")
    await page.get_by_role("button", name="Other Watch").click()
    await expect(page.locator(".spine .guild")).to_contain_text("Other Watch")
    await expect(page.get_by_role("button", name="Run all scans")).to_have_count(0)
    await page.get_by_role("link", name="Switch guild").click()
    await page.get_by_role("button", name="Lantern Watch").click()
    await expect(page.get_by_role("button", name="Run all scans")).to_be_visible()
    assert wrong == []


async def test_signing_out_everywhere_ends_the_phones_session_too(sign_in: SignIn, site: str) -> None:
    desktop, _ = await sign_in("Authorize as Brisa")
    phone, _ = await sign_in("Authorize as Brisa", viewport={"width": 390, "height": 800}, color_scheme="dark")
    await desktop.get_by_role("link", name="@brisa").click()
    await expect(desktop.get_by_role("heading", level=1)).to_have_text("Your sign-ins")
    await expect(desktop.get_by_role("heading", level=2)).to_have_text("Active sessions 2")
    await desktop.get_by_role("button", name="Sign out everywhere").click()
    await expect(desktop).to_have_url(f"{site}/login")
    await phone.get_by_role("link", name="People", exact=True).click()
    await expect(phone).to_have_url(f"{site}/login")


async def test_an_administrator_lets_a_role_in_after_seeing_whom(
    sign_in: SignIn, site: str, guild: GuildBuilder, people: dict[str, int]
) -> None:
    await confirm(guild, MASTER, people[MASTER])
    page, wrong = await sign_in("Authorize as Aldwyn", java_script_enabled=False)
    await page.goto(f"{site}/admin/settings/officers")
    await page.get_by_label("What Discord role DJ gives").select_option("viewer")
    await page.get_by_role("button", name="Preview: Discord role DJ").click()
    await expect(page.locator(".changes")).to_contain_text("Corin")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("status")).to_have_text(
        "The Discord role DJ gives now the role viewer. 1 person gained or lost by it."
    )
    await expect(page.locator("#content")).to_contain_text("Corin")
    friend, _ = await sign_in("Authorize as Corin")
    await expect(friend.locator(".me")).to_contain_text("viewer")
    assert wrong == []
