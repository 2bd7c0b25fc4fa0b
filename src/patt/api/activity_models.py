"""What the activity API gives."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field, computed_field

from patt.api.models import Answer


class RunStepAnswer(Answer):
    """One step of a run."""

    name: str
    duration_ms: int
    counts: dict[str, int] = Field(default={})
    notices: list[str] = Field(default=[], description="Sentences that an officer should read.")
    error: str | None = None


class RunAnswer(Answer):
    """One run of a pipeline."""

    id: int
    guild_id: int
    pipeline: str
    actor: str
    status: str
    started_at: datetime
    finished_at: datetime | None
    error: str | None
    steps: list[RunStepAnswer]

    @computed_field(description="How long it took; null while it runs.")  # type: ignore[prop-decorator]  # pydantic documents it so
    @property
    def duration_ms(self) -> int | None:
        """How long it took in ms; None while it runs."""
        return None if self.finished_at is None else round((self.finished_at - self.started_at).total_seconds() * 1000)


class RunsAnswer(Answer):
    """Runs of pipelines, 50 a page, newest first."""

    page: int
    pages: int
    total: int
    runs: list[RunAnswer]


class DeedAnswer(Answer):
    """What somebody did."""

    at: datetime
    actor: str
    is_automatic: bool
    what: str = Field(
        description="running, fixed, refused, failed, unverified, undone, dismissed, woken, asked (for a full match) or set (a setting)."
    )
    subject: str | None = Field(description="The issue it was done to.")
    reason: str | None
    issue_type: str | None
    issue_id: int | None
    attempt_id: int | None
    is_undoable: bool


class DeedsAnswer(Answer):
    """Who did what, 50 a page, newest first."""

    page: int
    pages: int
    total: int
    deeds: list[DeedAnswer]


class JobAnswer(Answer):
    """A job that waits or runs."""

    id: int
    task: str
    guild_id: int | None
    guild: str | None
    state: Literal["waiting", "running"]
    since: datetime | None
    attempts: int


class JobsAnswer(Answer):
    """Jobs, 50 a page: those that run first, then as they came."""

    page: int
    pages: int
    total: int
    jobs: list[JobAnswer]
