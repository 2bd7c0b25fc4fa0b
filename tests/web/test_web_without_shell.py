"""What htmx gets: a page without its shell, the sentence of a command, and the way to where there is no shell."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, cast

import httpx2
import pytest
from starlette.requests import Request

from guild_builder import GuildBuilder
from patt.bootstrap import Services
from patt.pages.layout import Visit
from patt.web.assets import STATIC
from patt.web.context import Caller
from patt.web.forms import DONE_EVENT, HTMX_HEADER, UNATTENDED_HEADER
from patt.web.rendering import TEMPLATES
from proofs.walking import Page
from web.helpers import API, PAGE, PLAYERS, Seen, issue_number

HTMX = {HTMX_HEADER: "true", "HX-Target": "content", "Accept": "*/*"}
VENDOR = STATIC / "vendor"


async def _part(client: httpx2.AsyncClient, address: str, **headers: str) -> httpx2.Response:
    return await client.get(address, headers={**HTMX, **headers})


@pytest.mark.parametrize("address", [PAGE, PLAYERS, "/admin/activity", "/admin/full-match", "/admin/settings/rules"])
async def test_a_page_for_htmx_is_its_content_its_title_and_the_last_sentence(
    reader: httpx2.AsyncClient, address: str
) -> None:
    whole, part = await reader.get(address, follow_redirects=True), await _part(reader, address)
    assert part.status_code == 200
    assert "<!doctype" not in part.text.lower()
    assert '<nav aria-label="Main"' not in part.text
    assert re.findall("<title>.*</title>", part.text) == re.findall("<title>.*</title>", whole.text)
    assert Seen(part).text("content") == Seen(whole).text("content")
    assert 'id="status"' in part.text
    assert len(part.content) < len(whole.content)


async def test_a_part_brings_the_styles_of_its_page(reader: httpx2.AsyncClient) -> None:
    part = await _part(reader, "/admin/settings/rules")
    head = part.text.partition("</head>")[0]
    assert re.search(r'<link rel="stylesheet" href="/static/settings[^"]*\.css', head)


@pytest.mark.usefixtures("troubled")
async def test_an_unattended_part_takes_no_sentence_away(alice: httpx2.AsyncClient) -> None:
    await alice.post(f"{API}/jobs", data={"kind": "scan", "back": PAGE})
    quiet = await _part(alice, PAGE, **{UNATTENDED_HEADER: "1"})
    assert ('id="status"' in quiet.text, "HX-Trigger" in quiet.headers) == (False, False)
    told = await _part(alice, PAGE)
    assert "Scan by all rules is queued." in Seen(told).text("status")


async def test_a_command_that_is_done_says_so_and_one_that_is_refused_does_not(
    alice: httpx2.AsyncClient, troubled: GuildBuilder
) -> None:
    for name, trigger in (("Newalt", DONE_EVENT), ("Riddle", None)):
        number = await issue_number(troubled, "orphan_wow", name)
        answer = await alice.post(f"{API}/fix/{number}", data={"back": PAGE}, headers=HTMX, follow_redirects=True)
        assert answer.status_code == 200
        assert answer.headers.get("HX-Trigger") == trigger
        assert ("is-result" in answer.text.partition('id="status"')[2]) is (trigger is not None)
        assert Seen(answer).text("status").startswith("Fixed." if trigger else "Not fixed:")


async def test_what_cannot_be_answered_is_a_sentence_that_leaves_the_page_as_it_is(reader: httpx2.AsyncClient) -> None:
    answer = await _part(reader, f"{PAGE}/issues/99999")
    assert answer.status_code == 404
    assert (answer.headers["HX-Reswap"], answer.headers["HX-Push-Url"]) == ("none", "false")
    assert Seen(answer).text("status") != ""
    assert "<main" not in answer.text


async def test_without_a_session_htmx_is_led_to_the_sign_in_page_itself(visitor: httpx2.AsyncClient) -> None:
    answer = await visitor.get(PAGE, headers=HTMX, follow_redirects=True)
    assert (answer.headers["HX-Redirect"], answer.text) == ("/login", "")


async def test_what_renews_itself_leads_nobody_to_the_sign_in_page(visitor: httpx2.AsyncClient) -> None:
    answer = await _part(visitor, PAGE, **{UNATTENDED_HEADER: "1"})
    assert (answer.status_code, "HX-Redirect" in answer.headers) == (401, False)


async def test_a_page_for_htmx_has_each_id_once(reader: httpx2.AsyncClient) -> None:
    part = await _part(reader, PAGE)
    ids = re.findall(r'\sid="([^"]+)"', part.text)
    assert len(ids) == len(set(ids))


async def test_what_is_no_page_is_not_boosted(alice: httpx2.AsyncClient, troubled: GuildBuilder) -> None:
    await alice.post(f"{API}/fix/{await issue_number(troubled, 'orphan_wow', 'Newalt')}", data={"back": PAGE})
    page = await alice.get("/admin/activity?show=actions")
    downloads = re.findall(r"<a [^>]*href=\"/api/[^>]*>", page.text)
    assert len(downloads) == 2
    assert all('hx-boost="false"' in each for each in downloads)
    assert Page(page.text).inline == []


@pytest.mark.parametrize(("headers", "target"), [(HTMX, "content"), ({HTMX_HEADER: "true"}, None), ({}, None)])
def test_a_visit_knows_which_element_is_asked_for(headers: Mapping[str, str], target: str | None) -> None:
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    request = Request({"type": "http", "method": "GET", "path": PAGE, "headers": raw})
    assert Visit(request, cast("Services", None), cast("Caller", None), None).target == target


@pytest.mark.usefixtures("troubled")
async def test_the_form_of_a_new_key_is_done_so_that_it_is_not_sent_again(alice: httpx2.AsyncClient) -> None:
    made = await alice.post("/admin/settings/keys", data={"uploader": "Mito"}, headers=HTMX, follow_redirects=True)
    assert made.headers["HX-Trigger"] == DONE_EVENT
    assert ('class="key">' in made.text, "data-live-guild" in made.text) == (True, False)


def _config() -> Mapping[str, Any]:
    source = (TEMPLATES / "partials" / "htmx.html").read_text()
    (content,) = re.findall(r"name=\"htmx-config\" content='([^']*)'", source)
    return dict(json.loads(content))


async def test_htmx_evaluates_nothing_keeps_no_page_and_asks_this_site_alone(reader: httpx2.AsyncClient) -> None:
    assert "htmx-config" in (await reader.get(PAGE)).text
    config = _config()
    assert (config["allowEval"], config["allowScriptTags"], config["includeIndicatorStyles"]) == (False, False, False)
    assert (config["historyCacheSize"], config["selfRequestsOnly"]) == (0, True)


def test_what_is_vendored_is_what_was_published_with_its_license() -> None:
    packages = json.loads((VENDOR / "versions.json").read_text()).values()
    sums = {name: told for each in packages for name, told in each["files"].items()}
    found = {path.name for path in VENDOR.iterdir()} - {"versions.json"}
    assert found == sums.keys()
    for name, told in sums.items():
        assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == told, name
    for each in packages:
        assert each["license"] == "0BSD"
        assert any(name.endswith(".LICENSE.txt") for name in each["files"])
