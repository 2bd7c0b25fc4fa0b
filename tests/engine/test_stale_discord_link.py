"""The rule stale_discord_link, on real rows: who has left the server, and who the player is there now."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from guild_builder import ROLE_OF_RANK, SOCIAL, GuildBuilder, person, server
from sv_common.guild_sync.core.errors import SuspiciousSource
from sv_common.guild_sync.discord_sync import sync_discord_members
from sv_common.guild_sync.engine.results import FixOutcome
from sv_common.guild_sync.identity.decisions import AllowMember, LinkMember, RejectMember, UnlinkMember
from sv_common.guild_sync.inbox import commands
from sv_common.guild_sync.insights.inbox.listing import inbox
from sv_common.guild_sync.insights.inbox.model import Entry, Group, Question
from sv_common.guild_sync.insights.inbox.question import question
from sv_common.guild_sync.insights.inbox.somebody import somebody
from sv_common.guild_sync.insights.issue import issue_details
from sv_common.guild_sync.integrity_checker import run_integrity_check
from sv_common.guild_sync.issues.history import Seen
from sv_common.guild_sync.mitigations import fix_all, run_auto_mitigations, undo

RULE = "stale_discord_link"
OTHERS = [person(str(number), f"Member{chr(97 + number)}") for number in range(9)]
MITO = person("50", "Mito")


async def read(guild: GuildBuilder, *members: object, ago: timedelta = timedelta()) -> None:
    """Take in a member list: the others, and these."""
    listed = server(guild, *OTHERS, *members)  # type: ignore[arg-type]
    fetched = datetime.now(UTC) - ago
    await sync_discord_members(guild.pool, listed, guild_id=guild.guild_id, fetched_at=fetched)


@pytest.fixture
async def player(guild: GuildBuilder) -> int:
    """The player Mito with the character Altrek, linked by an officer to a member who was on the server."""
    await read(guild, MITO)
    ((member,),) = await guild.rows("select id from guild_identity.discord_users where discord_id = '50'")
    number = await guild.player("Mito", member=member, is_confirmed=True)
    await guild.link(await guild.character("Altrek"), number, source="officer_fix")
    return number


async def entry_of(guild: GuildBuilder) -> Entry:
    async with guild.pool.reading(guild.guild_id) as here:
        every = [each for group in (await inbox(here)).groups for each in group.entries]
    return next(each for each in every if each.issue_type == RULE)


async def asked(guild: GuildBuilder) -> Question:
    async with guild.pool.reading(guild.guild_id) as here:
        return await question(here, (await entry_of(guild)).key)


async def member_of(guild: GuildBuilder) -> str | None:
    rows = await guild.rows(
        "select d.discord_id from guild_identity.players p "
        "left join guild_identity.discord_users d on d.id = p.discord_user_id"
    )
    return rows[0][0]  # type: ignore[no-any-return]


async def test_who_left_the_server_is_found_and_resolved_when_back(guild: GuildBuilder, player: int) -> None:
    assert await guild.open_issues(RULE) == []
    await read(guild)
    issue = await guild.open_issue(RULE)
    assert (issue.summary, issue.severity) == ("Mito is linked to Mito, who has left the Discord server", "info")
    entry = await entry_of(guild)
    assert (entry.group, entry.question) == (Group.INFORMATION, "Who is Mito on Discord now?")
    await read(guild, MITO)
    assert await guild.open_issues(RULE) == []


async def test_who_left_both_the_server_and_the_guild_is_no_issue(guild: GuildBuilder, player: int) -> None:
    await read(guild)
    await guild.open_issue(RULE)
    await guild.execute("update guild_identity.wow_characters set removed_at = now()")
    assert await guild.open_issues(RULE) == []


async def test_a_list_that_was_refused_says_nothing_of_anyone(guild: GuildBuilder, player: int) -> None:
    with pytest.raises(SuspiciousSource):
        await sync_discord_members(guild.pool, server(guild, *OTHERS[:3]), guild_id=guild.guild_id)
    assert await guild.open_issues(RULE) == []


async def test_a_list_that_comes_late_says_nothing_new(guild: GuildBuilder, player: int) -> None:
    await read(guild, ago=timedelta(hours=1))
    assert await guild.open_issues(RULE) == []


async def test_an_old_list_opens_nothing_and_closes_nothing(guild: GuildBuilder, player: int) -> None:
    await read(guild)
    await guild.execute("update guild_identity.guilds set members_as_of = now() - interval '3 hours'")
    report = await run_integrity_check(guild.pool, issue_types=[RULE])
    (error,) = report.errors
    assert error == (
        "stale_discord_link: Discord’s member list is 3 hours old, so it does not show who is on the server now. "
        "Nothing was concluded from it. Sync Discord first."
    )
    assert await guild.rows("select id from guild_identity.audit_issues") == []
    await read(guild)
    issue = await guild.open_issue(RULE)
    await guild.execute("update guild_identity.guilds set members_as_of = now() - interval '3 hours'")
    await guild.scan()
    assert [each.id for each in await guild.open_issues(RULE)] == [issue.id]
    assert (await issue_details(guild.pool, issue.id)).is_found is None


async def test_an_old_list_is_no_trouble_where_no_one_is_missing_from_it(guild: GuildBuilder, player: int) -> None:
    await guild.execute("update guild_identity.guilds set members_as_of = now() - interval '3 days'")
    assert (await run_integrity_check(guild.pool, issue_types=[RULE])).errors == []


async def test_a_new_member_of_the_same_name_is_a_candidate_and_one_answer_moves_the_link(
    guild: GuildBuilder, player: int
) -> None:
    newer = person("51", "Mito", ROLE_OF_RANK[SOCIAL])
    await read(guild, newer)
    await guild.scan()
    assert await member_of(guild) == "50"
    assert (await entry_of(guild)).group is Group.SUGGESTED
    found = await asked(guild)
    (answer,) = found.answers
    assert (answer.label, answer.number) == ("Mito", 1)
    assert isinstance(answer.decision, LinkMember)
    assert answer.speaks_for == ("Mito had this name on Discord.",)
    assert answer.speaks_against == ("Only the name matches.",)
    wanted = replace(answer.decision, plan_key=answer.plan_key)
    done = await commands.answer(guild.pool, found.key, wanted, actor="officer alice", seen=Seen.read(found.seen))
    assert await member_of(guild) == "51"
    assert done.closed == [found.key]
    assert await guild.open_issues("orphan_discord") == []
    ((attempt, steps),) = await guild.rows("select id, plan from guild_identity.fix_attempts")
    assert steps[0]["sentence"] == "Link Mito to the Discord member Mito instead of Mito."
    await undo(guild.pool, attempt, actor="officer bob")
    assert await member_of(guild) == "50"


async def test_a_candidate_who_was_ruled_out_can_be_allowed_again(guild: GuildBuilder, player: int) -> None:
    await read(guild, person("51", "Mito"))
    await guild.scan()
    found = await asked(guild)
    reject = found.answers[0].reject
    assert isinstance(reject, RejectMember)
    await guild.decide(reject)
    (answer,) = (await asked(guild)).answers
    assert (answer.is_rejected, answer.decision) == (True, None)
    assert isinstance(answer.allow, AllowMember)
    await guild.decide(answer.allow)
    assert (await asked(guild)).answers[0].number == 1


async def test_an_officer_can_unlink_who_left(guild: GuildBuilder, player: int) -> None:
    await read(guild)
    await guild.scan()
    found = await asked(guild)
    assert found.unlink is not None
    assert isinstance(found.unlink.decision, UnlinkMember)
    wanted = replace(found.unlink.decision, plan_key=found.unlink.plan_key)
    done = await commands.answer(guild.pool, found.key, wanted, actor="officer alice", seen=Seen.read(found.seen))
    assert (done.closed, await member_of(guild)) == ([found.key], None)


async def test_any_member_without_a_player_can_be_found_by_name(guild: GuildBuilder, player: int) -> None:
    await read(guild, person("51", "Zephyr"))
    await guild.scan()
    async with guild.pool.reading(guild.guild_id) as here:
        (hit,) = await somebody(here, (await entry_of(guild)).key, "Zephyr")
    await guild.decide(hit.decision)
    assert await member_of(guild) == "51"


async def test_a_member_who_is_on_the_server_gives_way_to_no_other(guild: GuildBuilder, player: int) -> None:
    await read(guild, MITO, person("51", "Zephyr"))
    ((other,),) = await guild.rows("select id from guild_identity.discord_users where discord_id = '51'")
    with pytest.raises(Exception, match="Unlink that member first"):
        await guild.decide(LinkMember(player=f"#{player}", member=f"#{other}"))


async def test_nothing_moves_the_link_but_an_officers_answer(guild: GuildBuilder, player: int) -> None:
    await read(guild, person("51", "Mito", ROLE_OF_RANK[SOCIAL]))
    for _ in range(2):
        await guild.scan()
        await run_auto_mitigations(guild.pool)
    report = await fix_all(guild.pool, RULE, actor="alice", guild_id=guild.guild_id)
    assert [result.outcome for result in report.results] == [FixOutcome.REFUSED]
    assert await member_of(guild) == "50"


async def test_no_message_is_written_to_somebody_who_left(guild: GuildBuilder, player: int) -> None:
    await read(guild)
    await guild.scan()
    assert (await asked(guild)).message.startswith("Who in Lantern Watch plays Altrek-area-52")
