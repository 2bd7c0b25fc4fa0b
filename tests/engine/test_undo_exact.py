"""Undo is exact, with all that the database took along; or it says why not, and its preview says the same."""

from __future__ import annotations

import pytest

from engine.two_players import Two
from guild_builder import RAIDER, ROLE_OF_RANK, GuildBuilder
from laws import snapshot
from laws.snapshot import Snapshot, differences
from sv_common.db.pool import counting_statements
from sv_common.guild_sync import mitigations
from sv_common.guild_sync.changes.apply import apply
from sv_common.guild_sync.changes.changeset import Author, Changeset, Named, RowChange
from sv_common.guild_sync.changes.row_changes import attach_member, create_player, delete_player, link, remember_alias
from sv_common.guild_sync.changes.tables import TABLES
from sv_common.guild_sync.core.errors import PlanStale, Refused
from sv_common.guild_sync.engine.results import FixOutcome
from sv_common.guild_sync.identity.decisions import (
    LinkCharacter,
    ManualDecision,
    MergePlayers,
    RejectLink,
    SetMain,
    UnlinkCharacter,
    UnlinkMember,
)
from sv_common.guild_sync.identity_engine import run_matching
from sv_common.guild_sync.insights.activity import ActionFilter, actions, actors
from sv_common.guild_sync.integrity_checker import run_integrity_check
from sv_common.guild_sync.mitigations import preview_undo, undo

BOB = "officer bob"

CASCADES = {
    ("guild_identity.player_characters", "player_id"),  # these four: a player is deleted only when it has none
    (
        "guild_identity.player_note_aliases",
        "player_id",
    ),  # (of aliases, none in use; others are deleted and written down)
    ("guild_identity.link_rejections", "player_id"),
    ("guild_identity.hiatuses", "player_id"),
    ("common.confirmed_links", "player_id"),  # deleted and written down; an undo that would take one is refused
    ("guild_identity.audit_issues", "player_id"),  # written down; resolved when an undo deletes the player
    ("guild_identity.players", "main_character_id"),  # these two: written down; an undo that would clear one is refused
    ("guild_identity.players", "offspec_character_id"),
}
"""What the database deletes or clears along with a row that a changeset deletes, and what is done about it."""
_CASCADES = """
    select c.conrelid::regclass::text, a.attname
    from pg_constraint c
    cross join lateral unnest(coalesce(nullif(c.confdelsetcols, '{}'), c.conkey)) as n (number)
    join pg_attribute a on a.attrelid = c.conrelid and a.attnum = n.number
    where c.contype = 'f' and c.confdeltype in ('c', 'n', 'd')
      and c.confrelid::regclass::text = any (%(tables)s) and a.attname <> 'guild_id'
      and (c.confdeltype <> 'c' or a.attname not in ('character_id', 'discord_user_id'))
"""
_COLUMNS = """
    select column_name from information_schema.columns
    where table_schema = %(schema)s and table_name = %(name)s order by column_name
"""


async def people(guild: GuildBuilder) -> Snapshot:
    return await snapshot.take(guild.pool, tables={*snapshot.PEOPLE_TABLES, "common.confirmed_links"})


async def decided(guild: GuildBuilder, decision: ManualDecision) -> int:
    attempt = (await guild.decide(decision)).attempt_id
    assert attempt is not None
    return attempt


async def take_back(guild: GuildBuilder, attempt: int) -> None:
    await undo(guild.pool, attempt, actor=BOB)


async def confirm(guild: GuildBuilder, character: int, player: int, member: int) -> None:
    await guild.execute(
        "insert into common.confirmed_links (guild_id, character_id, player_id, discord_user_id, confirmed_by) "
        "values (%(guild)s, %(character)s, %(player)s, %(member)s, 'alice')",
        {"character": character, "player": player, "member": member},
    )


async def assert_refused_alike(guild: GuildBuilder, attempt: int, words: str) -> None:
    """The preview and the undo say the same, and nothing changes."""
    before = await people(guild)
    preview = await preview_undo(guild.pool, attempt)
    assert words in (preview.obstacle or "")
    with pytest.raises(PlanStale) as refusal:
        await take_back(guild, attempt)
    assert str(refusal.value) == preview.obstacle
    assert differences(before, await people(guild)) == {}


@pytest.mark.parametrize("character", ["Grimalt", "Plain"])
async def test_an_unlink_from_a_player_that_was_merged_away_says_so_and_names_the_merge(
    two: Two, character: str
) -> None:
    guild = two.guild
    await guild.alt("Plain", None, two.zed)
    before = await people(guild)
    unlinked = await decided(guild, UnlinkCharacter(character))
    merged = await decided(guild, MergePlayers("Mito", "Zed"))
    await assert_refused_alike(guild, unlinked, "alice merged Zed into Mito on ")
    assert [action.attempt_id for action in (await preview_undo(guild.pool, unlinked)).later] == [merged]
    await take_back(guild, merged)
    assert (await preview_undo(guild.pool, unlinked)).obstacle is None
    await take_back(guild, unlinked)
    assert differences(before, await people(guild)) == {}


async def test_a_main_that_is_no_longer_the_players_is_not_put_back_at_the_commit_either(guild: GuildBuilder) -> None:
    elrek = await guild.main("Elrek")
    await guild.alt("Grimalt", None, elrek)
    changed = await decided(guild, SetMain("Grimalt"))
    await decided(guild, UnlinkCharacter("Elrek"))
    await assert_refused_alike(guild, changed, "alice unlinked Elrek-area-52 from Elrek on ")


async def test_a_link_whose_character_was_made_a_main_since_is_not_taken_with_the_main(guild: GuildBuilder) -> None:
    await guild.main("Elrek")
    await guild.character("Loner")
    linked = await decided(guild, LinkCharacter("Loner", "Elrek"))
    pointed = await decided(guild, SetMain("Loner"))
    await assert_refused_alike(guild, linked, "alice made Loner-area-52 the main of Elrek on ")
    await take_back(guild, pointed)
    await take_back(guild, linked)


async def test_confirmations_that_went_with_a_merged_player_come_back_with_the_undo(two: Two) -> None:
    guild = two.guild
    await confirm(guild, two.numbers["Grimalt"], two.zed, two.numbers["member"])
    before = await people(guild)
    merged = await decided(guild, MergePlayers("Mito", "Zed"))
    assert await guild.rows("select character_id from common.confirmed_links") == []
    lines = [(effect.what, effect.after) for effect in (await preview_undo(guild.pool, merged)).effects]
    assert ("Grimalt-area-52 belongs to Zephyr", "confirmed by alice") in lines
    await take_back(guild, merged)
    assert differences(before, await people(guild)) == {}


async def test_a_new_player_that_was_confirmed_since_is_not_undone_with_its_confirmation(guild: GuildBuilder) -> None:
    member = await guild.member("Mito", roles=[ROLE_OF_RANK[RAIDER]])
    character = await guild.character("Mito")
    attempt = (await run_matching(guild.pool, actor="alice")).attempt_id
    assert attempt is not None
    player = await guild.player_of(character)
    assert player is not None
    await confirm(guild, character, player, member)
    await assert_refused_alike(guild, attempt, "was confirmed")


@pytest.mark.own_database
async def test_all_that_stands_with_a_discord_member_comes_back_with_the_member(guild: GuildBuilder) -> None:
    """Whatever is written along with the pointer is written down, too."""
    await guild.main("Mito")
    await guild.execute(
        "update guild_identity.players set discord_basis = 'officer', discord_confirmed_by = 'alice', discord_confirmed_at = now()"
    )
    await guild.execute(
        "create function forget() returns trigger language plpgsql as $$ begin "
        "new.discord_basis := null; new.discord_confirmed_by := null; new.discord_confirmed_at := null; return new; end $$"
    )
    await guild.execute(
        "create trigger forget before update of discord_user_id on guild_identity.players for each row "
        "when (new.discord_user_id is null) execute function forget()"
    )
    before = await people(guild)
    detached = await decided(guild, UnlinkMember("Mito"))
    assert await guild.rows("select discord_basis from guild_identity.players") == [(None,)]
    await take_back(guild, detached)
    assert differences(before, await people(guild)) == {}


@pytest.mark.own_database
async def test_a_column_that_is_added_later_makes_no_older_attempt_look_changed(two: Two) -> None:
    guild = two.guild
    before = await people(guild)
    merged = await decided(guild, MergePlayers("Mito", "Zed"))
    for table in TABLES.values():
        await guild.execute(
            f"alter table {table.schema}.{table.name} add column new_thing text not null default 'x'".encode()  # type: ignore[arg-type]
        )
    assert (await preview_undo(guild.pool, merged)).obstacle is None
    await take_back(guild, merged)
    after = await snapshot.take(guild.pool, tables=before.keys(), without_columns=["new_thing"])
    assert differences(before, after) == {}


async def test_a_note_that_was_confirmed_since_keeps_no_link_from_being_undone(guild: GuildBuilder) -> None:
    await guild.main("Mito")
    await guild.character("Loner")
    before = await people(guild)
    linked = await decided(guild, LinkCharacter("Loner", "Mito"))
    await guild.execute(
        "update guild_identity.player_characters set basis_note = 'alt of Mito' where linked_by <> 'test'"
    )
    await take_back(guild, linked)
    assert differences(before, await people(guild)) == {}


async def test_issues_about_a_player_that_goes_with_an_undo_are_closed(guild: GuildBuilder) -> None:
    await guild.member("Mito")
    await guild.character("Mito", rank=RAIDER)
    attempt = (await run_matching(guild.pool, actor="alice")).attempt_id
    await run_integrity_check(guild.pool)
    issue = "select resolved_at is null from guild_identity.audit_issues where issue_type = 'role_mismatch'"
    assert await guild.rows(issue) == [(True,)]
    await guild.execute("update common.guild_ranks set name_in_game = 'Trial' where wow_rank_index = 2")
    await take_back(guild, attempt or 0)
    assert await guild.rows(issue) == [(False,)]


async def test_every_cascade_that_a_plan_can_trigger_is_dealt_with(guild: GuildBuilder) -> None:
    tables = [f"{table.schema}.{table.name}" for table in TABLES.values()]
    found = set(await guild.rows(_CASCADES, {"tables": tables}))
    assert found == CASCADES


@pytest.mark.parametrize("name", TABLES)
async def test_every_column_of_a_table_is_declared_for_its_journal(guild: GuildBuilder, name: str) -> None:
    table = TABLES[name]
    found = await guild.rows(_COLUMNS, {"schema": table.schema, "name": table.name})
    assert [column for (column,) in found] == sorted(table.columns)


async def _three_people(guild: GuildBuilder) -> None:
    for name in ("Mito", "Zork", "Elrek"):
        await guild.member(name)
        await guild.character(name)
        await guild.character(f"{name}alt", f"alt of {name}")


async def test_of_a_full_match_what_can_be_undone_is_undone_and_the_rest_later(guild: GuildBuilder) -> None:
    await _three_people(guild)
    before = await people(guild)
    attempt = (await run_matching(guild.pool, actor="alice")).attempt_id or 0
    moved = await decided(guild, LinkCharacter("Zorkalt", "Mito"))
    preview = await preview_undo(guild.pool, attempt)
    assert "alice moved Zorkalt-area-52 from Zork to Mito on " in (preview.obstacle or "")
    assert (preview.parts, [each.people for each in preview.blocked]) == (1, ["Mito", "Zork"])
    assert {effect.what.split()[-1] for effect in preview.effects} == {"Elrek", "Elrek-area-52", "Elrekalt-area-52"}
    with pytest.raises(PlanStale):
        await undo(guild.pool, attempt, actor=BOB)
    report = await undo(guild.pool, attempt, actor=BOB, partly=True)
    assert [line.partition(" on ")[0] for line in report.left] == [
        f"{name}: alice moved Zorkalt-area-52 from Zork to Mito" for name in ("Mito", "Zork")
    ]
    assert any("Player of Elrek-area-52: no one again." in sentence for sentence in report.sentences)
    names = await guild.rows("select display_name from guild_identity.players order by 1")
    assert names == [("Mito",), ("Zork",)]
    await take_back(guild, moved)
    rest = await undo(guild.pool, attempt, actor=BOB)
    assert not any("Elrek" in sentence for sentence in rest.sentences)
    assert differences(before, await people(guild)) == {}
    with pytest.raises(Refused, match="undone already"):
        await undo(guild.pool, attempt, actor=BOB, partly=True)


async def test_where_nothing_can_be_undone_a_partial_undo_says_why(guild: GuildBuilder) -> None:
    await _three_people(guild)
    attempt = (await run_matching(guild.pool, actor="alice")).attempt_id or 0
    for name in ("Mito", "Zork", "Elrek"):
        await decided(guild, RejectLink(f"{name}alt", name, "no"))
    preview = await preview_undo(guild.pool, attempt)
    assert (preview.parts, [*preview.blocked]) == (0, [])
    with pytest.raises(PlanStale, match=r"alice unlinked \w+alt-area-52 from \w+ on .* Undo that first\."):
        await undo(guild.pool, attempt, actor=BOB, partly=True)


async def test_an_attempt_of_one_piece_is_not_offered_in_parts(two: Two) -> None:
    merged = await decided(two.guild, MergePlayers("Mito", "Zed"))
    await decided(two.guild, UnlinkCharacter("Grimalt"))
    preview = await preview_undo(two.guild.pool, merged)
    assert (preview.obstacle is None, preview.parts) == (False, 0)


@pytest.mark.parametrize("issue_type", ["orphan_discord", "orphan_wow"])
async def test_a_row_that_is_unticked_keeps_no_other_from_being_fixed_as_it_was_seen(
    guild: GuildBuilder, issue_type: str
) -> None:
    for name in ("Mito", "Zork"):
        await guild.member(name, roles=[ROLE_OF_RANK[RAIDER]])
        await guild.character(name)
        await guild.character(f"{name}alt", f"alt of {name}")
    await run_integrity_check(guild.pool)
    seen = (await mitigations.preview_all(guild.pool, issue_type, guild_id=guild.guild_id)).keys
    for unticked in seen:
        chosen = {issue: key for issue, key in seen.items() if issue != unticked}
        report = await mitigations.fix_selected(
            guild.pool, list(chosen), actor="alice", guild_id=guild.guild_id, seen=chosen
        )
        assert {result.outcome for result in report.results} == {FixOutcome.FIXED}
        for result in reversed(report.results):
            if result.attempt_id is not None:
                await _undo_if_it_can_be(guild, result.attempt_id)
        await run_integrity_check(guild.pool)


async def _undo_if_it_can_be(guild: GuildBuilder, attempt: int) -> None:
    """Undo now, or when what uses its player is undone: the attempts are in no special order."""
    if (await preview_undo(guild.pool, attempt)).obstacle is None:
        await take_back(guild, attempt)


async def test_what_the_database_refuses_is_a_sentence_also_where_it_is_checked_at_the_end(two: Two) -> None:
    """Plans that were made before others were carried out."""
    guild, mito = two.guild, Named(two.mito, "Mito")
    grimalt, loner = (Named(two.numbers[name], name) for name in ("Grimalt", "Loner"))
    plans: dict[str, RowChange] = {
        "Grimalt belongs to another player now": link(grimalt, mito, "x"),
        "The alias Robin belongs to another player now": remember_alias(mito, "Robin"),
        "is now linked to another player": attach_member(mito, Named(two.numbers["member"], "Zephyr")),
        "was merged or deleted": link(loner, Named(9999, "Nobody"), "x"),
        "main or off-spec now belongs to another player": create_player(-1, "New", main=grimalt),
    }
    before = await people(guild)
    for words, row in plans.items():
        async with guild.pool.writing(guild.guild_id, alone=False) as here:
            with pytest.raises(PlanStale) as refusal:
                await apply(here, [Changeset((row,), "x")], Author("alice", "manual", "confirmed"))
        assert words in str(refusal.value)
        assert str(refusal.value).endswith("Nothing was changed. Check again.")
    assert differences(before, await people(guild)) == {}


async def test_nothing_is_given_to_a_player_that_is_deleted_at_once(guild: GuildBuilder) -> None:
    mito, other = Named(await guild.main("Mito"), "Mito"), Named(await guild.player("Empty"), "Empty")
    loner = Named(await guild.character("Loner"), "Loner")
    before = await people(guild)
    plans = [Changeset((row,), "x") for row in (link(loner, other, "x"), delete_player(other, None, mito))]
    async with guild.pool.writing(guild.guild_id) as here:
        with pytest.raises(PlanStale, match="Empty would be deleted and get something at once"):
            await apply(here, plans, Author("alice", "manual", "confirmed"))
    assert differences(before, await people(guild)) == {}


async def test_who_undid_a_part_of_what_is_told_among_what_was_done(guild: GuildBuilder) -> None:
    await _three_people(guild)
    attempt = (await run_matching(guild.pool, actor="alice")).attempt_id or 0
    await decided(guild, LinkCharacter("Zorkalt", "Mito"))
    await undo(guild.pool, attempt, actor=BOB, partly=True)
    async with guild.pool.writing(guild.guild_id, alone=False) as here:
        page = await actions(here, ActionFilter())
        assert BOB in await actors(here)
    assert [(action.what, action.actor, action.attempt_id) for action in page.items if action.what == "undone"] == [
        ("undone", BOB, attempt)
    ]
    assert page.total == len(page.items)


async def test_the_preview_of_a_large_match_of_which_much_cannot_be_undone_takes_few_statements(
    guild: GuildBuilder,
) -> None:
    names = [f"Person{chr(97 + number // 26)}{chr(97 + number % 26)}" for number in range(60)]
    for name in names:
        await guild.member(name)
        await guild.character(name)
    attempt = (await run_matching(guild.pool, actor="alice")).attempt_id or 0
    await guild.execute("update guild_identity.player_characters set evidence = 'x' where character_id %% 2 = 0")
    with counting_statements() as count:
        preview = await preview_undo(guild.pool, attempt)
    assert (preview.parts, preview.blocked_total) == (30, 30)
    assert count.statements < 60
