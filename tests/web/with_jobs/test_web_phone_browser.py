"""Pages on a phone in a real browser: nothing is wider than the screen, by day and in the dark."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from guild_builder import GuildBuilder
from patt.bootstrap import Services
from web.at_work import at_work
from web.browsers import SignIn
from web.helpers import PAGE, PLAYERS, issue_number

pytestmark = pytest.mark.browser


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
    colors = "getComputedStyle(document.body).backgroundColor"
    brightness = sum(int(part) for part in (await page.evaluate(colors))[4:-1].split(","))
    assert (brightness < 200) is (scheme == "dark")
    assert wrong == []
