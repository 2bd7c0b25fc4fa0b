"""Two players who are one person become one: refused where it contradicts something, and taken back to the last column."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest

from guild_builder import OFFICER, RAIDER, ROLE_OF_RANK, GuildBuilder
from laws import snapshot
from laws.snapshot import Snapshot, differences
from sv_common.db.pool import counting_statements
from sv_common.guild_sync.by_hand import (
    AliasMeansNobody,
    BelongsToNobody,
    HandDecision,
    HandReport,
    MayBeThisPlayer,
    NotThisMember,
    NotThisPlayer,
    OnePerson,
    decide_by_hand,
    preview_by_hand,
)
from sv_common.guild_sync.domain.errors import NotFound, PattError, PlanStale, Refused
from sv_common.guild_sync.identity_engine import run_matching
from sv_common.guild_sync.integrity_checker import run_integrity_check
from sv_common.guild_sync.mitigations import fix_all, run_auto_mitigations, undo
from sv_common.guild_sync.rules import RULES


@dataclass(frozen=True)
class Two:
    """Mito, and Zed, who was made of a note and is Mito too. `numbers` are rows by name."""

    guild: GuildBuilder
    mito: int
    zed: int
    numbers: dict[str, int]


@pytest.fixture
async def two(guild: GuildBuilder) -> Two:
    """Mito has a main and nothing else. Zed has two characters, both pointers, a Discord member, an alias, a rejection."""
    mito = await guild.player("Mito")
    await guild.link(await guild.character("Mito", rank=RAIDER), mito, as_main=True)
    member = await guild.member("Zephyr", roles=[ROLE_OF_RANK[RAIDER]])
    zed = await guild.player("Zed", member=member)
    numbers = {"member": member}
    for name, source in (("Grimalt", "full_match"), ("Stormalt", "officer_fix")):
        numbers[name] = await guild.alt(name, "alt of Zed", zed, source=source)
    await guild.execute(
        "update guild_identity.players set main_character_id = %(main)s, offspec_character_id = %(offspec)s "
        "where id = %(zed)s",
        {"main": numbers["Grimalt"], "offspec": numbers["Stormalt"], "zed": zed},
    )
    await guild.alias(zed, "Robin")
    numbers["Loner"] = await guild.character("Loner")
    await _decide(guild, NotThisPlayer("Loner", "Zed", "another Zed"))
    return Two(guild, mito, zed, numbers)


async def _decide(guild: GuildBuilder, decision: HandDecision, actor: str = "officer alice") -> HandReport:
    return await decide_by_hand(guild.pool, decision, actor=actor, guild_id=guild.guild_id)


async def _undo(guild: GuildBuilder, report: HandReport) -> None:
    assert report.attempt_id is not None
    await undo(guild.pool, report.attempt_id, actor="officer bob")


async def _people(guild: GuildBuilder) -> Snapshot:
    return await snapshot.take(guild.pool, tables=snapshot.PEOPLE_TABLES)


async def _player(guild: GuildBuilder, number: int) -> tuple[str, int | None, int | None, int | None] | None:
    rows = await guild.rows(
        "select display_name, discord_user_id, main_character_id, offspec_character_id "
        "from guild_identity.players where id = %(number)s",
        {"number": number},
    )
    return (rows[0][0], rows[0][1], rows[0][2], rows[0][3]) if rows else None


async def test_all_that_is_the_others_becomes_the_ones_that_stays(two: Two) -> None:
    guild = two.guild
    main = await guild.rows("select id from guild_identity.wow_characters where character_name = 'Mito'")
    await _decide(guild, OnePerson("Mito", "Zed"))
    assert await _player(guild, two.zed) is None
    assert await _player(guild, two.mito) == ("Mito", two.numbers["member"], main[0][0], two.numbers["Stormalt"])
    links = await guild.rows(
        "select player_id, link_source from guild_identity.player_characters order by character_id"
    )
    assert links == [(two.mito, "full_match"), (two.mito, "manual"), (two.mito, "manual")]
    aliases = "select player_id, alias, created_by from guild_identity.player_note_aliases order by id"
    assert await guild.rows(aliases) == [(two.mito, "Robin", "test"), (two.mito, "Zed", "officer alice")]
    rejections = "select character_id, player_id, reason, rejected_by from guild_identity.link_rejections"
    assert await guild.rows(rejections) == [(two.numbers["Loner"], two.mito, "another Zed", "officer alice")]


async def test_a_player_without_a_main_takes_the_others(guild: GuildBuilder) -> None:
    await guild.player("Mito")
    zed = await guild.main("Zed")
    main = (await guild.rows("select main_character_id from guild_identity.players where id = %(zed)s", {"zed": zed}))[
        0
    ]
    await _decide(guild, OnePerson("Mito", "Zed"))
    assert await guild.rows("select main_character_id from guild_identity.players") == [main]


async def test_an_empty_player_is_merged_and_the_merge_is_among_what_was_done_to_the_one_that_stays(
    guild: GuildBuilder,
) -> None:
    mito = await guild.main("Mito")
    empty = await guild.player("mito")
    report = await _decide(guild, OnePerson(str(mito), "Mito"))
    assert await _player(guild, empty) is None
    assert [step.describe() for step in report.plan.steps] == [
        f"Delete the player mito (number {empty}), who is Mito (number {mito})."
    ]


async def test_the_preview_says_each_thing_that_changes_and_changes_nothing(two: Two) -> None:
    before = await _people(two.guild)
    report = await preview_by_hand(two.guild.pool, OnePerson("Mito", "Zed"))
    assert [(effect.what, effect.before, effect.after) for effect in report.effects] == [
        ("Player of Grimalt-area-52", "Zed, by evidence", "Mito, as an officer decided"),
        ("Player of Stormalt-area-52", "Zed, as an officer decided", "Mito, as an officer decided"),
        ("Off-spec of Mito", "none", "Stormalt-area-52"),
        ("Discord member of Mito", "none", "Zephyr"),
        ("“Robin” in a note", "means Zed", "means Mito"),
        ("“Zed” in a note", "is a word like any other", "means Mito"),
        ("Whether Loner-area-52 may be Mito’s", "by evidence", "never: an officer said so of Zed"),
        ("The player Zed", "a player by itself", "deleted"),
    ]
    assert differences(before, await _people(two.guild)) == {}


async def test_the_undo_puts_back_every_row_exactly(two: Two) -> None:
    before = await _people(two.guild)
    report = await _decide(two.guild, OnePerson("Mito", "Zed"))
    assert differences(before, await _people(two.guild)) != {}
    await _undo(two.guild, report)
    assert differences(before, await _people(two.guild)) == {}


async def test_the_undo_of_a_merge_the_other_way_round_is_exact_too(two: Two) -> None:
    before = await _people(two.guild)
    await _undo(two.guild, await _decide(two.guild, OnePerson("Zed", "Mito")))
    assert differences(before, await _people(two.guild)) == {}


async def test_what_officers_said_of_both_is_kept_once_and_comes_back_twice(two: Two) -> None:
    await _decide(two.guild, NotThisPlayer("Loner", "Mito", "nor this one"))
    before = await _people(two.guild)
    report = await _decide(two.guild, OnePerson("Mito", "Zed"))
    rejections = "select player_id, reason from guild_identity.link_rejections"
    assert await two.guild.rows(rejections) == [(two.mito, "nor this one")]
    await _undo(two.guild, report)
    assert differences(before, await _people(two.guild)) == {}


async def test_what_was_said_of_a_character_that_has_left_moves_too(two: Two) -> None:
    await two.guild.execute(
        "update guild_identity.wow_characters set removed_at = now() where id = %(loner)s",
        {"loner": two.numbers["Loner"]},
    )
    await _decide(two.guild, OnePerson("Mito", "Zed"))
    assert await two.guild.rows("select player_id from guild_identity.link_rejections") == [(two.mito,)]


async def test_a_character_that_has_left_comes_along(two: Two) -> None:
    await two.guild.execute(
        "update guild_identity.wow_characters set removed_at = now() where id = %(alt)s",
        {"alt": two.numbers["Grimalt"]},
    )
    await _decide(two.guild, OnePerson("Mito", "Zed"))
    assert await two.guild.player_of(two.numbers["Grimalt"]) == two.mito


@pytest.mark.parametrize("name", ["MITO", "Loner", "Zephyr", "Bank", "x" * 61, "a\u202eb"])
async def test_a_name_that_somebody_has_anyway_or_that_can_be_no_alias_is_not_remembered(
    guild: GuildBuilder, name: str
) -> None:
    mito = await guild.main("Mito")
    await guild.character("Loner")
    await guild.member("Zephyr")
    other = await guild.player(name)
    await _decide(guild, OnePerson(str(mito), str(other)))
    assert await guild.rows("select alias from guild_identity.player_note_aliases") == []


async def _both_on_discord(two: Two) -> None:
    await two.guild.execute(
        "update guild_identity.players set discord_user_id = %(member)s where id = %(mito)s",
        {"member": await two.guild.member("Mitochondria"), "mito": two.mito},
    )


async def _others_character_rejected(two: Two) -> None:
    await _decide(two.guild, NotThisPlayer("Grimalt", "Mito", ""))


async def _own_character_rejected(two: Two) -> None:
    await _decide(two.guild, NotThisPlayer("Mito", "Zed", ""))


async def _two_called_zed(two: Two) -> None:
    await two.guild.player("zed")


async def _nothing(two: Two) -> None:
    pass


REFUSALS: list[tuple[Callable[[Two], Awaitable[None]], OnePerson, type[PattError], str]] = [
    (_nothing, OnePerson("Mito", "Mito"), Refused, "Mito cannot be merged with itself. Choose another player."),
    (
        _both_on_discord,
        OnePerson("Mito", "Zed"),
        Refused,
        "Mito is Mitochondria on Discord and Zed is Zephyr, so they are two people. If they are one, unlink one of the two",
    ),
    (
        _others_character_rejected,
        OnePerson("Mito", "Zed"),
        Refused,
        "An officer has said that Grimalt-area-52, a character of Zed, does not belong to Mito. Take that back first",
    ),
    (
        _own_character_rejected,
        OnePerson("Mito", "Zed"),
        Refused,
        "An officer has said that Mito-area-52, a character of Mito, does not belong to Zed. Take that back first",
    ),
    (_nothing, OnePerson("Mito", "Nobodyhere"), NotFound, "No player is called “Nobodyhere”"),
    (_nothing, OnePerson("Nobodyhere", "Zed"), NotFound, "No player is called “Nobodyhere”"),
    (_nothing, OnePerson("Mito", "999999"), NotFound, "of a player of this guild"),
    (_two_called_zed, OnePerson("Mito", "Zed"), Refused, "Give the number"),
]


@pytest.mark.parametrize(("first", "decision", "error", "says"), REFUSALS)
async def test_a_merge_that_contradicts_something_is_refused_with_the_remedy_and_changes_nothing(
    two: Two,
    first: Callable[[Two], Awaitable[None]],
    decision: OnePerson,
    error: type[PattError],
    says: str,
) -> None:
    await first(two)
    before, attempts = await _people(two.guild), await two.guild.rows("select id from guild_identity.fix_attempts")
    with pytest.raises(error) as refused:
        await _decide(two.guild, decision)
    assert says in str(refused.value)
    with pytest.raises(error):
        await preview_by_hand(two.guild.pool, decision, guild_id=two.guild.guild_id)
    assert differences(before, await _people(two.guild)) == {}
    assert await two.guild.rows("select id from guild_identity.fix_attempts") == attempts


async def test_a_player_of_another_guild_is_nobody_to_merge_with(two: Two) -> None:
    elsewhere = await GuildBuilder.create(two.guild.pool, "Other Watch", "7001")
    theirs = await elsewhere.main("Mito")
    before = await _people(two.guild)
    with pytest.raises(NotFound, match="of a player of this guild"):
        await _decide(two.guild, OnePerson("Zed", str(theirs)))
    assert differences(before, await _people(two.guild)) == {}


async def test_each_remedy_that_a_refusal_names_lets_the_merge_go_on(two: Two) -> None:
    await _both_on_discord(two)
    await _others_character_rejected(two)
    await _decide(two.guild, NotThisMember("Mito"))
    await _decide(two.guild, MayBeThisPlayer("Grimalt", "Mito"))
    await _decide(two.guild, OnePerson("Mito", "Zed"))
    assert await two.guild.player_of(two.numbers["Grimalt"]) == two.mito


async def test_what_was_taken_back_against_a_link_is_not_said_again_when_the_link_is_there(two: Two) -> None:
    await _others_character_rejected(two)
    report = await _decide(two.guild, MayBeThisPlayer("Grimalt", "Mito"))
    await _decide(two.guild, OnePerson("Mito", "Zed"))
    with pytest.raises(PlanStale, match="was linked to a player since"):
        await _undo(two.guild, report)


async def test_a_member_that_was_taken_from_a_player_comes_back_by_undo(two: Two) -> None:
    before = await _people(two.guild)
    report = await _decide(two.guild, NotThisMember("Zed"))
    assert (await _player(two.guild, two.zed) or ("", 0))[1] is None
    with pytest.raises(Refused, match="nothing to unlink"):
        await _decide(two.guild, NotThisMember("Zed"))
    await _undo(two.guild, report)
    assert differences(before, await _people(two.guild)) == {}


CHANGES_SINCE: list[HandDecision] = [
    BelongsToNobody("Grimalt"),
    AliasMeansNobody("Robin"),
    AliasMeansNobody("Zed"),
    MayBeThisPlayer("Loner", "Mito"),
    NotThisMember("Mito"),
]


@pytest.mark.parametrize("since", CHANGES_SINCE, ids=lambda since: type(since).__name__)
async def test_a_merge_is_not_undone_when_somebody_has_changed_a_part_of_it_since(
    two: Two, since: HandDecision
) -> None:
    report = await _decide(two.guild, OnePerson("Mito", "Zed"))
    await _decide(two.guild, since, "officer bob")
    before = await _people(two.guild)
    with pytest.raises(PlanStale, match="can no longer be undone"):
        await _undo(two.guild, report)
    assert differences(before, await _people(two.guild)) == {}


async def test_what_the_player_got_after_the_merge_stays_with_it_when_the_merge_is_undone(two: Two) -> None:
    report = await _decide(two.guild, OnePerson("Mito", "Zed"))
    newcomer = await two.guild.alt("Newcomer", None, two.mito)
    await _undo(two.guild, report)
    assert await two.guild.player_of(newcomer) == two.mito


async def test_another_plan_than_the_one_that_was_seen_is_not_carried_out(two: Two) -> None:
    seen = (await preview_by_hand(two.guild.pool, OnePerson("Mito", "Zed"))).plan.key
    await two.guild.alt("Latecomer", None, two.zed)
    before = await _people(two.guild)
    with pytest.raises(PlanStale, match="changed since the preview"):
        await decide_by_hand(two.guild.pool, OnePerson("Mito", "Zed"), actor="officer alice", seen=seen)
    assert differences(before, await _people(two.guild)) == {}


@pytest.mark.parametrize("second", [OnePerson("Mito", "Zed"), OnePerson("Zed", "Mito")])
async def test_of_two_officers_who_merge_at_once_one_does_it(two: Two, second: OnePerson) -> None:
    outcomes = await asyncio.gather(
        _decide(two.guild, OnePerson("Mito", "Zed")), _decide(two.guild, second, "officer bob"), return_exceptions=True
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["HandReport", "NotFound"]
    assert len(await two.guild.rows("select 1 from guild_identity.players")) == 1
    assert len(await two.guild.rows("select 1 from guild_identity.player_characters")) == 3


async def test_automation_leaves_what_was_merged_together(two: Two) -> None:
    guild = two.guild
    newcomer = await guild.character("Newcomer", "Zed's alt")
    by_evidence = await guild.alt("Faithful", "Zed", two.mito)
    await _decide(guild, OnePerson("Mito", "Zed"))
    before = await guild.rows("select character_id, player_id from guild_identity.player_characters order by 1")
    await run_integrity_check(guild.pool)
    await run_auto_mitigations(guild.pool)
    assert await guild.rows("select character_id, player_id from guild_identity.player_characters order by 1") == before
    for issue_type in RULES:
        await fix_all(guild.pool, issue_type, actor="officer alice", guild_id=guild.guild_id)
    await run_matching(guild.pool, actor="officer alice")
    assert await guild.player_of(newcomer) == two.mito
    assert await guild.player_of(by_evidence) == two.mito
    assert [row[0] for row in await guild.rows("select id from guild_identity.players")] == [two.mito]


async def test_an_issue_about_the_player_that_is_gone_is_resolved_and_is_about_it_again_after_the_undo(
    two: Two,
) -> None:
    guild = two.guild
    await guild.execute("update guild_identity.discord_users set all_guild_roles = '{101}'")
    await guild.execute(
        "update guild_identity.players set discord_user_id = %(member)s where id = %(zed)s",
        {"member": two.numbers["member"], "zed": two.zed},
    )
    await run_integrity_check(guild.pool)
    about = (
        "select id, player_id, resolved_at is null from guild_identity.audit_issues where issue_type = 'role_mismatch'"
    )
    ((issue, player, is_open),) = await guild.rows(about)
    assert (player, is_open) == (two.zed, True)
    report = await _decide(guild, OnePerson("Mito", "Zed"))
    assert sorted(await guild.rows(about)) == [(issue, None, False), (issue + 1, two.mito, True)]
    await _undo(guild, report)
    assert sorted(await guild.rows(about)) == [(issue, two.zed, True), (issue + 1, two.mito, False)]


async def test_an_issue_about_a_player_that_is_gone_does_not_stay_open_while_its_rule_can_conclude_nothing(
    two: Two,
) -> None:
    guild = two.guild
    await guild.execute("update guild_identity.discord_users set all_guild_roles = '{101}'")
    await run_integrity_check(guild.pool)
    await guild.execute("update common.guild_ranks set name_in_game = 'Warlord' where wow_rank_index = 2")
    await _decide(guild, OnePerson("Mito", "Zed"))
    told = "select resolved_by from guild_identity.audit_issues where issue_type = 'role_mismatch'"
    assert await guild.rows(told) == [("officer alice",)]
    events = (
        "select event, reason from guild_identity.issue_events where event = 'resolved' and actor = 'officer alice'"
    )
    assert await guild.rows(events) == [("resolved", "Zed and Mito are one person: an officer says so.")]


async def test_an_issue_that_was_resolved_before_is_about_its_player_again_after_the_undo(two: Two) -> None:
    guild = two.guild
    await guild.execute("update guild_identity.discord_users set all_guild_roles = '{101}'")
    await run_integrity_check(guild.pool)
    await guild.execute("update guild_identity.discord_users set all_guild_roles = '{103}'")
    await run_integrity_check(guild.pool)
    about = "select player_id, resolved_at is null from guild_identity.audit_issues where issue_type = 'role_mismatch'"
    assert await guild.rows(about) == [(two.zed, False)]
    await _undo(guild, await _decide(guild, OnePerson("Mito", "Zed")))
    assert (two.zed, False) in await guild.rows(about)


async def test_an_earlier_attempt_is_undone_after_the_merge_was_and_not_before(two: Two) -> None:
    guild = two.guild
    earlier = await _decide(guild, NotThisPlayer("Stormalt", "Zed", ""))
    report = await _decide(guild, OnePerson("Mito", "Zed"))
    with pytest.raises(PlanStale):
        await _undo(guild, earlier)
    await _undo(guild, report)
    await _undo(guild, earlier)
    assert await guild.player_of(two.numbers["Stormalt"]) == two.zed


async def test_a_merge_asks_the_database_the_same_number_of_times_however_much_there_is(guild: GuildBuilder) -> None:
    counts = []
    for size in (1, 12):
        stays, other = await guild.player(f"Stays{size}"), await guild.player(f"Other{size}")
        for number in range(size):
            await guild.alt(f"Alt{size}x{number}", None, other)
            await guild.alias(other, f"Word{size}x{number}")
        with counting_statements() as counter:
            report = await _decide(guild, OnePerson(str(stays), str(other)))
        with counting_statements() as undoing:
            await _undo(guild, report)
        counts.append((counter.statements, undoing.statements))
    assert counts[0] == counts[1]


async def test_a_main_of_higher_rank_that_comes_along_is_what_roles_are_compared_with(two: Two) -> None:
    guild = two.guild
    officer = await guild.character("Highalt", rank=OFFICER)
    await guild.link(officer, two.mito)
    await _decide(guild, OnePerson("Mito", "Zed"))
    summary = (
        "select summary from guild_identity.audit_issues where issue_type = 'role_mismatch' and resolved_at is null"
    )
    ((said,),) = await guild.rows(summary)
    assert said.startswith("Mito is Officer in the game (Highalt)")
