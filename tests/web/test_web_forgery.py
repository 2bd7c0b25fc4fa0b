"""A change counts only from a page of one's own session, whatever a browser says or leaves out about where it began."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fastapi import FastAPI

from guild_builder import GuildBuilder
from patt.web.context import SESSION_COOKIE
from patt.web.rendering import FORM_FIELD, TEMPLATES
from patt.web.security import FORM_HEADER, form_token_of
from sv_common.db.pool import Pool
from web.helpers import API, PAGE, api_token, application, asker, issue_number, session
from web.test_web_routes import all_that_is_written, all_ways

STATIC = Path(TEMPLATES).parent / "static"
_CHANGING_FORM = re.compile(r'<form\b[^>]*method="post"[^>]*>(.*?)</form>', re.DOTALL)


def _templates() -> list[Path]:
    return sorted(TEMPLATES.rglob("*.html"))


@pytest.mark.parametrize("template", _templates(), ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_every_form_that_changes_something_carries_its_sessions_token(template: Path) -> None:
    for form in _CHANGING_FORM.findall(template.read_text(encoding="utf-8")):
        assert "form_guard()" in form, f"A form of {template.name} lacks {{{{ ui.form_guard() }}}}."


def test_scripts_write_no_markup_and_no_style() -> None:
    for script in STATIC.glob("*.js"):
        text = script.read_text(encoding="utf-8")
        for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", ".style.", "cssText"):
            assert word not in text, (script.name, word)


async def test_without_the_sessions_own_token_no_route_changes_anything(
    patient: FastAPI, pool: Pool, troubled: GuildBuilder, theirs: dict[str, int]
) -> None:
    own, other = await session(pool), await session(pool, "bob")
    before, asked = await all_that_is_written(troubled), 0
    ways = [
        {},
        {FORM_HEADER: ""},
        {FORM_HEADER: form_token_of(other)},
        {FORM_HEADER: form_token_of(own), "Origin": "https://evil.test"},
        {FORM_HEADER: form_token_of(own), "Sec-Fetch-Site": "cross-site"},
    ]
    async with asker(patient, cookies={SESSION_COOKIE: own}) as client:
        for way in all_ways(patient):
            if way.method == "GET" or "uploader" in way.audiences:
                continue
            for headers in ways:
                answer = await way.ask(client, theirs, headers, troubled.guild_id)
                assert answer.status_code == 403, (way.method, way.path, headers)
                asked += 1
        assert (await client.get(PAGE)).status_code == 200
    assert asked > 60
    assert await all_that_is_written(troubled) == before
    assert await troubled.rows("select count(*) from common.web_sessions where revoked_at is null") == [(2,)]


async def test_a_form_without_javascript_carries_the_token_in_a_field(
    app: FastAPI, pool: Pool, troubled: GuildBuilder
) -> None:
    own, other = await session(pool), await session(pool, "bob")
    path = f"{API}/fix/{await issue_number(troubled, 'orphan_wow', 'Newalt')}"
    async with asker(app, cookies={SESSION_COOKIE: own}) as client:
        for token in ("", "x", form_token_of(other)):
            assert (await client.post(path, data={FORM_FIELD: token})).status_code == 403
        assert await troubled.rows("select id from guild_identity.fix_attempts") == []
        page = await client.get(PAGE)
        (token,) = set(re.findall(rf'name="{FORM_FIELD}" value="([A-Z2-7=]+)"', page.text))
        assert (await client.post(path, data={FORM_FIELD: token})).status_code == 303
    assert len(await troubled.rows("select id from guild_identity.fix_attempts")) == 1


async def test_a_token_of_the_api_needs_no_token_of_a_form(app: FastAPI, pool: Pool, troubled: GuildBuilder) -> None:
    from_api = await api_token(pool)
    async with asker(app, cookies={SESSION_COOKIE: await session(pool)}) as client:
        assert (await client.post(f"{API}/scan", headers=from_api)).status_code == 200


ADDRESSES = (
    "/",
    "/login",
    "/login/guild",
    "/login/x",
    "/admin",
    PAGE,
    "/nothing",
    "/health",
    "/static/patt.css",
    "/static/none",
    f"{API}/rules",
)


@pytest.mark.parametrize("base_url", ["http://patt.test", "https://patt.test"])
async def test_every_response_says_what_a_browser_may_do_with_it(pool: Pool, base_url: str) -> None:
    async with asker(application(pool, base_url)) as client:
        for path in ADDRESSES:
            headers = (await client.get(path)).headers
            policy = headers["content-security-policy"]
            assert "unsafe" not in policy, path
            assert "default-src 'none'" in policy, path
            assert "form-action 'self'" in policy, path
            assert headers["cross-origin-opener-policy"] == "same-origin", path
            assert "geolocation=()" in headers["permissions-policy"], path
            assert headers["x-content-type-options"] == "nosniff", path
            assert ("strict-transport-security" in headers) is base_url.startswith("https:"), path
