"""Answers of a service, made of any bytes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import httpx2

from fuzzing.targets.promises import fits_the_database
from sv_common.guild_sync.core.errors import SourceMalformed
from sv_common.guild_sync.sources.http import Asked, Node, RetryableError

Reader = Callable[[Node], object]

_REQUEST = httpx2.Request("GET", "http://127.0.0.1/")


def answer_of(body: bytes, status: int = 200) -> httpx2.Response:
    """Return an answer with a body."""
    return httpx2.Response(status, content=body, headers={"Content-Type": "application/json"}, request=_REQUEST)


def read_by_one_of(readers: Sequence[Reader], data: bytes, asked: Asked) -> object:
    """Read an answer by the reader that the first byte chooses; None where it was refused in the way that is promised."""
    try:
        node = Node.of(answer_of(data[1:]), asked)
    except RetryableError as refusal:
        fits_the_database(str(refusal.error))
        return None
    try:
        value = readers[data[0] % len(readers)](node)
    except SourceMalformed as refusal:
        fits_the_database(str(refusal))
        return None
    fits_the_database(value)
    return value
