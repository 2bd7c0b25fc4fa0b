"""The pages in other languages: that of the browser until it is known which guild they are about, then the guild's."""

from __future__ import annotations

import json
import re

import httpx2
import pytest
from playwright.async_api import expect

from guild_builder import GuildBuilder
from patt.web.throttle import SIGN_INS
from sv_common.db.pool import Pool
from sv_common.guild_sync.core.language import PSEUDO
from web.browsers import SignIn
from web.helpers import PAGE

INBOX = "/admin/inbox"


async def _speak(pool: Pool, code: str) -> None:
    async with pool.installation() as conn:
        await conn.execute("update guild_identity.guilds set language = %s", [code])


def _language_of(page: str) -> str:
    [code] = re.findall(r'<html lang="([^"]*)"', page)
    return str(code)


@pytest.mark.parametrize(
    ("accepted", "spoken"),
    [("de", "de"), ("de-AT, en;q=0.8", "de"), ("fr, de;q=0.5", "de"), (PSEUDO, "en"), ("fr", "en"), ("", "en")],
)
async def test_who_signs_in_is_spoken_to_in_a_language_of_their_browser(
    anonymous: httpx2.AsyncClient, accepted: str, spoken: str
) -> None:
    asked = {"Accept-Language": accepted}
    for path in ("/login", "/login/used-up", "/nothing"):
        assert _language_of((await anonymous.get(path, headers=asked)).text) == spoken, path
    refused = await anonymous.request("DELETE", "/login", headers=asked)
    assert (refused.status_code, _language_of(refused.text)) == (405, spoken)


async def test_who_has_to_wait_before_a_sign_in_is_told_so_in_a_language_of_their_browser(
    anonymous: httpx2.AsyncClient,
) -> None:
    for _ in range(SIGN_INS.most):
        await anonymous.get("/login/discord")
    refused = await anonymous.get("/login/discord", headers={"Accept-Language": "de"})
    assert (refused.status_code, _language_of(refused.text)) == (429, "de")


@pytest.mark.parametrize("path", [PAGE, INBOX, "/admin/account", "/admin/search?q=mito"])
async def test_a_page_of_a_guild_speaks_its_language_and_not_the_browsers(
    alice: httpx2.AsyncClient, pool: Pool, guild: GuildBuilder, path: str
) -> None:
    assert _language_of((await alice.get(path, headers={"Accept-Language": "de"})).text) == "en"
    await _speak(pool, "de")
    assert _language_of((await alice.get(path, headers={"Accept-Language": "en"})).text) == "de"


async def test_a_page_in_another_language_brings_what_its_scripts_say_in_it_for_good(
    alice: httpx2.AsyncClient, pool: Pool, guild: GuildBuilder
) -> None:
    assert "/static/texts." not in (await alice.get(PAGE)).text
    await _speak(pool, PSEUDO)
    [address] = re.findall(r'src="(/static/texts\.[^"]+)"', (await alice.get(PAGE)).text)
    for encoding in ("identity", "gzip"):
        table = await alice.get(address, headers={"Accept-Encoding": encoding})
        assert table.headers["content-type"].startswith("text/javascript")
        assert "immutable" in table.headers["cache-control"]
        texts = json.loads(table.text.removeprefix("globalThis.TEXTS = ").rstrip(";\n"))
        assert texts["Close"] == "⟦Close⟧"
        assert texts["{n} selected"] == {"one": "⟦{n} selected⟧", "other": "⟦{n} selected⟧"}
    stale = await alice.get(re.sub(r"\.[0-9a-f]{8}\.js", ".00000000.js", address))
    assert stale.status_code == 404


async def test_the_places_and_keys_of_a_page_are_told_in_the_language_of_the_guild(
    alice: httpx2.AsyncClient, pool: Pool, guild: GuildBuilder
) -> None:
    await _speak(pool, PSEUDO)
    page = (await alice.get(PAGE)).text
    for text in ("Data Quality", "Quality", "Next question", "Decide"):
        assert f"⟦{text}⟧" in page, text


async def test_a_page_whose_shell_speaks_another_language_is_opened_whole_with_the_result_that_it_was_to_tell(
    alice: httpx2.AsyncClient, pool: Pool, guild: GuildBuilder
) -> None:
    await _speak(pool, "de")
    as_part = {"HX-Request": "true", "X-PATT-Language": "en"}
    form = {"kind": "none", "back": "/admin/settings/rules"}
    told = await alice.post("/api/v1/admin/settings/changes", data=form, headers={"Accept": "text/html"})
    assert "patt_flash" in told.headers["set-cookie"]
    moved = await alice.get("/admin/settings/rules?guild=1", headers=as_part)
    assert (moved.headers["hx-redirect"], moved.text) == ("/admin/settings/rules?guild=1", "")
    assert "is-problem" in (await alice.get(moved.headers["hx-redirect"])).text
    assert "hx-redirect" not in (await alice.get(PAGE, headers=as_part | {"X-PATT-Language": "de"})).headers


@pytest.mark.parametrize("part", ["activity/jobs", "activity/uploads"])
async def test_a_part_that_speaks_another_language_than_its_page_opens_the_page_anew(
    alice: httpx2.AsyncClient, pool: Pool, guild: GuildBuilder, part: str
) -> None:
    await _speak(pool, "de")
    as_part = {"HX-Request": "true", "X-PATT-Unattended": "1"}
    asked = f"/admin/{part}?guild={guild.guild_id}"
    moved = await alice.get(asked, headers=as_part | {"X-PATT-Language": "en"})
    assert (moved.headers["hx-refresh"], moved.text) == ("true", "")
    told = await alice.get(asked, headers=as_part | {"X-PATT-Language": "de"})
    assert "hx-refresh" not in told.headers
    assert "<h2" in told.text


@pytest.mark.browser
async def test_the_shell_follows_when_the_guild_changes_its_language(
    sign_in: SignIn, pool: Pool, guild: GuildBuilder
) -> None:
    page, wrong = await sign_in(INBOX)
    await _speak(pool, PSEUDO)
    await page.locator(".spine a", has_text="People").click()
    await expect(page.locator(".spine a[aria-current=page]")).to_contain_text("⟦People⟧")
    assert (await page.locator("html").get_attribute("lang"), wrong) == (PSEUDO, [])


@pytest.mark.browser
async def test_scripts_speak_the_language_of_the_page(sign_in: SignIn, pool: Pool, guild: GuildBuilder) -> None:
    await _speak(pool, PSEUDO)
    page, wrong = await sign_in(INBOX)
    switch = page.locator(".spine [data-theme-switch]")
    await expect(switch).to_have_attribute("aria-label", "⟦Theme: ⟦auto⟧. Change to ⟦light⟧⟧")
    assert await page.evaluate("trN('{n} selected', '{n} selected', 1234)") == "⟦1,234 selected⟧"
    assert wrong == []


@pytest.mark.browser
async def test_a_day_is_the_readers_own_in_the_language_of_the_page(
    sign_in: SignIn, pool: Pool, guild: GuildBuilder
) -> None:
    await _speak(pool, "de")
    page, _ = await sign_in(INBOX, timezone_id="Europe/Berlin", locale="en-US")
    await page.evaluate(
        "document.body.insertAdjacentHTML('beforeend', "
        "'<time id=late datetime=2026-11-26T23:30:00Z>26.11.2026</time><time id=old datetime=2026-11-26T23:30:00Z>vor 3 Tagen</time>')"
    )
    await expect(page.locator("#late")).to_have_text("27.11.2026")
    await expect(page.locator("#old")).to_have_text("vor 3 Tagen")
    assert "Nov. 2026" in (await page.locator("#late").get_attribute("title") or "")
