"""The landing page is sent as it is read: its shell at once, its list when it is there, and never half a page that looks whole."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest
import structlog
from fastapi import FastAPI
from starlette.types import Message

from guild_builder import GuildBuilder
from patt.web.context import SESSION_COOKIE
from sv_common.db.pool import Pool, make_pool
from web.helpers import session

INBOX = "/admin/inbox"
LAST = b"</html>"


@dataclass
class Browser:
    """Takes an answer piece by piece; `on_piece` is called with the number of each, before the next one is made."""

    app: FastAPI
    token: str
    headers: dict[str, str] = field(default_factory=dict)
    status: int = 0
    answered: dict[str, str] = field(default_factory=dict)
    pieces: list[bytes] = field(default_factory=list)

    async def open(self, query: str = "", on_piece: Callable[[int], Awaitable[None]] | None = None) -> str:
        asked = {"accept": "text/html", "host": "patt.test", "cookie": f"{SESSION_COOKIE}={self.token}", **self.headers}
        scope: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": INBOX,
            "raw_path": INBOX.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(name.encode(), value.encode()) for name, value in asked.items()],
            "server": ("patt.test", 80),
            "client": ("127.0.0.1", 5),
        }

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.status = message["status"]
                self.answered = {name.decode().lower(): value.decode() for name, value in message["headers"]}
            elif message.get("body"):
                self.pieces.append(message["body"])
                if on_piece is not None:
                    await on_piece(len(self.pieces))

        await self.app(scope, receive, send)
        return b"".join(self.pieces).decode(errors="replace")


@pytest.fixture
async def browser(app: FastAPI, pool: Pool) -> Browser:
    return Browser(app, await session(pool))


@pytest.fixture
async def asking(guild: GuildBuilder) -> GuildBuilder:
    """A guild with one question."""
    await guild.main("Mito")
    await guild.character("Loner")
    await guild.scan()
    return guild


async def test_the_shell_is_sent_before_the_list_is_read(
    browser: Browser, asking: GuildBuilder, database_url: str
) -> None:
    async with make_pool(database_url) as other, other.connection() as gate:
        await gate.execute("lock table guild_identity.audit_issues in access exclusive mode")

        async def open_gate(number: int) -> None:
            if number == 1:
                await gate.rollback()

        page = await browser.open(on_piece=open_gate)
    assert (browser.status, len(browser.pieces)) == (200, 2)
    opening = browser.pieces[0].decode()
    assert '<main id="content"' in opening
    assert "/static/inbox." in opening
    assert "Loner" not in opening
    assert "Loner" in page
    assert page.count("<html") == page.count("</html>") == page.count("<main") == page.count("</main>") == 1


async def test_a_browser_that_takes_its_time_holds_no_connection(browser: Browser, asking: GuildBuilder) -> None:
    held: list[int] = []

    async def look(_: int) -> None:
        [(count,)] = await asking.rows(
            "select count(*) from pg_stat_activity where datname = current_database() "
            "and state = 'idle in transaction' and pid <> pg_backend_pid()"
        )
        held.append(count)

    await browser.open(on_piece=look)
    assert held == [0, 0]


async def test_each_piece_can_be_read_when_it_arrives_although_it_is_compressed(
    browser: Browser, asking: GuildBuilder
) -> None:
    browser.headers = {"accept-encoding": "gzip"}
    read: list[bytes] = []
    unpacking = zlib.decompressobj(16 + zlib.MAX_WBITS)

    async def unpack(number: int) -> None:
        read.append(unpacking.decompress(browser.pieces[number - 1]))

    await browser.open(on_piece=unpack)
    assert browser.answered["content-encoding"] == "gzip"
    assert read[0].rstrip().endswith(b">")
    assert b'<main id="content"' in read[0]
    assert gzip.decompress(b"".join(browser.pieces)).rstrip().endswith(LAST)


@pytest.mark.own_database
async def test_what_fails_after_the_shell_is_a_sentence_on_the_page_and_in_the_log(
    browser: Browser, asking: GuildBuilder
) -> None:
    async def break_the_list(number: int) -> None:
        if number == 1:
            await asking.execute("alter table guild_identity.audit_issues rename column summary to told")

    try:
        with structlog.testing.capture_logs() as logs:
            page = await browser.open(on_piece=break_the_list)
    finally:
        await asking.execute("alter table guild_identity.audit_issues rename column told to summary")
    assert browser.status == 200
    assert "This page could not be read" in page
    assert "Something unexpected went wrong and was logged." in page
    assert page.rstrip().endswith("</html>")
    assert "Loner" not in page
    assert [each["event"] for each in logs if each["log_level"] == "error"] == ["request_failed"]


async def test_a_guild_that_is_gone_before_its_list_is_read_is_named_as_gone(
    browser: Browser, asking: GuildBuilder
) -> None:
    async def remove(number: int) -> None:
        if number == 1:
            await asking.execute("delete from guild_identity.guilds where id = %(guild)s")

    page = await browser.open(on_piece=remove)
    assert "This page could not be read" in page
    assert f"Guild {asking.guild_id} does not exist." in page


async def test_what_fails_before_the_shell_is_answered_with_its_status(
    browser: Browser, asking: GuildBuilder, anonymous: httpx2.AsyncClient
) -> None:
    page = await browser.open("guild=999")
    assert browser.status == 404
    assert "999" in page
    assert (await anonymous.get(INBOX)).status_code == 303


async def test_htmx_gets_its_content_whole(alice: httpx2.AsyncClient, asking: GuildBuilder) -> None:
    content = await alice.get(INBOX, headers={"HX-Request": "true", "HX-Target": "content"})
    assert "content-length" in content.headers
    assert "Loner" in content.text
    assert "<html" not in content.text


async def test_a_sentence_that_is_shown_once_is_shown_on_the_streamed_page_and_used_up(
    alice: httpx2.AsyncClient, asking: GuildBuilder
) -> None:
    [(number,)] = await asking.rows("select min(id) from guild_identity.audit_issues where guild_id = %(guild)s")
    sent = await alice.post(
        f"/api/v1/admin/inbox/{number}/dismiss?guild={asking.guild_id}",
        data={"reason": "Leaving soon.", "back": f"{INBOX}?guild={asking.guild_id}"},
        headers={"Accept": "text/html"},
    )
    assert sent.status_code == 303
    assert "Dismissed: Leaving soon." in (await alice.get(sent.headers["location"])).text
    assert "Dismissed: Leaving soon." not in (await alice.get(sent.headers["location"])).text
