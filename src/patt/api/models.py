"""What the API takes and gives. Every answer to a command has a `sentence` that can be shown to an officer as it is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from patt.api.examples import with_examples
from sv_common.guild_sync.domain.issue import IssueState
from sv_common.guild_sync.domain.report import FixOutcome
from sv_common.guild_sync.identity_engine import Evidence
from sv_common.guild_sync.store.uploads import UploadState

ISSUE_EXAMPLE: dict[str, Any] = {
    "id": 12,
    "guild_id": 1,
    "issue_type": "orphan_wow",
    "severity": "warning",
    "state": "open",
    "summary": "'Newalt' has no player link",
    "details": {"character": "Newalt-area-52", "note": "alt of Mito"},
    "waiting_reason": None,
    "created_at": "2026-11-23T06:00:00Z",
    "opened_at": "2026-11-23T06:00:00Z",
    "resolved_at": None,
    "resolved_by": None,
    "dismissed_at": None,
    "dismissed_by": None,
    "dismissed_reason": None,
    "dismissed_until": None,
    "key": "9f2c7a1be04d5536",
}


class Answer(BaseModel):
    """An answer, read from a mapping or from the fields of a dataclass."""

    model_config = ConfigDict(from_attributes=True)

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Describe the model, with an example for each field; here, so that no model's own settings put it aside."""
        schema = handler(core_schema)
        with_examples(handler.resolve_ref_schema(schema))
        return schema


class ProblemAnswer(Answer):
    """Why a request was not served (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str = Field(description="A sentence for an officer.")
    problems: list[str] = Field(default=[], description="One sentence for each fault of the input.")


class Moves(Answer):
    """How issues moved in a scan."""

    found: int = 0
    opened: int = 0
    reopened: int = 0
    refreshed: int = 0
    resolved: int = 0
    woken: int = 0


class RuleScan(Moves):
    """One rule's part of a scan of one guild."""

    guild_id: int
    issue_type: str
    duration_ms: int
    error: str | None = Field(description="Why the rule concluded nothing and changed nothing, if so.")


class ScanAnswer(Answer):
    """What a scan found. Nothing was fixed."""

    sentence: str
    totals: Moves
    rules: list[RuleScan]


class FixedIssue(Answer):
    """What became of one issue."""

    issue_id: int
    issue_type: str
    outcome: FixOutcome
    resolved: bool = Field(description="Whether the issue is resolved now.")
    reason: str = Field(description="Why it ended so.")
    steps: list[str] = Field(description="What the plan does, a sentence for each step.")
    attempt_id: int | None = Field(description="What to undo, if something was changed.")


class FixAnswer(FixedIssue):
    """What came of fixing one issue."""

    sentence: str


class FixesResult(Answer):
    """What became of the issues of a fix, in all and one by one."""

    found: int = Field(description="How many issues the fix was about.")
    fixed: int
    refused: int
    waiting: int
    failed: int
    unverified: int = Field(
        description="Discord was told to change something, and nobody could look whether it did; looked up again later."
    )
    nothing_to_do: int
    held: int
    issues: list[FixedIssue]


class FixAllAnswer(FixesResult):
    """What came of fixing all open issues of a rule."""

    sentence: str
    guild_id: int
    issue_type: str


class UndoAnswer(Answer):
    """What an undo put back."""

    sentence: str
    attempt_id: int
    undone: list[str]
    left: list[str] = Field(
        description="Of whom a partial undo could not put anything back, and why.",
        examples=[["Mito: The player of Grimalt was changed since, so this can no longer be undone as a whole."]],
    )


class DismissRequest(BaseModel):
    """Why an issue is set aside, and until when."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "A guest of the raid.", "until": None}]})

    reason: str = Field(min_length=1, max_length=500, description="Why, for whoever looks at it next.")
    until: date | None = Field(default=None, description="The day (UTC) on which it opens again; none: for ever.")


class WakeRequest(BaseModel):
    """Why a dismissal ends."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "The guest has joined."}]})

    reason: str = Field(default="By hand.", min_length=1, max_length=500)


class IssueAnswer(Answer):
    """One issue."""

    id: int
    guild_id: int
    issue_type: str
    severity: str
    state: IssueState
    summary: str
    details: dict[str, Any]
    waiting_reason: str | None
    created_at: datetime
    opened_at: datetime
    resolved_at: datetime | None
    resolved_by: str | None
    dismissed_at: datetime | None
    dismissed_by: str | None
    dismissed_reason: str | None
    dismissed_until: datetime | None
    key: str = Field(description="Another one as soon as the issue says something else or stands otherwise.")


class IssueMoveAnswer(IssueAnswer):
    """An issue after an officer's word about it."""

    sentence: str


class IssuesAnswer(Answer):
    """One page of issues, newest first."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "examples": [
                {
                    "page": 1,
                    "pages": 1,
                    "total": 1,
                    "by_rule": {"orphan_wow": 1},
                    "by_severity": {"warning": 1},
                    "issues": [ISSUE_EXAMPLE],
                }
            ]
        },
    )

    page: int
    pages: int
    total: int
    by_rule: dict[str, int] = Field(description="How many there would be of each rule, by the other filters.")
    by_severity: dict[str, int] = Field(description="How many there would be of each severity, by the other filters.")
    issues: list[IssueAnswer]


class EventAnswer(Answer):
    """One move in an issue's life."""

    event: str
    actor: str
    reason: str | None
    at: datetime


class AttemptAnswer(Answer):
    """An attempt to fix."""

    id: int
    actor: str
    is_automatic: bool
    outcome: str = Field(description="running, fixed, refused, failed or unverified.")
    reason: str
    steps: list[str]
    started_at: datetime
    duration_ms: int
    undone_at: datetime | None
    undone_by: str | None
    is_undoable: bool = Field(description="Whether it changed something that was not taken back.")


class PlannedAnswer(Answer):
    """What fixing one issue would do now."""

    issue_id: int
    outcome: Literal["ready", "refused", "waiting", "nothing_to_do", "no_longer_found"]
    reason: str
    steps: list[str]
    key: str | None = Field(
        description="What to send back as `seen` of chosen issues, so that nothing else is done; null where it is left."
    )


class PreviewAnswer(Answer):
    """What fixing all open issues of a rule would do now. Nothing was changed."""

    guild_id: int
    issue_type: str
    issues: Sequence[PlannedAnswer]


class UploadReceipt(Answer):
    """An upload was stored; what becomes of it is told under its number."""

    upload_id: int
    is_new: bool = Field(description="False where the same export waits already, or was the last one taken in.")
    sentence: str


class UploadAnswer(Answer):
    """What became of an upload."""

    upload_id: int
    state: UploadState = Field(
        description="“superseded”: all of it was known from a newer export. “failed”: given up, and kept for another try."
    )
    sentence: str | None = Field(description="What became of it; null while it waits for its first try.")
    character_count: int
    exported_at: datetime | None
    as_of: datetime = Field(
        description="The time that its export counts as: its own, unless it has none or a future one."
    )
    received_at: datetime
    attempts: int
    finished_at: datetime | None


class ListedUpload(UploadAnswer):
    """An upload as officers see it."""

    uploader: str = Field(description="Whose companion sent it.", examples=["Mito"])


class MatchedPerson(Answer):
    """A person of a full match: what would be done for them and why."""

    key: str = Field(description="By this the person is chosen; another one as soon as something else would be done.")
    name: str
    evidence: Evidence
    creates_player: bool
    reason: str
    steps: list[str]


class MatchPreviewAnswer(Answer):
    """What a full match would do now, 50 people a page. Nothing was changed."""

    guild_id: int
    players_created: int
    characters_linked: int
    left_alone: int
    by_evidence: dict[Evidence, int] = Field(
        description="How many people there are of each kind of evidence.",
        examples=[{"known_player": 2, "discord_member": 5, "main": 1, "nickname": 0}],
    )
    page: int
    pages: int
    total: int
    people: list[MatchedPerson]


class UndecidedPerson(Answer):
    """A person whom evidence does not decide: why nothing is done."""

    name: str
    characters: list[str]
    reason: str


class UndecidedAnswer(Answer):
    """People for whom a full match would do nothing, 50 a page."""

    guild_id: int
    page: int
    pages: int
    total: int
    people: list[UndecidedPerson]


class MatchWish(BaseModel):
    """Whom to match; without a list everybody."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"chosen": None}, {"chosen": ["0f3c9a5be1d24c77"]}]})

    chosen: list[str] | None = Field(
        default=None,
        max_length=2000,
        description="Keys of people as they were previewed. Whoever is not found like that any more is left alone.",
    )


class MatchRunAnswer(Answer):
    """A full match. `request_id` is null for one that was done from the command line."""

    request_id: int | None
    attempt_id: int | None = Field(description="What takes it back; null where nothing was changed.")
    actor: str
    asked_at: datetime
    finished_at: datetime | None
    state: Literal["waiting", "done", "failed"]
    sentence: str | None
    chosen: int | None = Field(description="How many people were chosen; null is everybody.")
    undone_at: datetime | None
    undone_by: str | None
    is_undoable: bool


class MatchRunsAnswer(Answer):
    """Full matches, 50 a page: the one that waits first, then the newest."""

    page: int
    pages: int
    total: int
    runs: list[MatchRunAnswer]


class MatchReceipt(Answer):
    """A full match was asked for; what becomes of it is told under its number."""

    request_id: int
    is_new: bool = Field(description="False where one waited already.")
    sentence: str


class MatchAnswer(Answer):
    """What became of a full match. `attempt_id` is what takes it back; null where nothing was changed."""

    request_id: int
    chosen: list[str] | None = Field(description="Keys of the people who were chosen; null is everybody.")
    state: Literal["waiting", "done", "failed"]
    sentence: str | None
    actor: str
    asked_at: datetime
    finished_at: datetime | None
    attempt_id: int | None
    run_id: int | None
