"""Finding the game on Linux: it runs in Wine, below a prefix that holds a Windows drive, and launchers keep many prefixes.

Sources:
- Wine: a prefix has `drive_c`, and in `dosdevices` a link for each drive (https://gitlab.winehq.org/wine/wine/-/wikis/FAQ).
- Lutris: `prefix` in the file of each game, `games/*.yml` below its folder (docs/installers.rst of lutris/lutris), and
  `~/Games` by default.
- Bottles: `bottles/*`, elsewhere if `data.yml` has `custom_bottles_path` (bottles/backend/managers/data.py of bottlesdevs/Bottles).
- Steam: `steamapps/libraryfolders.vdf` lists its libraries; Proton's prefixes are `steamapps/compatdata/*/pfx` of each
  (docs of ValveSoftware/Proton). A game that is not Steam's has one as well, once Steam started it.
- Flatpak: an application has its data below `~/.var/app/<its id>` (https://docs.flatpak.org/en/latest/conventions.html).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from patt.companion.games.product_db import FILE_NAME, install_paths
from patt.companion.games.reading import (
    GAME,
    MOST,
    Place,
    content_of,
    folders_of,
    game_of,
    is_folder,
    text_of,
    yaml_values,
)
from patt.companion.games.windows import AGENT, USUAL_FOLDERS

_LUTRIS = (".config/lutris", ".local/share/lutris")
_LUTRIS_FLATPAK = (".var/app/net.lutris.Lutris/config/lutris", ".var/app/net.lutris.Lutris/data/lutris")
_BOTTLES = (".local/share/bottles", ".var/app/com.usebottles.bottles/data/bottles")
_STEAM = (
    ".steam/steam",
    ".steam/root",
    ".local/share/Steam",
    ".var/app/com.valvesoftware.Steam/.local/share/Steam",
    ".var/app/com.valvesoftware.Steam/data/Steam",
    "snap/steam/common/.local/share/Steam",
)
_WINE = (".wine", ".var/app/org.winehq.Wine/data/wine")
_LIBRARY = re.compile(r'^[ \t]*"(?:path|\d+)"[ \t]+"((?:[^"\\\n]|\\.){1,1000})"', re.MULTILINE)
"""A library in `libraryfolders.vdf`. Before 2021 each stood beside its number alone; numbers of applications have no slash."""


def places(home: Path) -> Iterator[Place]:
    """Yield where the game could be, launcher by launcher."""
    for prefix, origin in _prefixes(home):
        for folder in _in_prefix(prefix):
            yield Place(folder, origin)


def _prefixes(home: Path) -> Iterator[tuple[Path, str]]:
    for each in _WINE:
        yield home / each, "Wine"
    for prefix in _of_lutris(home):
        yield prefix, "Lutris"
    for prefix in _of_bottles(home):
        yield prefix, "Bottles"
    for library in _steam_libraries(home):
        for prefix in folders_of(library, "steamapps/compatdata/*/pfx"):
            yield prefix, "Steam"


def _of_lutris(home: Path) -> Iterator[Path]:
    for each in (*_LUTRIS, *_LUTRIS_FLATPAK):
        for file in _files(home / each / "games", "*.yml"):
            yield from (_folder(home, value) for value in yaml_values(text_of(file), "prefix"))
        yield from folders_of(home / each, "runners/*/*")
    yield from folders_of(home, "Games/*")


def _of_bottles(home: Path) -> Iterator[Path]:
    for each in _BOTTLES:
        yield from folders_of(home / each, "bottles/*")
        for value in yaml_values(text_of(home / each / "data.yml"), "custom_bottles_path"):
            yield from folders_of(_folder(home, value), "*")


def _steam_libraries(home: Path) -> Iterator[Path]:
    for each in _STEAM:
        root = home / each
        if not is_folder(root):
            continue
        yield root
        for list_of_libraries in ("steamapps/libraryfolders.vdf", "config/libraryfolders.vdf"):
            found = _LIBRARY.findall(text_of(root / list_of_libraries))[:MOST]
            yield from (Path(path) for value in found if "/" in (path := re.sub(r"\\(.)", r"\1", value)))


def _in_prefix(prefix: Path) -> Iterator[Path]:
    """Yield where the game could be below a prefix: as Battle.net says there, and in the usual folders."""
    drive = prefix / "drive_c"
    if not is_folder(drive):
        return
    for path in install_paths(content_of(drive / "ProgramData" / AGENT / FILE_NAME)):
        found = _of_windows(prefix, path)
        if found is not None:
            yield game_of(found)
    for folder in USUAL_FOLDERS:
        yield drive / folder / GAME


def _of_windows(prefix: Path, path: str) -> Path | None:
    """Return where a path of Windows leads below a prefix, whatever its case; None if it leads nowhere."""
    drive, colon, rest = path.partition(":")
    if not colon or not re.fullmatch(r"[A-Za-z]", drive):
        return None
    link = prefix / "dosdevices" / f"{drive.lower()}:"
    found = link if is_folder(link) else prefix / f"drive_{drive.lower()}"
    for part in re.split(r"[\\/]+", rest.strip("\\/")):
        if part in ("", ".", ".."):
            return None
        found = _child(found, part)
    return found


def _child(folder: Path, name: str) -> Path:
    if is_folder(folder / name):
        return folder / name
    same = (each for each in folders_of(folder, "*") if each.name.casefold() == name.casefold())
    return next(same, folder / name)


def _folder(home: Path, named: str) -> Path:
    return home / named.removeprefix("~/")


def _files(folder: Path, pattern: str) -> list[Path]:
    try:
        return sorted(folder.glob(pattern))[:MOST]
    except OSError:
        return []
