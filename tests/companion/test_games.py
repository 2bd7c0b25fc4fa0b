"""The game is found by what launchers wrote down and in the usual folders; what is damaged or strange is passed by."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import thoroughness
from companion.launchers import folder, product, product_db, written
from patt.companion.games.finding import Computer, Search, find_games
from patt.companion.games.product_db import install_paths
from patt.companion.games.reading import LARGEST, Place
from patt.companion.games.windows import WindowsRegistry
from patt.companion.games.wine import places

GAME = "World of Warcraft"
WOW64 = r"SOFTWARE\WOW6432Node\Blizzard Entertainment\World of Warcraft"
UNINSTALL = r"SOFTWARE\WOW6432Node\Microsoft\Windows\CurrentVersion\Uninstall\World of Warcraft"


class MadeUpRegistry:
    """A registry with these values, by key and name."""

    def __init__(self, values: Mapping[tuple[str, str], str]) -> None:
        self._values = values

    def value(self, key: str, name: str) -> str | None:
        return self._values.get((key, name))


def _computer(system: str, home: Path, **further: object) -> Computer:
    defaults: dict[str, object] = {
        "registry": MadeUpRegistry({}),
        "program_data": home / "ProgramData",
        "drives": (home / "c", home / "d"),
        "applications": home / "Applications",
        "shared": home / "Shared",
    }
    return Computer(system, home, **(defaults | further))  # type: ignore[arg-type]


def test_battle_nets_list_names_each_folder_of_the_game_and_of_no_other_game() -> None:
    content = product_db(
        product("agent", "C:/ProgramData/Battle.net/Agent"),
        product("wow", "D:/Spiele/World of Warcraft"),
        product("wow_classic", "D:/Spiele/World of Warcraft"),
        product("WoW_beta", "E:/Beta/World of Warcraft"),
        product("w3", "D:/Spiele/Warcraft III"),
    )
    assert install_paths(content) == ["D:/Spiele/World of Warcraft", "E:/Beta/World of Warcraft"]


def test_a_list_of_battle_net_that_was_cut_off_names_nothing_and_breaks_nothing() -> None:
    content = product_db(product("wow", "D:/Games/World of Warcraft"))
    for end in range(len(content)):
        assert install_paths(content[:end]) in ([], ["D:/Games/World of Warcraft"])


@settings(max_examples=thoroughness.examples(200), deadline=None)
@given(st.binary(max_size=400))
def test_no_content_of_battle_nets_list_breaks_the_search(content: bytes) -> None:
    assert isinstance(install_paths(content), list)


@settings(max_examples=thoroughness.examples(100), deadline=None)
@given(st.data())
def test_no_damage_to_battle_nets_list_breaks_the_search(data: st.DataObject) -> None:
    content = bytearray(product_db(product("wow", "C:/World of Warcraft"), product("s2", "C:/StarCraft II")))
    content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    assert len(install_paths(bytes(content))) <= 2


def test_on_windows_battle_net_the_registry_and_every_drive_are_asked(tmp_path: Path) -> None:
    of_battle_net, of_registry = folder(tmp_path / "elsewhere" / GAME), folder(tmp_path / "renamed")
    usual = folder(tmp_path / "d" / "Program Files (x86)" / GAME)
    written(tmp_path / "ProgramData/Battle.net/Agent/product.db", product_db(product("wow", str(of_battle_net))))
    registry = MadeUpRegistry({(WOW64, "InstallPath"): f"{folder(of_registry / '_retail_')}/"})
    found = find_games(_computer("win32", tmp_path, registry=registry))
    assert found == [
        Place(of_battle_net, "Battle.net"),
        Place(of_registry, "the registry of Windows"),
        Place(usual, "the usual folders"),
    ]


def test_the_list_of_installed_programs_is_asked_too(tmp_path: Path) -> None:
    game = folder(tmp_path / "somewhere" / GAME)
    registry = MadeUpRegistry({(UNINSTALL, "InstallLocation"): f'"{game}"'})
    assert find_games(_computer("win32", tmp_path, registry=registry)) == [Place(game, "the registry of Windows")]


def test_a_game_that_several_name_is_found_once(tmp_path: Path) -> None:
    game = folder(tmp_path / "c" / GAME)
    written(tmp_path / "ProgramData/Battle.net/Agent/product.db", product_db(product("wow", str(game))))
    registry = MadeUpRegistry({(WOW64, "InstallPath"): str(folder(game / "_classic_"))})
    assert find_games(_computer("win32", tmp_path, registry=registry)) == [Place(game, "Battle.net")]


def test_what_is_named_and_not_there_is_passed_by(tmp_path: Path) -> None:
    strange = ["\x00", "", "x" * 5000, str(tmp_path / "gone")]
    content = product_db(*(product("wow", each) for each in strange))
    written(tmp_path / "ProgramData/Battle.net/Agent/product.db", content)
    registry = MadeUpRegistry({(WOW64, "InstallPath"): "\x00", (UNINSTALL, "InstallLocation"): " "})
    assert find_games(_computer("win32", tmp_path, registry=registry)) == []


def test_a_registry_that_is_not_there_names_nothing() -> None:
    assert WindowsRegistry().value(WOW64, "InstallPath") is None


def test_on_a_mac_battle_net_and_both_folders_of_applications_are_asked(tmp_path: Path) -> None:
    of_battle_net = folder(tmp_path / "Volumes" / "Games" / GAME)
    written(tmp_path / "Shared/Battle.net/Agent/product.db", product_db(product("wow", str(of_battle_net))))
    usual = folder(tmp_path / "Applications" / GAME)
    assert find_games(_computer("darwin", tmp_path)) == [
        Place(of_battle_net, "Battle.net"),
        Place(usual, "the usual folders"),
    ]


def _in_prefix(prefix: Path) -> Path:
    return folder(prefix / "drive_c" / "Program Files (x86)" / GAME)


def _steam(home: Path, root: str, library: Path, vdf: str) -> Path:
    written(home / root / "steamapps" / "libraryfolders.vdf", vdf.replace("LIBRARY", str(library)))
    return _in_prefix(library / "steamapps" / "compatdata" / "3412345678" / "pfx")


NEW_VDF = """"libraryfolders"
{
\t"0"
\t{
\t\t"path"\t\t"/nowhere/Steam"
\t\t"totalsize"\t\t"0"
\t\t"apps"
\t\t{
\t\t\t"228980"\t\t"466157386"
\t\t}
\t}
\t"1"
\t{
\t\t"path"\t\t"LIBRARY"
\t}
}
"""
OLD_VDF = """"LibraryFolders"
{
\t"TimeNextStatsReport"\t\t"1611111111"
\t"1"\t\t"LIBRARY"
}
"""


@pytest.mark.parametrize("vdf", [NEW_VDF, OLD_VDF], ids=["new", "old"])
@pytest.mark.parametrize(
    "root",
    [
        ".local/share/Steam",
        ".steam/steam",
        ".var/app/com.valvesoftware.Steam/.local/share/Steam",
        ".var/app/com.valvesoftware.Steam/data/Steam",
        "snap/steam/common/.local/share/Steam",
    ],
)
def test_prefixes_of_proton_are_searched_in_every_library_of_steam(tmp_path: Path, root: str, vdf: str) -> None:
    game = _steam(tmp_path, root, tmp_path / "mnt" / "second drive", vdf)
    assert find_games(_computer("linux", tmp_path)) == [Place(game, "Steam")]


def test_a_prefix_in_steams_own_folder_is_found_without_a_list(tmp_path: Path) -> None:
    game = _in_prefix(tmp_path / ".local/share/Steam/steamapps/compatdata/1/pfx")
    assert find_games(_computer("linux", tmp_path)) == [Place(game, "Steam")]


@pytest.mark.parametrize("value", ["{}", '"{}"', "'{}'"])
@pytest.mark.parametrize(
    "games",
    [
        ".config/lutris/games",
        ".local/share/lutris/games",
        ".var/app/net.lutris.Lutris/config/lutris/games",
        ".var/app/net.lutris.Lutris/data/lutris/games",
    ],
)
def test_the_prefix_that_lutris_wrote_down_is_found(tmp_path: Path, games: str, value: str) -> None:
    game = _in_prefix(tmp_path / "mnt" / "battle net")
    prefix = value.format(tmp_path / "mnt" / "battle net")
    text = f"game:\n  arch: win64\n  exe: /x/Battle.net Launcher.exe\n  prefix: {prefix}\nsystem: {{}}\n"
    written(tmp_path / games / "battlenet-1700000000.yml", text)
    assert find_games(_computer("linux", tmp_path)) == [Place(game, "Lutris")]


def test_the_usual_folder_of_lutris_is_found(tmp_path: Path) -> None:
    game = _in_prefix(tmp_path / "Games" / "battlenet")
    assert find_games(_computer("linux", tmp_path)) == [Place(game, "Lutris")]


@pytest.mark.parametrize("data", [".local/share/bottles", ".var/app/com.usebottles.bottles/data/bottles"])
@pytest.mark.parametrize("is_elsewhere", [False, True])
def test_bottles_are_found_also_where_the_player_keeps_them(tmp_path: Path, data: str, is_elsewhere: bool) -> None:
    bottles = tmp_path / "mnt" / "Bottles" if is_elsewhere else tmp_path / data / "bottles"
    game = _in_prefix(bottles / "Battle.net")
    written(
        tmp_path / data / "data.yml", f"custom_bottles_path: {bottles}\n" if is_elsewhere else "notifications: true\n"
    )
    assert find_games(_computer("linux", tmp_path)) == [Place(game, "Bottles")]


@pytest.mark.parametrize("prefix", [".wine", ".var/app/org.winehq.Wine/data/wine"])
def test_wine_alone_is_found(tmp_path: Path, prefix: str) -> None:
    assert find_games(_computer("linux", tmp_path)) == []
    game = _in_prefix(tmp_path / prefix)
    assert find_games(_computer("linux", tmp_path)) == [Place(game, "Wine")]


@pytest.mark.parametrize(
    "path", ["C:\\Spiele\\World of Warcraft", "c:/spiele/WORLD OF WARCRAFT", "D:\\World of Warcraft\\_retail_"]
)
def test_battle_nets_list_is_read_within_a_prefix_with_its_drives(tmp_path: Path, path: str) -> None:
    prefix = tmp_path / ".wine"
    on_c, on_d = folder(prefix / "drive_c/Spiele" / GAME), folder(tmp_path / "mnt" / GAME)
    folder(prefix / "dosdevices")
    (prefix / "dosdevices" / "c:").symlink_to("../drive_c")
    (prefix / "dosdevices" / "d:").symlink_to(tmp_path / "mnt")
    written(prefix / "drive_c/ProgramData/Battle.net/Agent/product.db", product_db(product("wow", path)))
    [found] = find_games(_computer("linux", tmp_path))
    assert found.folder.resolve() == (on_d if path.startswith("D") else on_c)


@pytest.mark.parametrize(
    "path", ["C:\\..\\..\\World of Warcraft", "\\\\server\\share", "/World of Warcraft", "CD:\\x", ""]
)
def test_a_path_that_leads_out_of_a_prefix_is_not_followed(tmp_path: Path, path: str) -> None:
    prefix = tmp_path / ".wine"
    folder(tmp_path / GAME)
    written(prefix / "drive_c/ProgramData/Battle.net/Agent/product.db", product_db(product("wow", path)))
    assert find_games(_computer("linux", tmp_path)) == []


@pytest.mark.parametrize(
    "content", [b"\xff\xfe\x00", b"prefix: \x00\n", b"prefix:\n", b'"path" "', b"x" * (LARGEST + 1)]
)
def test_a_damaged_file_of_a_launcher_is_passed_by(tmp_path: Path, content: bytes) -> None:
    for file in (
        ".config/lutris/games/game.yml",
        ".local/share/bottles/data.yml",
        ".local/share/Steam/steamapps/libraryfolders.vdf",
        ".wine/drive_c/ProgramData/Battle.net/Agent/product.db",
    ):
        written(tmp_path / file, content)
    folder(tmp_path / ".local/share/lutris/games/folder.yml")
    game = _in_prefix(tmp_path / ".wine")
    assert find_games(_computer("linux", tmp_path)) == [Place(game, "Wine")]


def test_nothing_is_written_while_the_game_is_searched(tmp_path: Path) -> None:
    _steam(tmp_path, ".steam/steam", tmp_path / "mnt", NEW_VDF)
    before = sorted((each, each.stat().st_mtime_ns) for each in tmp_path.rglob("*"))
    assert list(places(tmp_path)) != []
    assert sorted((each, each.stat().st_mtime_ns) for each in tmp_path.rglob("*")) == before


def test_a_game_that_comes_later_is_found_without_a_new_start(tmp_path: Path) -> None:
    now = [0.0]
    found: list[Place] = []
    asked: list[float] = []

    def find() -> list[Place]:
        asked.append(now[0])
        return list(found)

    search = Search(find, lambda: now[0])
    assert search.folders() == []
    found.append(Place(tmp_path, "Steam"))
    now[0] = 5
    assert search.folders() == []
    now[0] = 31
    assert search.folders() == [tmp_path]
    now[0] = 100
    assert search.folders() == [tmp_path]
    assert asked == [0.0, 31]
