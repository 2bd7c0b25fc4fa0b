"""The simulator of uploads writes what the real addon writes, run in Lua on the same guild."""

import pytest

from addon.client import LOGIN_TIME, Client, Member, toc_field
from sv_common.guild_sync.simulators import GuildWorld, addon
from sv_common.guild_sync.simulators.model import WorldCharacter
from sv_common.guild_sync.sources.addon.saved_variables import LuaTable, LuaValue, parse_saved_variables
from sv_common.guild_sync.sources.models import CLASS_NAMES

HOURS_A_MONTH, HOURS_A_YEAR = 30 * 24, 365 * 24
LANGUAGE, LOCALE, REGION_NUMBER = "ruRU", "ru_RU", 3


@pytest.fixture
def world() -> GuildWorld:
    """A guild of which one is online, with notes that need care, on realms of several alphabets."""
    world = GuildWorld.seeded(5, 70, now_ms=LOGIN_TIME * 1000, region="eu")
    world.set_note(world.characters[0], 'a"b\\c|d')
    world.last_login(world.characters[1], 0, world.now_ms)
    return world


def _member(world: GuildWorld, character: WorldCharacter) -> Member:
    """The same character as the game's server knows it."""
    hours = (world.now_ms - character.last_login_ms) // addon.HOUR_MS
    years, hours = divmod(hours, HOURS_A_YEAR)
    months, hours = divmod(hours, HOURS_A_MONTH)
    class_name = CLASS_NAMES[character.class_id]
    return Member(
        character.name,
        realm=character.realm.normalized_in(LOCALE),
        rank=character.rank,
        rank_name=world.rank_names[character.rank],
        level=character.level,
        class_name=class_name,
        class_file=class_name.replace(" ", "").upper(),
        note=character.note.replace("|", "||"),
        officer_note=character.officer_note.replace("|", "||"),
        away=None if character.last_login_ms >= world.now_ms else (years, months, hours // 24, hours % 24),
        guid=character.guid,
    )


def _of_the_addon(world: GuildWorld, *, sees_officer_notes: bool) -> dict[str, LuaValue]:
    client = Client([_member(world, each) for each in world.characters], language=LANGUAGE)
    client.sees_officer_notes = sees_officer_notes
    client.region = REGION_NUMBER
    client.guild = (world.guild_name, world.realm.normalized_in(LOCALE))
    return dict(parse_saved_variables(client.export()))


def _of_the_simulator(world: GuildWorld, *, sees_officer_notes: bool, sees_notes: bool = True) -> dict[str, LuaValue]:
    text = addon.render(world, language=LANGUAGE, sees_notes=sees_notes, sees_officer_notes=sees_officer_notes)
    return dict(parse_saved_variables(text.encode()))


def _table(value: LuaValue) -> LuaTable:
    assert isinstance(value, dict)
    return value


def _without_its_moment(variables: dict[str, LuaValue]) -> dict[str, LuaValue]:
    """Take out what two exports of one guild never share; the closing mark must repeat the id."""
    export, end = _table(_table(variables["PATTSyncDB"])["lastExport"]), _table(variables["PATTSyncEnd"])
    export_id, time = export.pop("exportId"), export.pop("exportTime")
    assert isinstance(export_id, str)
    assert export_id.startswith(f"{time:x}-")
    assert len(export_id) == len(f"{time:x}-") + 6
    assert end.pop("exportId") == export_id
    return variables


@pytest.mark.parametrize("sees_officer_notes", [True, False])
def test_the_simulator_writes_what_the_addon_writes(world: GuildWorld, sees_officer_notes: bool) -> None:
    written = _of_the_simulator(world, sees_officer_notes=sees_officer_notes)
    real = _of_the_addon(world, sees_officer_notes=sees_officer_notes)
    assert _without_its_moment(written) == _without_its_moment(real)


@pytest.mark.parametrize("sees_officer_notes", [True, False])
def test_so_it_does_where_no_note_can_be_seen(world: GuildWorld, sees_officer_notes: bool) -> None:
    written = _of_the_simulator(world, sees_notes=False, sees_officer_notes=sees_officer_notes)
    for character in world.characters:
        character.note = ""
    real = _of_the_addon(world, sees_officer_notes=sees_officer_notes)
    assert _without_its_moment(written) == _without_its_moment(real)


def test_the_simulated_client_is_one_that_the_addon_is_made_for() -> None:
    assert toc_field("Version") == addon.ADDON_VERSION
    assert str(addon.INTERFACE) in toc_field("Interface").split(", ")
