"""Making the application, asking it, signing in, and finding things on its pages."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import httpx2
from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from guild_builder import OFFICER, RAIDER, ROLE_OF_RANK, GuildBuilder
from patt.app import create_app
from patt.auth import credentials
from patt.auth.permissions import Role
from patt.bootstrap import Services
from patt.config import Settings
from patt.web.context import SESSION_COOKIE
from patt.web.security import FORM_HEADER, form_token_of
from patt.web.throttle import Clock
from sv_common.db.pool import Pool
from sv_common.guild_sync.integrity_checker import run_integrity_check
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.sources.ports import Sources

BASE_URL = "http://patt.test"
API = "/api/v1/admin/data-quality"
PAGE = "/admin/data-quality"
PLAYERS_API = "/api/v1/admin/players"
PLAYERS = "/admin/players"
COUNTS = ("Open", "Needs review", "Resolved (30d)")


@dataclass(frozen=True)
class House:
    """An application on a troubled guild that nobody changes."""

    app: FastAPI
    guild: GuildBuilder
    session: str


def settings(base_url: str, **others: Any) -> Settings:
    """Return settings that no file of this machine has a say in."""
    values: dict[str, Any] = {"_env_file": None, "base_url": base_url, **others}
    return Settings(**values)


class _LeavingStreams:
    """Passes everything on to an application, and leaves a stream of events when it has begun: it has no end to wait for."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        is_left, is_complete = asyncio.Event(), False
        has_asked = False

        async def told() -> Message:
            nonlocal has_asked
            if not has_asked:
                message = await receive()
                has_asked = not message.get("more_body", False)
                return message
            await is_left.wait()
            return {"type": "http.disconnect"}

        async def tell(message: Message) -> None:
            nonlocal is_complete
            await send(message)
            is_start = message["type"] == "http.response.start"
            is_complete = not is_start and not message.get("more_body", False)
            if is_complete or (is_start and _is_of_events(message)):
                is_left.set()

        await self._app(scope, told, tell)
        if is_left.is_set() and not is_complete:
            await send({"type": "http.response.body", "body": b""})


def _is_of_events(start: Message) -> bool:
    return Headers(raw=start["headers"]).get("content-type", "").startswith("text/event-stream")


def asker(app: FastAPI, **options: Any) -> httpx2.AsyncClient:
    """Return a client that asks the application directly, and reads nothing of a stream of events."""
    transport = httpx2.ASGITransport(app=_LeavingStreams(app), raise_app_exceptions=False)
    headers = {"Accept": "text/html, */*", **options.pop("headers", {})}  # what a browser says that sends a form
    return httpx2.AsyncClient(transport=transport, base_url=BASE_URL, headers=headers, **options)


async def login_link(pool: Pool, name: str = "alice", *, lifetime: timedelta = credentials.LINK_LIFETIME) -> str:
    """Make a sign-in link and return its token."""
    async with pool.connection() as conn:
        return await credentials.create_login_link(conn, name, lifetime=lifetime)


async def session(pool: Pool, name: str = "alice") -> str:
    """Sign somebody in and return the session."""
    async with pool.connection() as conn:
        token = await credentials.redeem_login_link(conn, await credentials.create_login_link(conn, name))
    assert token is not None
    return token


async def bound_session(pool: Pool, name: str, role: Role, guild_id: int | None) -> str:
    """Sign somebody in who has a role, in one guild or in all, and return the session."""
    async with pool.connection() as conn:
        link = await credentials.create_login_link(conn, name, role=role, guild_id=guild_id)
        token = await credentials.redeem_login_link(conn, link)
    assert token is not None
    return token


async def api_token(pool: Pool, name: str = "robot", guild_id: int | None = None) -> dict[str, str]:
    """Make an API token and return the header that carries it."""
    async with pool.connection() as conn:
        token = await credentials.create_api_token(conn, name, guild_id=guild_id, created_by="test")
    return {"Authorization": f"Bearer {token}"}


async def issue_number(guild: GuildBuilder, issue_type: str, needle: str = "") -> int:
    """Return the number of a rule's first issue whose summary holds a word."""
    rows = await guild.rows(
        "select id from guild_identity.audit_issues where guild_id = %(guild)s and issue_type = %(type)s "
        "and strpos(summary, %(needle)s) > 0 order by id",
        {"type": issue_type, "needle": needle},
    )
    return int(rows[0][0])


async def dismiss_and_reopen(guild: GuildBuilder, issue_id: int) -> None:
    """Have another officer dismiss an issue and think better of it, so that a page opened before shows an older one."""
    async with guild.pool.writing(guild.guild_id) as here:
        await lifecycle.dismiss_many(here, [issue_id], actor="officer bob", reason="mine", until=None)
        await lifecycle.reopen_many(here, [issue_id], actor="officer bob", reason="no, not mine")


def application(pool: Pool, base_url: str = BASE_URL, *, clock: Clock = time.monotonic, **others: Any) -> FastAPI:
    """Return the application, without any source; `others` are further settings."""
    return made(Services(settings(base_url, **others), pool, Sources()), clock=clock)


def made(services: Services, **options: Any) -> FastAPI:
    """Return the application, with routes that were worked out before.

    FastAPI works out each route of each application at the first request that looks for one, which costs far more than
    most tests. The routes of all applications here are the same, so all use those of the first.
    """
    app = create_app(services, **options)
    if not _FIRST:
        _FIRST.append(app)
    first, routes = _FIRST[0], app.router.routes
    assert [type(route) for route in routes] == [type(route) for route in first.router.routes]
    for place, route in enumerate(first.router.routes):
        if not isinstance(route, Route):  # which is bound to its application
            routes[place] = route
    return app


_FIRST: list[FastAPI] = []


def officer(app: FastAPI, token: str) -> httpx2.AsyncClient:
    """Return a signed-in client that behaves like a browser of today, on pages of this site."""
    return asker(app, cookies={SESSION_COOKIE: token}, headers={"Sec-Fetch-Site": "same-origin", **own_form(token)})


def own_form(session: str) -> dict[str, str]:
    """Return the header that proves that a request comes from a page of this session."""
    return {FORM_HEADER: form_token_of(session)}


async def trouble(guild: GuildBuilder) -> None:
    """Put something for every rule into a guild, and scan it.

    note_mismatch: Grimalt, which can be fixed. orphan_wow: Newalt, which belongs to Mito, and Riddle, which nobody can
    tell. orphan_discord: Zephyr. role_mismatch: Promoted. stale_character: Sleeper.
    """
    await guild.main("Mito", rank=RAIDER)
    elrek = await guild.main("Elrek", rank=RAIDER)
    await guild.alt("Grimalt", "Mito", elrek)
    await guild.character("Newalt", "alt of Mito")
    await guild.character("Riddle", "hello there friend")
    await guild.member("Zephyr", roles=[ROLE_OF_RANK[RAIDER]])
    await guild.main("Promoted", rank=OFFICER, roles=[ROLE_OF_RANK[RAIDER]])
    await guild.link(await guild.character("Sleeper", last_login_days=40), elrek)
    await run_integrity_check(guild.pool)


class Seen(HTMLParser):
    """What a reader sees of a page: all text, the text of each element with an id, and the names of all elements."""

    def __init__(self, page: httpx2.Response) -> None:
        super().__init__()
        self.status = page.status_code
        self.tags: list[str] = []
        self.links: list[str] = []
        self._open: list[str | None] = []
        self._places: list[frozenset[str]] = []
        self._pieces: list[tuple[frozenset[str], str]] = []
        self.feed(page.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        given = dict(attrs)
        self.tags.append(tag)
        self._places.append(frozenset(filter(None, self._open)))
        self.links += [link for link in (given.get("href"),) if link]
        if tag not in ("meta", "link", "img", "input"):
            self._open.append(given.get("id"))

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 -- every element that is noted is closed in turn
        """Leave an element."""
        self._open.pop()

    def handle_data(self, data: str) -> None:
        """Note a text."""
        self._pieces.append((frozenset(filter(None, self._open)), data))

    def text(self, within: str | None = None) -> str:
        """Return the text, of the whole page or of the element with an id, with single blanks."""
        return " ".join(" ".join(data for ids, data in self._pieces if within is None or within in ids).split())

    def tags_within(self, within: str) -> list[str]:
        """Return the names of the elements in the element with an id."""
        return [tag for tag, ids in zip(self.tags, self._places, strict=True) if within in ids]

    def counts(self, issue_type: str) -> tuple[int, ...]:
        """Return the numbers on a rule's card: open, waiting, resolved in 30 days."""
        text = self.text(f"rule-{issue_type}")
        return tuple(int(text.split(f"{label}: ")[1].split()[0]) for label in COUNTS)


async def see(client: httpx2.AsyncClient, path: str, **query: Any) -> Seen:
    """Return what a page shows, which has to come."""
    response = await client.get(path, params={name: str(value) for name, value in query.items()} or None)
    assert response.status_code == 200, response.text
    return Seen(response)
