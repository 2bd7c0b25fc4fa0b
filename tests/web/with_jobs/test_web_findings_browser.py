"""The page of findings in a real browser: scans, fixes, ticks and filters do what they say, by mouse and by keyboard."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from guild_builder import GuildBuilder
from jobs.all_waiting import run_jobs
from patt.bootstrap import Services
from web.at_work import at_work
from web.browsers import SignIn
from web.helpers import PAGE, dismiss_and_reopen, issue_number

pytestmark = pytest.mark.browser


async def test_an_officer_scans_previews_fixes_and_undoes(
    sign_in: SignIn, site: str, services: Services, troubled: GuildBuilder
) -> None:
    # The daily check has been: its scan would find the newcomer before that of the button does.
    await troubled.execute(
        "insert into guild_identity.sync_log (guild_id, pipeline, actor, status, finished_at) "
        "values (%(guild)s, 'sweep', 'schedule', 'done', now())"
    )
    async with at_work(services):
        page, wrong = await sign_in()
        status, card = page.locator("#status"), page.locator("#rule-orphan_wow")
        await expect(card).to_contain_text("Open: 2")

        await troubled.character("Latecomer", "alt of Mito")
        await card.get_by_role("button", name="Run Scan").click()
        await expect(status).to_have_text("Scan done: 3 found, 1 new, 0 resolved.", timeout=20_000)
        await expect(card).to_contain_text("Open: 3")
        await expect(card.get_by_role("button", name="Run Scan")).to_be_focused()

        await card.get_by_role("link", name="Attempt Fix").click()
        await expect(page.locator("#content")).to_contain_text("Link Newalt-area-52 to Mito")
        await page.get_by_role("button", name="Attempt Fix").click()
        await expect(status.locator("p")).to_have_text("Of 2 issues: 2 fixed.")
    await expect(page.locator("#content")).not_to_contain_text("Newalt")
    await page.get_by_role("link", name="Data Quality").last.click()
    await expect(card).to_contain_text("Open: 1")

    await page.goto(f"{site}{PAGE}/issues/{await issue_number(troubled, 'orphan_wow', 'Newalt')}")
    await page.get_by_role("link", name="Undo").click()
    await expect(page.locator(".changes")).to_contain_text("Player of Newalt-area-52")
    await page.locator("#content").get_by_role("button", name="Undo").click()
    await expect(status).to_contain_text("is undone")
    await expect(page.locator("#content")).to_contain_text("Undone by alice")
    await page.get_by_label("Reason").fill("a guest")
    await page.get_by_role("button", name="Dismiss").click()
    await expect(page.locator("#content")).to_contain_text("dismissed alice dismissed it: a guest")
    assert wrong == []


async def test_what_cannot_be_done_is_told(sign_in: SignIn, site: str, troubled: GuildBuilder) -> None:
    page, _ = await sign_in()
    await page.get_by_role("button", name="Fix: 'Riddle'").click()
    await expect(page.locator("#status")).to_contain_text("Not fixed: ")
    await troubled.execute("update common.web_sessions set revoked_at = now()")
    await page.get_by_role("button", name="Run all scans").click()
    await expect(page).to_have_url(f"{site}/login")


@pytest.mark.usefixtures("troubled")
async def test_without_javascript_the_buttons_work_too(sign_in: SignIn) -> None:
    page, wrong = await sign_in(java_script_enabled=False)
    await page.get_by_role("button", name="Fix: 'Newalt'").click()
    await expect(page.locator("#status")).to_contain_text("Fixed. Link Newalt-area-52 to Mito")
    await expect(page.locator("#rule-orphan_wow")).to_contain_text("Open: 1")
    assert wrong == []


@pytest.mark.parametrize(("width", "scripted"), [(390, True), (1280, False)])
async def test_an_officer_previews_and_fixes_what_is_ticked(
    sign_in: SignIn, services: Services, troubled: GuildBuilder, width: int, scripted: bool
) -> None:
    page, wrong = await sign_in(viewport={"width": width, "height": 800}, java_script_enabled=scripted)
    await page.get_by_label("Choose 'Newalt'").check()
    await page.get_by_label("Choose 'Riddle'").check()
    if scripted:
        await expect(page.locator("#selection")).to_contain_text("2 selected")
    await page.get_by_role("button", name="Preview fix").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Fix preview")
    content = page.locator("#content")
    await expect(content).to_contain_text("Link Newalt-area-52 to Mito")
    await expect(content).to_contain_text("2 selected, a fix would change 1")
    assert await page.locator("html").evaluate("page => page.scrollWidth") == width
    await page.get_by_role("button", name="Fix this one").click()
    await expect(page.get_by_role("status")).to_contain_text("Fix of 1 selected issue is queued.")
    await run_jobs(services, troubled.guild_id)
    if scripted:
        await expect(page.locator("#status p")).to_have_text("Of 1 issue: 1 fixed.")
    else:
        await page.reload()
    await expect(page.get_by_label("Choose 'Newalt'")).to_have_count(0)
    await expect(page.locator("#rule-orphan_wow")).to_contain_text("Open: 1")
    assert wrong == []


async def test_an_officer_dismisses_a_whole_group_by_keyboard_and_reopens_an_issue(
    sign_in: SignIn, site: str, troubled: GuildBuilder
) -> None:
    page, wrong = await sign_in()
    everything = page.get_by_label("Choose all of Unlinked WoW Character on this page")
    chosen, status = page.locator("#selection"), page.get_by_role("status")
    await expect(chosen).to_contain_text("Select findings to act on them together.")
    await everything.focus()
    await page.keyboard.press("Space")
    await expect(page.get_by_label("Choose 'Riddle'")).to_be_checked()
    await expect(chosen).to_contain_text("2 selected")
    await page.get_by_label("Choose 'Riddle'").uncheck()
    await expect(chosen).to_contain_text("1 selected")
    assert await everything.evaluate("box => box.indeterminate")
    await everything.focus()
    await page.keyboard.press("Space")
    await expect(chosen).to_contain_text("2 selected")

    await chosen.locator("summary").focus()
    await page.keyboard.press("Enter")
    await page.get_by_label("Reason").fill("guests of the season")
    await page.keyboard.press("Enter")
    await expect(status.locator("p")).to_have_text("2 issues are dismissed.")
    await expect(page.get_by_label("Choose 'Riddle'")).to_have_count(0)
    await page.get_by_role("link", name="Dismissed", exact=True).click()
    await expect(page.locator("#content")).to_contain_text("guests of the season")
    await page.get_by_label("Choose 'Riddle'").check()
    await page.get_by_role("button", name="Reopen").click()
    await expect(status.locator("p")).to_have_text("1 issue is reopened.")
    assert page.url.startswith(f"{site}{PAGE}?guild={troubled.guild_id}&state=dismissed")
    assert wrong == []


@pytest.mark.usefixtures("troubled")
async def test_what_was_ticked_stays_so_and_is_counted_when_a_button_has_shown_the_page_afresh(sign_in: SignIn) -> None:
    page, _ = await sign_in()
    await page.get_by_label("Choose 'Riddle'").check()
    await expect(page.locator("#selection")).to_contain_text("1 selected")
    await page.locator(".finding", has_text="Newalt").get_by_role("button", name="Fix").click()
    await expect(page.locator("#status")).to_contain_text("Fixed. Link Newalt-area-52 to Mito")
    await expect(page.get_by_label("Choose 'Riddle'")).to_be_checked()
    await expect(page.locator("#selection")).to_contain_text("1 selected")
    await page.get_by_label("Choose 'Riddle'").uncheck()
    await expect(page.locator("#selection")).to_contain_text("Select findings to act on them together.")


async def test_filters_are_used_by_keyboard_and_links_lead_to_the_content_and_to_the_findings(
    sign_in: SignIn, site: str, troubled: GuildBuilder
) -> None:
    page, wrong = await sign_in()
    await page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    await expect(skip).to_be_focused()
    await expect(skip).to_be_in_viewport()
    await page.get_by_role("navigation", name="Parts of Data Quality").get_by_role("link", name="Findings").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Recent findings")).to_be_in_viewport()
    await page.get_by_label("Search summaries").fill("RIDDLÉ")
    await page.keyboard.press("Enter")
    await expect(page.locator("#content")).to_contain_text("1 open match")
    await expect(page.locator(".finding")).to_have_count(1)
    assert "text=RIDDL" in page.url
    await page.get_by_role("link", name="Show all open").click()
    await expect(page.locator(".finding")).to_have_count(6)
    await page.get_by_role("link", name="90 days").click()
    await expect(page).to_have_url(f"{site}{PAGE}?guild={troubled.guild_id}&days=90#trends")
    assert wrong == []


async def test_what_was_ticked_is_there_again_on_the_way_back_and_nowhere_else(
    sign_in: SignIn, troubled: GuildBuilder
) -> None:
    page, wrong = await sign_in(f"{PAGE}?guild={troubled.guild_id}")
    count = page.locator("[data-chosen-count]")
    for name in ("Riddle", "Newalt"):
        await page.get_by_role("checkbox", name=f"Choose '{name}'").check()
    await page.get_by_role("button", name="Preview fix").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Fix preview")
    assert "token" not in page.url
    await page.go_back()
    await expect(count).to_have_text("2 selected")
    await expect(page.get_by_role("checkbox", name="Choose 'Riddle'")).to_be_checked()
    await page.get_by_role("button", name="Preview fix").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Fix preview")
    await page.get_by_role("link", name="Data Quality").last.click()
    await expect(count).to_have_text("2 selected")
    await page.get_by_role("link", name="People", exact=True).click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("People")
    await page.get_by_role("link", name="Data Quality").first.click()
    await expect(count).to_have_text("Select findings to act on them together.")
    assert wrong == []


async def test_a_typed_reason_stays_where_the_issue_has_changed_meanwhile(
    sign_in: SignIn, troubled: GuildBuilder
) -> None:
    number = await issue_number(troubled, "orphan_wow", "Riddle")
    page, _ = await sign_in(f"{PAGE}/issues/{number}")
    await page.get_by_label("Reason").fill("a guest")
    await dismiss_and_reopen(troubled, number)
    await page.get_by_role("button", name="Dismiss").click()
    await expect(page.locator("#status")).to_contain_text("changed")
    await expect(page.get_by_label("Reason")).to_have_value("a guest")
    await page.get_by_role("button", name="Dismiss").click()
    await expect(page.locator("#status")).to_contain_text("dismissed")
