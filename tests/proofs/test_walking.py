"""The walk itself: it finds what is linked, waits for nothing that never ends, and names what it could not visit."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx2
import pytest
from fastapi import FastAPI
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from proofs.walking import Page, Walk, Walker
from sv_common.guild_sync.simulators.server import serve


def _page(content: str) -> HTMLResponse:
    return HTMLResponse(f"<!doctype html><title>x</title>{content}")


@pytest.fixture
def site() -> FastAPI:
    """A small site with one page of every kind."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)

    @app.get("/admin/list")
    async def listed() -> Response:
        return _page(
            '<a href="?state=old&page=2">Old</a><a href="/admin/one/1">One</a><a href="http://else.test">E</a>'
        )

    @app.get("/admin/one/{number}")
    async def one() -> Response:
        return _page("")

    @app.get("/admin/part")
    async def part() -> Response:
        return HTMLResponse("<p>Only a part.</p>")

    @app.get("/admin/events")
    async def events() -> Response:
        return StreamingResponse(_for_ever(), media_type="text/event-stream")

    @app.get("/admin/strange/{thing}")
    async def strange() -> Response:
        return _page("")

    @app.get("/admin/away")
    async def away() -> Response:
        return RedirectResponse("/admin/list", 303)

    return app


async def _for_ever() -> AsyncIterator[bytes]:
    yield b": welcome\n\n"
    await asyncio.Event().wait()


async def _walked(site: FastAPI) -> Walk:
    async with serve(site) as base_url, httpx2.AsyncClient(base_url=base_url) as client:
        return await Walker(site, client, {"number": [7, 8]}).walk()


async def test_every_view_that_is_linked_is_found_and_no_other_site_is_asked(site: FastAPI) -> None:
    walk = await _walked(site)
    assert {view.address for view in walk.views} == {
        "/admin/list",
        "/admin/list?state=old&page=2",
        "/admin/one/7",
        "/admin/one/8",
    }
    assert walk.parts == {"/admin/part", "/admin/events"}


async def test_a_page_that_was_not_visited_is_named_with_what_was_met_instead(site: FastAPI) -> None:
    assert (await _walked(site)).unvisited == {
        "/admin/strange/{thing}": "nobody knows a value for thing",
        "/admin/away": "/admin/away answered 303",
    }


@pytest.mark.parametrize(
    "source",
    [
        "<style>p {}</style>",
        "<script>run()</script>",
        '<p style="color: red">',
        '<button onclick="run()">',
        '<a href="JavaScript:run()">',
    ],
)
def test_what_a_strict_policy_would_refuse_is_seen_in_a_page(source: str) -> None:
    assert len(Page(source).inline) == 1
    assert Page('<script src="/static/patt.js"></script><a href="/admin">').inline == []
