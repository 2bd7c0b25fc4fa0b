r"""Battle.net's own list of what it has installed: `product.db`, a Protocol Buffers message.

Blizzard documents neither file nor fields. Independent programs read them alike, among them bnetlauncher
(https://github.com/dafzor/bnetlauncher/blob/master/bnetlauncher/Utils/ProductDb.cs):

    message ProductDb      { repeated ProductInstall product_installs = 1; }
    message ProductInstall { string uid = 1; string product_code = 2; UserSettings settings = 3; }
    message UserSettings   { string install_path = 1; }

It lies in `%ProgramData%\Battle.net\Agent` on Windows, also within Wine, and in `/Users/Shared/Battle.net/Agent` on macOS.
How fields are encoded: https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

from collections.abc import Iterator

from patt.companion.games.reading import MOST

FILE_NAME = "product.db"
_INSTALLS, _PRODUCT_CODE, _SETTINGS, _INSTALL_PATH = 1, 2, 3, 1
_CODES = "wow"
"""How the codes of the game begin: wow, wowt, wow_classic, wow_classic_era, wow_beta, …"""

_MOST_FIELDS = 20_000
_LONGEST_PATH = 1000
_BYTES = 2
_LONGEST_VARINT = 10


def install_paths(content: bytes) -> list[str]:
    """Return the folders in which the game is installed, as Battle.net wrote them; none if the content is damaged."""
    try:
        found = [path for install in _values(content, _INSTALLS) for path in _paths(install)]
    except (ValueError, IndexError):
        return []
    return list(dict.fromkeys(found))[:MOST]


def _paths(install: bytes) -> Iterator[str]:
    codes = [code.decode() for code in _values(install, _PRODUCT_CODE)]
    if not any(code.lower().startswith(_CODES) for code in codes):
        return
    for settings in _values(install, _SETTINGS):
        for path in _values(settings, _INSTALL_PATH):
            if 0 < len(path) <= _LONGEST_PATH:
                yield path.decode()


def _values(message: bytes, field: int) -> list[bytes]:
    """Return the values of a field that holds text or a message. Raises `ValueError`, `IndexError` for a damaged message."""
    found: list[bytes] = []
    place = 0
    for _ in range(_MOST_FIELDS):
        if place == len(message):
            return found
        tag, place = _varint(message, place)
        number, kind = tag >> 3, tag & 7
        if kind == _BYTES:
            length, place = _varint(message, place)
            end = place + length
            if end > len(message):
                raise ValueError("a field is longer than its message")
            if number == field:
                found.append(message[place:end])
            place = end
        else:
            place = _behind(message, place, kind)
    raise ValueError("too many fields")


def _behind(message: bytes, place: int, kind: int) -> int:
    match kind:
        case 0:
            return _varint(message, place)[1]
        case 1:
            end = place + 8
        case 5:
            end = place + 4
        case _:
            raise ValueError("a kind of field that messages no longer have")
    if end > len(message):
        raise ValueError("a field is longer than its message")
    return end


def _varint(message: bytes, place: int) -> tuple[int, int]:
    value = 0
    for index in range(_LONGEST_VARINT):
        byte = message[place + index]
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return value, place + index + 1
    raise ValueError("a number without an end")
