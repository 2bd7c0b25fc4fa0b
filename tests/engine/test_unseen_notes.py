"""Notes that an uploader may not see are unknown: whoever uploads, and with whichever version of the addon, clears none."""

from __future__ import annotations

from typing import Any

import pytest

from guild_builder import GuildBuilder, entry
from sv_common.db.pool import Pool
from sv_common.guild_sync.db_sync import sync_addon_data, sync_blizzard_roster
from sv_common.guild_sync.simulators import GuildWorld, addon
from sv_common.guild_sync.sources.addon.export import AddonExport, read_addon_export

_STYLES: tuple[addon.Style, ...] = ("current", "older")


@pytest.fixture
async def told(guild: GuildBuilder) -> GuildWorld:
    """A world whose guild knows all notes."""
    world = GuildWorld.seeded(3, 20)
    world.characters[0].officer_note = "trusted"
    world.characters[1].note = "alt of Mito"
    roster = [entry(each.name, realm_slug=each.realm.slug, rank=each.rank) for each in world.characters]
    await sync_blizzard_roster(guild.pool, roster, guild_id=guild.guild_id)
    await _take_in(guild.pool, guild.guild_id, _export(world, "current"))
    assert await _notes(guild) == _notes_of(world)
    return world


def _export(
    world: GuildWorld, style: addon.Style, *, sees_notes: bool = True, sees_officer_notes: bool = True
) -> AddonExport:
    file = addon.render(world, style=style, sees_notes=sees_notes, sees_officer_notes=sees_officer_notes)
    return read_addon_export(file.encode())


async def _take_in(pool: Pool, guild_id: int, export: AddonExport) -> None:
    await sync_addon_data(pool, export.characters, guild_id=guild_id)


async def _notes(guild: GuildBuilder) -> set[tuple[Any, ...]]:
    rows = await guild.rows(
        "select character_name, realm_slug, guild_note, officer_note from guild_identity.wow_characters"
    )
    return set(rows)


def _notes_of(world: GuildWorld) -> set[tuple[Any, ...]]:
    return {(each.name, each.realm.slug, each.note, each.officer_note) for each in world.characters}


@pytest.mark.parametrize("style", _STYLES)
async def test_an_uploader_without_the_right_to_officer_notes_clears_none_and_brings_the_guild_notes(
    guild: GuildBuilder, told: GuildWorld, style: addon.Style
) -> None:
    told.characters[2].note = "alt of Zork"
    await _take_in(guild.pool, guild.guild_id, _export(told, style, sees_officer_notes=False))
    assert await _notes(guild) == _notes_of(told)


@pytest.mark.parametrize("style", _STYLES)
async def test_an_uploader_who_sees_no_note_at_all_clears_none(
    guild: GuildBuilder, told: GuildWorld, style: addon.Style
) -> None:
    await _take_in(guild.pool, guild.guild_id, _export(told, style, sees_notes=False, sees_officer_notes=False))
    assert await _notes(guild) == _notes_of(told)
    seen_by_nobody = await guild.rows(
        "select distinct officer_note_as_of = (select min(officer_note_as_of) from guild_identity.wow_characters) "
        "from guild_identity.wow_characters"
    )
    assert seen_by_nobody == [(True,)]


async def test_officer_notes_that_a_client_hides_as_empty_text_are_not_cleared(
    guild: GuildBuilder, told: GuildWorld
) -> None:
    rows = [
        {"name": each.name, "realm": each.realm.slug, "note": each.note, "officerNote": ""} for each in told.characters
    ]
    await sync_addon_data(guild.pool, rows, guild_id=guild.guild_id)
    assert await _notes(guild) == _notes_of(told)
