"""Static files under hashed addresses, and answers that are compressed without giving a secret away."""

from __future__ import annotations

import gzip
import re

import httpx2
import pytest
from fastapi import FastAPI

from patt.web.assets import STATIC, url_of
from patt.web.context import SESSION_COOKIE
from patt.web.rendering import FORM_FIELD
from sv_common.db.pool import Pool
from web.helpers import API, PAGE, asker, session
from web.live_server import served, streaming

FILES = sorted(file.relative_to(STATIC).as_posix() for file in STATIC.rglob("*") if file.is_file())
A_YEAR = "public, max-age=31536000, immutable"


@pytest.mark.parametrize("name", FILES)
async def test_every_static_file_has_an_address_that_a_browser_may_keep_for_good(
    visitor: httpx2.AsyncClient, name: str
) -> None:
    visitor.headers["Accept-Encoding"] = "identity"
    hashed, plain = await visitor.get(url_of(name)), await visitor.get(f"/static/{name}")
    assert (hashed.status_code, hashed.headers["cache-control"]) == (200, A_YEAR)
    assert (plain.status_code, plain.headers["cache-control"]) == (200, "no-cache")
    assert hashed.content == plain.content == (STATIC / name).read_bytes()
    assert hashed.headers["content-type"] == plain.headers["content-type"]


async def test_an_address_with_a_wrong_hash_is_not_kept_by_anybody(visitor: httpx2.AsyncClient) -> None:
    for address in ("/static/patt.00000000.css", "/static/none.css"):
        answer = await visitor.get(address)
        assert (answer.status_code, answer.headers["cache-control"]) == (404, "no-store"), address


@pytest.mark.parametrize("path", [PAGE, "/login", "/admin/settings/rules", "/nothing"])
async def test_pages_ask_for_static_files_by_their_hashed_addresses_alone(
    reader: httpx2.AsyncClient, path: str
) -> None:
    asked = set(re.findall(r'(?:href|src)="(/static/[^"#]+)', (await reader.get(path)).text))
    assert {url_of("patt.css"), url_of("icons.svg"), url_of("theme.js")} <= asked
    assert asked <= {url_of(name) for name in FILES}


@pytest.mark.parametrize("path", [PAGE, f"{API}/rules", "/static/patt.css", "/openapi.json"])
async def test_text_is_compressed_for_clients_that_take_it(reader: httpx2.AsyncClient, path: str) -> None:
    packed = await reader.get(path, headers={"Accept-Encoding": "gzip"})
    plain = await reader.get(path, headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert int(packed.headers["content-length"]) < len(plain.content) / 2
    for answer in (packed, plain):
        assert "accept-encoding" in answer.headers["vary"].lower()


@pytest.mark.parametrize("name", ["patt.js", "icons.svg", "vendor/htmx.min.js"])
async def test_a_static_file_comes_as_small_as_it_gets(visitor: httpx2.AsyncClient, name: str) -> None:
    smallest = len(gzip.compress((STATIC / name).read_bytes(), 9))
    packed = await visitor.get(url_of(name), headers={"Accept-Encoding": "gzip"})
    assert (packed.headers["content-encoding"], int(packed.headers["content-length"])) == ("gzip", smallest)
    assert packed.content == (STATIC / name).read_bytes()
    again = await visitor.get(url_of(name), headers={"If-None-Match": packed.headers["etag"]})
    assert again.status_code == 304
    part = await visitor.get(url_of(name), headers={"Accept-Encoding": "gzip", "Range": "bytes=0-9"})
    assert (part.status_code, len(part.content)) == (206, 10)


async def test_a_style_comes_compressed_without_what_only_people_read(visitor: httpx2.AsyncClient) -> None:
    written = (STATIC / "patt.css").read_text(encoding="utf-8")
    sent = (await visitor.get(url_of("patt.css"), headers={"Accept-Encoding": "gzip"})).text
    assert "/*" in written
    assert "/*" not in sent
    without_comments = re.sub(r"/\*.*?\*/", "", written, flags=re.DOTALL)
    assert sent.split() == without_comments.split()


@pytest.mark.usefixtures("guild")
async def test_the_stream_of_what_changes_is_never_held_back_to_be_compressed(app: FastAPI, pool: Pool) -> None:
    cookies = {SESSION_COOKIE: await session(pool)}
    headers = {"Sec-Fetch-Site": "same-origin", "Accept-Encoding": "gzip"}
    async with (
        served(app) as site,
        httpx2.AsyncClient(cookies=cookies, headers=headers, trust_env=False) as client,
        streaming(client, site) as stream,
    ):
        assert "content-encoding" not in stream.response.headers
        assert (await stream.until("hello")).data["is_continued"] is False


async def test_a_form_token_looks_different_in_each_answer_so_that_its_compression_tells_nothing(
    app: FastAPI, pool: Pool
) -> None:
    async with asker(app, cookies={SESSION_COOKIE: await session(pool)}) as client:
        pages = [(await client.get("/admin/account")).text for _ in range(8)]
        tokens = [set(re.findall(rf'name="{FORM_FIELD}" value="([A-Z2-7=]+)"', page)) for page in pages]
        assert {len(each) for each in tokens} == {1}
        written = [token for (token,) in tokens]
        # Nothing stays where it was, neither of the mask nor of what is under it.
        assert all(len({token[place : place + 8] for token in written}) > 1 for place in range(0, len(written[0]), 8))
        for token in written:
            changed = f"{'B' if token[0] == 'A' else 'A'}{token[1:]}"
            assert (await client.post("/logout/everywhere", data={FORM_FIELD: changed})).status_code == 403
        assert (await client.post("/logout/everywhere", data={FORM_FIELD: written[0]})).status_code == 303
