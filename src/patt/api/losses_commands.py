"""Losses that wait for an officer, once for the API, the pages and the command line: who would go, and letting them go."""

from __future__ import annotations

from patt.api.losses_models import LossAnswer, LostSubjectAnswer, ReleasedAnswer
from patt.bootstrap import Services
from patt.deps import Caller
from patt.queue import Task
from sv_common.db.pool import Connection
from sv_common.guild_sync.domain.loss import LossSource
from sv_common.guild_sync.store import guilds, held_losses
from sv_common.guild_sync.store.held_losses import HeldLoss

_TASKS = {"battlenet": Task.BATTLE_NET, "discord": Task.DISCORD}
_WORDS = {"battlenet": ("character", "Battle.net's roster"), "discord": ("Discord member", "Discord's member list")}


async def losses(conn: Connection, guild_id: int | None) -> list[LossAnswer]:
    """Return what waits in a guild, with everybody's name. Raises `NotFound` and `Refused`."""
    number = (await guilds.the_only(conn, guild_id)).id
    return [await _answer(conn, number, each) for each in await held_losses.all_of(conn, number)]


async def sentences(conn: Connection, guild_id: int) -> list[str]:
    """Return a sentence for each list that was refused and still waits for an officer."""
    return [sentence_of(each) for each in await held_losses.all_of(conn, guild_id) if each.released_at is None]


async def release(
    services: Services, officer: Caller, source: LossSource, key: str, *, guild_id: int | None
) -> ReleasedAnswer:
    """Let those go who were seen, and ask for the next list at once. Raises `NotFound`, `PlanStale` and `Refused`."""
    async with services.pool.connection() as conn:
        number = (await guilds.the_only(conn, guild_id)).id
        released = await held_losses.release(conn, number, source, key, actor=officer.actor)
    if services.queue is not None:
        await services.queue.ask_for(_TASKS[source], number)
    count = len(released.subject_ids)
    sentence = (
        f"{_counted(source, count)} may be marked as gone by the next list, and nobody else. It is asked for now."
    )
    return ReleasedAnswer(sentence=sentence, source=source, count=count)


def sentence_of(loss: HeldLoss) -> str:
    """Say what waits."""
    count, where = len(loss.subject_ids), _WORDS[loss.source][1]
    if loss.released_at is not None:
        return f"{_counted(loss.source, count)} will be marked as gone by the next list: {loss.released_by} said so."
    return (
        f"{_counted(loss.source, count)} of {loss.known} would be marked as gone: they are missing from {where}, which was "
        "not taken in."
    )


async def _answer(conn: Connection, guild_id: int, loss: HeldLoss) -> LossAnswer:
    return LossAnswer(
        source=loss.source,
        key=loss.key,
        sentence=sentence_of(loss),
        known=loss.known,
        refused_at=loss.refused_at,
        released_at=loss.released_at,
        released_by=loss.released_by,
        subjects=[LostSubjectAnswer.model_validate(each) for each in await held_losses.subjects(conn, guild_id, loss)],
    )


def _counted(source: LossSource, count: int) -> str:
    return f"{count} {_WORDS[source][0]}{'' if count == 1 else 's'}"
