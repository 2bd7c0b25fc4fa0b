"""Two players who are one person become one: all that was the other's is the one's that stays, and remains so."""

from __future__ import annotations

import asyncio

import pytest

from engine.two_players import Two, people, player_row
from guild_builder import OFFICER, GuildBuilder
from laws.snapshot import differences
from sv_common.db.pool import counting_statements
from sv_common.guild_sync.identity.decisions import MergePlayers
from sv_common.guild_sync.identity_engine import preview_decision, run_matching


async def test_all_that_is_the_others_becomes_the_ones_that_stays(two: Two) -> None:
    guild = two.guild
    main = await guild.rows("select id from guild_identity.wow_characters where character_name = 'Mito'")
    await guild.decide(MergePlayers("Mito", "Zed"))
    assert await player_row(guild, two.zed) is None
    assert await player_row(guild, two.mito) == ("Mito", two.numbers["member"], main[0][0], two.numbers["Stormalt"])
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
    await guild.decide(MergePlayers("Mito", "Zed"))
    assert await guild.rows("select main_character_id from guild_identity.players") == [main]


async def test_an_empty_player_is_merged_and_the_merge_is_among_what_was_done_to_the_one_that_stays(
    guild: GuildBuilder,
) -> None:
    mito = await guild.main("Mito")
    empty = await guild.player("mito")
    report = await guild.decide(MergePlayers(str(mito), "Mito"))
    assert await player_row(guild, empty) is None
    assert report.sentences == [f"Delete the player mito (number {empty}), merged into Mito (number {mito})."]


async def test_the_preview_says_each_thing_that_changes_and_changes_nothing(two: Two) -> None:
    before = await people(two.guild)
    report = await preview_decision(two.guild.pool, MergePlayers("Mito", "Zed"))
    assert [(effect.what, effect.before, effect.after) for effect in report.effects] == [
        ("Player of Grimalt-area-52", "Zed, by evidence", "Mito, decided by an officer"),
        ("Player of Stormalt-area-52", "Zed, decided by an officer", "Mito, decided by an officer"),
        ("Off-spec of Mito", "none", "Stormalt-area-52"),
        ("Discord member of Mito", "none", "Zephyr, decided by an officer"),
        ("Alias “Robin”", "Zed", "Mito"),
        ("Alias “Zed”", "none", "Mito"),
        ("Whether Loner-area-52 may be Zed’s", "never: an officer decided this.", "by evidence"),
        ("Whether Loner-area-52 may be Mito’s", "by evidence", "never: an officer decided this."),
        ("The player Zed", "exists", "does not exist"),
    ]
    assert differences(before, await people(two.guild)) == {}


async def test_a_character_that_has_left_and_what_was_said_of_one_come_along(two: Two) -> None:
    await two.guild.execute(
        "update guild_identity.wow_characters set removed_at = now() where character_name in ('Loner', 'Grimalt')"
    )
    await two.guild.decide(MergePlayers("Mito", "Zed"))
    assert await two.guild.player_of(two.numbers["Grimalt"]) == two.mito
    assert await two.guild.rows("select player_id from guild_identity.link_rejections") == [(two.mito,)]


async def test_a_name_that_somebody_has_anyway_or_that_can_be_no_alias_is_not_remembered(guild: GuildBuilder) -> None:
    mito = await guild.main("Mito")
    await guild.character("Loner")
    await guild.member("Zephyr")
    for name in ("MITO", "Loner", "Zephyr", "Bank", "x" * 61, "a\u202eb"):
        other = await guild.player(name)
        await guild.decide(MergePlayers(str(mito), str(other)))
    assert await guild.rows("select alias from guild_identity.player_note_aliases") == []


@pytest.mark.parametrize("second", [MergePlayers("Mito", "Zed"), MergePlayers("Zed", "Mito")])
async def test_of_two_officers_who_merge_at_once_one_does_it(two: Two, second: MergePlayers) -> None:
    outcomes = await asyncio.gather(
        two.guild.decide(MergePlayers("Mito", "Zed")), two.guild.decide(second, "officer bob"), return_exceptions=True
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["DecisionReport", "NotFound"]
    assert len(await two.guild.rows("select 1 from guild_identity.players")) == 1
    assert len(await two.guild.rows("select 1 from guild_identity.player_characters")) == 3


async def test_an_issue_about_a_player_that_is_gone_does_not_stay_open_while_its_rule_can_conclude_nothing(
    two: Two,
) -> None:
    guild = two.guild
    await guild.execute("update guild_identity.discord_users set all_guild_roles = '{101}'")
    await guild.scan()
    await guild.execute("update common.guild_ranks set name_in_game = 'Warlord' where wow_rank_index = 2")
    await guild.decide(MergePlayers("Mito", "Zed"))
    told = "select resolved_by from guild_identity.audit_issues where issue_type = 'role_mismatch'"
    assert await guild.rows(told) == [("officer alice",)]
    events = (
        "select event, reason from guild_identity.issue_events where event = 'resolved' and actor = 'officer alice'"
    )
    assert await guild.rows(events) == [("resolved", "Zed is merged into Mito.")]


async def test_a_merge_asks_the_database_the_same_number_of_times_however_much_there_is(guild: GuildBuilder) -> None:
    counts = []
    await guild.scan()  # rows that are kept in memory are read in full once
    for size in (1, 12):
        stays, other = await guild.player(f"Stays{size}"), await guild.player(f"Other{size}")
        for number in range(size):
            await guild.alt(f"Alt{size}x{number}", None, other)
            await guild.alias(other, f"Word{size}x{number}")
        with counting_statements() as counter:
            report = await guild.decide(MergePlayers(str(stays), str(other)))
        with counting_statements() as undoing:
            await guild.undo(report)
        counts.append((counter.statements, undoing.statements))
    assert counts[0] == counts[1]


async def test_a_main_of_higher_rank_that_comes_along_is_what_roles_are_compared_with(two: Two) -> None:
    guild = two.guild
    officer = await guild.character("Highalt", rank=OFFICER)
    await guild.link(officer, two.mito)
    await guild.decide(MergePlayers("Mito", "Zed"))
    summary = (
        "select summary from guild_identity.audit_issues where issue_type = 'role_mismatch' and resolved_at is null"
    )
    ((said,),) = await guild.rows(summary)
    assert said.startswith("Mito is Officer in the game (Highalt)")


async def test_a_word_that_no_note_bears_any_more_does_not_hold_up_a_merge(guild: GuildBuilder) -> None:
    notes = [await guild.character(name, "Kipper") for name in ("Brightmane", "Darkmane")]
    await run_matching(guild.pool, actor="alice")
    for character in notes:
        await guild.set_note(character, "Main")
    mito = await guild.main("Mito")
    await guild.decide(MergePlayers("Mito", "Kipper"))
    assert {await guild.player_of(character) for character in notes} == {mito}
