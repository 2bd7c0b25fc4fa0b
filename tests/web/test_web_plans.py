"""However long a guild's history is, the data quality page and its API read what is open or recent, by indexes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextvars import ContextVar
from typing import Any

import httpx2
import pytest

from guild_builder import GuildBuilder
from sv_common.db.counting import CountingCursor
from sv_common.db.pool import Pool, PoolWithLocks, make_pool
from web.helpers import API, PAGE, Seen, application, officer, session
from web.long_history import OPEN, write_long_history

LONG_TABLES = {"audit_issues", "issue_events", "fix_attempts"}

_asked: ContextVar[list[tuple[str, Any]] | None] = ContextVar("asked", default=None)


class _Recorder(CountingCursor):
    """A cursor that keeps what is asked, to have it explained."""

    async def execute(self, query: Any, params: Any = None, **options: Any) -> _Recorder:
        kept = _asked.get()
        if kept is not None:
            kept.append((str(query), params))
        await super().execute(query, params, **options)
        return self


@pytest.fixture
async def recording_pool(database_url: str) -> AsyncIterator[Pool]:
    """A pool whose statements are kept."""
    usual = make_pool(database_url)
    assert isinstance(usual.kwargs, dict)
    pool = PoolWithLocks(
        database_url,
        open=False,
        min_size=1,
        max_size=4,
        kwargs={**usual.kwargs, "cursor_factory": _Recorder},
        connection_class=usual.connection_class,
    )
    pool.locks, pool.probes, pool.pulse = usual.locks, usual.probes, usual.pulse
    async with pool:
        await pool.wait()
        yield pool


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from _nodes(part)


async def _whole_tables_read(pool: Pool, asked: list[tuple[str, Any]]) -> list[str]:
    """The long tables that are read from end to end, each with the statement that does it."""
    read: list[str] = []
    async with pool.connection() as conn:
        for query, params in asked:
            explained = await (await conn.execute(f"explain (format json) {query}".encode(), params)).fetchone()
            assert explained is not None
            scans = [node for node in _nodes(explained[0][0]["Plan"]) if node["Node Type"] == "Seq Scan"]
            read += [f"{node['Relation Name']}: {query}" for node in scans if node["Relation Name"] in LONG_TABLES]
    return read


ADDRESSES = [
    PAGE,
    f"{PAGE}?days=90",
    f"{PAGE}?group=subject",
    f"{PAGE}?rule=orphan_wow&severity=warning&text=char777",
    f"{PAGE}?text=nobody-at-all",
    f"{PAGE}?page=20",
    f"{PAGE}?state=dismissed",
    f"{PAGE}?state=resolved",
    f"{PAGE}?state=resolved&rule=role_mismatch&text=CHAR9",
    f"{PAGE}?state=all&text=char12345",
    "/api/v1/admin/search?q=char12345",
    "/api/v1/admin/search?q=%2312345",
    f"{API}/health",
    f"{API}/rules",
    f"{API}/dismissals",
    f"{PAGE}/dismissals?show=idle",
    f"{API}/trends?days=90",
    f"{API}/issues",
    f"{API}/issues?state=all&severity=info",
    f"{API}/issues?state=resolved&rule=orphan_wow&text=%C3%A7har99",
]


@pytest.mark.own_database
async def test_no_question_of_the_page_reads_a_whole_history(recording_pool: Pool, database_url: str) -> None:
    guild = await GuildBuilder.create(recording_pool)
    await write_long_history(guild, database_url)
    async with officer(application(recording_pool), await session(recording_pool)) as alice:
        for address in ADDRESSES:
            asked: list[tuple[str, Any]] = []
            token = _asked.set(asked)
            answer = await alice.get(address)
            _asked.reset(token)
            assert answer.status_code == 200, address
            assert len(asked) >= 3, address
            assert await _whole_tables_read(recording_pool, asked) == [], address
        await _sees_what_there_is(alice)


async def _sees_what_there_is(alice: httpx2.AsyncClient) -> None:
    page = Seen(await alice.get(PAGE))
    assert f"Open issues {OPEN:,}" in page.text("trends") + page.text("content")
    found = (await alice.get(f"{API}/issues", params={"state": "all", "text": "char12345'"})).json()
    assert [issue["summary"] for issue in found["items"]] == ["'Çhar12345' has no player link"]
    trends = (await alice.get(f"{API}/trends", params={"days": 90})).json()
    assert (len(trends["days"]), trends["total"][-1]) == (91, OPEN)
