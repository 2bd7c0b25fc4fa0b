import pytest

from sv_common.guild_sync.simulators import GuildWorld
from sv_common.guild_sync.simulators.addon import Style, render, saved_variables
from sv_common.guild_sync.simulators.model import DAY_MS
from sv_common.guild_sync.sources.addon.export import read_addon_export
from sv_common.guild_sync.sources.models import CLASS_NAMES

NOW_MS = 1_790_000_000_000

OLDER = r"""
PATTSyncDB = {
	["lastExport"] = {
		["exportTime"] = 1790000000,
		["guildName"] = "The Lantern Watch",
		["memberCount"] = 1,
		["characters"] = {
			{
				["name"] = "Zoë",
				["realm"] = "Mal'Torith",
				["note"] = "say \"hi\" \\ ||cff",
				["officerNote"] = "",
				["rank"] = 0,
				["rankName"] = "Guild Master",
				["level"] = 90,
				["class"] = "Mage",
				["lastOnline"] = "3d 0h",
			}, -- [1]
		},
	},
}
"""


@pytest.fixture
def lonely() -> GuildWorld:
    """Make a guild of one, whose note has every letter that needs care."""
    world = GuildWorld.seeded(7, 1, now_ms=NOW_MS)
    zoe = world.characters[0]
    zoe.class_id, zoe.officer_note = 8, "secret"
    world.rename(zoe, "Zoë")
    world.set_note(zoe, 'say "hi" \\ |cff')
    world.last_login(zoe, 3, NOW_MS)
    return world


def test_the_older_format_has_tabs_comments_and_empty_texts_for_hidden_notes(lonely: GuildWorld) -> None:
    assert render(lonely, style="older", sees_officer_notes=False) == OLDER


def test_the_current_format_has_no_indentation_no_comments_and_a_closing_mark(lonely: GuildWorld) -> None:
    text = render(lonely)
    assert text.startswith('\nPATTSyncDB = {\n["lastExport"] = {\n["exportTime"] = 1790000000,\n')
    assert "\t" not in text
    assert "--" not in text
    export_id = read_addon_export(text.encode()).export_id
    assert text.endswith(f'}},\n}}\nPATTSyncEnd = {{\n["exportId"] = "{export_id}",\n["memberCount"] = 1,\n}}\n')


@pytest.mark.parametrize("style", ["current", "older"])
def test_the_product_reads_back_what_the_game_wrote(style: Style) -> None:
    world = GuildWorld.seeded(3, now_ms=NOW_MS)
    world.set_note(world.characters[0], 'a"b\\c|d')
    export = read_addon_export(render(world, style=style).encode())
    read = [
        (row.name, row.realm, row.note, row.officer_note, row.rank, row.rank_name, row.level, row.class_name)
        for row in export.characters
    ]
    assert read == [
        (
            each.name,
            each.realm.normalized,
            each.note,
            each.officer_note,
            each.rank,
            world.rank_names[each.rank],
            each.level,
            CLASS_NAMES[each.class_id],
        )
        for each in world.characters
    ]
    assert [row.guid for row in export.characters] == [
        each.guid if style == "current" else None for each in world.characters
    ]


@pytest.mark.parametrize("style", ["current", "older"])
def test_notes_that_the_uploader_cannot_see_are_unknown_to_the_reader(style: Style) -> None:
    world = GuildWorld.seeded(3, now_ms=NOW_MS)
    export = read_addon_export(render(world, style=style, sees_notes=False, sees_officer_notes=False).encode())
    assert {(row.note, row.officer_note) for row in export.characters} == {(None, None)}


def test_two_exports_share_an_id_only_when_they_say_the_same(lonely: GuildWorld) -> None:
    first, again = (read_addon_export(render(lonely).encode()).export_id for _ in range(2))
    lonely.set_note(lonely.characters[0], "changed")
    assert first == again
    assert first != read_addon_export(render(lonely).encode()).export_id
    assert first != read_addon_export(render(lonely, exported_at_ms=NOW_MS + DAY_MS).encode()).export_id


def test_who_was_here_today_is_away_for_hours(lonely: GuildWorld) -> None:
    lonely.last_login(lonely.characters[0], 0.25, NOW_MS)
    assert '["lastOnline"] = "6h"' in render(lonely)


def test_other_variables_are_written_too() -> None:
    text = saved_variables({"A": {"on": True, "off": False, "ratio": 1.5, 'k"': []}, "B": "x\ny"})
    assert text == '\nA = {\n["on"] = true,\n["off"] = false,\n["ratio"] = 1.5,\n["k\\""] = {\n},\n}\nB = "x\\ny"\n'
