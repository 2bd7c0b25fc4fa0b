"""Pages that are morphed into each other, in a real browser: nothing that a hand does is lost, done twice or done silently."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import Page, Route, expect

from guild_builder import GuildBuilder
from jobs.all_waiting import run_jobs
from patt.bootstrap import Services
from patt.worker import jobs
from patt.worker.jobs import FixSelectedJob
from sv_common.guild_sync import mitigations
from web.browsers import SignIn
from web.helpers import PAGE, issue_number

pytestmark = pytest.mark.browser

POSTS = "**/api/v1/admin/data-quality/fix/**"


async def _mark(page: Page) -> None:
    """Leave a mark that a page which is loaded whole does not have."""
    await page.evaluate("document.documentElement.dataset.mark = 'same'")


async def _is_same(page: Page) -> bool:
    return bool(await page.evaluate("document.documentElement.dataset.mark === 'same'"))


@pytest.mark.usefixtures("troubled")
async def test_pages_follow_each_other_without_their_shell_and_come_back(sign_in: SignIn) -> None:
    page, wrong = await sign_in()
    heading, nav = page.get_by_role("heading", level=1), page.get_by_role("navigation", name="Main")
    await _mark(page)
    first = await page.title()
    await page.evaluate("scrollTo(0, 900)")
    for name in ("People", "Log"):
        await nav.get_by_role("link", name=name).evaluate("link => link.click()")  # which scrolls nowhere before
        await expect(heading).to_have_text(name)
        await expect(page.locator("nav[aria-label=Main] [aria-current]")).to_have_text(name)
        assert (await page.title()).startswith(name)
        assert await page.evaluate("[scrollY, document.activeElement.id]") == [0, "content"]
    await page.go_back()
    await expect(heading).to_have_text("People")
    await page.go_back()
    await expect(page.locator("#content")).to_contain_text("Data quality rules")
    assert await page.title() == first
    assert await page.evaluate("scrollY") > 800
    await page.go_forward()
    await expect(heading).to_have_text("People")
    assert await _is_same(page)
    kept = await page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert "Riddle" not in kept
    assert wrong == []


@pytest.mark.usefixtures("troubled")
async def test_a_second_press_does_nothing_while_the_first_is_under_way(sign_in: SignIn) -> None:
    page, _ = await sign_in()
    sent: list[str] = []
    go_on = asyncio.Event()

    async def slowly(route: Route) -> None:
        sent.append(route.request.url)
        await go_on.wait()
        await route.continue_()

    await page.route(POSTS, slowly)
    button = page.locator(".finding", has_text="Riddle").get_by_role("button", name="Fix")
    await button.focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#status")).to_have_text("Working …")
    await expect(button).to_have_attribute("aria-disabled", "true")
    await page.keyboard.press("Enter")
    await page.locator(".finding", has_text="Newalt").get_by_role("button", name="Fix").click(force=True)
    await expect(button).to_be_attached()
    go_on.set()
    await expect(page.locator("#status")).to_contain_text("Not fixed: ")
    await expect(button).not_to_have_attribute("aria-disabled", "true")
    assert len(sent) == 1


@pytest.mark.usefixtures("troubled")
@pytest.mark.parametrize("answer", ["none", "a proxy's"])
async def test_an_answer_that_does_not_come_is_told_and_takes_nothing_away(sign_in: SignIn, answer: str) -> None:
    page, _ = await sign_in()

    async def fail(route: Route) -> None:
        if answer == "none":
            await route.abort()
        else:
            await route.fulfill(status=502, content_type="text/html", body="<h1>Bad Gateway</h1>")

    await page.route(POSTS, fail)
    await page.locator("#selection summary").click()
    await page.get_by_label("Reason").fill("a guest")
    button = page.locator(".finding", has_text="Newalt").get_by_role("button", name="Fix")
    await button.focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#status")).to_have_text(
        "The server did not respond. Reload the page to see the current state."
    )
    await expect(page.locator("#status")).to_have_class("status is-problem")
    await expect(page.get_by_label("Reason")).to_have_value("a guest")
    await expect(button).to_be_focused()
    await expect(page.locator("body")).not_to_contain_text("Bad Gateway")


@pytest.mark.usefixtures("troubled")
async def test_what_is_typed_ticked_and_opened_outlives_another_command_of_the_page(sign_in: SignIn) -> None:
    page, wrong = await sign_in()
    await page.get_by_label("Choose 'Riddle'").check()
    await page.locator("#selection summary").click()
    await page.get_by_label("Reason").fill("a guest")
    await page.locator(".finding", has_text="Newalt").get_by_role("button", name="Fix").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#status")).to_contain_text("Fixed. Link Newalt")
    await expect(page.get_by_label("Choose 'Riddle'")).to_be_checked()
    await expect(page.locator("[data-chosen-count]")).to_have_text("1 selected")
    await expect(page.get_by_label("Reason")).to_have_value("a guest")
    # The row is gone, and no other row's button has come under the finger.
    await expect(page.locator("#status")).to_be_focused()
    await page.get_by_role("button", name="Dismiss selected").click()
    await expect(page.locator("#status p")).to_have_text("1 issue is dismissed.")
    await expect(page.locator("#status").get_by_role("button", name="Undo")).to_be_visible()
    assert await page.locator("input[name=reason]").input_value() == ""
    await expect(page.locator("#selection details")).not_to_have_attribute("open", "")
    assert wrong == []


async def test_a_tick_never_moves_to_another_finding(sign_in: SignIn, troubled: GuildBuilder) -> None:
    page, _ = await sign_in()
    boxes = page.locator("input[form=selection]")
    await page.get_by_label("Choose 'Newalt'").check()
    await mitigations.fix_one(troubled.pool, await issue_number(troubled, "orphan_wow", "Newalt"), actor="officer bob")
    await page.get_by_role("button", name="Fix: 'Riddle'").click()
    await expect(page.locator("#status")).to_contain_text("Not fixed: ")
    await expect(page.get_by_label("Choose 'Newalt'")).to_have_count(0)
    assert await boxes.count() > 0
    assert await page.locator("input[form=selection]:checked").count() == 0


async def test_the_end_of_a_job_with_refusals_is_not_green(
    sign_in: SignIn, services: Services, troubled: GuildBuilder
) -> None:
    page, wrong = await sign_in()
    await expect(page.locator("html.is-live")).to_have_count(1)
    numbers = [await issue_number(troubled, "orphan_wow", name) for name in ("Newalt", "Riddle")]
    job = FixSelectedJob(issue_ids=numbers, kind="fix_selected")
    asked = await jobs.enqueue(services, job, actor="officer alice", guild_id=troubled.guild_id)
    await expect(page.locator(f"#job-{asked.id}")).to_contain_text("Fix of 2 selected issues")
    await run_jobs(services, troubled.guild_id)
    await expect(page.locator("#status")).to_contain_text("Of 2 issues: 1 fixed, 1 refused.")
    await expect(page.locator("#status")).to_have_class("status is-problem")
    async with troubled.pool.reading(troubled.guild_id) as guild:
        ended = await jobs.job(guild, asked.id)
    assert {name: ended.counts[name] for name in ("found", "fixed", "refused")} == {
        "found": 2,
        "fixed": 1,
        "refused": 1,
    }
    assert wrong == []


@pytest.mark.usefixtures("troubled")
async def test_an_address_that_has_nothing_is_told_on_the_page_that_stays(sign_in: SignIn, site: str) -> None:
    page, _ = await sign_in()
    await page.locator(".finding a").first.evaluate("link => { link.href = '/admin/data-quality/issues/99999'; }")
    await page.evaluate("htmx.process(document.body)")
    await page.locator(".finding a").first.click()
    await expect(page.locator("#status")).to_have_class("status is-problem")
    await expect(page.locator("#content")).to_contain_text("Data quality rules")
    assert page.url.startswith(f"{site}{PAGE}")
    assert "99999" not in page.url


async def test_a_secret_that_is_shown_once_is_taken_away_by_nobody(sign_in: SignIn, troubled: GuildBuilder) -> None:
    page, wrong = await sign_in("/admin/settings/keys")
    await expect(page.locator("html.is-live")).to_have_count(1)
    await page.get_by_label("Player", exact=True).fill("Mito")
    await page.get_by_role("button", name="Make a key").click()
    await expect(page.locator("code.key").first).to_be_visible()
    assert await page.get_by_label("Player", exact=True).input_value() == ""
    heard = asyncio.create_task(
        page.evaluate(
            "new Promise((go) => stream.addEventListener('change', () => setTimeout(go, 500), { once: true }))"
        )
    )
    await page.evaluate("lastTouch = 0; document.activeElement.blur()")
    await mitigations.fix_one(troubled.pool, await issue_number(troubled, "orphan_wow", "Newalt"), actor="officer bob")
    await heard
    await expect(page.locator("code.key").first).to_be_visible()
    await expect(page.locator("#news")).to_be_hidden()
    assert wrong == []


@pytest.mark.usefixtures("troubled")
async def test_the_shell_says_what_was_searched_for_and_no_longer_on_other_pages(sign_in: SignIn) -> None:
    page, wrong = await sign_in()
    everything = page.get_by_role("searchbox", name="Find everything")
    await everything.fill("mito")
    await page.keyboard.press("Enter")
    await expect(page.locator("#content")).to_contain_text("Mito")
    await expect(page).to_have_url(re.compile(r".*/admin/search\?.*q=mito"))
    await expect(everything).to_have_value("mito")
    await page.get_by_role("link", name="Log", exact=True).first.click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Log")
    await expect(everything).to_have_value("")
    assert wrong == []


async def test_the_style_of_a_page_goes_with_it(sign_in: SignIn, troubled: GuildBuilder) -> None:
    page, wrong = await sign_in(PAGE)
    styles = (
        "[...document.querySelectorAll('link[rel=stylesheet]')].map(each => each.href.split('/').pop().split('.')[0])"
    )
    assert "quality" in await page.evaluate(styles)
    await page.get_by_role("link", name="People", exact=True).click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("People")
    assert "people" in await page.evaluate(styles)
    assert "quality" not in await page.evaluate(styles)
    await page.go_back()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Data Quality")
    assert "quality" in await page.evaluate(styles)
    assert wrong == []


async def test_a_newer_click_ends_an_older_request_and_is_no_fault_while_a_failed_one_is(sign_in: SignIn) -> None:
    page, wrong = await sign_in()
    never = asyncio.Event()

    async def hang(_route: Route) -> None:
        await never.wait()

    await page.route("**/admin/players*", hang)
    await page.get_by_role("link", name="People", exact=True).click()
    await page.get_by_role("link", name="Log", exact=True).click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Log")
    assert wrong == []
    never.set()
    await page.unroute("**/admin/players*")
    await page.route("**/admin/players*", lambda route: route.abort())
    await page.get_by_role("link", name="People", exact=True).click()
    await expect(page.locator("#status")).to_contain_text("The server did not respond.")
    assert any("htmx:sendError" in said for said in wrong)
