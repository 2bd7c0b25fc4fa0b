"""Asking Battle.net for many characters at once: none of them ends the others, and an outage ends them all."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from sv_common.guild_sync.core.errors import SourceMalformed, SourceUnavailable
from sv_common.guild_sync.sources.models import CharacterAddress

_Answer = TypeVar("_Answer")


async def ask_for_each(
    characters: Sequence[CharacterAddress],
    ask: Callable[[CharacterAddress], Awaitable[_Answer]],
    *,
    places: asyncio.Semaphore,
    most_failures: int,
    failed: Callable[[str], _Answer],
    not_asked: Callable[[str], _Answer],
) -> tuple[list[_Answer], int]:
    """Return the answers in the order of the characters, and how many are none.

    After `most_failures` in a row the rest is not asked for. Raises the `SourceError` of a request after which no other one
    can succeed, as with rejected credentials.
    """
    failures = in_a_row = 0
    last_error = ""

    async def one(character: CharacterAddress) -> _Answer:
        nonlocal failures, in_a_row, last_error
        async with places:
            if in_a_row >= most_failures:
                failures += 1
                return not_asked(last_error)
            try:
                answer = await ask(character)
            except (SourceUnavailable, SourceMalformed) as error:
                failures, in_a_row, last_error = failures + 1, in_a_row + 1, str(error)
                return failed(last_error)
        in_a_row = 0
        return answer

    try:
        async with asyncio.TaskGroup() as group:
            answers = [group.create_task(one(each)) for each in characters]
    except ExceptionGroup as faults:
        raise faults.exceptions[0] from None
    return [answer.result() for answer in answers], failures
