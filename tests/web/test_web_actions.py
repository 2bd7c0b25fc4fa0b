"""The same buttons without JavaScript: do it, lead back, and tell on the next page what came of it, once."""

from __future__ import annotations

import httpx2
import pytest
from fastapi import FastAPI

from guild_builder import GuildBuilder
from jobs.all_waiting import run_jobs
from patt.bootstrap import Services
from patt.web.context import SESSION_COOKIE
from patt.web.forms import COOKIE
from sv_common.db.pool import Pool
from sv_common.guild_sync.sources.ports import Sources
from web.helpers import API, BASE_URL, PAGE, House, Seen, asker, issue_number, session, settings


async def _click(alice: httpx2.AsyncClient, path: str, **fields: str) -> tuple[str, Seen]:
    """Send a form; return where it leads, and the page there."""
    answer = await alice.post(f"{API}/{path}", data={"back": PAGE, **fields})
    assert answer.status_code == 303, answer.text
    location = answer.headers["location"]
    return location, Seen(await alice.get(location))


async def test_a_scan_leads_back_and_the_page_says_that_it_is_under_way(
    alice: httpx2.AsyncClient, troubled: GuildBuilder
) -> None:
    back = f"{PAGE}?guild={troubled.guild_id}&state=all"
    location, page = await _click(alice, f"jobs?guild={troubled.guild_id}", kind="scan", back=back)
    assert location == back
    sentence = "No worker is running. Start one with “patt serve” or “patt worker”."
    assert page.text("status") == f"Scan by all rules is queued. {sentence}"
    assert f"Scan by all rules by alice · {sentence} Reload this page" in page.text("content")
    await run_jobs(Services(settings(BASE_URL), troubled.pool, Sources()), troubled.guild_id)
    after = Seen(await alice.get(back))
    assert after.text("status") == ""
    assert "Scan by all rules" not in after.text("content")


@pytest.mark.parametrize(
    ("path", "fields", "sentence"),
    [
        ("issues/{number}/dismiss", {"reason": ""}, "Add a reason"),
        ("issues/{number}/dismiss", {"reason": "later", "until": "soon"}, "until: Input should be a valid date"),
        ("issues/{number}/reopen", {}, "is not dismissed"),
        ("attempts/999/undo", {}, "does not exist"),
        ("fix/999999", {}, "does not exist"),
        ("jobs", {"kind": "scan_rule", "issue_type": "nonsense"}, "Rule “nonsense” does not exist."),
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
    location, _ = await _click(reader, "jobs", kind="scan_rule", issue_type="nonsense", back=back)
    assert location == PAGE


@pytest.mark.usefixtures("guild")
async def test_a_sentence_that_nobody_here_wrote_is_not_shown(
    app: FastAPI, pool: Pool, alice: httpx2.AsyncClient
) -> None:
    answer = await alice.post(f"{API}/jobs", data={"kind": "scan"})
    written = answer.headers["set-cookie"].split(f"{COOKIE}=")[1].split(";")[0]
    payload, _, signature = written.partition(".")
    for forged in ("nonsense", "a.b", f"{payload}.", f"{payload}.{signature[:-1]}é", f"x{payload}.{signature}"):
        alice.cookies.set(COOKIE, forged)
        page = await alice.get(PAGE, headers={"Cookie": f"{SESSION_COOKIE}={alice.cookies[SESSION_COOKIE]}"})
        assert Seen(page).text("status") == ""
    cookies = {SESSION_COOKIE: await session(pool, "bob"), COOKIE: written}
    async with asker(app, cookies=cookies) as bob:
        assert Seen(await bob.get(PAGE)).text("status") == ""
