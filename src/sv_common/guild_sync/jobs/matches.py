"""Full matches that officers asked for, and what became of each."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, computed_field

from sv_common.db.pool import GuildConnection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.core.errors import Refused
from sv_common.guild_sync.core.language import tr
from sv_common.guild_sync.core.undo_offer import UndoOffer, undo_of_attempts

SQL = load_sql(__package__, "matches.sql")

MatchState = Literal["waiting", "done", "failed"]


@dataclass(frozen=True, slots=True)
class MatchRequest:
    """A full match that was asked for."""

    id: Annotated[int, Field(serialization_alias="request_id")]
    guild_id: Annotated[int, Field(exclude=True)]
    actor: str
    requested_at: datetime
    state: MatchState
    sentence: str | None
    attempt_id: Annotated[int | None, Field(description="What takes it back; null where nothing was changed.")]
    run_id: int | None
    finished_at: datetime | None
    selected: Annotated[
        Sequence[str] | None, Field(description="Keys of the people who were selected; null is everybody.")
    ]

    @computed_field(description="How to undo it; null where nothing was changed.")
    @property
    def undo(self) -> UndoOffer | None:
        """How to undo it, if something was changed."""
        return undo_of_attempts([self.attempt_id]) if self.attempt_id is not None else None


@dataclass(frozen=True, slots=True)
class WaitingMatch:
    """A full match to be done now, of everyone or of the `selected`; `attempts` counts this try."""

    id: int
    actor: str
    attempts: int
    selected: Sequence[str] | None


async def ask(guild: GuildConnection, *, actor: str, selected: Collection[str] | None = None) -> tuple[int, bool]:
    """Ask for a full match of everyone, or of the people with these keys.

    Returns the request's number, and False if it is one that waited already. Raises `Refused` where another one waits.
    """
    row = await guild.row(SQL["ask"], actor=actor, selected=None if selected is None else sorted(set(selected)))
    assert row is not None  # noqa: S101 -- "returning" always gives the row
    request_id, is_new, is_same = row
    if not is_same:
        raise Refused(
            tr(
                "A full match is already queued, and only one runs at a time. Nothing was queued. Try again when it is "
                "done."
            )
        )
    return int(request_id), bool(is_new)


async def next_waiting(guild: GuildConnection) -> WaitingMatch | None:
    return await guild.one(WaitingMatch, SQL["next"])


async def finish(
    guild: GuildConnection,
    request_id: int,
    state: MatchState,
    sentence: str,
    *,
    attempt_id: int | None = None,
    run_id: int | None = None,
) -> None:
    await guild.run(
        SQL["finish"], request_id=request_id, state=state, sentence=sentence, attempt_id=attempt_id, run_id=run_id
    )


async def get(guild: GuildConnection, request_id: int) -> MatchRequest:
    """Return one request of a guild. Raises `NotFound`."""
    otherwise = tr("Full match {number} does not exist.", number=request_id)
    return await guild.required(MatchRequest, otherwise, SQL["get"], request_id=request_id)
