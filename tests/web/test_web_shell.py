"""What stands around every page: the guild, how fresh its data is, and the places that somebody may see."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx2
import pytest
from fastapi import FastAPI

from guild_builder import GuildBuilder
from patt.auth.permissions import Role
from patt.pages.words import sources_line
from patt.web.context import SESSION_COOKIE
from sv_common.db.pool import Pool
from sv_common.guild_sync.insights.health import SourceAge
from sv_common.guild_sync.roster.freshness import FRESHNESS, Source
from web.helpers import PAGE, PLAYERS, asker, bound_session

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def _age(source: Source, old: timedelta | None) -> SourceAge:
    expected, stale = FRESHNESS[source].expected_every, FRESHNESS[source].stale_after
    last, seconds = (None, None) if old is None else (NOW - old, int(old.total_seconds()))
    return SourceAge(source, last, expected, stale, None, old is None or old > stale, seconds)


@pytest.mark.parametrize(
    ("notes", "roster", "said"),
    [
        (timedelta(days=9), timedelta(hours=2), ("Addon notes: 9 days old", "1 of 2 sources up to date", None)),
        (timedelta(days=9), timedelta(days=30), ("Battle.net roster: 30 days old", "0 of 2 sources up to date", None)),
        (None, timedelta(days=30), ("Addon notes: none yet", "0 of 2 sources up to date", None)),
        (timedelta(days=2), timedelta(hours=2), ("All data up to date", "", NOW - timedelta(hours=2))),
    ],
)
def test_the_line_beside_every_page_names_the_source_that_is_the_most_overdue(
    notes: timedelta | None, roster: timedelta, said: tuple[str, str, datetime | None]
) -> None:
    line = sources_line([_age(Source.NOTES, notes), _age(Source.ROSTER, roster)], NOW)
    assert (line.sentence, line.remark, line.last) == said


async def test_every_page_says_which_guild_it_is_about_and_how_fresh_its_data_is(
    alice: httpx2.AsyncClient, troubled: GuildBuilder
) -> None:
    other = await GuildBuilder.create(troubled.pool, "Second Lantern", "7002")
    player = await other.player("Odo")
    for path, name in (
        (PAGE, "Lantern Watch"),
        (f"{PAGE}?guild={other.guild_id}", "Second Lantern"),
        (f"{PLAYERS}/{player}", "Second Lantern"),
        ("/admin/account", "Lantern Watch"),
        (f"/admin/settings/guild?guild={other.guild_id}", "Second Lantern"),
    ):
        spine = (await alice.get(path)).text.split('<aside class="spine"')[1].split("</aside>")[0]
        assert f"<bdi>{name}</bdi>" in spine, path
        assert "sources up to date" in spine or "All data up to date" in spine, path


@pytest.mark.parametrize(("role", "has_settings"), [("viewer", False), ("officer", True)])
async def test_the_navigation_leads_only_where_somebody_may_look(
    app: FastAPI, pool: Pool, guild: GuildBuilder, role: Role, has_settings: bool
) -> None:
    secret = await bound_session(pool, "somebody", role, guild.guild_id)
    async with asker(app, cookies={SESSION_COOKIE: secret}) as client:
        text = (await client.get(PAGE)).text
    places = text.split('<nav aria-label="Main">')[1].split("</nav>")[0]
    assert 'href="/admin/data-quality"' in places
    assert ('href="/admin/settings"' in places) is has_settings
