"""What officers decide about issues and people in a real browser: shown before, done, and taken back or shown as it is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.async_api import expect

from guild_builder import GuildBuilder
from patt.bootstrap import Services
from patt.queue.tasks import open_queue
from patt.worker.worker import enqueue_due, work_until_stopped
from sv_common.guild_sync.integrity_checker import run_integrity_check
from sv_common.guild_sync.sources.ports import Sources
from web.browsers import SignIn
from web.helpers import PAGE, PLAYERS, issue_number, settings

pytestmark = pytest.mark.browser

PHONE: Any = {"width": 390, "height": 800}


async def test_an_officer_chooses_another_player_for_an_issue(
    sign_in: SignIn, site: str, troubled: GuildBuilder
) -> None:
    number = await issue_number(troubled, "orphan_wow", "Riddle")
    page, wrong = await sign_in(f"{PAGE}/issues/{number}", viewport=PHONE)
    content = page.locator("#content")
    await expect(content).to_contain_text("The note of Riddle-area-52 says “hello there friend”.")
    await page.get_by_label("Choose another player").fill("elr")
    await page.get_by_role("button", name="Search").click()
    await page.get_by_role("link", name="Choose this player: Elrek").click()
    await expect(page.locator(".changes")).to_contain_text("Player of Riddle-area-52")
    await page.get_by_role("button", name="Link character").click()
    await expect(page.locator("#status p")).to_have_text("Done. Link Riddle-area-52 to Elrek.")
    assert page.url.startswith(f"{site}{PAGE}/issues/{number}")
    await expect(content).to_contain_text("a scan no longer found it, after alice decided")
    assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") == 0
    assert wrong == []


async def test_an_officer_rules_a_player_out_and_the_next_scan_respects_it(
    sign_in: SignIn, troubled: GuildBuilder
) -> None:
    number = await issue_number(troubled, "orphan_wow", "Newalt")
    page, wrong = await sign_in(f"{PAGE}/issues/{number}", viewport=PHONE)
    candidates = page.locator("#candidates")
    await expect(candidates).to_contain_text("chosen by the fix")
    await page.get_by_role("link", name="Not this player: Mito").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Not this player: preview")
    await page.get_by_label("Reason").fill("another Mito")
    await page.get_by_role("button", name="Not this player").click()
    await expect(page.get_by_role("status")).to_contain_text("Rule out Newalt-area-52 for Mito")
    await run_integrity_check(troubled.pool)
    await page.reload()
    await expect(candidates).to_contain_text("ruled out")
    await expect(candidates).to_contain_text("does not belong to Mito: another Mito")
    await expect(page.get_by_role("button", name="Fix")).to_have_count(0)
    assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") == 0
    assert wrong == []


async def test_a_click_on_an_old_page_is_refused_and_the_page_shown_as_it_is(
    sign_in: SignIn, site: str, troubled: GuildBuilder
) -> None:
    address = f"{PAGE}/issues/{await issue_number(troubled, 'note_mismatch')}"
    early, _ = await sign_in(address)
    late, wrong = await sign_in("/login")
    await late.route("**/api/v1/admin/live**", lambda route: route.abort())
    await late.goto(f"{site}{address}")
    await early.get_by_role("button", name="Fix").click()
    await expect(early.get_by_role("status")).to_contain_text("Fixed. Move Grimalt-area-52 from Elrek to ")
    await late.get_by_label("Reason").fill("it is right")
    await late.get_by_role("button", name="Dismiss").click()
    await expect(late.get_by_role("status")).to_contain_text("Since you opened this page: alice fixed it")
    await expect(late.locator("#content")).to_contain_text("Resolved")
    await expect(late.get_by_role("button", name="Dismiss")).to_have_count(0)
    assert [entry for entry in wrong if "409" not in entry and "ERR_FAILED" not in entry] == []


async def test_an_officer_matches_those_who_are_ticked_and_takes_it_back(
    sign_in: SignIn, site: str, guild: GuildBuilder, database_url: str
) -> None:
    for name in ("Heathfen", "Moorland"):
        await guild.member(name)
        await guild.character(name)
    page, wrong = await sign_in("/admin/full-match")
    status, state = page.locator("#status"), page.locator("#match-state")
    await page.get_by_role("button", name="Apply selected").click()
    await expect(status).to_contain_text("No one is selected")
    await page.get_by_label("Moorland").check()
    await page.get_by_role("button", name="Apply selected").click()
    await expect(status).to_have_text("The full match of 1 selected is queued.")
    await expect(state).to_contain_text("waiting")

    async with open_queue(database_url) as queue:
        services = Services(settings(site), guild.pool, Sources(), queue)
        await enqueue_due(services, datetime.now(UTC))
        await work_until_stopped(services, wait=False)
    await expect(state).to_contain_text("1 player created, 1 character linked, for the 1 selected.")
    await expect(page.locator("#list + form")).not_to_contain_text("Moorland")
    await state.get_by_role("link", name="Undo").click()
    await expect(page.locator(".changes")).to_contain_text("The player Moorland")
    await page.locator("#content").get_by_role("button", name="Undo").click()
    await expect(status).to_contain_text("is undone")
    await expect(page.get_by_label("Moorland")).to_be_visible()
    assert [entry for entry in wrong if "422" not in entry] == []


async def test_an_officer_finds_a_player_links_a_character_and_undoes_it(
    sign_in: SignIn, site: str, troubled: GuildBuilder
) -> None:
    page, wrong = await sign_in()
    await page.get_by_role("link", name="People", exact=True).click()
    await page.get_by_role("searchbox", name="Find people").fill("mit")
    await page.locator("#content").get_by_role("button", name="Search").click()
    await expect(page.get_by_role("link", name="Promoted", exact=True)).to_have_count(0)
    await page.get_by_role("link", name="Mito", exact=True).first.click()
    content, status = page.locator("#content"), page.locator("#status")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Mito")

    await page.get_by_role("combobox", name="Link a character").fill("Nobodyhere")
    await page.get_by_role("button", name="Preview: link a character").click()
    await expect(status).to_contain_text("No character is named “Nobodyhere”")
    await page.get_by_role("combobox", name="Link a character").fill("Riddle")
    await page.get_by_role("button", name="Preview: link a character").click()
    await expect(page.locator(".changes")).to_contain_text("Player of Riddle-area-52")
    assert await page.evaluate("document.querySelectorAll('.changes tbody tr').length") == 1
    await page.get_by_role("button", name="Link character").click()
    await expect(status).to_contain_text("Done. Link Riddle-area-52 to Mito")
    await expect(content).to_contain_text("Characters 2")

    await page.get_by_role("link", name="Undo").click()
    await expect(page.locator(".changes")).to_contain_text("Player of Riddle-area-52")
    await content.get_by_role("button", name="Undo").click()
    await expect(status).to_contain_text("is undone")
    await expect(content).to_contain_text("Characters 1")
    await expect(content).to_contain_text("undone by alice")
    assert page.url.startswith(f"{site}{PLAYERS}/")
    assert wrong == []


async def test_an_officer_merges_two_players_and_takes_them_apart_again(
    sign_in: SignIn, site: str, guild: GuildBuilder
) -> None:
    mito = await guild.main("Mito")
    await guild.alt("Grimalt", "alt of Mito", await guild.player("Mito"))
    page, wrong = await sign_in(f"{PLAYERS}/{mito}")
    content, status = page.locator("#content"), page.get_by_role("status")
    await page.get_by_role("searchbox", name="other player").fill("mitto")
    await page.get_by_role("button", name="Find: the other player").click()
    await page.get_by_role("link", name="Preview merge: Mito").click()
    await expect(page.locator(".changes")).to_contain_text("Player of Grimalt-area-52")
    await page.get_by_role("link", name="Cancel").click()
    await expect(content).to_contain_text("Characters 1")
    await page.get_by_role("searchbox", name="other player").fill("mito")
    await page.get_by_role("searchbox", name="other player").press("Enter")
    await page.get_by_role("link", name="Preview merge: Mito").click()
    await page.get_by_role("button", name="Merge players").click()
    await expect(status).to_contain_text("is merged into")
    await expect(content).to_contain_text("Characters 2")
    await page.get_by_role("link", name="Log", exact=True).click()
    await page.get_by_role("link", name="Who did what").click()
    await page.get_by_role("link", name="Undo").first.click()
    await expect(page.locator(".changes")).to_contain_text("Player of Grimalt-area-52")
    await content.get_by_role("button", name="Undo").click()
    await expect(status).to_contain_text("is undone")
    await page.goto(f"{site}{PLAYERS}/{mito}")
    await expect(content).to_contain_text("Characters 1")
    assert wrong == []
