"""Full matches as jobs: done once, by whichever worker lives, and what became of them told."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from guild_builder import GuildBuilder
from patt.bootstrap import Services
from patt.queue.tasks import Task
from patt.worker.retry import MOST_TRIES
from patt.worker.running import run_full_match
from patt.worker.worker import enqueue_due, work_until_stopped
from sv_common.guild_sync import mitigations, scheduler
from sv_common.guild_sync.core.errors import Busy, ConfigurationError, Refused
from sv_common.guild_sync.identity_engine import preview_matching, run_matching
from sv_common.guild_sync.jobs import matches
from sv_common.guild_sync.jobs.matches import MatchRequest


async def _ask(guild: GuildBuilder) -> int:
    await guild.member("Zork")
    await guild.character("Zork")
    async with guild.pool.writing(guild.guild_id, alone=False) as here:
        return (await matches.ask(here, actor="officer alice"))[0]


async def _told(guild: GuildBuilder, request_id: int) -> MatchRequest:
    async with guild.pool.writing(guild.guild_id, alone=False) as here:
        return await matches.get(here, request_id)


async def test_a_full_match_that_was_asked_for_is_done_and_can_be_undone(
    services: Services, guild: GuildBuilder
) -> None:
    request_id = await _ask(guild)
    assert (Task.FULL_MATCH, guild.guild_id) in await enqueue_due(services, datetime.now(UTC))
    for _ in range(3):
        await work_until_stopped(services, wait=False)
    told = await _told(guild, request_id)
    assert (told.state, told.sentence) == ("done", "1 player created, 1 character linked, 0 skipped.")
    assert await guild.rows("select actor from guild_identity.sync_log where pipeline = 'full_match'") == [
        ("officer alice",)
    ]
    assert told.attempt_id is not None
    await mitigations.undo(services.pool, told.attempt_id, actor="alice")
    assert await guild.rows("select 1 from guild_identity.players") == []


async def test_one_that_was_cut_off_is_done_again_and_changes_nothing_twice(
    services: Services, guild: GuildBuilder
) -> None:
    request_id = await _ask(guild)
    await scheduler.run_full_match(services.pool, guild_id=guild.guild_id, sources=services.sources, actor="alice")
    await run_full_match(services, guild.guild_id)
    assert (await _told(guild, request_id)).state == "done"
    assert await guild.rows("select count(*) from guild_identity.players") == [(1,)]


async def test_one_that_ends_every_worker_is_given_up(services: Services, guild: GuildBuilder) -> None:
    request_id = await _ask(guild)
    for _ in range(MOST_TRIES):
        async with guild.pool.writing(guild.guild_id, alone=False) as here:
            await matches.next_waiting(here)
    await run_full_match(services, guild.guild_id)
    told = await _told(guild, request_id)
    assert told.state == "failed"
    assert "Given up" in str(told.sentence)


@pytest.mark.parametrize(
    ("error", "state"),
    [(Busy("busy"), "waiting"), (RuntimeError("x"), "waiting"), (ConfigurationError("set it"), "failed")],
)
async def test_only_what_another_try_cannot_change_fails_at_once(
    services: Services, guild: GuildBuilder, monkeypatch: pytest.MonkeyPatch, error: Exception, state: str
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(scheduler, "run_full_match", fail)
    request_id = await _ask(guild)
    await run_full_match(services, guild.guild_id)
    assert (await _told(guild, request_id)).state == state
    for _ in range(MOST_TRIES):
        await run_full_match(services, guild.guild_id)
    assert (await _told(guild, request_id)).state == "failed"


async def _chosen(guild: GuildBuilder) -> int:
    """Ask for the match of Zork, one of two people whom a match would make."""
    await guild.member("Zork")
    await guild.character("Zork")
    await guild.member("Quin")
    await guild.character("Quin")
    keys = [group.key for group in (await preview_matching(guild.pool)).groups if group.name == "Zork"]
    async with guild.pool.writing(guild.guild_id, alone=False) as here:
        return (await matches.ask(here, actor="officer alice", selected=keys))[0]


async def test_a_full_match_of_some_makes_only_those(services: Services, guild: GuildBuilder) -> None:
    request_id = await _chosen(guild)
    await run_full_match(services, guild.guild_id)
    assert (await _told(guild, request_id)).sentence == "1 player created, 1 character linked, for the 1 selected."
    assert await guild.rows("select display_name from guild_identity.players") == [("Zork",)]


async def test_what_is_no_longer_as_it_was_chosen_is_not_done_and_the_sentence_says_so(
    services: Services, guild: GuildBuilder
) -> None:
    request_id = await _chosen(guild)
    await guild.character("Zorkalt", "Zork")
    await run_full_match(services, guild.guild_id)
    told = await _told(guild, request_id)
    assert told.state == "done"
    assert "Of the 1 selected, 1 have changed since the preview" in str(told.sentence)
    assert await guild.rows("select 1 from guild_identity.players") == []


async def test_some_that_a_try_did_before_it_was_cut_off_are_not_told_as_lost(
    services: Services, guild: GuildBuilder
) -> None:
    request_id = await _chosen(guild)
    async with guild.pool.writing(guild.guild_id, alone=False) as here:
        cut_off = await matches.next_waiting(here)
    assert cut_off is not None
    await run_matching(guild.pool, actor=cut_off.actor, selected=cut_off.selected)
    await run_full_match(services, guild.guild_id)
    assert str((await _told(guild, request_id)).sentence).endswith("An earlier, interrupted try may have done it.")
    assert await guild.rows("select display_name from guild_identity.players") == [("Zork",)]


async def test_a_choice_is_refused_while_another_match_waits(services: Services, guild: GuildBuilder) -> None:
    await _ask(guild)
    async with guild.pool.writing(guild.guild_id, alone=False) as here:
        with pytest.raises(Refused, match="A full match is already queued, and only one runs at a time"):
            await matches.ask(here, actor="officer bob", selected=["0123456789abcdef"])
    assert await guild.rows("select actor, selected from guild_identity.match_requests") == [("officer alice", None)]


async def test_officers_who_ask_at_the_same_moment_ask_for_one_match(services: Services, guild: GuildBuilder) -> None:
    async def ask(name: str) -> tuple[int, bool]:
        async with services.pool.writing(guild.guild_id, alone=False) as here:
            return await matches.ask(here, actor=name)

    async with services.pool.writing(guild.guild_id, alone=False) as here:
        request_id, is_new = await matches.ask(here, actor="officer alice")
        second = asyncio.create_task(ask("officer bob"))
        while not await guild.rows(  # noqa: ASYNC110 -- the database does not tell that bob waits for alice
            "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
        ):
            await asyncio.sleep(0.01)
    assert is_new
    assert await second == (request_id, False)
