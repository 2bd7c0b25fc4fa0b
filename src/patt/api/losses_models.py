"""What the API gives and takes about losses: lists in which so many are missing that an officer must say whether it is so."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from patt.api.documented import documented
from patt.api.models import Answer
from sv_common.guild_sync.domain.loss import LossSource


class LostSubjectAnswer(Answer):
    """Somebody who would be marked as gone."""

    model_config = documented(id=3, name="Mito", place="Raider", player_id=4, player="Mito")

    id: int
    name: str
    place: str | None = Field(description="Rank in the game, or highest guild role on Discord.")
    player_id: int | None
    player: str | None


class LossAnswer(Answer):
    """A refused list of a source, and who would be marked as gone by it."""

    source: LossSource = Field(description="Whose list it was.")
    key: str = Field(description="Names exactly these; send it back to release them.")
    sentence: str
    known: int = Field(description="How many were known before.")
    refused_at: datetime
    released_at: datetime | None = Field(description="When an officer said that they may go; null: nobody has.")
    released_by: str | None
    subjects: list[LostSubjectAnswer]


class ReleaseRequest(BaseModel):
    """Who may go: those of a refused list, as they were seen."""

    model_config = documented(source="battlenet", key="0f3c9a5be1d24c77" * 4)

    source: LossSource
    key: str = Field(pattern="^[0-9a-f]{64}$")


class ReleasedAnswer(Answer):
    """What was released."""

    sentence: str
    source: LossSource
    count: int
