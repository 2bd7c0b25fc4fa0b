"""What the API says of one issue: why it is there, who could be meant, what a fix and what an undo would change."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from patt.api.models import Answer, AttemptAnswer, EventAnswer, IssueAnswer, PlannedAnswer
from patt.api.people_models import EffectAnswer, LinkMemberRequest, LinkRequest, LinkToMemberRequest, RejectRequest
from sv_common.guild_sync.domain.story import PossibleKind, Source

_DECIDE = "What to send to POST /api/v1/admin/players/decisions"


class SayingAnswer(Answer):
    """What one source says."""

    source: Source = Field(description="Where it is said.", examples=["note"])
    sentence: str = Field(examples=["“Mito” is a character of Mito. So it means the player Mito."])


class StoryAnswer(Answer):
    """Why an issue is there, told from the data as it is now."""

    sayings: list[SayingAnswer]
    conclusion: str = Field(
        description="What therefore does not fit.",
        examples=["The note means Mito, and the link says Elrek. One of the two is out of date."],
    )
    is_still_so: bool | None = Field(description="Whether the rule finds it now; null where it cannot tell.")
    doubt: str | None = Field(description="Why the rule cannot tell.", examples=["The ranks have changed in the game."])
    changed: list[str] = Field(
        description="What is otherwise than when a scan last looked.", examples=[["The note was “Mito” then."]]
    )


class CandidateAnswer(Answer):
    """Somebody who could be meant, with what speaks for it and what against."""

    kind: PossibleKind
    id: int = Field(description="Number of the player, the Discord member or the character, by `kind`.")
    label: str = Field(examples=["Mito"])
    speaks_for: list[str] = Field(examples=[["“Mito” is a character of Mito."]])
    speaks_against: list[str] = Field(examples=[["“Mito” could also mean Mitola."]])
    is_decided: bool = Field(description="Whether the fix would link to them.")
    is_linked: bool = Field(description="Whether they are linked to the subject now.")
    is_rejected: bool = Field(description="Whether an officer has said that it is not so.")
    choose: LinkRequest | LinkMemberRequest | LinkToMemberRequest | None = Field(
        description=f"{_DECIDE} to link to them by hand; null where that is not possible."
    )
    reject: RejectRequest | None = Field(
        description=f"{_DECIDE} to say that it is not them; null where there is no use."
    )


class ToldEventAnswer(EventAnswer):
    """One move in an issue's life, in words."""

    id: int
    sentence: str = Field(description="Who did what.", examples=["officer bob fixed it"])
    remark: str | None = Field(description="What was said about it.", examples=["a guest"])


class IssueDetailAnswer(IssueAnswer):
    """One issue with its history, why it is there, and what a fix would do now; `preview` is null for a resolved one."""

    model_config = ConfigDict(
        json_schema_extra={
            "description": "Send `seen` back with a command, and it is refused where somebody was faster."
        }
    )

    events: list[ToldEventAnswer]
    attempts: list[AttemptAnswer]
    preview: PlannedAnswer | None
    changes: list[EffectAnswer] = Field(description="What the fix would change: what it is, before and after.")
    waits: str | None = Field(description="Why automation leaves the fix to an officer.")
    remedy: str | None = Field(
        description="What an officer can do where there is no fix.",
        examples=["Choose the player by hand, or set this aside with your reason."],
    )
    story: StoryAnswer | None = Field(description="Null for a rule that is no longer there.")
    candidates: list[CandidateAnswer] = Field(description="Whom the fix would take first, whom officers rejected last.")
    character_id: int | None = Field(description="The character that the issue is about, where it is about one.")
    member_id: int | None = Field(description="The Discord member whom the issue is about, where it is about one.")
    player_id: int | None = Field(description="The player that the issue is about, where it is about one.")
    seen: str = Field(description="What was seen: a query parameter of the commands.", examples=["1042"])


class ResolveRequest(BaseModel):
    """Why an issue is settled."""

    reason: str = Field(
        min_length=1,
        max_length=500,
        description="Why, for whoever looks at it next.",
        examples=["Asked him on Discord."],
    )


class LaterDeedAnswer(Answer):
    """What somebody did to the same data since."""

    attempt_id: int
    actor: str = Field(examples=["officer bob"])
    at: datetime
    reason: str


class BlockedAnswer(Answer):
    """Whose part of an attempt cannot be undone now, and why."""

    people: str = Field(examples=["Mito"])
    reason: str


class UndoPreviewAnswer(Answer):
    """What an undo would put back now. Nothing was changed."""

    attempt_id: int
    guild_id: int
    issue_id: int | None
    actor: str = Field(description="Whose doing would be taken back.")
    started_at: datetime
    reason: str
    can_be_undone: bool
    obstacle: str | None = Field(
        description="Why it cannot be undone.",
        examples=["The player of Grimalt was changed since, so this can no longer be undone as a whole."],
    )
    later: list[LaterDeedAnswer] = Field(description="Who changed what since, newest first, where that is the reason.")
    parts: int = Field(
        description="Where it cannot be undone whole: of how many people it can be, with `partly`. Else 0.",
        examples=[0],
    )
    blocked: list[BlockedAnswer] = Field(
        description="Where it can be undone in part: who keeps the rest from it; of very many only the first 50."
    )
    blocked_total: int = Field(description="How many those are.", examples=[0])
    effects: list[EffectAnswer] = Field(
        description="What stands there now, and what would stand there again; of a part, what that would put back."
    )
    total: int = Field(description="How many lines there are; of very many only the first 200 are told.")
    seen: str = Field(
        description="Send it with the undo, and it is refused where somebody was faster.", examples=["1042"]
    )
