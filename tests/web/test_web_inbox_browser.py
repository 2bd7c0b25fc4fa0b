"""The Inbox in a browser: sixty questions by the keyboard alone, what moves and what does not, focus, phone, and no script."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from guild_builder import GuildBuilder
from patt.web.context import SESSION_COOKIE
from sv_common.db.pool import Pool
from sv_common.guild_sync.issues import lifecycle
from web.browsers import SignIn
from web.helpers import issue_number, session

pytestmark = pytest.mark.browser

INBOX = "/admin/inbox"
PHONE = {"width": 390, "height": 844}


@pytest.fixture
async def asking(guild: GuildBuilder) -> GuildBuilder:
    """A guild with Mito and Grimaldo; Velquin, whose note “Grim” could be Grimaldo, Loner without a note, and a ready alt."""
    await guild.main("Mito")
    await guild.main("Grimaldo")
    await guild.character("Newalt", "alt of Mito")
    await guild.character("Velquin", "Grim")
    await guild.character("Loner")
    await guild.scan()
    return guild


async def loaded(page: Page) -> None:
    """Wait until the scripts have taken over."""
    await page.wait_for_function("window.htmx !== undefined && document.readyState === 'complete'")


async def press(page: Page, *keys: str) -> None:
    for key in keys:
        await page.keyboard.press(key)


def question(page: Page) -> Locator:
    return page.locator("#question .question")


@pytest.mark.parametrize("questions", [12, pytest.param(60, marks=pytest.mark.nightly)])
async def test_all_questions_are_cleared_by_the_keyboard_alone(
    sign_in: SignIn, guild: GuildBuilder, questions: int
) -> None:
    for number in range(questions):
        await guild.character(f"Wanderer{chr(97 + number // 26)}{chr(97 + number % 26)}")
    await guild.scan()
    page, wrong = await sign_in(INBOX)
    await loaded(page)
    keys = 0
    for left in range(questions, 0, -1):
        await expect(page.locator("#pulse")).to_contain_text(f"{left} question")
        asked = await page.locator("#question").get_attribute("data-question")
        answer = ["d", "1"] if left % 3 == 0 else ["s", "2"] if left % 3 == 1 else [await _key_of_a_new_player(page)]
        await press(page, *answer)
        keys += len(answer)
        await page.wait_for_function("key => document.getElementById('question')?.dataset.question !== key", arg=asked)
    assert keys <= 2 * questions
    await page.reload()
    await expect(page.get_by_text("No questions left")).to_be_visible()
    assert wrong == []


async def _key_of_a_new_player(page: Page) -> str:
    return await page.get_by_role("button", name="New player").get_attribute("data-key") or ""


async def test_an_answered_row_stays_where_it_is_and_has_its_undo(sign_in: SignIn, asking: GuildBuilder) -> None:
    key = await issue_number(asking, "orphan_wow", "Velquin")
    page, wrong = await sign_in(f"{INBOX}/{key}")
    await loaded(page)
    row = page.locator(f"[data-row='{key}']")
    before = await row.bounding_box()
    await page.get_by_role("button", name=re.compile("Link.*Grimaldo")).click()
    await expect(row).to_contain_text("Done")
    assert await row.bounding_box() == before
    await expect(question(page)).to_contain_text("Whose is Loner?")
    await expect(question(page)).to_be_focused()
    await expect(page.locator("#pulse")).to_contain_text("2 questions left")
    await press(page, "u")
    await expect(question(page)).to_contain_text("Whose is Velquin?")
    await expect(page.locator("#pulse")).to_contain_text("3 questions left")
    await expect(row).not_to_contain_text("Done")
    assert wrong == []


async def test_keys_walk_the_list_and_the_address_follows(sign_in: SignIn, asking: GuildBuilder) -> None:
    page, wrong = await sign_in(INBOX)
    await loaded(page)
    await press(page, "j")
    await expect(question(page)).to_contain_text("Velquin")
    assert page.url.split("?")[0].endswith(str(await issue_number(asking, "orphan_wow", "Velquin")))
    await press(page, "j", "k", "k")
    await expect(question(page)).to_contain_text("Newalt")
    await page.go_back()
    await expect(question(page)).to_contain_text("Velquin")
    assert wrong == []


async def test_a_key_that_is_pressed_while_a_question_loads_is_meant_for_that_question(
    sign_in: SignIn, asking: GuildBuilder
) -> None:
    page, _ = await sign_in(INBOX)
    await loaded(page)
    await page.evaluate(
        "for (const key of ['j', '1']) document.body.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true}))"
    )
    await expect(page.locator("#status")).to_contain_text("Velquin-area-52 belongs to Grimaldo.")
    assert await asking.player_of(await _character(asking, "Newalt")) is None


async def _character(guild: GuildBuilder, name: str) -> int:
    rows = await guild.rows(
        "select id from guild_identity.wow_characters where character_name = %(name)s", {"name": name}
    )
    return int(rows[0][0])


async def test_somebody_else_is_chosen_in_a_combobox_by_the_keyboard(sign_in: SignIn, asking: GuildBuilder) -> None:
    page, wrong = await sign_in(f"{INBOX}/{await issue_number(asking, 'orphan_wow', 'Loner')}")
    await loaded(page)
    await press(page, "1")
    field = page.get_by_role("combobox")
    await expect(field).to_be_focused()
    await page.keyboard.type("mit")
    await expect(page.get_by_role("option")).to_have_count(1)
    await expect(field).to_have_attribute("aria-expanded", "true")
    await press(page, "ArrowDown")
    await expect(page.get_by_role("option", selected=True)).to_contain_text("Mito")
    await press(page, "Enter")
    await expect(page.locator("#status")).to_contain_text("Loner-area-52 belongs to Mito.")
    assert wrong == []


async def test_escape_closes_a_menu_and_the_focus_goes_back_to_what_opened_it(
    sign_in: SignIn, asking: GuildBuilder
) -> None:
    page, _ = await sign_in(INBOX)
    await loaded(page)
    await press(page, "d")
    await expect(page.locator("#question").get_by_text("Do not ask again, because")).to_be_visible()
    await press(page, "Escape")
    await expect(page.locator("#question").get_by_text("Do not ask again, because")).to_be_hidden()
    assert await page.evaluate("document.activeElement.dataset.key") == "d"


async def test_the_list_of_keys_opens_and_single_keys_can_be_turned_off(sign_in: SignIn, asking: GuildBuilder) -> None:
    page, _ = await sign_in(INBOX)
    await loaded(page)
    await press(page, "?")
    await expect(page.get_by_role("heading", name="Keyboard")).to_be_visible()
    await page.get_by_role("checkbox", name="Single keys are on").uncheck()
    await press(page, "Escape", "j")
    await expect(question(page)).to_contain_text("Newalt")


async def test_everything_is_found_from_everywhere(sign_in: SignIn, asking: GuildBuilder) -> None:
    page, wrong = await sign_in("/admin/players")
    await loaded(page)
    await press(page, "Control+k")
    await page.keyboard.type("velq")
    await expect(page.locator("#palette-found")).to_contain_text("Velquin-area-52")
    await press(page, "ArrowDown", "Enter")
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Velquin")
    assert wrong == []


async def test_on_a_phone_the_question_is_a_sheet_over_the_list(sign_in: SignIn, asking: GuildBuilder) -> None:
    page, wrong = await sign_in(INBOX, viewport=PHONE)
    await loaded(page)
    await expect(page.locator("#question")).to_be_hidden()
    await page.get_by_text("Velquin", exact=True).click()
    await expect(question(page)).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await page.get_by_role("link", name="Back to the list").click()
    await expect(page.locator("#question")).to_be_hidden()
    assert wrong == []


async def test_without_script_a_question_is_a_page_and_an_answer_a_form(
    browser: Browser, site: str, pool: Pool, asking: GuildBuilder
) -> None:
    context = await browser.new_context(java_script_enabled=False)
    await context.add_cookies([{"name": SESSION_COOKIE, "value": await session(pool), "url": site}])
    page = await context.new_page()
    await page.goto(f"{site}{INBOX}")
    await page.get_by_text("Velquin", exact=True).click()
    await page.get_by_role("button", name=re.compile("Link.*Grimaldo")).click()
    await expect(page.locator("#status")).to_contain_text("Velquin-area-52 belongs to Grimaldo.")
    await expect(question(page)).to_contain_text("Whose is Loner?")
    await context.close()


async def test_the_first_thing_to_press_is_what_to_do_first(sign_in: SignIn, asking: GuildBuilder) -> None:
    page, _ = await sign_in(f"{INBOX}/{await issue_number(asking, 'orphan_wow', 'Velquin')}")
    await loaded(page)
    await question(page).focus()
    await press(page, "Tab")
    first = "document.activeElement.closest('.answer').textContent + document.activeElement.className"
    found = await page.evaluate(first)
    assert "Grimaldo" in found
    assert "strong" in found


async def test_a_toast_goes_by_itself_and_the_undo_in_the_row_stays(sign_in: SignIn, asking: GuildBuilder) -> None:
    key = await issue_number(asking, "orphan_wow", "Velquin")
    page, _ = await sign_in(f"{INBOX}/{key}")
    await page.clock.install()
    await page.reload()
    await loaded(page)
    await press(page, "1")
    await expect(page.locator("#status")).to_contain_text("Velquin-area-52 belongs to Grimaldo.")
    await page.clock.run_for(30_000)
    await expect(page.locator("#status")).to_be_empty()
    await expect(page.locator(f"[data-row='{key}']").get_by_role("button", name="Undo")).to_be_visible()


async def test_selected_questions_are_dismissed_together(sign_in: SignIn, asking: GuildBuilder) -> None:
    page, wrong = await sign_in(INBOX)
    await loaded(page)
    await press(page, "j", "x", "j", "x")
    await expect(page.locator(".row-pick:checked")).to_have_count(2)
    await expect(page.locator("#bulk")).to_be_visible()
    await page.locator("#bulk").get_by_text("Dismiss").click()
    await page.get_by_role("button", name="Leaving soon.").click()
    await expect(page.locator("#status")).to_contain_text("2 questions dismissed: Leaving soon.")
    await expect(page.locator("#pulse")).to_contain_text("1 question left")
    assert wrong == []


async def test_a_long_group_shows_its_rest_when_asked_and_walks_on_into_it(
    sign_in: SignIn, guild: GuildBuilder
) -> None:
    for number in range(15):
        await guild.character(f"Wanderer{chr(97 + number)}")
    await guild.scan()
    page, wrong = await sign_in(INBOX)
    await loaded(page)
    await expect(page.locator("[data-row]")).to_have_count(12)
    await page.get_by_role("link", name="Show 3 more").click()
    await expect(page.locator("[data-row]")).to_have_count(15)
    await expect(page.locator("#question")).to_have_count(1)
    assert wrong == []


async def test_what_others_did_waits_behind_a_button_and_moves_nothing(sign_in: SignIn, asking: GuildBuilder) -> None:
    key = await issue_number(asking, "orphan_wow", "Loner")
    page, wrong = await sign_in(INBOX)
    await loaded(page)
    await expect(page.locator("html.is-live")).to_have_count(1)
    await page.wait_for_timeout(4500)  # so long nobody touches the page
    async with asking.pool.writing(asking.guild_id) as here:
        await lifecycle.dismiss(here, key, actor="officer bob", reason="Known.")
    await expect(page.locator("#news")).to_contain_text("Show")
    await expect(page.locator(f"[data-row='{key}']")).to_be_visible()
    await page.locator("#news").get_by_role("button", name="Show").click()
    await expect(page.locator(f"[data-row='{key}']")).to_have_count(0)
    await expect(page.locator("#pulse")).to_contain_text("2 questions left")
    assert wrong == []
