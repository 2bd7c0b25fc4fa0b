"""Signing in: a link is opened by anybody and anything, and used up by a person's click alone."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import httpx2
import pytest
from fastapi import FastAPI

from sv_common.db.pool import Pool
from web.helpers import PAGE, Seen, asker, login_link


@pytest.mark.usefixtures("guild")
async def test_a_link_signs_in_once(app: FastAPI, anonymous: httpx2.AsyncClient, pool: Pool) -> None:
    link = await login_link(pool)
    first = await anonymous.post(f"/login/{link}")
    assert (first.status_code, first.headers["location"]) == (303, PAGE)
    cookie = first.headers["set-cookie"]
    assert all(part in cookie for part in ("HttpOnly", "SameSite=lax", "Path=/", "Max-Age=604800"))
    assert "Secure" not in cookie
    assert (await anonymous.get(PAGE)).status_code == 200
    async with asker(app) as other:
        second = await other.post(f"/login/{link}")
        assert second.status_code == 401
        assert "This link is used, expired or incomplete." in second.text
        assert "This link is used, expired or incomplete." in (await other.get(f"/login/{link}")).text
        assert (await other.get(PAGE)).status_code == 303


async def test_of_two_who_use_a_link_at_once_one_gets_in(app: FastAPI, pool: Pool) -> None:
    link = await login_link(pool)
    async with asker(app) as one, asker(app) as other:
        answers = await asyncio.gather(one.post(f"/login/{link}"), other.post(f"/login/{link}"))
    assert sorted(answer.status_code for answer in answers) == [303, 401]


async def test_an_expired_or_unknown_link_does_not_sign_in(anonymous: httpx2.AsyncClient, pool: Pool) -> None:
    expired = await login_link(pool, lifetime=timedelta(seconds=-1))
    for link in (expired, "unknown", "a" * 5000, "%00", "%ff"):
        for method in ("GET", "POST"):
            answer = await anonymous.request(method, f"/login/{link}")
            assert answer.status_code == 401, (method, link)
            assert "set-cookie" not in answer.headers
            assert "This link is used, expired or incomplete." in answer.text


async def test_opening_a_link_shows_who_would_sign_in_and_uses_nothing_up(app: FastAPI, pool: Pool) -> None:
    link = await login_link(pool, "Ali <b>ce")
    async with asker(app) as preview, asker(app) as person:
        for _ in range(3):
            opened = await preview.get(f"/login/{link}")
            assert opened.status_code == 200
            assert "set-cookie" not in opened.headers
        assert Seen(opened).text("content").startswith("Sign in Sign in as Ali <b>ce The link works once.")
        assert (await preview.get(PAGE)).status_code == 303
        assert (await person.post(f"/login/{link}")).status_code == 303
        assert (await person.get(PAGE)).status_code == 200


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.test"}])
async def test_a_page_of_another_site_signs_nobody_in(
    anonymous: httpx2.AsyncClient, pool: Pool, headers: dict[str, str]
) -> None:
    link = await login_link(pool)
    assert (await anonymous.post(f"/login/{link}", headers=headers)).status_code == 403
    assert (await anonymous.get(f"/login/{link}", headers=headers)).status_code == 200
