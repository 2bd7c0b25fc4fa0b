r"""Finding the game on Windows: Battle.net's list, the registry, and the usual folders of every drive.

Source of the registry's keys: the game's own installer writes `InstallPath` (a flavour's folder, such as `…\_retail_\`), and
programs for players read it there, such as the desktop app of TradeSkillMaster. Its entry in the list of installed
programs has `InstallLocation`, which Windows documents:
https://learn.microsoft.com/windows/win32/msi/uninstall-registry-key
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

from patt.companion.games.product_db import FILE_NAME, install_paths
from patt.companion.games.reading import GAME, Place, content_of, game_of
from sv_common.guild_sync.core.language import tr

if sys.platform == "win32":
    import winreg

USUAL_FOLDERS = ("Program Files (x86)", "Program Files", "Games", "")
AGENT = "Battle.net/Agent"
"""Where `product.db` lies, below the folder for the data of all programs."""

_BLIZZARD = rf"Blizzard Entertainment\{GAME}"
_UNINSTALL = rf"Microsoft\Windows\CurrentVersion\Uninstall\{GAME}"
_SOFTWARE = ("SOFTWARE\\WOW6432Node", "SOFTWARE")
KEYS = tuple(
    (rf"{software}\{key}", value)
    for key, value in ((_BLIZZARD, "InstallPath"), (_UNINSTALL, "InstallLocation"))
    for software in _SOFTWARE
)
"""Keys of the registry and the value of each that names a folder."""


class Registry(Protocol):
    """The registry of Windows, as far as it is needed."""

    def value(self, key: str, name: str) -> str | None:
        """Return a text of this computer's registry, or else of this user's; None where it is missing."""


class WindowsRegistry:
    """The registry of this computer. On other systems it has nothing."""

    def value(self, key: str, name: str) -> str | None:
        if sys.platform == "win32":
            for root in (winreg.HKEY_LOCAL_MACHINE, winreg.HKEY_CURRENT_USER):
                try:
                    with winreg.OpenKey(root, key) as opened:
                        found, kind = winreg.QueryValueEx(opened, name)
                except OSError:
                    continue
                if kind == winreg.REG_SZ:
                    return str(found)
        return None


def places(registry: Registry, program_data: Path | None, drives: Iterable[Path]) -> Iterator[Place]:
    """Yield where the game could be, the most certain first."""
    if program_data is not None:
        for path in install_paths(content_of(program_data / AGENT / FILE_NAME)):
            yield Place(game_of(Path(path)), "Battle.net")
    for key, name in KEYS:
        path = (registry.value(key, name) or "").strip().strip('"')
        if path:
            yield Place(game_of(Path(path)), tr("the registry of Windows"))
    for drive in drives:
        for folder in USUAL_FOLDERS:
            yield Place(drive / folder / GAME, tr("the usual folders"))


def program_data() -> Path | None:
    """Return the folder for the data of all programs; None where Windows does not say it."""
    named = os.environ.get("PROGRAMDATA") or os.environ.get("ALLUSERSPROFILE")
    return Path(named) if named else None


def all_drives() -> Iterator[Path]:
    return (Path(f"{letter}:/") for letter in "CDEFGHIJKLMNOPQRSTUVWXYZ")
