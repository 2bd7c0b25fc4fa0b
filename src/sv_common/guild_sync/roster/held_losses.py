"""Losses that wait for an officer: whom a refused list would have marked as gone, and who may go after all."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import Field

from sv_common.db.pool import GuildConnection, Pool
from sv_common.db.sql import load_sql
from sv_common.guild_sync.core.errors import NotFound, PlanStale
from sv_common.guild_sync.core.language import number, percent, tr
from sv_common.guild_sync.roster.loss import LARGEST_SHARE, GreatLossError, Loss, LossSource, is_suspicious

SQL = load_sql(__package__, "held_losses.sql")


@dataclass(frozen=True, slots=True)
class HeldLoss(Loss):
    """A loss that waits, or that was released and waits for the next list."""

    refused_at: datetime
    released_at: datetime | None
    released_by: str | None


@dataclass(frozen=True, slots=True)
class LostSubject:
    """A character or member that would be marked as gone."""

    id: int
    name: str
    place: Annotated[
        str | None, Field(description="Rank in the game, or highest guild role on Discord.", examples=["Raider"])
    ]
    player_id: int | None
    player: str | None


async def all_of(guild: GuildConnection) -> list[HeldLoss]:
    """Return what waits in a guild, at most one for each source."""
    return [HeldLoss(*row) for row in await guild.rows(SQL["all"])]


async def subjects(guild: GuildConnection, loss: HeldLoss) -> list[LostSubject]:
    """Return who would be marked as gone, the highest first."""
    statement = SQL["lost_characters"] if loss.source == "battlenet" else SQL["lost_members"]
    return [LostSubject(*row) for row in await guild.rows(statement, ids=list(loss.subject_ids))]


async def release(guild: GuildConnection, source: LossSource, key: str, *, actor: str) -> HeldLoss:
    """Say that those of a refused list may go, once. Raises `NotFound`, and `PlanStale` for others than were seen."""
    held = {each.source: each for each in await all_of(guild)}.get(source)
    if held is None:
        raise NotFound(tr("No list is held: the newest one was accepted."))
    values = {"source": source, "ids": list(held.subject_ids), "actor": actor}
    row = await guild.row(SQL["release"], **values) if held.key == key else None
    if row is None:
        raise PlanStale(
            tr("A newer list is here, and others are missing from it. Nothing was changed. Check it again.")
        )
    return HeldLoss(*row)


async def judge(guild: GuildConnection, loss: Loss, *, is_accepted: bool, is_complete: bool = True) -> None:
    """Judge what a list really marked as gone, in the transaction that did; what waited before it is over.

    Not after a list of which entries were left out (`is_complete=False`), for it does not say who is missing. Raises
    `GreatLossError`, which rolls it back, where too many are gone and no one has released them.
    """
    if not is_accepted and is_suspicious(len(loss.subject_ids), loss.known):
        released = next((each for each in await all_of(guild) if each.source == loss.source and each.released_at), None)
        if released is None or not set(loss.subject_ids) <= set(released.subject_ids):
            raise GreatLossError(_sentence(loss), loss)
    if is_complete:
        await guild.run(SQL["forget"], source=loss.source)


@contextlib.asynccontextmanager
async def keeping_losses(pool: Pool, guild_id: int) -> AsyncIterator[None]:
    """Keep who was missing in a list that is refused for it, after its own transaction was rolled back."""
    try:
        yield
    except GreatLossError as refusal:
        loss = refusal.loss
        async with pool.writing(guild_id, alone=False) as guild:
            await guild.run(SQL["hold"], source=loss.source, ids=sorted(loss.subject_ids), known=loss.known)
        raise


def _sentence(loss: Loss) -> str:
    n, known = number(len(loss.subject_ids)), number(loss.known)
    missing = (
        tr("{n} of {known} known characters are missing from the Battle.net roster.", n=n, known=known)
        if loss.source == "battlenet"
        else tr("{n} of {known} known people are missing from the Discord member list.", n=n, known=known)
    )
    advice = tr(
        "More than {share} at once counts as a failed fetch, so no one was marked as gone. If they really left, look at the "
        "list in the Log or with “patt losses list”, and accept the losses there.",
        share=percent(LARGEST_SHARE),
    )
    return f"{missing} {advice}"
