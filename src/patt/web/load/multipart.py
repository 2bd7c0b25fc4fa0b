"""Forms that hold a file, read as they come: the file goes to its place piece by piece, however large it is."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from email.message import Message

from sv_common.guild_sync.core.errors import BadInput
from sv_common.guild_sync.core.language import tr

MULTIPART_TYPE = "multipart/form-data"
LONGEST_FIELD = 16 * 1024
"""Bytes of a part's head, and of a field that is no file."""

_END = b"\r\n\r\n"
_BOUNDARY = re.compile(r"[ -~]{1,70}")


def boundary_of(content_type: str) -> bytes | None:
    """Return what stands between the parts of a form with a file; None where it is no such form."""
    head = Message()
    head["content-type"] = content_type
    boundary = head.get_boundary()
    if head.get_content_type() != MULTIPART_TYPE or boundary is None or not _BOUNDARY.fullmatch(boundary):
        return None
    return boundary.encode()


def first_field(body: bytes, boundary: bytes) -> tuple[str, str] | None:
    """Return name and value of the first part of a form whose beginning is there; None while it is not whole."""
    head, end, rest = body.partition(_END)
    value, is_whole, _ = rest.partition(b"\r\n--" + boundary)
    if not end or not is_whole or not head.startswith(b"--" + boundary):
        return None
    return _name_of(head)[0], value.decode("utf-8", errors="replace")


class Multipart:
    """The parts of a form, in their order; the content of each is read before the next."""

    def __init__(self, chunks: AsyncIterator[bytes], boundary: bytes) -> None:
        self._chunks, self._between = chunks, b"\r\n--" + boundary
        self._held, self._is_within = b"\r\n", True

    async def next_part(self) -> tuple[str, str] | None:
        """Return the name of the next part, and of its file, if it is one; None behind the last. Raises `BadInput`."""
        async for _ in self.content():
            """What nobody has read of a part is passed over."""
        while len(self._held) < len(_END):
            if not await self._more():
                return None
        if self._held.startswith(b"--"):
            return None
        while _END not in self._held:
            if len(self._held) > LONGEST_FIELD or not await self._more():
                raise _broken()
        head, _, rest = self._held.partition(_END)
        self._held, self._is_within = rest, True
        return _name_of(head)

    async def content(self) -> AsyncIterator[bytes]:
        """Yield what is left of the part that was begun. Raises `BadInput` where the form ends within it."""
        if not self._is_within:
            return
        while self._between not in self._held:
            keep = len(self._between) - 1
            if len(self._held) > keep:
                yield self._held[:-keep]
                self._held = self._held[-keep:]
            if not await self._more():
                raise _broken()
        part, _, self._held = self._held.partition(self._between)
        self._is_within = False
        if part:
            yield part

    async def _more(self) -> bool:
        async for chunk in self._chunks:
            if chunk:
                self._held += chunk
                return True
        return False


def _name_of(head: bytes) -> tuple[str, str]:
    found = Message()
    for line in head.decode("utf-8", errors="replace").split("\r\n"):
        name, _, value = line.partition(":")
        if name.strip().lower() == "content-disposition":
            found["content-disposition"] = value.strip()
    return str(found.get_param("name", "", "content-disposition")), found.get_filename("")


def _broken() -> BadInput:
    return BadInput(tr("The form did not arrive whole. Send it again."))
