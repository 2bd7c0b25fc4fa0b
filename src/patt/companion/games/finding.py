"""The game's folders on this computer, whatever its system."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from patt.companion.games import windows, wine
from patt.companion.games.product_db import FILE_NAME, install_paths
from patt.companion.games.reading import GAME, Place, content_of, existing, game_of
from patt.companion.games.windows import Registry, WindowsRegistry
from sv_common.guild_sync.core.language import tr

_SHARED_ON_MAC = Path("/Users/Shared")
_SECONDS = 300.0
_SECONDS_WITHOUT_GAME = 30.0


@dataclass(frozen=True, slots=True)
class Computer:
    """What of a computer says where the game is."""

    system: str = sys.platform
    home: Path = field(default_factory=Path.home)
    registry: Registry = field(default_factory=WindowsRegistry)
    program_data: Path | None = field(default_factory=windows.program_data)
    drives: Iterable[Path] = field(default_factory=lambda: tuple(windows.all_drives()))
    applications: Path = Path("/Applications")
    shared: Path = _SHARED_ON_MAC


def find_games(computer: Computer | None = None) -> list[Place]:
    """Return the folders in which the game is installed, each with how it was found. Reads only; never raises."""
    return list(existing(_places(computer or Computer())))


def _places(computer: Computer) -> Iterator[Place]:
    if computer.system == "win32":
        return windows.places(computer.registry, computer.program_data, computer.drives)
    if computer.system == "darwin":
        return _on_mac(computer)
    return wine.places(computer.home)


def _on_mac(computer: Computer) -> Iterator[Place]:
    for path in install_paths(content_of(computer.shared / windows.AGENT / FILE_NAME)):
        yield Place(game_of(Path(path)), "Battle.net")
    for applications in (computer.applications, computer.home / "Applications"):
        yield Place(applications / GAME, tr("the usual folders"))


class Search:
    """The game's folders, searched again from time to time: a drive may come later, and the game be installed anew."""

    def __init__(
        self, find: Callable[[], list[Place]] = find_games, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._find, self._clock = find, clock
        self._found: list[Place] = []
        self._at: float | None = None

    def folders(self) -> list[Path]:
        now = self._clock()
        patience = _SECONDS if self._found else _SECONDS_WITHOUT_GAME
        if self._at is None or now - self._at >= patience:
            self._found, self._at = self._find(), now
        return [place.folder for place in self._found]
