"""Deliverers of news that meet, overtake each other, or wait for Discord: nothing is lost, and nothing told twice."""

from __future__ import annotations

import asyncio

import pytest

from engine.desk import Desk, HeldAnnouncer, desk, served
from planned import guilds_with_news
from sv_common.db.pool import make_pool
from sv_common.guild_sync.core.errors import SourceUnavailable
from sv_common.guild_sync.reporter import send_digest

__all__ = ["desk", "served"]


@pytest.mark.parametrize("is_posted", [False, True])
async def test_an_older_text_on_its_way_never_marks_newer_news_as_told(desk: Desk, *, is_posted: bool) -> None:
    names = ["Zephyrine", "Quillon", "Umbriel"]
    if is_posted:
        await desk.newcomer(names[0])
        await desk.tell()
    await desk.newcomer(names[1])
    held = HeldAnnouncer.at(desk)
    slow = asyncio.create_task(send_digest(desk.guild.pool, held, guild_id=desk.guild.guild_id))
    await held.is_on_its_way.wait()
    await desk.newcomer(names[2])
    assert await desk.tell() == 0  # somebody else is sending it
    held.may_arrive.set()
    await slow
    await desk.tell()
    assert len(desk.messages) == 1
    told = str(desk.fields())
    assert all(name in told for name in names[0 if is_posted else 1 :])
    assert await desk.guild.rows("select 1 from guild_identity.audit_issues where notified_at is null") == []
    assert await desk.tell() == 0


async def test_a_clock_that_was_a_year_ahead_lets_no_news_wait_for_a_year(desk: Desk) -> None:
    await desk.newcomer("Zephyrine")
    desk.simulator.faults.status("message", 503, times=None)
    with pytest.raises(SourceUnavailable):
        await desk.tell()
    desk.simulator.faults.clear()
    await desk.guild.execute(
        "update guild_identity.announcements set next_try_at = now() + interval '1 year', claim = gen_random_uuid(), "
        "claimed_until = now() + interval '1 year'"
    )
    assert await guilds_with_news(desk.guild.pool) == [desk.guild.guild_id]
    assert await desk.tell() == 1
    assert len(desk.messages) == 1


async def test_a_text_that_overtook_a_newer_one_is_written_anew(desk: Desk) -> None:
    """A deliverer that was away for longer than its claim overwrites what another one has told since."""
    await desk.newcomer("Zephyrine")
    await desk.tell()
    await desk.newcomer("Quillon")
    held = HeldAnnouncer.at(desk)
    slow = asyncio.create_task(send_digest(desk.guild.pool, held, guild_id=desk.guild.guild_id))
    await held.is_on_its_way.wait()
    await desk.guild.execute("update guild_identity.announcements set claimed_until = now() - interval '1 second'")
    await desk.newcomer("Umbriel")
    await desk.tell()
    assert "Umbriel" in str(desk.fields())
    held.may_arrive.set()
    await slow
    assert len(desk.messages) == 1
    assert all(name in str(desk.fields()) for name in ("Zephyrine", "Quillon", "Umbriel"))
    assert await desk.tell() == 0


async def test_many_deliverers_at_once_lose_no_news_and_post_one_message(desk: Desk) -> None:
    names = [f"Zork{letter}" for letter in "abcdefgh"]
    for name in names:
        await desk.newcomer(name)
        await asyncio.gather(*(desk.tell() for _ in range(3)))
    await desk.tell()
    assert len(desk.messages) == 1
    assert list(desk.fields()) == ["Unlinked WoW Character: 8 new"]
    assert all(name in str(desk.fields()) for name in names)
    assert await desk.guild.rows("select 1 from guild_identity.audit_issues where notified_at is null") == []


async def test_no_connection_to_the_database_is_held_while_discord_is_asked(desk: Desk, database_url: str) -> None:
    await desk.newcomer("Zephyrine")
    held = HeldAnnouncer.at(desk)
    async with make_pool(database_url, max_size=1) as narrow:
        telling = asyncio.create_task(send_digest(narrow, held, guild_id=desk.guild.guild_id))
        await held.is_on_its_way.wait()
        async with asyncio.timeout(5), narrow.connection() as conn:
            open_ones = await conn.execute(
                "select 1 from pg_stat_activity where datname = current_database() and state = 'idle in transaction'"
            )
            assert await open_ones.fetchall() == []
        held.may_arrive.set()
        assert await telling == 1
