"""How healthy a guild's data is: who counts, who is linked and consistent, what was fixed automatically, how old everything is."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from guild_builder import OFFICER, RAIDER, ROLE_OF_RANK, GuildBuilder
from patt.bootstrap import Services
from patt.config import Settings
from patt.doctor import guild as doctor
from patt.web.monitoring import metrics as metrics_of
from patt.worker.worker import SCHEDULES
from sv_common.db.pool import GuildConnection, Pool
from sv_common.guild_sync import mitigations
from sv_common.guild_sync.insights import health
from sv_common.guild_sync.insights.health import Health, Share, SourceAge
from sv_common.guild_sync.integrity_checker import run_integrity_check
from sv_common.guild_sync.roster import guilds, runs
from sv_common.guild_sync.roster.freshness import FRESHNESS, Source
from sv_common.guild_sync.sources.ports import Sources


async def _health(guild: GuildBuilder) -> Health:
    return await guild.call(health.health)


def _numbers(share: Share) -> tuple[int, int, int, int, int]:
    return share.healthy, share.counted, share.unlinked, share.troubled, share.noted


async def _run(
    guild: GuildBuilder, pipeline: str, status: str = "done", *, ago: str = "1 minute", error: str = ""
) -> int:
    rows = await guild.rows(
        "insert into guild_identity.sync_log (guild_id, pipeline, actor, status, error, started_at, finished_at) "
        "values (%(guild)s, %(pipeline)s, 'test', %(status)s, nullif(%(error)s, ''), "
        "now() - %(ago)s::interval, now() - %(ago)s::interval) returning id",
        {"pipeline": pipeline, "status": status, "ago": ago, "error": error},
    )
    return int(rows[0][0])


async def _source(guild: GuildBuilder, source: Source) -> SourceAge:
    return next(age for age in (await _health(guild)).sources if age.source is source)


async def test_in_an_empty_guild_nobody_counts(guild: GuildBuilder) -> None:
    found = await _health(guild)
    assert (_numbers(found.characters), found.characters.percent) == ((0, 0, 0, 0, 0), None)
    assert (_numbers(found.members), found.members.left_out) == ((0, 0, 0, 0, 0), {})
    assert (found.fixed, found.fixed_automatically) == (0, [])
    assert all(age.is_stale and age.last is None for age in found.sources)


async def test_a_linked_character_without_an_open_issue_is_healthy(guild: GuildBuilder) -> None:
    elrek = await guild.main("Elrek")
    await guild.main("Mito")
    await guild.alt("Grimalt", "Mito", elrek)
    await guild.character("Loner", "hello there friend")
    await run_integrity_check(guild.pool)
    share = (await _health(guild)).characters
    assert _numbers(share) == (2, 4, 1, 1, 0)
    assert share.percent == 50


async def test_an_issue_for_information_does_not_count_against_a_character(guild: GuildBuilder) -> None:
    await guild.link(await guild.character("Sleeper", last_login_days=40), await guild.main("Mito"))
    await run_integrity_check(guild.pool)
    assert _numbers((await _health(guild)).characters) == (2, 2, 0, 0, 1)
    await guild.execute("update guild_identity.audit_issues set severity = 'warning'")
    assert _numbers((await _health(guild)).characters) == (1, 2, 0, 1, 0)


async def test_a_dismissed_issue_does_not_count_against_a_character(guild: GuildBuilder) -> None:
    await guild.main("Mito")
    await guild.alt("Grimalt", "Mito", await guild.main("Elrek"))
    await run_integrity_check(guild.pool)
    assert (await _health(guild)).characters.troubled == 1
    await guild.execute(
        "update guild_identity.audit_issues set dismissed_at = now(), dismissed_by = 'alice', dismissed_reason = 'so'"
    )
    assert (await _health(guild)).characters.troubled == 0


async def test_characters_that_left_or_are_gone_do_not_count(guild: GuildBuilder) -> None:
    await guild.main("Mito")
    await guild.character("Leaver", has_left=True)
    gone = await guild.character("Goner")
    await guild.execute(
        "insert into guild_identity.character_profiles (character_id, guild_id, requested_at, gone_since, gone_confirmed_at) "
        "values (%(gone)s, %(guild)s, now(), now(), now())",
        {"gone": gone},
    )
    share = (await _health(guild)).characters
    assert (_numbers(share), share.left_out) == ((1, 1, 0, 0, 0), {"left": 1, "gone": 1})


async def test_bots_guests_and_members_who_left_do_not_count(guild: GuildBuilder) -> None:
    await guild.main("Mito")
    await guild.member("Zephyr", roles=[ROLE_OF_RANK[RAIDER]])
    await guild.member("Guest")
    await guild.member("Robot", roles=[ROLE_OF_RANK[RAIDER]], is_bot=True)
    await guild.member("Leaver", roles=[ROLE_OF_RANK[RAIDER]], is_present=False)
    await run_integrity_check(guild.pool)
    share = (await _health(guild)).members
    assert (_numbers(share), share.left_out) == ((1, 2, 1, 0, 0), {"bots": 1, "guests": 1, "left": 1})


async def test_a_player_without_a_guild_role_counts_and_so_does_an_issue_about_the_player(guild: GuildBuilder) -> None:
    await guild.main("Promoted", rank=OFFICER, roles=[ROLE_OF_RANK[RAIDER]])
    member = await guild.member("Roleless")
    await guild.player("Roleless", member=member)
    await run_integrity_check(guild.pool)
    assert _numbers((await _health(guild)).members) == (1, 2, 0, 1, 0)


async def test_another_guilds_people_do_not_count(guild: GuildBuilder, pool: Pool) -> None:
    other = await GuildBuilder.create(pool, "Other Watch", "7001")
    await other.main("Mito")
    await other.character("Loner")
    await run_integrity_check(pool)
    assert _numbers((await _health(guild)).characters) == (0, 0, 0, 0, 0)
    assert _numbers((await _health(other)).characters) == (1, 2, 1, 0, 0)


async def test_what_automation_fixed_this_week_is_counted_by_rule(guild: GuildBuilder) -> None:
    elrek = await guild.main("Elrek")
    await guild.main("Mito")
    for name in ("Grimalt", "Oldalt", "Backalt"):
        await guild.alt(name, "Mito", elrek)
    await run_integrity_check(guild.pool)
    await mitigations.run_auto_mitigations(guild.pool, guild_id=guild.guild_id)
    await guild.execute(
        "update guild_identity.fix_attempts set started_at = now() - interval '8 days' where id = (select min(id) "
        "from guild_identity.fix_attempts)"
    )
    ((newest,),) = await guild.rows("select max(id) from guild_identity.fix_attempts")
    await mitigations.undo(guild.pool, newest, actor="officer alice")
    found = await _health(guild)
    assert [(each.issue_type, each.fixed, each.undone) for each in found.fixed_automatically] == [
        ("note_mismatch", 2, 1)
    ]
    assert found.fixed == 2
    assert found.fixed_since == datetime.now(UTC).date() - timedelta(days=6)


@pytest.mark.parametrize("source", [Source.NOTES, Source.ROSTER, Source.MEMBERS])
async def test_a_source_is_stale_when_it_was_missed_several_times(guild: GuildBuilder, source: Source) -> None:
    expected = FRESHNESS[source]
    await _run(guild, expected.pipeline, ago=f"{expected.stale_after.total_seconds() + 60} seconds")
    assert (await _source(guild, source)).is_stale
    await _run(guild, expected.pipeline, ago=f"{expected.stale_after.total_seconds() - 60} seconds")
    assert not (await _source(guild, source)).is_stale


async def test_a_failure_after_the_last_good_run_is_told_until_one_ends_well(guild: GuildBuilder) -> None:
    await _run(guild, "discord_sync", "failed", ago="3 hours", error="Long ago.")
    await _run(guild, "discord_sync", ago="2 hours")
    assert (await _source(guild, Source.MEMBERS)).error is None
    await _run(guild, "discord_sync", "failed", ago="1 hour", error="Discord did not answer.")
    age = await _source(guild, Source.MEMBERS)
    assert (age.error, age.last is not None) == ("Discord did not answer.", True)
    await _run(guild, "discord_sync", "partial")
    assert (await _source(guild, Source.MEMBERS)).error is None


async def test_a_run_that_lies_in_the_future_tells_nothing_of_its_source(guild: GuildBuilder) -> None:
    await _run(guild, "discord_sync", "failed", ago="-1 year", error="The clock was wrong.")
    await _run(guild, "discord_sync", ago="-300 days")
    await _run(guild, "discord_sync", ago="9 hours")
    age = await _source(guild, Source.MEMBERS)
    assert (age.error, age.is_stale) == (None, True)
    standing = (await guild.call(runs.standings))["discord_sync"]
    assert (standing.failures, standing.last_error) == (0, None)


async def test_a_profile_read_by_a_clock_that_was_ahead_does_not_look_new_for_a_year(guild: GuildBuilder) -> None:
    character = await guild.character("Elrek")
    await guild.execute(
        "insert into guild_identity.character_profiles (character_id, guild_id, requested_at, fetched_at) "
        "values (%(character)s, %(guild)s, now() + interval '1 year', now() + interval '1 year')",
        {"character": character},
    )
    assert (await _source(guild, Source.PROFILES)).last is None


async def test_notes_are_as_old_as_the_export_that_they_came_with(guild: GuildBuilder) -> None:
    run = await _run(guild, "addon_upload")
    await guild.execute(
        "with key as (insert into common.upload_keys (guild_id, uploader, key_hash, created_by) "
        "values (%(guild)s, 'Mito', 'h', 'test') returning id) "
        "insert into guild_identity.addon_uploads (guild_id, upload_key_id, content_hash, character_count, exported_at, "
        "state, run_id, finished_at) "
        "select %(guild)s, id, 'c', 1, now() - interval '9 days', 'done', %(run)s, now() from key",
        {"run": run},
    )
    age = await _source(guild, Source.NOTES)
    assert age.is_stale
    assert age.last is not None
    assert datetime.now(UTC) - age.last > timedelta(days=8)


async def _profile(guild: GuildBuilder, character: int, ago: timedelta) -> None:
    await guild.execute(
        "insert into guild_identity.character_profiles (character_id, guild_id, requested_at, fetched_at) "
        "values (%(character)s, %(guild)s, now(), now() - %(ago)s::interval)",
        {"character": character, "ago": ago},
    )


async def test_the_newest_profile_tells_when_profiles_were_read(guild: GuildBuilder) -> None:
    for number, days in enumerate((1, 5)):
        await _profile(guild, await guild.character(f"Char{number}"), timedelta(days=days))
    assert not (await _source(guild, Source.PROFILES)).is_stale
    await guild.execute("update guild_identity.character_profiles set fetched_at = fetched_at - interval '5 days'")
    assert (await _source(guild, Source.PROFILES)).is_stale


@pytest.mark.parametrize("source", FRESHNESS)
@pytest.mark.parametrize("is_stale", [False, True])
async def test_page_doctor_and_metrics_call_the_same_age_stale(
    guild: GuildBuilder, source: Source, is_stale: bool
) -> None:
    old = FRESHNESS[source].stale_after + timedelta(minutes=1 if is_stale else -1)
    if source is Source.PROFILES:
        await _profile(guild, await guild.character("Mito"), old)
    else:
        await _run(guild, FRESHNESS[source].pipeline, ago=f"{old.total_seconds()} seconds")
    async with guild.pool.connection() as conn:
        facts = await doctor.read_facts(conn, await guilds.get(GuildConnection(conn, guild.guild_id)))
    (checked,) = [each for each in doctor.check_data(facts) if each.name == facts.name(doctor.SOURCES[source][0])]
    name = metrics_of.SOURCES[source]
    metrics = (await metrics_of.exposition(Services(Settings.model_construct(), guild.pool, Sources()))).decode()
    (age,) = re.findall(rf'^patt_source_age_seconds{{.*source="{name}"}} (\S+)$', metrics, re.MULTILINE)
    (limit,) = re.findall(rf'^patt_source_stale_after_seconds{{source="{name}"}} (\S+)$', metrics, re.MULTILINE)
    assert (await _source(guild, source)).is_stale is is_stale
    assert checked.ok is not is_stale
    assert (float(age) > float(limit)) is is_stale


def test_each_source_is_expected_as_often_as_the_worker_reads_it() -> None:
    intervals = {each.pipeline: each.interval for each in SCHEDULES}
    for source in (Source.ROSTER, Source.MEMBERS):
        assert FRESHNESS[source].expected_every == intervals[FRESHNESS[source].pipeline]
    assert all(each.stale_after >= 2 * each.expected_every for each in FRESHNESS.values())
