"""Where the game keeps what addons save, on each system.

Source of the paths: the game writes `WTF/Account/<ACCOUNT>/SavedVariables/<Addon>.lua` below the folder of each flavour
(`_retail_`, `_classic_`, …); launchers on Linux keep a Windows drive of their own.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

FILE_NAME = "PATTSync.lua"
_BELOW_THE_GAME = f"_*_/WTF/Account/*/SavedVariables/{FILE_NAME}"
_GAME = "World of Warcraft"
_WINDOWS_FOLDERS = ("Program Files (x86)", "Program Files", "Games", "")
_LINUX_DRIVES = (
    ".wine/drive_c",
    "Games/*/drive_c",
    ".local/share/lutris/runners/*/*/drive_c",
    ".var/app/com.usebottles.bottles/data/bottles/bottles/*/drive_c",
    ".local/share/bottles/bottles/*/drive_c",
    ".steam/steam/steamapps/compatdata/*/pfx/drive_c",
    ".local/share/Steam/steamapps/compatdata/*/pfx/drive_c",
)


def game_folders(
    system: str = sys.platform, home: Path | None = None, drives: Iterable[Path] | None = None
) -> list[Path]:
    """Return the folders in which the game is usually installed on this system and which exist."""
    home = home or Path.home()
    if system == "win32":
        roots = drives if drives is not None else (Path(f"{letter}:/") for letter in "CDEFGH")
        candidates: Iterator[Path] = (root / folder / _GAME for root in roots for folder in _WINDOWS_FOLDERS)
    elif system == "darwin":
        candidates = iter((Path("/Applications") / _GAME, home / "Applications" / _GAME))
    else:
        candidates = (
            drive / folder / _GAME
            for pattern in _LINUX_DRIVES
            for drive in sorted(home.glob(pattern))
            for folder in _WINDOWS_FOLDERS
        )
    return [folder for folder in candidates if folder.is_dir()]


def export_files(folder: Path) -> list[Path]:
    """Return the files that the addon saved below a folder: the game's, one of a flavour, or one that holds the file."""
    patterns = (_BELOW_THE_GAME, _BELOW_THE_GAME.removeprefix("_*_/"), f"*/SavedVariables/{FILE_NAME}", FILE_NAME)
    return sorted({file for pattern in patterns for file in folder.glob(pattern)})
