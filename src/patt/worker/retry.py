"""One try of a job: what it returns, or what becomes of a job that failed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

import structlog

from sv_common.guild_sync.core.errors import Busy, PattError, SourceUnavailable, reason_of
from sv_common.guild_sync.core.language import tr

log = structlog.get_logger(__name__)

MOST_TRIES = 3

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Failed:
    """A try that failed, in a sentence for the officer. One that is not final is made again later."""

    reason: str
    is_final: bool = True


def is_permanent(error: Exception) -> bool:
    """Whether an officer has to do something before another try can succeed."""
    return isinstance(error, PattError) and not isinstance(error, Busy | SourceUnavailable)


async def run_once(
    job: Callable[[], Awaitable[_Result]],
    *,
    number: int,
    most: int = MOST_TRIES,
    is_final: Callable[[Exception], bool] = is_permanent,
    **ids: object,
) -> _Result | Failed:
    """Run a job and return its result; `number` counts this try.

    A failure is final after the last try, or when another try would change nothing. A number over `most` means that each
    earlier try ended its worker, so this one is not begun.
    """
    if number > most:
        return Failed(tr("Given up after {n} tries, because the worker stopped each time. See its log.", n=most))
    try:
        return await job()
    except Exception as error:
        log.exception("job_failed", attempt=number, **ids)
        if number == most or is_final(error):
            return Failed(reason_of(error))
        later = tr("PATT tries again later.")
        return Failed(f"{reason_of(error)} {later}", is_final=False)
