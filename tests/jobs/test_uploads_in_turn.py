"""Uploads are taken in by the time of their export, none that was acknowledged is lost, and what became of each is told."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from psycopg import AsyncConnection

from guild_builder import GuildBuilder
from jobs.all_waiting import process_uploads
from jobs.sent_exports import die_in_tries, note_of, upload, upload_rows
from patt.api import uploads as api
from patt.bootstrap import Services
from patt.worker.uploads import MOST_TRIES
from patt.worker.worker import access_lives
from sv_common.guild_sync.core.errors import NotFound, Refused
from sv_common.guild_sync.keeping.cleaning import clean
from sv_common.guild_sync.roster import uploads

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


async def test_an_upload_that_ends_every_worker_is_given_up_and_kept_and_can_be_tried_again(
    services: Services, guild: GuildBuilder
) -> None:
    upload_id = await upload(guild, "Main")
    await die_in_tries(guild, upload_id, MOST_TRIES)
    await process_uploads(services, guild.guild_id)
    assert await upload_rows(guild) == [("failed", MOST_TRIES, False, True)]
    assert await note_of(guild) is None
    tried_again = await api.retry(services, upload_id, guild.guild_id)
    assert (tried_again.state, tried_again.attempts) == ("received", 0)
    await process_uploads(services, guild.guild_id)
    assert await upload_rows(guild) == [("done", 1, True, False)]
    assert await note_of(guild) == "Main"


async def test_a_worker_that_dies_while_another_holds_the_guilds_lock_costs_no_try(
    services: Services, guild: GuildBuilder, database_url: str
) -> None:
    await upload(guild, "Main")
    async with await AsyncConnection.connect(database_url, autocommit=True) as other:
        await other.execute("select pg_advisory_lock(7284, %s)", [guild.guild_id])
        for _ in range(MOST_TRIES + 1):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await process_uploads(services, guild.guild_id)
    assert await upload_rows(guild) == [("received", 0, False, True)]
    await process_uploads(services, guild.guild_id)
    assert await upload_rows(guild) == [("done", 1, True, False)]
    assert await note_of(guild) == "Main"


async def test_only_an_upload_that_was_given_up_is_tried_again(services: Services, guild: GuildBuilder) -> None:
    upload_id = await upload(guild, "Main")
    with pytest.raises(Refused, match=f"Upload {upload_id}: waiting to be processed"):
        await api.retry(services, upload_id, guild.guild_id)
    await process_uploads(services, guild.guild_id)
    with pytest.raises(Refused, match="Processed: 1 character, "):
        await api.retry(services, upload_id, guild.guild_id)
    with pytest.raises(NotFound, match="Upload 999 does not exist"):
        await api.retry(services, 999, guild.guild_id)


async def test_what_was_given_up_and_sent_again_waits_once(services: Services, guild: GuildBuilder) -> None:
    upload_id = await upload(guild, "Main")
    await die_in_tries(guild, upload_id, MOST_TRIES)
    await process_uploads(services, guild.guild_id)
    again = await upload(guild, "Main")
    assert again != upload_id
    with pytest.raises(Refused, match="The same export is already waiting"):
        await api.retry(services, upload_id, guild.guild_id)
    await process_uploads(services, guild.guild_id)
    assert [row[0] for row in await upload_rows(guild)] == ["failed", "done"]


async def test_uploads_are_taken_in_by_the_time_of_their_export(services: Services, guild: GuildBuilder) -> None:
    await upload(guild, "today", NOW)
    await upload(guild, "90 days ago", NOW - timedelta(days=90))
    await process_uploads(services, guild.guild_id)
    assert await note_of(guild) == "today"
    assert [row[0] for row in await upload_rows(guild)] == ["done", "done"]


async def test_an_older_export_that_comes_later_is_superseded_and_says_by_which(
    services: Services, guild: GuildBuilder
) -> None:
    newer = await upload(guild, "today", NOW)
    await process_uploads(services, guild.guild_id)
    older = await upload(guild, "90 days ago", NOW - timedelta(days=90))
    await process_uploads(services, guild.guild_id)
    assert await note_of(guild) == "today"
    async with guild.pool.writing(guild.guild_id, alone=False) as here:
        told = await uploads.get(here, older)
    assert told.state == "superseded"
    assert told.sentence == (
        "Superseded: this export is from 2026-08-25 12:00 UTC, and a newer one of 2026-11-23 12:00 UTC already has "
        f"everything in it. Nothing was changed. The newer one is upload {newer}."
    )
    assert await guild.rows("select status from guild_identity.sync_log order by id") == [("done",), ("superseded",)]


async def test_the_same_notes_as_before_the_last_ones_are_taken_in_again(
    services: Services, guild: GuildBuilder
) -> None:
    for note in ("A", "B", "A"):
        await upload(guild, note)
        await process_uploads(services, guild.guild_id)
    assert await note_of(guild) == "A"


async def test_notes_sent_again_while_they_and_others_wait_count_as_the_last(
    services: Services, guild: GuildBuilder
) -> None:
    first, _, again = [await upload(guild, note) for note in ("A", "B", "A")]
    assert again == first
    await process_uploads(services, guild.guild_id)
    assert await note_of(guild) == "A"


async def test_notes_sent_again_while_they_are_taken_in_are_taken_in_once_more(
    services: Services, guild: GuildBuilder
) -> None:
    first = await upload(guild, "A")
    async with guild.pool.writing(guild.guild_id, alone=False) as here:
        under_way = await uploads.next_waiting(here)
    assert under_way is not None
    await upload(guild, "B")
    await upload(guild, "A")
    async with guild.pool.writing(guild.guild_id, alone=False) as here:
        await uploads.finish(here, first, "done", "Taken in.", as_of=under_way.as_of)
    assert [row[0] for row in await upload_rows(guild)] == ["received", "received"]
    await process_uploads(services, guild.guild_id)
    assert await note_of(guild) == "A"


async def test_an_export_of_a_guild_that_was_renamed_while_it_waited_is_refused(
    services: Services, guild: GuildBuilder
) -> None:
    await upload(guild, "Main", guildName="Lantern Watch")
    await guild.execute("update guild_identity.guilds set name = 'Night Watch', name_slug = 'night-watch'")
    await process_uploads(services, guild.guild_id)
    ((sentence,),) = await guild.rows("select sentence from guild_identity.addon_uploads where state = 'refused'")
    assert "“Lantern Watch”" in sentence
    assert "“Night Watch”" in sentence
    assert await note_of(guild) is None


async def test_uploads_are_forgotten_by_age_but_never_while_they_wait(services: Services, guild: GuildBuilder) -> None:
    for note in ("A", "B"):
        await upload(guild, note)
        await process_uploads(services, guild.guild_id)
    given_up = await upload(guild, "C")
    await die_in_tries(guild, given_up, MOST_TRIES)
    await process_uploads(services, guild.guild_id)
    await upload(guild, "D")
    await guild.execute(
        "update guild_identity.addon_uploads set received_at = received_at - interval '1 year', "
        "finished_at = finished_at - interval '1 year'"
    )
    await clean(guild.pool, access_lives(services.settings))
    assert [row[0] for row in await upload_rows(guild)] == ["received"]
