"""Full matches that officers asked for: done by a worker, each once, and what became of it noted."""

from __future__ import annotations

import structlog

from patt.bootstrap import Services
from sv_common.guild_sync import scheduler
from sv_common.guild_sync.core.errors import Busy, PattError, reason_of
from sv_common.guild_sync.identity_engine import MatchReport
from sv_common.guild_sync.jobs import matches
from sv_common.guild_sync.jobs.matches import MatchState, WaitingMatch

log = structlog.get_logger(__name__)

MOST_ATTEMPTS = 3
"""Tries after which a full match is given up; its officer can ask again."""


async def match_when_asked(services: Services, guild_id: int) -> None:
    """Do the full match of a guild that waits, if one does.

    Killed in between, it is done again: a full match that was applied finds nothing more to do.
    """
    async with services.pool.connection() as conn:
        waiting = await matches.next_waiting(conn, guild_id)
    if waiting is None:
        return
    if waiting.attempts > MOST_ATTEMPTS:
        await _finish(services, waiting, "failed", f"Given up: the worker ended during each of {MOST_ATTEMPTS} tries.")
        return
    try:
        report, match = await scheduler.run_full_match(
            services.pool, guild_id=guild_id, outside=services.outside, actor=waiting.actor, selected=waiting.selected
        )
    except Exception as error:  # what is worth another try waits for it
        log.exception("full_match_failed", request_id=waiting.id, guild_id=guild_id, attempt=waiting.attempts)
        is_final = isinstance(error, PattError) and not isinstance(error, Busy)
        if is_final or waiting.attempts == MOST_ATTEMPTS:
            await _finish(services, waiting, "failed", reason_of(error))
    else:
        await _finish(services, waiting, "done", _sentence(match, waiting), match.attempt_id, report.run_id)


async def _finish(
    services: Services,
    waiting: WaitingMatch,
    state: MatchState,
    sentence: str,
    attempt_id: int | None = None,
    run_id: int | None = None,
) -> None:
    async with services.pool.connection() as conn:
        await matches.finish(conn, waiting.id, state, sentence, attempt_id=attempt_id, run_id=run_id)


def _sentence(match: MatchReport, waiting: WaitingMatch) -> str:
    counts = match.counts
    done = f"{counts['players_created']} players created, {counts['characters_linked']} characters linked"
    if waiting.selected is None:
        return f"{done}, {counts['left_alone']} left alone."
    if not match.missing:
        return f"{done}, for the {len(waiting.selected)} selected."
    cut_off = " An earlier try was cut off and may have done it." if waiting.attempts > 1 else ""
    return (
        f"{done}. Of the {len(waiting.selected)} selected, {match.missing} could no longer be found as they were previewed, "
        f"and nothing was done for them.{cut_off}"
    )
