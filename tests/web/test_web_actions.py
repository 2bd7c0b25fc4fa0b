"""The same buttons without JavaScript: do it, lead back, and tell on the next page what came of it, once."""

from __future__ import annotations

import httpx2
import pytest
from fastapi import FastAPI

from guild_builder import GuildBuilder
from patt.bootstrap import Services
from patt.pages.flash import COOKIE
from patt.web.context import SESSION_COOKIE
from patt.worker.running import run_jobs
from sv_common.db.pool import Pool
from sv_common.guild_sync.sources.ports import Sources
from web.helpers import BASE_URL, PAGE, House, Seen, asker, issue_number, session, settings

ACTIONS = f"{PAGE}/actions"


async def _click(alice: httpx2.AsyncClient, path: str, **fields: str) -> tuple[str, Seen]:
    """Send a form; return where it leads, and the page there."""
    answer = await alice.post(f"{ACTIONS}/{path}", data=fields)
    assert answer.status_code == 303, answer.text
    location = answer.headers["location"]
    return location, Seen(await alice.get(location))


async def _work(guild: GuildBuilder) -> None:
    """Do what was asked for, as a worker does."""
    await run_jobs(Services(settings(BASE_URL), guild.pool, Sources()), guild.guild_id)


async def test_a_scan_leads_back_and_the_page_says_that_it_is_under_way(
    alice: httpx2.AsyncClient, troubled: GuildBuilder
) -> None:
    back = f"{PAGE}?guild={troubled.guild_id}&state=all"
    location, page = await _click(alice, f"scan?guild={troubled.guild_id}", back=back)
    assert location == back
    sentence = "No worker is running. Start one with “patt serve” or “patt worker”."
    assert page.text("status") == f"Scan by all rules is queued. {sentence}"
    assert f"Scan by all rules by alice · {sentence} Reload this page" in page.text("content")
    await _work(troubled)
    after = Seen(await alice.get(back))
    assert after.text("status") == ""
    assert "Scan by all rules" not in after.text("content")


async def test_one_rule_is_scanned(alice: httpx2.AsyncClient, guild: GuildBuilder) -> None:
    await guild.character("Loner", "hello there friend")
    _, page = await _click(alice, "scan/orphan_wow")
    assert page.text("status").startswith("Scan: Unlinked WoW Character is queued.")
    await _work(guild)
    assert Seen(await alice.get(PAGE)).counts("orphan_wow")[0] == 1


async def test_a_fix_and_its_undo(alice: httpx2.AsyncClient, troubled: GuildBuilder) -> None:
    number = await issue_number(troubled, "orphan_wow", "Newalt")
    back = f"{PAGE}/issues/{number}"
    _, page = await _click(alice, f"fix/{number}", back=back)
    assert page.text("status").startswith("Fixed. Link Newalt-area-52 to Mito")
    ((attempt,),) = await troubled.rows("select id from guild_identity.fix_attempts")
    _, page = await _click(alice, f"attempts/{attempt}/undo", back=back)
    assert page.text("status").startswith(f"Attempt {attempt} is undone.")
    assert "Undone by officer alice" in page.text("attempts") or "Undone by officer alice" in page.text("content")


async def test_an_issue_is_set_aside_and_opened_again(alice: httpx2.AsyncClient, troubled: GuildBuilder) -> None:
    number = await issue_number(troubled, "orphan_wow", "Riddle")
    back = f"{PAGE}/issues/{number}"
    _, page = await _click(alice, f"issues/{number}/dismiss", back=back, reason="ein Gast – 客人", until="")
    assert page.text("status") == f"Issue {number} is set aside."
    assert "by officer alice : ein Gast – 客人" in page.text("content")
    _, page = await _click(alice, f"issues/{number}/reopen", back=back)
    assert page.text("status") == f"Issue {number} is open again."


@pytest.mark.parametrize(
    ("path", "fields", "sentence"),
    [
        ("issues/{number}/dismiss", {}, "A reason is needed"),
        ("issues/{number}/dismiss", {"reason": "later", "until": "soon"}, "“soon” is no day"),
        ("issues/{number}/reopen", {}, "is not dismissed"),
        ("attempts/999/undo", {}, "There is no fix attempt"),
        ("fix/999999", {}, "There is no issue"),
        ("scan/nonsense", {}, "There is no rule “nonsense”"),
    ],
)
async def test_what_cannot_be_done_is_told_on_the_page_too(
    reader: httpx2.AsyncClient, house: House, path: str, fields: dict[str, str], sentence: str
) -> None:
    number = await issue_number(house.guild, "orphan_wow", "Riddle")
    location, page = await _click(reader, path.format(number=number), **fields)
    assert location == PAGE
    assert sentence in page.text("status")


@pytest.mark.parametrize(
    "back",
    [
        "https://evil.test/",
        "//evil.test/",
        f"{PAGE}//evil.test",
        f"{PAGE}@evil.test",
        f"{PAGE}/\r\nSet-Cookie: a=b",
        "/\\evil.test",
        "",
    ],
)
async def test_the_way_back_leads_nowhere_else(reader: httpx2.AsyncClient, back: str) -> None:
    location, _ = await _click(reader, "scan/nonsense", back=back)
    assert location == PAGE


@pytest.mark.usefixtures("guild")
async def test_a_sentence_that_nobody_here_wrote_is_not_shown(
    app: FastAPI, pool: Pool, alice: httpx2.AsyncClient
) -> None:
    answer = await alice.post(f"{ACTIONS}/scan")
    written = answer.headers["set-cookie"].split(f"{COOKIE}=")[1].split(";")[0]
    payload, _, signature = written.partition(".")
    for forged in ("nonsense", "a.b", f"{payload}.", f"{payload}.{signature[:-1]}é", f"x{payload}.{signature}"):
        alice.cookies.set(COOKIE, forged)
        page = await alice.get(PAGE, headers={"Cookie": f"{SESSION_COOKIE}={alice.cookies[SESSION_COOKIE]}"})
        assert Seen(page).text("status") == ""
    cookies = {SESSION_COOKIE: await session(pool, "bob"), COOKIE: written}
    async with asker(app, cookies=cookies) as bob:
        assert Seen(await bob.get(PAGE)).text("status") == ""
