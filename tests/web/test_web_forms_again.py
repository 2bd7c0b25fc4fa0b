"""A form is sent once: what it leads to can be reloaded, nothing of it stands in an address, and what was typed comes back."""

from __future__ import annotations

import re
from html import unescape

import httpx2
import pytest
from fastapi import FastAPI

from guild_builder import GuildBuilder
from patt.web.context import SESSION_COOKIE
from patt.web.forms import COOKIE, UNATTENDED_HEADER
from patt.web.rendering import FORM_FIELD
from sv_common.db.pool import Pool
from sv_common.guild_sync.integrity_checker import run_integrity_check
from web.helpers import (
    API,
    BASE_URL,
    PAGE,
    PLAYERS,
    PLAYERS_API,
    Seen,
    application,
    asker,
    dismiss_and_reopen,
    issue_number,
    own_form,
    session,
)
from web.test_web_routes import all_ways

SETTINGS = "/admin/settings"
SHOWN_KEY = 'class="key">'


@pytest.mark.usefixtures("troubled")
async def test_every_form_of_a_page_leads_to_a_page_that_can_be_reloaded(
    alice: httpx2.AsyncClient, patient: FastAPI
) -> None:
    forms = [way.path for way in all_ways(patient) if way.method == "POST" and way.is_page]
    assert len(forms) > 3
    for path in forms:
        for data in ({}, {"uploader": "Mito", "name": "robot", "scope": "read", "note": "alt of Mito"}):
            answer = await alice.post(path, data=data)
            assert (answer.status_code, path) == (303, path)
            assert (await alice.get(answer.headers["location"], follow_redirects=True)).status_code == 200, path


@pytest.mark.usefixtures("troubled")
@pytest.mark.parametrize(
    ("place", "fields"), [("keys", {"uploader": "Mito"}), ("tokens", {"name": "robot", "scope": "read"})]
)
async def test_a_secret_is_shown_once_and_a_reload_makes_no_second_one(
    alice: httpx2.AsyncClient, place: str, fields: dict[str, str]
) -> None:
    answer = await alice.post(f"{SETTINGS}/{place}", data=fields)
    address = answer.headers["location"]
    refreshed = await alice.get(address, headers={UNATTENDED_HEADER: "1"})
    assert SHOWN_KEY not in refreshed.text, "an unattended refresh, perhaps in another tab, uses up nothing"
    shown = await alice.get(address)
    secret = shown.text.split(SHOWN_KEY)[1].split("<")[0]
    assert secret not in address
    assert "data-live-guild" not in shown.text, "a refresh of the page would take the secret away"
    again = await alice.get(address)
    assert (secret in again.text, SHOWN_KEY in again.text) == (False, False)
    assert len((await alice.get(f"/api/v1/admin/settings/{place}")).json()) == 1


@pytest.mark.usefixtures("guild")
@pytest.mark.parametrize(
    ("base_url", "cookie"), [("https://patt.test", "__Host-patt_session"), (BASE_URL, SESSION_COOKIE)]
)
async def test_over_tls_a_new_secret_travels_over_tls_alone(pool: Pool, base_url: str, cookie: str) -> None:
    token = await session(pool)
    headers = {"Cookie": f"{cookie}={token}", "Sec-Fetch-Site": "same-origin", **own_form(token)}
    async with asker(application(pool, base_url), headers=headers) as client:
        answer = await client.post(f"{SETTINGS}/keys", data={"uploader": "Mito"})
    (told,) = [each for each in answer.headers.get_list("set-cookie") if each.startswith(COOKIE)]
    assert ("Secure" in told) is base_url.startswith("https")


@pytest.mark.usefixtures("troubled")
async def test_what_was_typed_for_a_key_that_cannot_be_made_is_there_again(alice: httpx2.AsyncClient) -> None:
    name = "x" * 101
    page = await alice.post(f"{SETTINGS}/keys", data={"uploader": name}, follow_redirects=True)
    assert "at most 100 characters" in Seen(page).text("status")
    assert f'value="{name}"' in page.text


def _action(page: httpx2.Response, what: str) -> str:
    """The address of a form on a page."""
    (action,) = re.findall(rf'action="([^"]*/{what}\?[^"]*)"', page.text)
    return unescape(str(action))


@pytest.mark.parametrize(("what", "others"), [("dismiss", {"until": "2099-12-31"}), ("resolve", {})])
async def test_a_typed_reason_comes_back_where_the_issue_has_changed_meanwhile(
    alice: httpx2.AsyncClient, troubled: GuildBuilder, what: str, others: dict[str, str]
) -> None:
    number = await issue_number(troubled, "orphan_wow", "Riddle")
    back = f"{PAGE}/issues/{number}"
    action = _action(await alice.get(back), what)
    await dismiss_and_reopen(troubled, number)
    fields = {"reason": "a “guest” of 玩家", "back": back, **others}
    page = await alice.post(action, data=fields, follow_redirects=True)
    assert "status is-problem" in page.text
    for value in ("a “guest” of 玩家", *others.values()):
        assert f'value="{value}"' in unescape(page.text)
    assert "玩家" not in str(page.url)
    assert "玩家" not in unescape((await alice.get(back)).text), "it is shown this one time"
    assert await troubled.rows("select 1 from guild_identity.audit_issues where state <> 'open'") == []


async def test_a_typed_reason_comes_back_where_a_decision_has_become_stale(
    alice: httpx2.AsyncClient, troubled: GuildBuilder
) -> None:
    ((character, player),) = await troubled.rows(
        "select l.character_id, l.player_id from guild_identity.player_characters l "
        "join guild_identity.wow_characters c on c.id = l.character_id where c.character_name = 'Grimalt'"
    )
    asked = {"decision": "reject", "character": f"#{character}", "player": f"#{player}", "back": PLAYERS}
    preview = await alice.get(f"{PLAYERS}/preview", params=asked)
    sent = {name: unescape(value) for name, value in re.findall(r'name="([^"]+)" value="([^"]*)"', preview.text)}
    await troubled.execute("update guild_identity.players set display_name = display_name || 's'")
    await troubled.execute(
        "delete from guild_identity.player_characters where character_id = %(id)s", {"id": character}
    )
    answer = await alice.post(f"{PLAYERS_API}/decisions", data={**sent, "reason": "he told me so"})
    page = await alice.get(answer.headers["location"])
    assert (answer.status_code, "status is-problem" in page.text) == (303, True)
    assert 'value="he told me so"' in page.text


async def test_a_reason_for_many_comes_back_where_the_day_cannot_be_used(
    alice: httpx2.AsyncClient, troubled: GuildBuilder
) -> None:
    number = await issue_number(troubled, "orphan_wow", "Riddle")
    fields = {f"seen.{number}": "", "reason": "guests", "until": "2020-01-01", "back": PAGE}
    page = await alice.post(f"{API}/issues/dismiss", data=fields, follow_redirects=True)
    assert "status is-problem" in page.text
    assert 'name="reason" required maxlength="500" autocomplete="off" value="guests"' in page.text


async def test_a_preview_of_the_ticked_rows_has_nothing_of_the_form_in_its_address(
    alice: httpx2.AsyncClient, troubled: GuildBuilder
) -> None:
    page = await alice.get(PAGE)
    ticked = dict(re.findall(r'name="(seen\.[0-9]+)" value="([0-9a-f]+)" form="selection"', page.text))
    fields = {FORM_FIELD: "a secret token", "reason": "typed but not sent", "back": f"{PAGE}?days=90", **ticked}
    answer = await alice.post(f"{PAGE}/preview?guild={troubled.guild_id}", data=fields)
    address = answer.headers["location"]
    assert answer.status_code == 303
    assert "secret" not in address
    assert "typed" not in address
    assert f"{len(ticked)} selected, a fix would change 3" in Seen(await alice.get(address)).text("content")


async def _many(guild: GuildBuilder, count: int = 60) -> None:
    await guild.main("Mito")
    for number in range(count):
        await guild.character(f"Wanderer{chr(97 + number // 26)}{chr(97 + number % 26)}", "alt of Mito")
    await run_integrity_check(guild.pool)


async def test_all_findings_of_a_filter_are_previewed_and_dismissed_not_only_those_of_a_page(
    alice: httpx2.AsyncClient, guild: GuildBuilder
) -> None:
    await _many(guild)
    await guild.character("Riddle", "hello there friend")
    await run_integrity_check(guild.pool)
    listed = await alice.get(PAGE, params={"text": "wanderer", "guild": guild.guild_id})
    assert "Preview all 60 that match" in Seen(listed).text("selection")
    (address,) = [link for link in Seen(listed).links if "/preview/all?" in link]
    preview = await alice.get(address)
    text = Seen(preview).text("content")
    assert "60 selected, a fix would change 60. Nothing has changed yet." in text
    assert "Fix these 60" in text
    sent = dict(re.findall(r'name="(seen\.[0-9]+)" value="([^"]*)"', preview.text.split('id="dismiss"')[1]))
    assert len(sent) == 60
    fields = {**sent, "reason": "guests", "back": PAGE}
    page = await alice.post(f"{API}/issues/dismiss", data=fields, follow_redirects=True)
    assert Seen(page).text("status") == "60 issues are dismissed. Undo all 60 u"
    assert await guild.rows("select summary from guild_identity.audit_issues where state = 'open'") == [
        ("'Riddle' has no player link",)
    ]
    away = await alice.get(f"{PAGE}/preview/all", params={"state": "dismissed", "guild": guild.guild_id})
    assert "Reopen these 60" in Seen(away).text("content")


async def test_all_findings_of_a_filter_that_finds_nothing_lead_back(
    alice: httpx2.AsyncClient, guild: GuildBuilder
) -> None:
    await guild.main("Mito")
    page = await alice.get(f"{PAGE}/preview/all", params={"text": "nobody"}, follow_redirects=True)
    assert "No issue is selected" in Seen(page).text("status")


async def test_the_address_of_a_form_opened_again_leads_to_its_page_and_says_so(
    alice: httpx2.AsyncClient, patient: FastAPI, theirs: dict[str, int], troubled: GuildBuilder
) -> None:
    ways = [way for way in all_ways(patient) if not way.path.startswith(("/api/v1/guild-sync", "/login"))]
    opened = {way.path for way in ways if way.method == "GET"}
    only_sent = [way for way in ways if way.method == "POST" and way.path not in opened]
    assert len(only_sent) > 20
    numbers = {
        **theirs,
        "key": theirs["issue_id"],
        **dict.fromkeys(("change_id", "key_id", "token_id", "session_id", "upload_id"), 1),
        "character_id": (await troubled.rows("select min(id) from guild_identity.wow_characters"))[0][0],
    }
    for way in only_sent:
        path = way.path.format_map({**numbers, "issue_type": "orphan_wow"})
        page = await alice.get(path, params={"guild": troubled.guild_id}, follow_redirects=True)
        assert (page.status_code, page.url.path.startswith("/admin/")) == (200, True), path
        assert "Nothing was done. Use the button" in Seen(page).text("status"), path


async def test_the_address_of_an_issues_form_leads_to_the_issue(
    alice: httpx2.AsyncClient, theirs: dict[str, int], troubled: GuildBuilder
) -> None:
    page = await alice.get(
        f"{API}/issues/{theirs['issue_id']}/dismiss", params={"guild": troubled.guild_id}, follow_redirects=True
    )
    assert page.url.path == f"{PAGE}/issues/{theirs['issue_id']}"


async def test_a_program_that_asks_with_the_wrong_method_is_told_so(alice: httpx2.AsyncClient) -> None:
    answer = await alice.get(f"{API}/scan", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.headers["content-type"]) == (405, "application/problem+json")
