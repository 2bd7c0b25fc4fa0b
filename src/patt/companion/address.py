"""What a player gives the companion once: the server's address and the upload key. Neither is sent before it was looked at."""

from __future__ import annotations

import codecs
from ipaddress import ip_address
from pathlib import Path

import httpx2

from sv_common.guild_sync.core.errors import BadInput

_LIKE_THIS = "It looks like https://patt.example.org."
_LONGEST_KEY = 200
_LARGEST_KEY_FILE = 4096
_WHERE_A_KEY_IS_FROM = "Copy it again as the officer gave it."


def checked_server(address: str) -> str:
    """Return the server's address without a slash at its end. Raises `BadInput` where a key must not be sent there."""
    address = printable(address.strip().rstrip("/"))
    try:
        url = httpx2.URL(address)
    except httpx2.InvalidURL as error:
        raise BadInput(f"“{address}” is no address of a server. {_LIKE_THIS}") from error
    if url.scheme not in ("http", "https"):
        raise BadInput(f"The server's address “{address}” must begin with https://. {_LIKE_THIS}")
    if not url.host or " " in address or url.query or url.fragment or url.userinfo:
        raise BadInput(f"“{address}” is no address of a server. {_LIKE_THIS}")
    if url.scheme == "http" and not _is_this_computer(url.host):
        raise BadInput(
            f"The server's address “{address}” begins with http://, so everybody on the way could read your upload key. "
            "Give it with https://. Only a server on this computer may be reached with http://."
        )
    return address


def printable(text: object) -> str:
    """Return a text of the command line as it can be shown: bytes that are no letters can stand in it."""
    whole = str(text).encode("utf-8", "backslashreplace").decode()
    return "".join(letter if letter.isprintable() else "?" for letter in whole)


def checked_key(key: str, origin: str) -> str:
    """Return a key as it can be sent. Raises `BadInput`, which names where it is from and never says the key."""
    key = key.strip()
    if not key:
        raise BadInput(f"The upload key {origin} is empty. {_WHERE_A_KEY_IS_FROM}")
    if not key.isascii():
        raise BadInput(f"The upload key {origin} holds a letter that no upload key has. {_WHERE_A_KEY_IS_FROM}")
    if not key.isprintable() or " " in key or len(key) > _LONGEST_KEY:
        raise BadInput(f"The upload key {origin} is not one word, as every upload key is. {_WHERE_A_KEY_IS_FROM}")
    return key


def key_in(file: Path) -> str:
    """Return the key that stands alone in a text file. Raises `BadInput`."""
    try:
        with file.expanduser().open("rb") as opened:
            content = opened.read(_LARGEST_KEY_FILE + 1)
    except (OSError, ValueError, RuntimeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "there is no such file"
        raise BadInput(f"The file of the upload key, {printable(file)}, cannot be read: {reason}.") from error
    if len(content) > _LARGEST_KEY_FILE:
        raise BadInput(f"The file {printable(file)} is too large to hold an upload key alone.")
    try:
        return checked_key(_decoded(content), f"in {printable(file)}")
    except UnicodeError as error:
        raise BadInput(f"The file of the upload key, {printable(file)}, is not text.") from error


def _decoded(content: bytes) -> str:
    """Windows PowerShell writes UTF-16 with its mark in front."""
    is_utf_16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return content.decode("utf-16" if is_utf_16 else "utf-8-sig")


def _is_this_computer(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
