"""Where the game keeps what addons save, on each system.

Source of the paths: the game writes `WTF/Account/<ACCOUNT>/SavedVariables/<Addon>.lua` below the folder of each flavour
(`_retail_`, `_classic_`, …); launchers on Linux keep a Windows drive of their own.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from patt.companion.address import printable
from sv_common.guild_sync.core.errors import BadInput

FILE_NAME = "PATTSync.lua"
_BELOW_THE_GAME = f"_*_/WTF/Account/*/SavedVariables/{FILE_NAME}"
_GAME = "World of Warcraft"
_GIVE_THE_GAME = 'Give the folder in which the game is installed, such as: patt watch "D:\\Games\\World of Warcraft"'
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
    """Return the files that the addon saved below a folder: the game's, one of a flavour, or any between it and the file."""
    if folder.name == FILE_NAME and not folder.is_dir():
        return [folder] if folder.exists() else []
    parts = _BELOW_THE_GAME.split("/")
    patterns = ("/".join(parts[start:]) for start in range(len(parts)))
    return sorted({file for pattern in patterns for file in folder.glob(pattern)})


def checked_folder(folder: Path) -> Path:
    """Return a folder in which the addon's file can be looked for. Raises `BadInput` for one that cannot be the game's."""
    try:
        return _checked(folder.expanduser())
    except RuntimeError as error:
        raise BadInput(f"The folder {printable(folder)} does not exist. {_GIVE_THE_GAME}") from error
    except OSError as error:
        raise BadInput(
            f"The folder {printable(folder)} cannot be looked at: {error.strerror}. {_GIVE_THE_GAME}"
        ) from error


def label_of(file: Path) -> str:
    """Name a file by what tells it from the others of this computer: the flavour of the game, and the account."""
    parts = file.absolute().parts
    if len(parts) < len(_BELOW_THE_GAME.split("/")) or parts[-2] != "SavedVariables":
        return printable(file)
    flavour = parts[-6]
    is_flavour = flavour.startswith("_") and flavour.endswith("_")
    return printable(f"{flavour}, account {parts[-3]}" if is_flavour else f"account {parts[-3]}")


def _checked(folder: Path) -> Path:
    if export_files(folder):
        return folder
    if folder.is_file():
        raise BadInput(f"{printable(folder)} is a file, and not the game's folder. {_GIVE_THE_GAME}")
    if not folder.is_dir():
        raise BadInput(f"The folder {printable(folder)} does not exist. {_GIVE_THE_GAME}")
    whole = folder.absolute()
    if "WTF" not in whole.parts and not any(any(folder.glob(each)) for each in ("WTF", "_*_")):
        raise BadInput(
            f"The game is not in {printable(folder)}: it holds neither WTF nor a folder like _retail_. {_GIVE_THE_GAME}"
        )
    return folder
