"""The guild's server: what a player gives for it once, sending an export, and fetching what became of it.

Address and key are checked before either is sent.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpx2

from sv_common.guild_sync.core.errors import BadInput
from sv_common.guild_sync.core.language import mark, tr

PATH = "/api/v1/guild-sync/addon-upload"
_SECONDS = 30.0
_LONGEST_SENTENCE = 500
_NOT_PATT = mark("The program at this address is not PATT. Check the server's address.")
_LONGEST_KEY = 200
_LARGEST_KEY_FILE = 4096
_HIGHEST_PORT = 65_535


class Answer(StrEnum):
    SENT = "sent"
    SUPERSEDED = "superseded"
    REFUSED = "refused"
    KEY_REJECTED = "key rejected"
    AWAY = "away"


@dataclass(frozen=True, slots=True)
class Reply:
    """The server's answer, and a sentence for the player. `upload_id` is for fetching the outcome later."""

    answer: Answer
    sentence: str
    upload_id: int | None = None


class State(StrEnum):
    """The state of an upload, as the API names it."""

    WAITS = "received"
    DONE = "done"
    SUPERSEDED = "superseded"
    REFUSED = "refused"
    FAILED = "failed"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The state of an upload, and the server's sentence about it."""

    state: State
    sentence: str


async def send(http: httpx2.AsyncClient, server: str, key: str, content: bytes) -> Reply:
    """Send an export. Away is a server that does not answer or has a fault: the export has to be kept."""
    headers = {"X-API-Key": key, "Content-Type": "application/octet-stream"}
    try:
        response = await http.post(f"{server.rstrip('/')}{PATH}", content=content, headers=headers, timeout=_SECONDS)
    except httpx2.HTTPError as error:
        return Reply(Answer.AWAY, tr("The server cannot be reached ({fault}).", fault=type(error).__name__))
    if response.status_code in (httpx2.codes.OK, httpx2.codes.ACCEPTED):
        return _receipt(response)
    if response.status_code in (httpx2.codes.UNAUTHORIZED, httpx2.codes.FORBIDDEN):
        sentence = tr("The server does not accept this upload key. Ask an officer for a new one.")
        return Reply(Answer.KEY_REJECTED, sentence)
    if response.status_code in (413, 422):
        return Reply(Answer.REFUSED, _sentence(_body(response), "detail") or _number(response))
    return Reply(Answer.AWAY, _trouble(response))


async def outcome_of(http: httpx2.AsyncClient, server: str, key: str, upload_id: int) -> Outcome | None:
    """Fetch the state of an upload; None if the server cannot say now."""
    url = f"{server.rstrip('/')}{PATH}/{upload_id}"
    try:
        response = await http.get(url, headers={"X-API-Key": key}, timeout=_SECONDS)
    except httpx2.HTTPError:
        return None
    if response.status_code == httpx2.codes.NOT_FOUND:
        return Outcome(State.GONE, "")
    body = _body(response)
    if response.status_code != httpx2.codes.OK or body.get("state") not in set(State):
        return None
    return Outcome(State(body["state"]), _sentence(body, "sentence"))


def _receipt(response: httpx2.Response) -> Reply:
    """Read the receipt of an export. The page of a hotel's network is not a receipt."""
    body = _body(response)
    number = body.get("upload_id")
    upload_id = number if isinstance(number, int) else None
    superseded = body.get("state") == State.SUPERSEDED
    if upload_id is None and not superseded:
        return Reply(Answer.AWAY, tr(_NOT_PATT))
    return Reply(Answer.SUPERSEDED if superseded else Answer.SENT, _sentence(body, "sentence"), upload_id)


def _trouble(response: httpx2.Response) -> str:
    if response.is_redirect or response.status_code in (404, 405):
        return f"{_number(response)} {tr(_NOT_PATT)}"
    return f"{_number(response)} {_sentence(_body(response), 'detail')}".rstrip()


def _number(response: httpx2.Response) -> str:
    return tr("The server answered {status}.", status=response.status_code)


def _body(response: httpx2.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _sentence(body: dict[str, Any], field: str) -> str:
    """Return a sentence of the server, without anything that would move a terminal's cursor."""
    text = str(body.get(field) or "")[:_LONGEST_SENTENCE]
    return "".join(letter if letter.isprintable() else " " for letter in text).strip()


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


def key_in(file: Path) -> str:
    """Return the key that stands alone in a text file. Raises `BadInput`."""
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
        return checked_key(_decoded(content), tr("in {file}", file=printable(file)))
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
