"""A dismissal hides what an officer saw, and nothing else; what hides nothing any more is listed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from guild_builder import OFFICER, RAIDER, ROLE_OF_RANK, SOCIAL, GuildBuilder
from sv_common.db.pool import counting_statements
from sv_common.guild_sync.core.errors import BadInput
from sv_common.guild_sync.insights import findings
from sv_common.guild_sync.integrity_checker import run_integrity_check
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.issues.model import Issue, IssueState
from sv_common.guild_sync.rulebook import settings as rule_store


async def _scan(guild: GuildBuilder) -> None:
    await run_integrity_check(guild.pool, guild_id=guild.guild_id)


async def _issue(guild: GuildBuilder, issue_type: str) -> Issue:
    ((number,),) = await guild.rows(
        "select id from guild_identity.audit_issues where issue_type = %(type)s", {"type": issue_type}
    )
    return await guild.call(lifecycle.get, number)


async def _dismissed(guild: GuildBuilder, issue_type: str, *, until: datetime | None = None) -> Issue:
    """Scan, and dismiss the one issue of a rule."""
    await _scan(guild)
    number = (await _issue(guild, issue_type)).id
    return await guild.call(lifecycle.dismiss, number, actor="officer alice", reason="It is right so.", until=until)


async def _newest_move(guild: GuildBuilder, issue: Issue) -> tuple[str, str | None]:
    event = (await guild.call(lifecycle.events, issue.id))[-1]
    return event.event, event.reason


async def _give_roles(guild: GuildBuilder, *roles: str) -> None:
    await guild.execute("update guild_identity.discord_users set all_guild_roles = %(roles)s", {"roles": sorted(roles)})


async def test_a_dismissal_for_a_missing_role_does_not_hide_a_wrong_one(guild: GuildBuilder) -> None:
    await guild.main("Mito", roles=["900"], rank=SOCIAL)
    issue = await _dismissed(guild, "role_mismatch")
    await _scan(guild)
    assert (await _issue(guild, "role_mismatch")).state is IssueState.DISMISSED
    await _give_roles(guild, ROLE_OF_RANK[OFFICER])
    await _scan(guild)
    now = await _issue(guild, "role_mismatch")
    assert (now.id, now.state, now.dismissed_reason) == (issue.id, IssueState.OPEN, None)
    assert await _newest_move(guild, issue) == (
        "recurred",
        "Dismissed when no role was a wrong role; now Officer is a wrong role.",
    )


async def test_a_dismissed_role_is_open_again_when_another_role_is_right(guild: GuildBuilder) -> None:
    await guild.main("Mito", roles=["900"], rank=SOCIAL)
    issue = await _dismissed(guild, "role_mismatch")
    await guild.execute(
        "update guild_identity.wow_characters set rank_index = 2, "
        "guild_rank_id = (select id from common.guild_ranks where wow_rank_index = 2)"
    )
    await _scan(guild)
    assert await _newest_move(guild, issue) == ("recurred", "Dismissed when Social was right; now Raider is right.")


async def test_a_dismissed_note_is_open_again_when_it_says_something_else(guild: GuildBuilder) -> None:
    await guild.main("Mito")
    elrek = await guild.main("Elrek")
    alt = await guild.alt("Twinky", "Zork", elrek, source="manual")
    issue = await _dismissed(guild, "note_mismatch")
    await guild.set_note(alt, "alt of Mito")
    await _scan(guild)
    assert (await _issue(guild, "note_mismatch")).state is IssueState.OPEN
    assert await _newest_move(guild, issue) == (
        "recurred",
        "Dismissed at “Zork” and when it meant no one here; now the note says “alt of Mito” and it means Mito.",
    )


async def test_names_and_words_that_change_leave_a_dismissal_as_it_is(guild: GuildBuilder) -> None:
    elrek = await guild.main("Elrek")
    await guild.alt("Twinky", "Zork", elrek, source="manual")
    await guild.main("Mito", roles=["900"], rank=RAIDER)
    for rule in ("note_mismatch", "role_mismatch"):
        await _dismissed(guild, rule)
    await guild.execute("update guild_identity.players set display_name = display_name || 'ito'")
    await guild.execute("update common.guild_ranks set discord_role_name = 'The ' || discord_role_name")
    await _scan(guild)
    for rule in ("note_mismatch", "role_mismatch"):
        issue = await _issue(guild, rule)
        assert issue.state is IssueState.DISMISSED
        assert (await _newest_move(guild, issue))[0] == "refreshed"


async def test_whom_a_dismissed_note_means_may_be_called_otherwise_without_opening_it(guild: GuildBuilder) -> None:
    elrek = await guild.main("Elrek")
    await guild.member("Zoe")
    await guild.character("Quillon")
    for name, note in (("Twinky", "Zoe"), ("Grimalt", "Quillon")):
        await guild.alt(name, note, elrek, source="manual")
    await _scan(guild)
    rows = await guild.rows("select id from guild_identity.audit_issues where issue_type = 'note_mismatch'")
    numbers = [row[0] for row in rows]
    assert await guild.call(lifecycle.dismiss_many, numbers, actor="officer alice", reason="It is right so.") == 2
    await guild.execute("update guild_identity.discord_users set display_name = 'Zoe | Raid' where username = 'zoe'")
    await guild.execute("update guild_identity.wow_characters set realm_name = 'Area 52'")
    await _scan(guild)
    known = await guild.call(lifecycle.get_many, numbers)
    assert [issue.state for issue in known] == [IssueState.DISMISSED, IssueState.DISMISSED]


async def test_a_dismissed_orphan_is_open_again_when_it_has_another_note(guild: GuildBuilder) -> None:
    character = await guild.character("Loner")
    issue = await _dismissed(guild, "orphan_wow")
    await guild.set_note(character, "")
    await _scan(guild)
    assert (await _issue(guild, "orphan_wow")).state is IssueState.DISMISSED
    await guild.set_note(character, "Mito")
    await _scan(guild)
    assert await _newest_move(guild, issue) == ("recurred", "Dismissed at “”; now the note says “Mito”.")


async def test_a_dismissed_stranger_is_open_again_when_they_hold_another_role(guild: GuildBuilder) -> None:
    await guild.member("Zephyr", roles=[ROLE_OF_RANK[SOCIAL]])
    issue = await _dismissed(guild, "orphan_discord")
    await _give_roles(guild, ROLE_OF_RANK[OFFICER], ROLE_OF_RANK[SOCIAL])
    await _scan(guild)
    assert await _newest_move(guild, issue) == (
        "recurred",
        "Dismissed with Social; now the member has Officer, Social.",
    )


async def test_a_dismissal_of_a_character_asleep_outlives_the_passing_of_time(guild: GuildBuilder) -> None:
    await guild.character("Sleepy", last_login_days=50)
    await _dismissed(guild, "stale_character")
    await guild.execute(
        "update guild_identity.wow_characters set last_login_timestamp = last_login_timestamp - 86400000"
    )
    await _scan(guild)
    assert (await _issue(guild, "stale_character")).state is IssueState.DISMISSED


async def test_what_comes_back_as_it_was_stays_dismissed_and_as_something_else_is_open(guild: GuildBuilder) -> None:
    character = await guild.character("Loner", "Zork")
    player = await guild.player("Elrek")
    issue = await _dismissed(guild, "orphan_wow")
    await guild.link(character, player)
    await _scan(guild)
    assert (await _issue(guild, "orphan_wow")).state is IssueState.RESOLVED
    for note, state in (("Zork", IssueState.DISMISSED), ("Mito", IssueState.OPEN)):
        await guild.execute("delete from guild_identity.player_characters")
        await guild.set_note(character, note)
        await _scan(guild)
        assert (await _issue(guild, "orphan_wow")).state is state
        await guild.link(character, player)
        await _scan(guild)
    changes = await guild.rows(
        "select sum(open_change) from guild_identity.issue_events where issue_id = %(issue)s", {"issue": issue.id}
    )
    assert changes == [(0,)]
    assert (await _newest_move(guild, issue))[0] == "resolved"


async def test_an_issue_that_is_dismissed_again_rests_on_what_is_seen_now(guild: GuildBuilder) -> None:
    character = await guild.character("Loner", "Zork")
    await _dismissed(guild, "orphan_wow")
    await guild.set_note(character, "Mito")
    await _dismissed(guild, "orphan_wow")
    await _scan(guild)
    assert (await _issue(guild, "orphan_wow")).state is IssueState.DISMISSED
    await guild.set_note(character, "Zork")
    await _scan(guild)
    assert (await _issue(guild, "orphan_wow")).state is IssueState.OPEN


async def test_reopening_many_dismissals_takes_as_many_statements_as_one(guild: GuildBuilder) -> None:
    async def statements() -> int:
        rows = await guild.rows("select id from guild_identity.audit_issues where resolved_at is null")
        await guild.call(lifecycle.dismiss_many, [row[0] for row in rows], actor="officer alice", reason="Right so.")
        await guild.execute("update guild_identity.wow_characters set guild_note = guild_note || 'x'")
        with counting_statements() as counted:
            report = await run_integrity_check(guild.pool, guild_id=guild.guild_id)
        assert report.total("recurred") == len(rows)
        return counted.statements

    await guild.character("Loner", "Zork")
    await _scan(guild)
    alone = await statements()
    for number in range(30):
        await guild.character(f"Loner{chr(97 + number % 26)}{number // 26}", "Zork")
    await _scan(guild)
    assert await statements() == alone


async def test_a_day_that_has_come_ends_no_new_dismissal(guild: GuildBuilder) -> None:
    await guild.character("Loner")
    with pytest.raises(BadInput, match="must be in the future"):
        await _dismissed(guild, "orphan_wow", until=datetime(2020, 1, 1, tzinfo=UTC))


async def test_dismissals_that_hide_nothing_are_told_apart_from_those_that_do(guild: GuildBuilder) -> None:
    gone, hidden, left = [await guild.character(name, "Zork") for name in ("Gone", "Hidden", "Left")]
    asleep = await guild.character("Asleep", last_login_days=90)
    await guild.link(asleep, await guild.player("Elrek"))
    await _scan(guild)
    rows = await guild.rows("select id from guild_identity.audit_issues")
    await guild.call(lifecycle.dismiss_many, [row[0] for row in rows], actor="officer alice", reason="Right so.")
    await guild.link(gone, await guild.player("Robin"))
    await guild.execute(
        "update guild_identity.wow_characters set removed_at = now() where id = %(left)s", {"left": left}
    )
    await guild.call(rule_store.save_settings, "stale_character", actor="alice", is_enabled=False)
    await run_integrity_check(guild.pool, guild_id=guild.guild_id)
    page = await guild.call(findings.dismissals)
    idle = await guild.call(findings.dismissals, only_idle=True)
    told = {each.issue.wow_character_id: each.why_idle for each in page.items}
    assert told == {
        gone: "No longer found.",
        hidden: None,
        left: "The character or member has left.",
        asleep: "The rule is switched off.",
    }
    assert {each.issue.wow_character_id for each in idle.items} == {gone, left, asleep}
    numbers = [each.issue.id for each in idle.items]
    await guild.call(lifecycle.reopen_many, numbers, actor="officer alice", reason="Done with.")
    assert [each.why_idle for each in (await guild.call(findings.dismissals)).items] == [None]


async def test_a_dismissal_whose_day_has_come_under_a_switched_off_rule_hides_nothing(guild: GuildBuilder) -> None:
    await guild.character("Loner", "Zork")
    await _dismissed(guild, "orphan_wow", until=datetime.now(UTC) + timedelta(days=1))
    await guild.execute("update guild_identity.audit_issues set dismissed_until = now() - interval '1 hour'")
    (only,) = (await guild.call(findings.dismissals)).items
    assert only.why_idle == "The date has passed. The next scan reopens it."


async def test_a_reason_that_cannot_be_kept_or_that_nobody_reads_is_refused(guild: GuildBuilder) -> None:
    await guild.character("Loner")
    await _scan(guild)
    number = (await _issue(guild, "orphan_wow")).id
    for reason in ("a\x00b", "a\x1b[31mb", "\udcff", "x" * 501, "  "):
        with pytest.raises(BadInput, match="reason"):
            await guild.call(lifecycle.dismiss, number, actor="officer alice", reason=reason)
    assert (await _issue(guild, "orphan_wow")).state is IssueState.OPEN
