"""The pages in a real browser: clicks do what they say, and everything can be read on a phone and in the dark."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi import FastAPI
from playwright.async_api import Locator, expect

from guild_builder import GuildBuilder
from patt.app import create_app
from patt.bootstrap import Services
from patt.queue import Task, open_queue
from patt.work import work_when_asked
from patt.worker import ask_for_what_is_due, work_until_stopped
from sv_common.db.pool import Pool
from sv_common.guild_sync.integrity_checker import run_integrity_check
from sv_common.guild_sync.ports import Outside
from web.at_work import at_work
from web.browsers import SignIn
from web.helpers import BASE_URL, PAGE, PLAYERS, issue_number, settings

pytestmark = pytest.mark.browser

SIZES = ({"width": 1280, "height": 900}, {"width": 390, "height": 800})


@pytest.fixture
async def services(pool: Pool, database_url: str) -> AsyncIterator[Services]:
    """What the application works with; its jobs are done where a test has a worker."""
    async with open_queue(database_url) as queue:
        yield Services(settings(BASE_URL), pool, Outside(), queue)


@pytest.fixture
def app(services: Services) -> FastAPI:
    """The application with a queue of jobs."""
    return create_app(services)


async def test_an_officer_scans_previews_fixes_and_undoes(
    sign_in: SignIn, site: str, services: Services, troubled: GuildBuilder
) -> None:
    async with at_work(services):
        await _scan_preview_fix_and_undo(sign_in, site, troubled)


async def _scan_preview_fix_and_undo(sign_in: SignIn, site: str, troubled: GuildBuilder) -> None:
    page, wrong = await sign_in()
    await expect(page).to_have_url(f"{site}{PAGE}")
    status, card = page.locator("#status"), page.locator("#rule-orphan_wow")
    await expect(card).to_contain_text("Open: 2")

    await troubled.character("Latecomer", "alt of Mito")
    await card.get_by_role("button", name="Run Scan").click()
    await expect(status).to_have_text("Scan done: 3 found, 1 new, 0 resolved.")
    await expect(card).to_contain_text("Open: 3")
    await expect(card.get_by_role("button", name="Run Scan")).to_be_focused()

    await card.get_by_role("link", name="Attempt Fix").click()
    await expect(page.locator("#content")).to_contain_text("Link Newalt-area-52 to Mito")
    await page.get_by_role("button", name="Attempt Fix").click()
    await expect(status).to_have_text("Of 2 chosen: 2 fixed.")
    await expect(page.locator("#content")).not_to_contain_text("Newalt")
    await page.get_by_role("link", name="Data Quality").last.click()
    await expect(card).to_contain_text("Open: 1")

    await page.goto(f"{site}{PAGE}/issues/{await issue_number(troubled, 'orphan_wow', 'Newalt')}")
    await page.get_by_role("link", name="Undo").click()
    await expect(page.locator(".changes")).to_contain_text("Player of Newalt-area-52")
    await page.get_by_role("button", name="Undo it").click()
    await expect(status).to_contain_text("is undone")
    await expect(page.locator("#content")).to_contain_text("Undone by officer alice")
    await page.get_by_label("Why").fill("a guest")
    await page.get_by_role("button", name="Dismiss").click()
    await expect(page.locator("#content")).to_contain_text("dismissed officer alice set it aside: a guest")
    assert wrong == []


@pytest.mark.parametrize("viewport", SIZES, ids=lambda size: str(size["width"]))
async def test_an_officer_chooses_another_player_for_an_issue(
    sign_in: SignIn, site: str, troubled: GuildBuilder, viewport: Any
) -> None:
    page, wrong = await sign_in(viewport=viewport)
    content = page.locator("#content")
    number = await issue_number(troubled, "orphan_wow", "Riddle")
    await page.goto(f"{site}{PAGE}/issues/{number}")
    await expect(content).to_contain_text("The note of Riddle-area-52 says “hello there friend”.")
    await page.get_by_label("Choose another player").fill("elr")
    await page.get_by_role("button", name="Search").click()
    await page.get_by_role("link", name="Choose this player: Elrek").click()
    await expect(page.locator(".changes")).to_contain_text("Player of Riddle-area-52")
    await page.get_by_role("button", name="Link the character").click()
    await expect(page.get_by_role("status")).to_have_text("Done. Link Riddle-area-52 to Elrek: an officer says so.")
    assert page.url.startswith(f"{site}{PAGE}/issues/{number}")
    await expect(content).to_contain_text("a scan found that it is no longer so, after officer alice decided")
    assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") == 0
    assert wrong == []


@pytest.mark.parametrize("viewport", SIZES, ids=lambda size: str(size["width"]))
async def test_an_officer_rules_a_player_out_and_the_next_scan_respects_it(
    sign_in: SignIn, site: str, troubled: GuildBuilder, viewport: Any
) -> None:
    page, wrong = await sign_in(viewport=viewport)
    candidates = page.locator("#candidates")
    await page.goto(f"{site}{PAGE}/issues/{await issue_number(troubled, 'orphan_wow', 'Newalt')}")
    await expect(candidates).to_contain_text("the fix takes this one")
    await page.get_by_role("link", name="Not this player: Mito").click()
    await page.get_by_label("Why").fill("another Mito")
    await page.get_by_role("button", name="Not this player").click()
    await expect(page.get_by_role("status")).to_contain_text("Remember that Newalt-area-52 does not belong to Mito")
    await run_integrity_check(troubled.pool)
    await page.reload()
    await expect(candidates).to_contain_text("ruled out")
    await expect(candidates).to_contain_text("does not belong to Mito: another Mito")
    await expect(page.get_by_role("button", name="Fix")).to_have_count(0)
    assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") == 0
    assert wrong == []


@pytest.mark.parametrize("viewport", SIZES, ids=lambda size: str(size["width"]))
async def test_a_click_on_an_old_page_is_refused_and_the_page_shown_as_it_is(
    sign_in: SignIn, site: str, troubled: GuildBuilder, viewport: Any
) -> None:
    early, _ = await sign_in(viewport=viewport)
    late, wrong = await sign_in(viewport=viewport)
    address = f"{site}{PAGE}/issues/{await issue_number(troubled, 'note_mismatch')}"
    await late.route("**/api/v1/admin/live**", lambda route: route.abort())
    for page in (early, late):
        await page.goto(address)
    await early.get_by_role("button", name="Fix").click()
    await expect(early.get_by_role("status")).to_contain_text("Fixed. Unlink Grimalt-area-52 from Elrek.")
    await late.get_by_label("Why").fill("it is right")
    await late.get_by_role("button", name="Dismiss").click()
    await expect(late.get_by_role("status")).to_contain_text("Since you opened this page: officer alice fixed it")
    await expect(late.locator("#content")).to_contain_text("Resolved")
    await expect(late.get_by_role("button", name="Dismiss")).to_have_count(0)
    assert [entry for entry in wrong if "409" not in entry and "ERR_FAILED" not in entry] == []


async def test_an_officer_matches_those_who_are_ticked_and_takes_it_back(
    sign_in: SignIn, site: str, guild: GuildBuilder, database_url: str
) -> None:
    for name in ("Heathfen", "Moorland"):
        await guild.member(name)
        await guild.character(name)
    page, wrong = await sign_in()
    await page.get_by_role("link", name="Full Match").click()
    status, state = page.locator("#status"), page.locator("#match-state")
    await page.get_by_role("button", name="Apply those that are ticked").click()
    await expect(status).to_contain_text("Nobody was chosen")
    await page.get_by_label("Moorland").check()
    await page.get_by_role("button", name="Apply those that are ticked").click()
    await expect(status).to_have_text("The full match of 1 chosen is asked for.")
    await expect(state).to_contain_text("waiting")

    async with open_queue(database_url) as queue:
        services = Services(settings(site), guild.pool, Outside(), queue)
        await ask_for_what_is_due(services, datetime.now(UTC))
        await work_until_stopped(services, wait=False)
    await expect(state).to_contain_text("1 players created, 1 characters linked, for the 1 chosen.")
    await expect(page.locator("#list + form")).not_to_contain_text("Moorland")
    await state.get_by_role("link", name="Undo").click()
    await expect(page.locator(".changes")).to_contain_text("The player Moorland")
    await page.get_by_role("button", name="Undo it").click()
    await expect(status).to_contain_text("is undone")
    await expect(page.get_by_label("Moorland")).to_be_visible()
    assert [entry for entry in wrong if "422" not in entry] == []


async def test_jobs_are_shown_as_they_come_while_the_page_is_looked_at(
    sign_in: SignIn, site: str, guild: GuildBuilder, database_url: str
) -> None:
    page, wrong = await sign_in()
    await page.get_by_role("link", name="Activity").click()
    jobs = page.locator("#jobs")
    await expect(jobs).to_contain_text("No job waits or runs.")
    async with open_queue(database_url) as queue:
        await queue.ask_for(Task.SWEEP, guild.guild_id)
        await expect(jobs).to_contain_text("waiting Daily check", timeout=15_000)
        for _ in range(3):  # the planner may ask for the check once more before it has begun
            await work_until_stopped(Services(settings(site), guild.pool, Outside(), queue), wait=False)
    await expect(jobs).not_to_contain_text("Daily check", timeout=15_000)
    await page.get_by_label("Pipeline").select_option("Daily check")
    await page.get_by_role("button", name="Filter").click()
    await expect(page.locator("#content")).to_contain_text("done Daily check")
    async with page.expect_download() as download:
        await page.get_by_role("link", name="CSV").click()
    assert (await download.value).suggested_filename.startswith("patt-sync-log-")
    assert wrong == []


async def _left_edge(place: Locator) -> float:
    box = await place.bounding_box()
    assert box is not None
    return box["x"]


async def test_an_officer_finds_a_player_links_a_character_and_undoes_it(
    sign_in: SignIn, site: str, troubled: GuildBuilder
) -> None:
    page, wrong = await sign_in()
    await page.get_by_role("link", name="Players").click()
    await page.get_by_label("Name of a player").fill("mit")
    await page.get_by_role("button", name="Search").click()
    row, name = page.locator("#content .person").first, page.locator("#content .person-name").first
    assert await _left_edge(name) - await _left_edge(row) < 40
    await page.get_by_role("link", name="Mito", exact=True).first.click()
    content, status = page.locator("#content"), page.locator("#status")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Mito")

    await page.get_by_label("Link a character").fill("Nobodyhere")
    await page.get_by_role("button", name="Preview").first.click()
    await expect(status).to_contain_text("No character of the guild is called “Nobodyhere”")
    await page.get_by_label("Link a character").fill("Riddle")
    await page.get_by_role("button", name="Preview").first.click()
    await expect(page.locator(".changes")).to_contain_text("Player of Riddle-area-52")
    assert await page.evaluate("document.querySelectorAll('.changes tbody tr').length") == 1
    await page.get_by_role("button", name="Link the character").click()
    await expect(status).to_contain_text("Done. Link Riddle-area-52 to Mito")
    await expect(content).to_contain_text("Characters 2")

    await page.get_by_role("link", name="Undo").click()
    await page.get_by_role("button", name="Undo it").click()
    await expect(status).to_contain_text("is undone")
    await expect(content).to_contain_text("Characters 1")
    await expect(content).to_contain_text("Undone by officer alice")
    assert page.url.startswith(f"{site}{PLAYERS}/")
    assert wrong == []


async def test_an_officer_merges_two_players_and_takes_them_apart_again(
    sign_in: SignIn, site: str, guild: GuildBuilder
) -> None:
    mito = await guild.main("Mito")
    await guild.alt("Grimalt", "alt of Mito", await guild.player("Mito"))
    page, wrong = await sign_in()
    await page.goto(f"{site}{PLAYERS}/{mito}")
    content, status = page.locator("#content"), page.get_by_role("status")
    await page.get_by_label("Merge with another player").fill("mito")
    await page.locator("section", has=page.locator("#merge")).get_by_role("button", name="Preview").click()
    await expect(page.locator(".changes")).to_contain_text("Player of Grimalt-area-52")
    await page.get_by_role("link", name="Leave it as it is").click()
    await expect(content).to_contain_text("Characters 1")
    await page.get_by_label("Merge with another player").fill("mito")
    await page.get_by_label("Merge with another player").press("Enter")
    await page.get_by_role("button", name="Merge the players").click()
    await expect(status).to_contain_text("are one person: an officer says so.")
    await expect(content).to_contain_text("Characters 2")
    await page.get_by_role("link", name="Activity").click()
    await page.get_by_role("link", name="Who did what").click()
    await page.get_by_role("link", name="Undo").first.click()
    await page.get_by_role("button", name="Undo it").click()
    await expect(status).to_contain_text("is undone")
    await page.goto(f"{site}{PLAYERS}/{mito}")
    await expect(content).to_contain_text("Characters 1")
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


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_everything_fits_on_a_phone(
    sign_in: SignIn, site: str, services: Services, troubled: GuildBuilder, scheme: str
) -> None:
    await troubled.member("W" * 32, roles=["102"])
    await troubled.alt("Longnote", "Mito " + "w" * 200, await troubled.main("Somebodyelse"))
    page, wrong = await sign_in(viewport={"width": 360, "height": 740}, color_scheme=scheme)
    async with at_work(services):
        await page.get_by_role("button", name="Run all scans").click()
        await expect(page.locator("#status")).to_contain_text("Scan done", timeout=20_000)
    issue = await issue_number(troubled, "orphan_discord", "WWW")
    player = (await troubled.rows("select min(id) from guild_identity.players"))[0][0]
    long = await troubled.player("W" * 80)
    await troubled.link(await troubled.character("Ŵ" * 12), long, as_main=True)
    previews = (
        f"{PLAYERS}/preview?decision=link&character=Longnote&player={player}",
        f"{PLAYERS}/preview?decision=merge&player={player}&other={long}",
        f"{PLAYERS}/preview?decision=merge&player={long}&other={player}",
    )
    people = (
        PLAYERS,
        f"{PLAYERS}?show=all",
        f"{PLAYERS}/{player}",
        f"{PLAYERS}/{long}",
        f"{PLAYERS}/characters/1",
        *previews,
    )
    others = ("/admin/full-match", "/admin/activity", "/login")
    linked = await issue_number(troubled, "note_mismatch")
    issues = (f"{PAGE}/issues/{issue}", f"{PAGE}/issues/{linked}?search=o")
    for path in (PAGE, *issues, f"{PAGE}/rules/orphan_discord/preview", *people, *others):
        await page.goto(f"{site}{path}")
        assert await page.evaluate("document.documentElement.scrollWidth") == 360, path
    colours = "getComputedStyle(document.body).backgroundColor"
    brightness = sum(int(part) for part in (await page.evaluate(colours))[4:-1].split(","))
    assert (brightness < 200) is (scheme == "dark")
    assert wrong == []


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scripted", [True, False])
async def test_an_officer_previews_and_fixes_what_is_ticked(
    sign_in: SignIn, services: Services, troubled: GuildBuilder, width: int, scripted: bool
) -> None:
    page, wrong = await sign_in(viewport={"width": width, "height": 800}, java_script_enabled=scripted)
    await page.get_by_label("Choose 'Newalt'").check()
    await page.get_by_label("Choose 'Riddle'").check()
    if scripted:
        await expect(page.locator("#selection")).to_contain_text("2 selected")
    await page.get_by_role("button", name="Preview fix of the selected").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("What a fix of the selected would do")
    content = page.locator("#content")
    await expect(content).to_contain_text("Link Newalt-area-52 to Mito")
    await expect(content).to_contain_text("2 selected, of which a fix would change 1")
    assert await page.locator("html").evaluate("page => page.scrollWidth") == width
    await page.get_by_role("button", name="Fix this one").click()
    await expect(page.get_by_role("status")).to_contain_text("Fix of 1 chosen issue is asked for.")
    await work_when_asked(services, troubled.guild_id)
    if scripted:
        await expect(page.get_by_role("status")).to_have_text("Of 1 chosen: 1 fixed.")
        await expect(content).to_contain_text("Already resolved by officer alice")
        await page.get_by_role("link", name="Back to the findings").click()
    else:
        await page.reload()
    await expect(page.get_by_label("Choose 'Newalt'")).to_have_count(0)
    await expect(page.locator("#rule-orphan_wow")).to_contain_text("Open: 1")
    assert wrong == []


@pytest.mark.parametrize("width", [390, 1280])
async def test_an_officer_sets_a_whole_group_aside_by_keyboard_and_opens_it_again(
    sign_in: SignIn, site: str, troubled: GuildBuilder, width: int
) -> None:
    page, wrong = await sign_in(viewport={"width": width, "height": 800})
    everything = page.get_by_label("Choose all of Unlinked WoW Character on this page")
    chosen, status = page.locator("#selection"), page.get_by_role("status")
    await expect(chosen).to_contain_text("Tick findings to act on them together.")
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
    await page.get_by_label("Why").fill("guests of the season")
    await page.keyboard.press("Enter")
    await expect(status).to_have_text("2 issues are set aside.")
    await expect(page.get_by_label("Choose 'Riddle'")).to_have_count(0)
    await page.get_by_role("link", name="Dismissed", exact=True).click()
    await expect(page.locator("#content")).to_contain_text("guests of the season")
    await page.get_by_label("Choose 'Riddle'").check()
    await page.get_by_role("button", name="Open again").click()
    await expect(status).to_have_text("1 issue is open again.")
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
    await expect(page.locator("#selection")).to_contain_text("Tick findings to act on them together.")


async def test_filters_are_used_by_keyboard_and_skip_links_lead_to_the_findings(
    sign_in: SignIn, site: str, troubled: GuildBuilder
) -> None:
    page, wrong = await sign_in()
    await page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the findings")
    await skip.focus()
    await expect(skip).to_be_in_viewport()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Recent findings")).to_be_in_viewport()
    await page.get_by_label("Words in the summary").fill("RIDDLÉ")
    await page.keyboard.press("Enter")
    await expect(page.locator("#content")).to_contain_text("1 open by this filter")
    await expect(page.locator(".finding")).to_have_count(1)
    assert "text=RIDDL" in page.url
    await page.get_by_role("link", name="Show all open").click()
    await expect(page.locator(".finding")).to_have_count(6)
    await page.get_by_role("link", name="90 days").click()
    await expect(page).to_have_url(f"{site}{PAGE}?guild={troubled.guild_id}&days=90#trends")
    assert wrong == []
