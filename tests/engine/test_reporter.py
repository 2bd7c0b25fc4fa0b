"""The digest: told once, grown by rewriting, and never lost; by the real client, to a simulated Discord."""

from __future__ import annotations

import asyncio

import pytest

from engine.desk import Desk, DyingAnnouncer, desk, served
from guild_builder import GuildBuilder
from planned import guilds_with_news
from sv_common.guild_sync import mitigations
from sv_common.guild_sync.core.errors import SourceError, SourceUnavailable
from sv_common.guild_sync.engine.results import FixReport
from sv_common.guild_sync.integrity_checker import run_integrity_check
from sv_common.guild_sync.issues.reports import CheckReport, Reconciliation, RuleCheck
from sv_common.guild_sync.reporter import preview_digest, send_digest, send_sync_summary
from sv_common.guild_sync.roster import guilds
from sv_common.guild_sync.simulators.model import WorldChannel

__all__ = ["desk", "served"]


async def test_without_news_nothing_is_told(desk: Desk) -> None:
    await desk.guild.main("Mito")
    await desk.guild.scan()
    assert await desk.tell() == 0
    assert desk.messages == []


async def test_one_new_issue_is_told_once(desk: Desk) -> None:
    await desk.newcomer("Zephyrine")
    assert await desk.tell() == 1
    assert await desk.tell() == 0
    assert len(desk.messages) == 1
    ((heading, lines),) = desk.fields().items()
    assert heading == "Unlinked WoW Character: 1 new"
    assert "Zephyrine" in lines
    assert await desk.guild.rows("select 1 from guild_identity.audit_issues where notified_at is null") == []


async def test_news_of_the_same_day_grow_the_same_message(desk: Desk) -> None:
    first = await desk.newcomer("Zephyrine")
    await desk.tell()
    await desk.guild.character("Quillon")
    await desk.guild.execute(
        "update guild_identity.wow_characters set removed_at = now() where id = %(id)s", {"id": first}
    )
    await desk.guild.scan()
    assert await desk.tell() == 1
    assert len(desk.messages) == 1
    ((heading, lines),) = desk.fields().items()
    assert heading == "Unlinked WoW Character: 1 new, 1 resolved"
    assert [line.split(": ")[0] for line in lines.split("\n")] == ["• new", "• resolved"]
    assert desk.simulator.calls["rewrite"] == 1


async def test_what_automation_mends_is_told_as_fixed_automatically(desk: Desk) -> None:
    mito, zork = await desk.guild.main("Mito"), await desk.guild.main("Zork")
    await desk.guild.alt("Ayla", "Zork", mito)
    assert zork
    await desk.guild.scan()
    await mitigations.run_auto_mitigations(desk.guild.pool, guild_id=desk.guild.guild_id)
    await desk.tell()
    assert list(desk.fields()) == ["Guild Note Mismatch: 1 fixed automatically"]


async def test_what_was_dismissed_before_it_was_told_is_not_told(desk: Desk) -> None:
    await desk.newcomer("Zephyrine")
    await desk.guild.execute(
        "with moved as (update guild_identity.audit_issues set dismissed_at = now(), dismissed_by = 'alice', "
        "dismissed_reason = 'a bank' returning id, guild_id, issue_type) "
        "insert into guild_identity.issue_events (guild_id, issue_id, issue_type, event, open_change, actor) "
        "select guild_id, id, issue_type, 'dismissed', -1, 'alice' from moved"
    )
    assert await desk.tell() == 0
    assert desk.messages == []
    await desk.newcomer("Quillon")
    assert await desk.tell() == 1
    assert "Zephyrine" not in desk.fields()["Unlinked WoW Character: 1 new"]


async def test_the_next_day_begins_another_message_of_its_own_news(desk: Desk) -> None:
    await desk.newcomer("Zephyrine")
    await desk.tell()
    await desk.tomorrow()
    await desk.newcomer("Quillon")
    await desk.tell()
    assert len(desk.messages) == 2
    assert "Quillon" in desk.fields(1)["Unlinked WoW Character: 1 new"]
    assert "Quillon" not in str(desk.fields(0))


async def test_hundreds_of_issues_are_one_message_within_discords_limits(desk: Desk) -> None:
    await desk.guild.execute(
        "insert into guild_identity.wow_characters (guild_id, character_name, name_key, realm_slug, realm_key, level, "
        "rank_index, guild_note, last_login_timestamp) select %(guild)s, 'Zork' || n, 'zork' || n, 'area-52', 'area52', "
        "80, 3, repeat('@everyone *🔥* ', 20), (extract(epoch from now()) * 1000)::bigint from generate_series(1, 300) n"
    )
    await desk.guild.scan()
    assert await desk.tell() == 1
    fields = desk.fields()
    assert list(fields) == ["Unlinked WoW Character: 300 new"]
    *lines, rest = fields["Unlinked WoW Character: 300 new"].split("\n")
    assert rest == f"… and {300 - len(lines)} more"
    assert lines
    assert await desk.guild.rows("select 1 from guild_identity.audit_issues where notified_at is null") == []


async def test_names_and_notes_alarm_nobody_and_format_nothing(desk: Desk) -> None:
    await desk.newcomer("@everyone **Zork** <@1>")
    await desk.tell()
    assert r"\@everyone \*\*Zork\*\* \<\@1\>" in desk.fields()["Unlinked WoW Character: 1 new"]
    assert desk.messages[0].payload["allowed_mentions"] == {"parse": []}


async def test_a_post_whose_answer_is_lost_is_made_once_and_then_grows(desk: Desk) -> None:
    await desk.newcomer("Zephyrine")
    desk.simulator.faults.cut("message", times=None)
    with pytest.raises(SourceUnavailable):
        await desk.tell()
    desk.simulator.faults.clear()
    await desk.newcomer("Quillon")
    assert await desk.tell_again_now() == 2
    assert len(desk.messages) == 1
    assert list(desk.fields()) == ["Unlinked WoW Character: 2 new"]


async def test_a_worker_that_dies_between_discord_and_the_database_tells_nothing_twice(desk: Desk) -> None:
    await desk.newcomer("Zephyrine")
    with pytest.raises(asyncio.CancelledError):
        await send_digest(desk.guild.pool, DyingAnnouncer(desk.discord), guild_id=desk.guild.guild_id)
    assert len(desk.messages) == 1
    await desk.tell()
    await desk.tell()
    assert len(desk.messages) == 1


async def test_while_discord_is_away_news_are_kept_and_told_later(desk: Desk) -> None:
    await desk.newcomer("Zephyrine")
    desk.simulator.faults.status("message", 503, times=None)
    with pytest.raises(SourceUnavailable):
        await desk.tell()
    assert await desk.tell() == 0  # the next try waits
    desk.simulator.faults.clear()
    assert await desk.tell_again_now() == 1
    assert list(desk.fields()) == ["Unlinked WoW Character: 1 new"]


async def test_a_refused_digest_grows_until_it_is_accepted(desk: Desk) -> None:
    await desk.newcomer("Zephyrine")
    desk.simulator.faults.json("message", {"code": 50013, "message": "Missing Permissions"}, 403)
    with pytest.raises(SourceError, match="lacks a permission"):
        await desk.tell()
    await desk.newcomer("Quillon")
    await desk.tell()
    assert await desk.tell_again_now() == 1
    assert list(desk.fields()) == ["Unlinked WoW Character: 2 new"]


async def test_after_its_message_was_deleted_only_what_came_since_is_told_anew(desk: Desk) -> None:
    await desk.newcomer("Zephyrine")
    await desk.tell()
    desk.messages.clear()
    await desk.newcomer("Quillon")
    await desk.tell()
    assert len(desk.messages) == 1
    assert "Quillon" in desk.fields()["Unlinked WoW Character: 1 new"]


async def test_in_another_channel_news_begin_another_message(desk: Desk) -> None:
    await desk.newcomer("Zephyrine")
    await desk.tell()
    desk.simulator.world.channels.append(WorldChannel("4242", "new-officers", 9))
    await desk.guild.execute("update guild_identity.guilds set audit_channel_id = '4242'")
    await desk.newcomer("Quillon")
    await desk.tell()
    assert [message.channel_id for message in desk.messages][1:] == ["4242"]
    assert "Quillon" in desk.fields()["Unlinked WoW Character: 1 new"]


async def test_an_issue_that_opened_again_after_the_telling_is_not_marked_as_told(desk: Desk) -> None:
    character = await desk.newcomer("Zephyrine")
    await desk.tell()
    for removed in ("now()", None):
        async with desk.guild.pool.connection() as conn:
            await conn.execute(
                "update guild_identity.wow_characters set removed_at = %s::timestamptz where id = %s",
                [removed, character],
            )
        await desk.guild.scan()
    assert await desk.guild.rows("select notified_at from guild_identity.audit_issues") == [(None,)]
    await desk.tell()
    assert list(desk.fields()) == ["Unlinked WoW Character: 1 back again"]
    assert await desk.guild.rows("select 1 from guild_identity.audit_issues where notified_at is null") == []


async def test_a_guild_without_a_channel_is_told_nothing(desk: Desk) -> None:
    await desk.guild.execute("update guild_identity.guilds set audit_channel_id = null")
    await desk.newcomer("Zephyrine")
    assert await desk.tell() == 0
    assert desk.simulator.calls.total() == 0


async def test_a_preview_says_what_would_be_told_and_tells_nothing(desk: Desk) -> None:
    guild_id = desk.guild.guild_id
    assert await preview_digest(desk.guild.pool, guild_id=guild_id) is None
    await desk.newcomer("Zephyrine")
    preview = await preview_digest(desk.guild.pool, guild_id=guild_id)
    assert preview is not None
    assert [each.heading for each in preview.sections] == ["Unlinked WoW Character: 1 new"]
    assert desk.messages == []


async def test_news_of_another_guild_are_not_told_here(desk: Desk) -> None:
    other = await GuildBuilder.create(desk.guild.pool, "Ember Court", "7001")
    await other.character("Quillon")
    await run_integrity_check(other.pool, guild_id=other.guild_id)
    assert await desk.tell() == 0


async def test_guilds_with_settled_news_or_something_unsent_are_to_be_told(desk: Desk) -> None:
    async def to_tell() -> list[int]:
        return await guilds_with_news(desk.guild.pool)

    await desk.newcomer("Zephyrine")
    assert await to_tell() == []
    await desk.guild.execute("update guild_identity.issue_events set at = at - interval '6 minutes'")
    assert await to_tell() == [desk.guild.guild_id]
    desk.simulator.faults.status("message", 503, times=None)
    with pytest.raises(SourceUnavailable):
        await desk.tell()
    assert await to_tell() == []
    await desk.guild.execute("update guild_identity.announcements set next_try_at = now()")
    assert await to_tell() == [desk.guild.guild_id]


async def test_a_summary_that_could_not_be_posted_is_posted_with_the_next_news(desk: Desk) -> None:
    guild = await desk.guild.call(guilds.get)
    check = CheckReport([RuleCheck(guild.id, "orphan_wow", Reconciliation(found=2, opened=2), 1)])
    desk.simulator.faults.status("message", 503, times=None)
    with pytest.raises(SourceUnavailable):
        await send_sync_summary(
            desk.guild.pool, desk.discord, guild, "Lantern Watch: sync", check, FixReport(), run_id=5
        )
    desk.simulator.faults.clear()
    assert await desk.tell_again_now() == 1
    (embed,) = desk.embeds(0)
    assert embed["description"] == "**Unlinked WoW Character**: 2 new"
    assert await desk.tell_again_now() == 0


async def test_a_summary_that_is_a_day_old_is_no_news(desk: Desk) -> None:
    guild = await desk.guild.call(guilds.get)
    check = CheckReport([RuleCheck(guild.id, "orphan_wow", Reconciliation(opened=2), 1)])
    desk.simulator.faults.status("message", 503, times=None)
    with pytest.raises(SourceUnavailable):
        await send_sync_summary(desk.guild.pool, desk.discord, guild, "sync", check, FixReport(), run_id=5)
    desk.simulator.faults.clear()
    await desk.tomorrow()
    assert await desk.tell_again_now() == 0
    assert desk.messages == []
