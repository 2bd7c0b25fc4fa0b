"""The file in the addon's folder from which the game loads the proposed notes.

It is a file that the addon brings, empty: the game loads at each `/reload` what its files hold then, but learns of new files
only when it starts. So a file is written anew, never made or removed; whole or not at all; and it holds data alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from patt.companion.files import label_of_folder
from patt.companion.proposals import Proposed
from patt.companion.whole_files import write_whole
from sv_common.guild_sync.core.language import tr

ADDON = "PATTSync"
FILE_NAME = "Proposals.lua"
HEADER = b"-- The guild notes that PATT proposes to an officer. The companion writes this file; it holds data alone.\n"
EMPTY = HEADER + b"local _, ns = ...\nns.proposals = nil\n"
"""As the addon brings it: nothing is proposed."""

_FOLDER = f"[Ii]nterface/[Aa]dd[Oo]ns/{ADDON}"
_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 ")
_LARGEST_LIST = 64 * 1024
_LARGEST = 8 * 1024 * 1024
_CHECKED = re.compile(rb"^checkedAt = (\d{1,12}),$", re.MULTILINE)
_RENEWED_AFTER = 6 * 3600
"""Seconds after which a file with the same notes says anew when they were last checked."""


def addon_folders(folder: Path) -> list[Path]:
    """Return the addon's folders of a game's folder, one of its flavours, or any folder between it and the addon's export."""
    parts = folder.absolute().parts
    start = Path(*parts[: len(parts) - 1 - parts[::-1].index("WTF")]) if "WTF" in parts else folder
    try:
        found = {each for pattern in (_FOLDER, f"_*_/{_FOLDER}") for each in start.glob(pattern)}
        return sorted(each for each in found if (each / f"{ADDON}.toc").is_file())
    except OSError:
        return []


def write_proposed(folder: Path, proposed: Proposed, checked_at: int) -> bool:
    """Write the notes into an addon's folder; return whether they are other ones than before. Raises `OSError`."""
    file, content = folder / FILE_NAME, lua_of(proposed, checked_at)
    before = _content(file)
    is_same = _CHECKED.sub(b"", before) == _CHECKED.sub(b"", content)
    checked = _CHECKED.search(before)
    if not is_same or checked is None or abs(checked_at - int(checked[1])) >= _RENEWED_AFTER:
        write_whole(file, content)
    return not is_same


def holds_proposed(folder: Path) -> bool:
    """Whether there are notes in an addon's folder, as far as can be told."""
    try:
        return (folder / FILE_NAME).is_file() and _content(folder / FILE_NAME) != EMPTY
    except OSError:
        return False


def clear_proposed(folder: Path) -> bool:
    """Take the notes out of an addon's folder; return whether there were any. Raises `OSError`."""
    file = folder / FILE_NAME
    if not file.is_file() or _content(file) == EMPTY:
        return False
    write_whole(file, EMPTY)
    return True


@dataclass(frozen=True, slots=True)
class Told:
    """A sentence about the file, and whether what it tells has gone well."""

    sentence: str
    ok: bool = True


def clear_everywhere(folders: Iterable[Path]) -> Iterator[Told]:
    """Take the notes out of the addons of some games; yield a sentence for each where they were, or could not be taken out."""
    for folder in (each for game in folders for each in addon_folders(game)):
        try:
            if clear_proposed(folder):
                yield Told(tr("The proposed notes were taken out of {place}.", place=label_of_folder(folder)))
        except OSError as error:
            yield fault_of(folder, error)


def fault_of(folder: Path, error: OSError) -> Told:
    sentence = tr(
        "The file with the proposed notes of {place} cannot be written ({reason}). PATT tries again later.",
        place=label_of_folder(folder),
        reason=error.strerror or type(error).__name__,
    )
    return Told(sentence, ok=False)


def knows_of_proposals(folder: Path) -> bool:
    """Whether the addon in a folder is one that loads the file."""
    try:
        with (folder / f"{ADDON}.toc").open("rb") as opened:
            return FILE_NAME.encode() in opened.read(_LARGEST_LIST).split()
    except OSError:
        return False


def lua_of(proposed: Proposed, checked_at: int) -> bytes:
    """Return the file's text: ASCII, in which each text is letters, digits, blanks and numbers of bytes alone."""
    places = list(dict.fromkeys(each.realms for each in proposed.notes))
    numbers = {realms: number for number, realms in enumerate(places, 1)}
    lines = [
        b"local _, ns = ...",
        b"ns.proposals = {",
        b"checkedAt = %d," % checked_at,
        b"guild = %b," % _quoted(proposed.guild),
        b"realms = %b," % _listed(proposed.realms),
        b"region = %d," % proposed.region,
        b"places = {",
        *(_listed(each) + b"," for each in places),
        b"},",
        b"notes = {",
        *(
            b"{ %b, %d, %b, %b, %b, %b },"
            % (
                _quoted(each.name),
                numbers[each.realms],
                _quoted(each.note),
                _quoted(each.proposed),
                _quoted(each.reason),
                _quoted(each.lost),
            )
            for each in proposed.notes
        ),
        b"},",
        b"}",
    ]
    return HEADER + b"\n".join(lines) + b"\n"


def _listed(texts: Iterable[str]) -> bytes:
    return b"{ %b }" % b", ".join(map(_quoted, texts))


def _quoted(text: str) -> bytes:
    return b'"%b"' % b"".join(bytes((byte,)) if byte in _PLAIN else b"\\%03d" % byte for byte in text.encode())


def _content(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(_LARGEST)
    except FileNotFoundError:
        return b""
