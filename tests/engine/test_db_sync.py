"""Battle.net's and the addon's syncs, on a real database."""

from __future__ import annotations

from typing import Any

import pytest

from engine.news import row
from guild_builder import OFFICER, RAIDER, GuildBuilder, entry
from sv_common.db.pool import counting_statements
from sv_common.guild_sync.core.errors import NotFound, Refused
from sv_common.guild_sync.core.reports import SyncReport
from sv_common.guild_sync.db_sync import sync_addon_data, sync_blizzard_roster
from sv_common.guild_sync.roster import ranks


async def _roster(guild: GuildBuilder, *entries: Any, **options: Any) -> SyncReport:
    return await sync_blizzard_roster(guild.pool, list(entries), guild_id=guild.guild_id, **options)


async def _names(guild: GuildBuilder) -> list[str]:
    rows = await guild.rows(
        "select character_name from guild_identity.wow_characters where removed_at is null order by 1"
    )
    return [name for (name,) in rows]


async def test_a_roster_brings_its_characters_with_their_ranks_and_says_which_ranks_map_to_no_role(
    guild: GuildBuilder,
) -> None:
    report = await _roster(guild, entry("Elrek", rank=0), entry("Mito", rank=OFFICER), entry("Zoe", rank=7))
    assert report.counts["joined"] == 3
    assert report.notices == (
        "Rank 0 (Guild Master, 1 character) maps to no Discord role.",
        "Rank 7 (Rank 7, 1 character) maps to no Discord role.",
    )
    ranks = await guild.rows(
        "select c.character_name, r.name from guild_identity.wow_characters c "
        "join common.guild_ranks r on r.id = c.guild_rank_id order by 1"
    )
    assert ranks == [("Elrek", "Guild Master"), ("Mito", "Officer"), ("Zoe", "Rank 7")]


async def test_a_rename_is_a_rename_and_keeps_the_link(guild: GuildBuilder) -> None:
    await _roster(guild, entry("Elrek", realm_id=1, character_id=5), entry("Mito"), entry("Zoe"), entry("Kim"))
    (character,) = await guild.rows("select id from guild_identity.wow_characters where character_name = 'Elrek'")
    player = await guild.player("Elrek")
    await guild.link(character[0], player, as_main=True)
    report = await _roster(guild, entry("Arkan", realm_id=1, character_id=5), entry("Mito"), entry("Zoe"), entry("Kim"))
    assert report.counts == {"characters": 4, "joined": 0, "returned": 0, "left": 0, "renamed": 1, "refused": 0}
    assert "“Elrek” is now called “Arkan”." in report.notices
    assert await guild.player_of(character[0]) == player


async def test_a_character_that_is_as_before_in_a_roster_is_not_written_anew(guild: GuildBuilder) -> None:
    known = [
        entry(name, rank=OFFICER, realm_name="Area 52", item_level=600) for name in ("Elrek", "Mito", "Zoe", "Kim")
    ]
    await _roster(guild, *known)
    before = await _versions(guild)
    await _roster(guild, *known)
    assert await _versions(guild) == before
    await _roster(guild, entry("Elrek", rank=OFFICER, level=79), entry("Mito", rank=RAIDER), *known[2:])
    assert len(set(await _versions(guild)) - set(before)) == 2


async def _versions(guild: GuildBuilder) -> list[Any]:
    """The version of each row; one that is merely locked has the same, and another xmax."""
    return await guild.rows(
        "select id, ctid::text, xmin::text, xmax::text from guild_identity.wow_characters order by id"
    )


async def test_two_characters_may_swap_their_names(guild: GuildBuilder) -> None:
    await _roster(guild, entry("Elrek", realm_id=1, character_id=5), entry("Mito", realm_id=1, character_id=6))
    await _roster(guild, entry("Mito", realm_id=1, character_id=5), entry("Elrek", realm_id=1, character_id=6))
    rows = await guild.rows(
        "select blizzard_character_id, character_name from guild_identity.wow_characters order by 1"
    )
    assert rows == [(5, "Mito"), (6, "Elrek")]


async def test_a_new_id_under_an_old_name_is_another_character(guild: GuildBuilder) -> None:
    others = [entry(name) for name in ("Mito", "Zoe", "Kim")]
    await _roster(guild, entry("Elrek", realm_id=1, character_id=5), *others)
    report = await _roster(guild, entry("Elrek", realm_id=1, character_id=9), *others)
    assert (report.counts["joined"], report.counts["left"]) == (1, 1)
    assert await _names(guild) == ["Elrek", "Kim", "Mito", "Zoe"]


async def test_who_leaves_and_returns_finds_the_link_again(guild: GuildBuilder) -> None:
    others = [entry(name) for name in ("Mito", "Zoe", "Kim")]
    await _roster(guild, entry("Elrek"), *others)
    (character,) = await guild.rows("select id from guild_identity.wow_characters where character_name = 'Elrek'")
    await guild.link(character[0], await guild.player("Elrek"))
    assert (await _roster(guild, *others)).counts["left"] == 1
    assert (await _roster(guild, entry("Elrek"), *others)).counts["returned"] == 1
    assert await guild.player_of(character[0]) is not None


async def test_what_a_profile_did_not_tell_stays_as_it_was(guild: GuildBuilder) -> None:
    await _roster(guild, entry("Elrek", last_login_timestamp=1_700_000_000_000, item_level=600, class_id=8))
    await _roster(guild, entry("Elrek"))
    rows = await guild.rows(
        "select last_login_timestamp, item_level, character_class from guild_identity.wow_characters"
    )
    assert rows == [(1_700_000_000_000, 600, "Mage")]


@pytest.mark.parametrize(
    ("bad", "sentence"),
    [
        (entry("X" * 300), "has a name of 300 letters"),
        (entry("  "), "has no readable name"),
        (entry("Nul\0name"), "has no readable name"),
        (entry("Mito", rank=12), "has the rank 12, outside 0 to 9"),
        (entry("Mito", level=999), "has the level 999, outside 0 to 200"),
        (entry("ELREK"), "appears twice in the roster"),
        (entry("Mito", realm_slug="---"), "has no readable realm"),
    ],
)
async def test_an_entry_that_cannot_be_stored_is_reported_by_name_and_then_nobody_leaves(
    guild: GuildBuilder, bad: Any, sentence: str
) -> None:
    await _roster(guild, entry("Elrek"), entry("Kim"), entry("Zoe"), entry("Ann"))
    report = await _roster(guild, entry("Elrek"), entry("Kim"), entry("Zoe"), bad)
    assert sentence in report.notices[0]
    assert (report.counts["refused"], report.counts["left"]) == (1, 0)
    assert await _names(guild) == ["Ann", "Elrek", "Kim", "Zoe"]


async def test_notes_are_written_and_unknown_characters_reported_by_name(guild: GuildBuilder) -> None:
    await _roster(guild, entry("Elrek"), entry("Mito"))
    report = await sync_addon_data(guild.pool, [row("Elrek", "Main"), row("Mito", "Elrek"), row("Ghost", "x")])
    assert report.counts["notes_changed"] == 2
    assert report.notices == ("Not in the roster, so skipped: Ghost-Area52.",)
    rows = await guild.rows("select character_name, guild_note, note_key from guild_identity.wow_characters order by 1")
    assert rows == [("Elrek", "Main", None), ("Mito", "Elrek", "elrek")]


async def test_an_uploader_who_sees_no_notes_clears_none_and_is_told_so_and_another_does(guild: GuildBuilder) -> None:
    await _roster(guild, entry("Elrek"), entry("Mito"))
    await sync_addon_data(guild.pool, [row("Elrek", "a"), row("Mito", "b")])
    report = await sync_addon_data(guild.pool, [row("Elrek"), row("Mito")])
    assert report.notices == ("The uploader cannot see notes, so the notes stay unchanged.",)
    notes = "select guild_note, officer_note from guild_identity.wow_characters order by character_name"
    assert await guild.rows(notes) == [("a", None), ("b", None)]
    await sync_addon_data(guild.pool, [row("Elrek", ""), row("Mito", "b")])
    assert await guild.rows(notes) == [("", None), ("b", None)]


async def test_a_changed_note_on_a_linked_character_logs_a_mismatch_and_other_changes_log_none(
    guild: GuildBuilder,
) -> None:
    elrek = await guild.main("Elrek")
    await guild.main("Mito")
    for name in ("Moved", "Crafter", "Cleared", "Same"):
        await guild.alt(name, "Elrek", elrek)
    await guild.character("Unlinked", "Elrek")
    notes = {"Moved": "Mito", "Crafter": "Alch 300", "Cleared": "", "Same": "alt of Elrek", "Unlinked": "Mito"}
    report = await sync_addon_data(guild.pool, [row(name, note) for name, note in notes.items()])
    assert (report.counts["notes_changed"], report.counts["mismatches_logged"]) == (5, 1)
    rows = await guild.rows("select issue_type, summary from guild_identity.audit_issues")
    assert rows == [("note_mismatch", "'Moved' is linked to Elrek, but its note says Mito")]


async def test_rank_names_come_from_the_addon_and_a_mapped_rank_that_changes_waits_for_confirmation(
    guild: GuildBuilder,
) -> None:
    await _roster(guild, entry("Elrek", rank=0), entry("Mito", rank=RAIDER))
    report = await sync_addon_data(
        guild.pool, [row("Elrek", "a", rank=0, rankName="Chief"), row("Mito", "b", rank=RAIDER, rankName="Trial")]
    )
    assert report.notices == ("Rank 2 was Raider and is now Trial in the game. Confirm the rank table.",)
    rows = await guild.rows(
        "select name, name_in_game from common.guild_ranks where wow_rank_index in (0, 2) order by 1"
    )
    assert rows == [("Chief", "Chief"), ("Raider", "Trial")]


async def test_a_rank_that_an_officer_left_without_a_role_is_not_reported_and_waits_when_its_name_changes(
    guild: GuildBuilder,
) -> None:
    await guild.execute("update common.guild_ranks set discord_role_id = null, is_role_managed = false")
    await _roster(guild, entry("Elrek", rank=0), entry("Mito", rank=RAIDER))
    await guild.call(ranks.leave_without_role, RAIDER)
    report = await sync_blizzard_roster(guild.pool, [entry("Elrek", rank=0), entry("Mito", rank=RAIDER)])
    assert report.notices == ("Rank 0 (Guild Master, 1 character) maps to no Discord role.",)
    changed = await sync_addon_data(guild.pool, [row("Mito", "b", rank=RAIDER, rankName="Trial")])
    assert changed.notices == ("Rank 2 was Raider and is now Trial in the game. Confirm the rank table.",)
    async with guild.pool.writing(guild.guild_id, alone=False) as here:
        await ranks.map_to_role(here, RAIDER, "4711", "Trial", is_managed=False)
        raider = next(each for each in await ranks.all_ranks(here) if each.wow_rank_index == RAIDER)
        with pytest.raises(NotFound, match="no rank 9"):
            await ranks.leave_without_role(here, 9)
    assert (raider.name, raider.is_in_doubt, raider.is_without_role, raider.is_decided) == ("Trial", False, False, True)


async def test_the_number_of_statements_does_not_grow_with_the_guild(guild: GuildBuilder) -> None:
    counts = []
    for size in (3, 60):
        entries = [entry(f"Name{n:03}".translate(str.maketrans("0123456789", "abcdefghij"))) for n in range(size)]
        with counting_statements() as counter:
            await _roster(guild, *entries)
            await sync_addon_data(guild.pool, [row(each.name, f"note {size}") for each in entries])
        counts.append(counter.statements)
    assert counts[0] == counts[1]


async def test_with_several_guilds_a_sync_must_be_told_which_and_with_none_it_says_so(guild: GuildBuilder) -> None:
    await GuildBuilder.create(guild.pool, "Other Guild", "7001")
    with pytest.raises(Refused, match="Several guilds are set up"):
        await sync_addon_data(guild.pool, [row("Elrek")])
    with pytest.raises(NotFound, match="Guild 99 does not exist"):
        await sync_addon_data(guild.pool, [row("Elrek")], guild_id=99)
