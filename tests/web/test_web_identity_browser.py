"""Proof and account evidence in a real browser, in both themes, on a wide screen and on a phone: everybody can use the pages."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from guild_builder import GuildBuilder
from proofs.looking import PHONE, SCHEMES, WIDE, Eye
from web.browsers import SignIn
from web.helpers import issue_number

pytestmark = pytest.mark.browser

LONG = "Thunderhoofington-of-the-Very-Long-Names"
KEPT = "It was sold, and the buyer is who plays it since the spring."


@pytest.fixture
async def proving(guild: GuildBuilder) -> GuildBuilder:
    """A guild with members who proved characters, one of which is another's here, and with accounts of which two contradict links."""
    mito = await guild.main("Mito")
    elrek = await guild.member("Elrek")
    own = await guild.player("Elrek", member=elrek, is_confirmed=True)
    proven = await guild.character("Elrek")
    await guild.link(proven, own, as_main=True)
    await guild.prove(proven)
    altrek = await guild.alt("Altrek", "Mito", mito, source="manual")
    await guild.claim(elrek, proven, altrek)
    await guild.member(LONG)
    (main,) = await guild.rows("select id from guild_identity.wow_characters where character_name = 'Mito'")
    await guild.main("Grimaldo")
    (other,) = await guild.rows("select id from guild_identity.wow_characters where character_name = 'Grimaldo'")
    await guild.account(main[0], other[0], await guild.character("Thunderhoofin"))
    await guild.scan()
    return guild


@pytest.mark.parametrize(
    "address",
    [
        "/admin/players/verified",
        "/admin/settings/accounts",
        "/admin/players/{player}",
        "/admin/inbox/{contradiction}",
        "/admin/inbox/{conflict}",
        "/admin/data-quality/issues/{conflict}",
    ],
)
async def test_everybody_can_use_the_pages_about_proof_and_accounts(
    sign_in: SignIn, proving: GuildBuilder, address: str
) -> None:
    ((player,),) = await proving.rows("select id from guild_identity.players where display_name = 'Elrek'")
    contradiction = await issue_number(proving, "link_contradicts_proof")
    conflict = await issue_number(proving, "account_conflict")
    page, wrong = await sign_in(address.format(player=player, contradiction=contradiction, conflict=conflict))
    await expect(page.locator("main h1, #question h2").first).to_be_visible()
    assert await _faults(Eye(page, page.url.split("/admin")[0])) == []
    assert wrong == []


async def _faults(tab: Eye) -> list[str]:
    """What is wrong with the page that is open."""
    found: list[str] = []
    for scheme in SCHEMES:
        for width in (WIDE, PHONE):
            await tab.show(scheme, width)
            found += [f"{scheme}, {width}: {over} pixels too wide"] if (over := await tab.overhang()) else []
            found += [f"{scheme}, {width}: {fault}" for fault in await tab.grave_faults()]
        found += [] if (scheme == "dark") is await tab.is_dark() else [f"{scheme}: the ground has the other's color"]
    return found


@pytest.mark.parametrize("width", [WIDE, PHONE])
async def test_an_officer_keeps_a_link_that_proof_contradicts_and_undoes_that(
    sign_in: SignIn, proving: GuildBuilder, width: int
) -> None:
    key = await issue_number(proving, "link_contradicts_proof")
    page, wrong = await sign_in(f"/admin/inbox/{key}", viewport={"width": width, "height": 800})
    keep = page.get_by_role("region", name="Or keep it as it is")
    await expect(keep).to_contain_text("Altrek-area-52 stays Mito’s, though Elrek proved it.")
    await keep.get_by_role("button", name="Keep").click()
    await expect(keep.get_by_role("textbox", name="Reason")).to_be_focused()  # the browser asks for what is missing
    await keep.get_by_role("textbox", name="Reason").fill(KEPT)
    await keep.get_by_role("button", name="Keep").click()
    await page.wait_for_function("key => document.getElementById('question')?.dataset.question !== key", arg=str(key))
    state = "select state from guild_identity.audit_issues where id = %(id)s"
    assert await proving.rows(state, {"id": key}) == [("resolved",)]
    await page.goto(page.url.split("/admin")[0] + "/admin/activity?show=actions")
    await page.get_by_role("link", name="Undo").first.click()
    await page.get_by_role("button", name="Undo").click()
    await expect(page.locator(".toast").first).to_be_visible()
    assert await proving.rows(state, {"id": key}) == [("open",)]
    assert wrong == []


async def test_an_officer_says_in_the_inbox_that_several_people_play_on_an_account(
    sign_in: SignIn, proving: GuildBuilder
) -> None:
    key = await issue_number(proving, "account_conflict")
    page, wrong = await sign_in(f"/admin/inbox/{key}")
    await expect(page.get_by_text("Nothing is concluded from this account any more")).to_be_visible()
    await page.get_by_role("button", name="Several people play on this account").click()
    await page.wait_for_function("key => document.getElementById('question')?.dataset.question !== key", arg=str(key))
    said = await proving.rows("select count(*)::integer from guild_identity.shared_accounts")
    assert said == [(3,)]
    assert wrong == []
