"""The API of losses: who is missing from a list that was refused for it, and letting just them go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import Field

from patt.api.routing import officer_router
from patt.tasks import Task
from patt.web.context import GuildDep, OfficerDep, ServicesDep
from sv_common.db.pool import Connection
from sv_common.guild_sync.roster import guilds, held_losses
from sv_common.guild_sync.roster.held_losses import HeldLoss, LostSubject
from sv_common.guild_sync.roster.loss import LossSource

_TASKS = {"battlenet": Task.BATTLE_NET, "discord": Task.DISCORD}
_WORDS = {"battlenet": ("character", "Battle.net's roster"), "discord": ("Discord member", "Discord's member list")}
_KEY = "0f3c9a5be1d24c77" * 4

router = officer_router("losses", "losses")


@dataclass(frozen=True, slots=True)
class Loss:
    """A refused list of a source, and who would be marked as gone by it."""

    source: Annotated[LossSource, Field(description="Whose list it was.")]
    key: Annotated[str, Field(description="Names exactly these; send it back to release them.", examples=[_KEY])]
    sentence: str
    known: Annotated[int, Field(description="How many were known before.")]
    refused_at: datetime
    released_at: Annotated[
        datetime | None, Field(description="When an officer said that they may go; null: nobody has.")
    ]
    released_by: str | None
    subjects: Sequence[LostSubject]


@dataclass(frozen=True, slots=True)
class Release:
    """Who may go: those of a refused list, as they were seen."""

    source: LossSource
    key: Annotated[str, Field(pattern="^[0-9a-f]{64}$", examples=[_KEY])]


@dataclass(frozen=True, slots=True)
class Released:
    """What was released."""

    sentence: str
    source: LossSource
    count: int


@router.get("", summary="Who would be marked as gone")
async def listed(services: ServicesDep, guild: GuildDep = None) -> list[Loss]:
    """Lists of Battle.net or Discord that were refused, since more than 30 % (and at least 3) are missing at once."""
    async with services.pool.connection() as conn:
        number = (await guilds.the_only(conn, guild)).id
        return [
            Loss(
                each.source,
                each.key,
                sentence_of(each),
                each.known,
                each.refused_at,
                each.released_at,
                each.released_by,
                await held_losses.subjects(conn, number, each),
            )
            for each in await held_losses.all_of(conn, number)
        ]


@router.post("/release", summary="Let those go who are missing")
async def release(services: ServicesDep, officer: OfficerDep, body: Release, guild: GuildDep = None) -> Released:
    """Just these, and once: when others are missing from the next list too, it is refused anew."""
    async with services.pool.connection() as conn:
        number = (await guilds.the_only(conn, guild)).id
        released = await held_losses.release(conn, number, body.source, body.key, actor=officer.actor)
    if services.queue is not None:
        await services.queue.enqueue(_TASKS[body.source], number)
    count = len(released.subject_ids)
    sentence = (
        f"{_counted(body.source, count)} may be marked as gone by the next list, and nobody else. It is asked for now."
    )
    return Released(sentence, body.source, count)


async def sentences(conn: Connection, guild_id: int) -> list[str]:
    """Return a sentence for each list that was refused and still waits for an officer."""
    return [sentence_of(each) for each in await held_losses.all_of(conn, guild_id) if each.released_at is None]


def sentence_of(loss: HeldLoss) -> str:
    """Say what waits."""
    count, where = len(loss.subject_ids), _WORDS[loss.source][1]
    if loss.released_at is not None:
        return f"{_counted(loss.source, count)} will be marked as gone by the next list: {loss.released_by} said so."
    return (
        f"{_counted(loss.source, count)} of {loss.known} would be marked as gone: they are missing from {where}, which was "
        "not taken in."
    )


def _counted(source: LossSource, count: int) -> str:
    return f"{count} {_WORDS[source][0]}{'' if count == 1 else 's'}"
