"""One try of a job: what it returns, or what becomes of a job that failed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from sv_common.guild_sync.core.errors import Busy, PattError, SourceUnavailable, reason_of

log = structlog.get_logger(__name__)

MOST_TRIES = 3

_Result = TypeVar("_Result")
Note = Callable[[str], Awaitable[None]]
"""Stores a sentence for the officer."""


async def run_once(
    job: Callable[[], Awaitable[_Result]],
    *,
    number: int,
    fail: Note,
    retry_later: Note,
    most: int = MOST_TRIES,
    is_final: Callable[[Exception], bool] | None = None,
    **ids: object,
) -> _Result | None:
    """Run a job and return its result; `number` counts this try.

    One that failed is kept for another try, or given up: after the last try, or when another try would change nothing.
    A number over `most` means that each earlier try ended its worker, so this one is not begun.
    """
    if number > most:
        await fail(f"Given up: the worker stopped during each of {most} tries. See its log.")
        return None
    try:
        return await job()
    except Exception as error:
        log.exception("job_failed", attempt=number, **ids)
        if number == most or (is_final or is_permanent)(error):
            await fail(reason_of(error))
        else:
            await retry_later(f"{reason_of(error)} It will be tried again.")
        return None


def is_permanent(error: Exception) -> bool:
    """Whether an officer has to do something before another try can succeed."""
    return isinstance(error, PattError) and not isinstance(error, Busy | SourceUnavailable)
