"""What the jobs API takes and gives: work that officers ask for, how far it is, and what came of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from patt.api.models import Answer, FixesResult, Moves, RuleScan
from patt.api.selection_models import FixChosen


class ScanWish(BaseModel):
    """Look for issues by every rule; nothing is fixed."""

    kind: Literal["scan"]


class ScanRuleWish(BaseModel):
    """Look for issues by one rule; nothing is fixed."""

    kind: Literal["scan_rule"]
    issue_type: str = Field(description="A rule, such as orphan_wow.", examples=["orphan_wow"])


class FixAllWish(BaseModel):
    """Fix all open issues of a rule, by evidence alone."""

    kind: Literal["fix_all"]
    issue_type: str = Field(description="A rule, such as orphan_wow.", examples=["orphan_wow"])


class FixSelectedWish(FixChosen):
    """Fix these issues, by evidence alone, and as they were seen."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"kind": "fix_selected", "issue_ids": [12, 15]}]})

    kind: Literal["fix_selected"]


JobWish = Annotated[ScanWish | ScanRuleWish | FixAllWish | FixSelectedWish, Field(discriminator="kind")]
"""Work that can be asked for."""


class ScanResult(Answer):
    """What a scan found, in all and by rule."""

    totals: Moves
    rules: list[RuleScan]


_JOB: dict[str, Any] = {
    "id": 41,
    "guild_id": 1,
    "kind": "scan",
    "title": "Scan by all rules",
    "place": "all",
    "asked_by": "officer alice",
    "who": "alice",
    "asked_at": "2026-11-23T07:00:00Z",
    "state": "running",
    "attempts": 1,
    "done": 2,
    "total": 5,
    "sentence": "Looking for: Unlinked Discord Member",
    "result": None,
    "started_at": "2026-11-23T07:00:01Z",
    "finished_at": None,
}


class JobAnswer(Answer):
    """A job: what was asked for, how far it is, and what came of it. Jobs are kept for a day."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"examples": [_JOB]})

    id: int
    guild_id: int
    kind: str
    title: str = Field(description="What it is, in words.")
    place: str = Field(description="At which part of a page it shows: a rule, “all” or “chosen”.")
    asked_by: str = Field(description="Who asked, as the log names them.")
    who: str = Field(description="The same for people: an officer by the name alone.")
    asked_at: datetime
    state: Literal["waiting", "running", "done", "failed"]
    attempts: int = Field(description="Tries so far; more than one where a worker was cut off or a source was away.")
    done: int
    total: int = Field(description="0 while it is not known.")
    sentence: str = Field(description="What is being done now, or what came of it.")
    result: ScanResult | FixesResult | None = Field(description="What came of it as data; null until it is done.")
    started_at: datetime | None
    finished_at: datetime | None


class JobReceipt(JobAnswer):
    """A job that was asked for, or the equal one that waited already."""

    model_config = ConfigDict(json_schema_extra={"examples": [{**_JOB, "state": "waiting", "is_new": True}]})

    is_new: bool = Field(description="False where an equal job waited already: this is that one.")


class JobsAnswer(Answer):
    """Jobs, 50 a page, newest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"page": 1, "pages": 1, "total": 1, "jobs": [_JOB]}]})

    page: int
    pages: int
    total: int
    jobs: list[JobAnswer]
