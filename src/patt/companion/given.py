"""What a player gives the companion: the server's address and an upload key, as one code or each alone.

Both are checked before either is sent.
"""

from __future__ import annotations

import codecs
from ipaddress import ip_address
from pathlib import Path

import httpx2

from patt.companion.code import LONGEST, Code, is_code, read_code
from sv_common.guild_sync.core.errors import BadInput
from sv_common.guild_sync.core.language import tr

_LONGEST_KEY = 200
_LARGEST_KEY_FILE = LONGEST
_HIGHEST_PORT = 65_535


def checked_code(text: str) -> Code:
    """Return what a pasted code says. Raises `BadInput` for anything else, and where it names a server to which no key may be sent."""
    code = read_code(text)
    return Code(checked_server(code.server), checked_key(code.key, tr("in the code")))


def limit_of(server: str) -> str | None:
    """Return a sentence if companions cannot use a server's address from everywhere; None if they can."""
    url = httpx2.URL(server)
    if _is_this_computer(url.host):
        return tr(
            "This code works only on the server's own computer, because the address of PATT is {address}. "
            "For players elsewhere, set PATT_BASE_URL to its public address.",
            address=server,
        )
    if url.scheme == "https":
        return None
    return tr(
        "Companions refuse this code: the address of PATT, {address}, begins with http://, so others on the way could "
        "read the key. Serve PATT with https:// and set PATT_BASE_URL.",
        address=server,
    )


def checked_server(address: str) -> str:
    """Return the server's address without a slash at its end. Raises `BadInput` if a key must not be sent there."""
    address = printable(address.strip().rstrip("/"))
    try:
        url = httpx2.URL(address)
    except httpx2.InvalidURL as error:
        raise _no_address(address) from error
    if url.scheme not in ("http", "https"):
        raise _like_this(tr("The server's address “{address}” must begin with https://.", address=address))
    is_port = url.port is None or 0 < url.port <= _HIGHEST_PORT
    if not url.host or not is_port or " " in address or url.query or url.fragment or url.userinfo:
        raise _no_address(address)
    if url.scheme == "http" and not _is_this_computer(url.host):
        raise BadInput(
            tr(
                "The server's address “{address}” begins with http://, so others on the way could read your upload key. "
                "Give it with https://. Only a server on this computer may be reached with http://.",
                address=address,
            )
        )
    return address


def _no_address(address: str) -> BadInput:
    return _like_this(tr("“{address}” is no address of a server.", address=address))


def _like_this(fault: str) -> BadInput:
    example = tr("It looks like https://patt.example.org.")
    return BadInput(f"{fault} {example}")


def printable(text: object) -> str:
    """Return a text of the command line that can be shown, even if it holds bytes that are no letters."""
    whole = str(text).encode("utf-8", "backslashreplace").decode()
    return "".join(letter if letter.isprintable() else "?" for letter in whole)


def checked_key(key: str, origin: str) -> str:
    """Return a key as it is sent. Raises `BadInput`, which names its origin, such as “after --key”, and never the key."""
    key = key.strip()
    if not key:
        raise _copy_again(tr("The upload key {origin} is empty.", origin=origin))
    if not key.isascii():
        raise _copy_again(tr("The upload key {origin} holds a letter that no upload key has.", origin=origin))
    if not key.isprintable() or " " in key or len(key) > _LONGEST_KEY:
        raise _copy_again(tr("The upload key {origin} is not one word, as every upload key is.", origin=origin))
    return key


def _copy_again(fault: str) -> BadInput:
    remedy = tr("Copy it again as the officer gave it.")
    return BadInput(f"{fault} {remedy}")


def key_or_code(text: str, origin: str) -> Code | str:
    """Return what a text is: a code, or an upload key alone. Raises `BadInput`."""
    return checked_code(text) if is_code(text) else checked_key(text, origin)


def key_in(file: Path) -> Code | str:
    """Return the code or the key that stands alone in a text file. Raises `BadInput`."""
    try:
        with file.expanduser().open("rb") as opened:
            content = opened.read(_LARGEST_KEY_FILE + 1)
    except (OSError, ValueError, RuntimeError) as error:
        reason = error.strerror if isinstance(error, OSError) else tr("there is no such file")
        raise BadInput(
            tr("The file of the upload key, {file}, cannot be read: {reason}.", file=printable(file), reason=reason)
        ) from error
    if len(content) > _LARGEST_KEY_FILE:
        raise BadInput(tr("The file {file} is too large to hold an upload key alone.", file=printable(file)))
    try:
        return key_or_code(_decoded(content), tr("in {file}", file=printable(file)))
    except UnicodeError as error:
        raise BadInput(tr("The file of the upload key, {file}, is not text.", file=printable(file))) from error


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
