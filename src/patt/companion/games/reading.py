"""Reading what launchers wrote down: bounded, and empty where a file is missing, closed or damaged.

A file of another program is a hint. Without it the game is searched in the next place, and at last the player is asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

LARGEST = 1024 * 1024
"""Bytes of a launcher's file; the largest seen have some ten thousand."""

MOST = 200
"""Entries of one kind, such as prefixes of one launcher."""

GAME = "World of Warcraft"


@dataclass(frozen=True, slots=True)
class Place:
    """A folder of the game, and by which means it was found, as people call it."""

    folder: Path
    origin: str


def content_of(file: Path) -> bytes:
    """Return what is in a file; nothing if it cannot be read, or is too large to be what it should be."""
    try:
        if not file.is_file():
            return b""
        with file.open("rb") as opened:
            content = opened.read(LARGEST + 1)
    except OSError:
        return b""
    return content if len(content) <= LARGEST else b""


def text_of(file: Path) -> str:
    return content_of(file).decode("utf-8", "replace")


def yaml_values(text: str, name: str) -> list[str]:
    """Return the values of a name in a file of YAML that has one on a line, as Lutris and Bottles write them."""
    found = re.findall(rf"^[ \t]*{re.escape(name)}:[ \t]+(.+?)[ \t\r]*$", text, re.MULTILINE)
    return [value for each in found[:MOST] if (value := _unquoted(each)) not in ("", "null", "~")]


def _unquoted(value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] == "'":
        return value[1:-1].replace("''", "'")
    if len(value) > 1 and value[0] == value[-1] == '"':
        return re.sub(r"\\(.)", r"\1", value[1:-1])
    return value


def folders_of(parent: Path, pattern: str) -> list[Path]:
    """Return the folders that fit a pattern below a folder, in order; none where it cannot be read."""
    try:
        return sorted(each for each in parent.glob(pattern) if is_folder(each))[:MOST]
    except OSError:
        return []


def is_folder(path: Path) -> bool:
    """Whether there is such a folder. A path of a damaged file can be one that no system has."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def game_of(path: Path) -> Path:
    """Return the game's folder; launchers also name that of one flavour, such as `_retail_`."""
    name = path.name
    return path.parent if len(name) > 1 and name.startswith("_") and name.endswith("_") else path


def existing(places: Iterable[Place]) -> Iterator[Place]:
    """Yield the places that exist, each once, under whichever name it was found first."""
    known: set[Path] = set()
    for place in places:
        if not is_folder(place.folder):
            continue
        folder = place.folder.resolve()
        if folder not in known:
            known.add(folder)
            yield place
