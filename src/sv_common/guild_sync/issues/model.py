"""Findings and issues: what a detector reports, and what the audit log remembers of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, computed_field

from sv_common.guild_sync.core.language import mark, tr, tr_in

_KEY_LENGTH = 16


class Severity(StrEnum):
    """How much a finding matters to an officer."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


_SEVERITIES = {Severity.INFO: mark("info"), Severity.WARNING: mark("warning"), Severity.ERROR: mark("error")}


def severity_in_words(severity: str) -> str:
    """Return the word for a severity in the language of the task."""
    return tr(_SEVERITIES[Severity(severity)])


class SubjectKind(StrEnum):
    """What kind of thing a rule speaks about."""

    CHARACTER = "character"
    DISCORD_MEMBER = "discord_member"
    PLAYER = "player"
    RANK = "rank"


class IssueState(StrEnum):
    """Where an issue stands in its life."""

    OPEN = "open"
    DISMISSED = "dismissed"
    RESOLVED = "resolved"


def state_in_words(state: str) -> str:
    """Return the word for where an issue stands in the language of the task."""
    words = {
        IssueState.OPEN: tr_in("issue", "open"),
        IssueState.DISMISSED: tr_in("issue", "dismissed"),
        IssueState.RESOLVED: tr_in("issue", "resolved"),
    }
    return words[IssueState(state)]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a detector found wrong.

    Its identity is the rule and the subject's id, never a name, a rank or a text: rewording a summary or renaming a
    character refreshes the same issue. `details` holds what an officer or a plan needs to know, and nothing that
    changes by mere passing of time, so that scanning twice changes nothing.
    """

    issue_type: str
    guild_id: int
    subject_kind: SubjectKind
    subject_id: int
    summary: str
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def issue_hash(self) -> str:
        return issue_hash(self.issue_type, self.subject_kind, self.subject_id)

    @property
    def wow_character_id(self) -> int | None:
        return self.subject_id if self.subject_kind is SubjectKind.CHARACTER else None

    @property
    def discord_member_id(self) -> int | None:
        return self.subject_id if self.subject_kind is SubjectKind.DISCORD_MEMBER else None

    @property
    def player_id(self) -> int | None:
        return self.subject_id if self.subject_kind is SubjectKind.PLAYER else None


def issue_hash(issue_type: str, subject_kind: SubjectKind, subject_id: int) -> str:
    """Return the identity of a finding within its guild."""
    return hashlib.sha256(f"{issue_type}:{subject_kind}:{subject_id}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Issue:
    """One issue: a row of the audit log."""

    id: int
    guild_id: int
    issue_type: str
    severity: str
    summary: Annotated[str, Field(examples=["'Newalt' has no player link"])]
    details: Mapping[str, Any]
    issue_hash: Annotated[str, Field(exclude=True)]
    wow_character_id: Annotated[
        int | None,
        Field(
            serialization_alias="character_id",
            description="The character that the issue is about, where it is about one.",
        ),
    ]
    discord_member_id: Annotated[
        int | None,
        Field(
            serialization_alias="member_id",
            description="The Discord member, if the issue is about one.",
        ),
    ]
    player_id: Annotated[int | None, Field(description="The player that the issue is about, where it is about one.")]
    review_reason: str | None
    created_at: datetime
    opened_at: datetime
    resolved_at: datetime | None
    resolved_by: str | None
    dismissed_at: datetime | None
    dismissed_by: str | None
    dismissed_reason: str | None
    dismissed_until: datetime | None

    @computed_field
    @property
    def state(self) -> IssueState:
        """Open, dismissed or resolved."""
        if self.resolved_at is not None:
            return IssueState.RESOLVED
        return IssueState.DISMISSED if self.dismissed_at is not None else IssueState.OPEN

    @property
    def subject(self) -> tuple[SubjectKind, int]:
        """What it is about; the number is 0 where that is no row, or none any more."""
        if self.wow_character_id is not None:
            return SubjectKind.CHARACTER, self.wow_character_id
        if self.discord_member_id is not None:
            return SubjectKind.DISCORD_MEMBER, self.discord_member_id
        return SubjectKind.PLAYER, self.player_id or 0

    @computed_field
    @property
    def key(self) -> str:
        """Another one as soon as the issue says something else or stands otherwise."""
        said = [self.state, self.severity, self.summary, self.details, self.opened_at, self.dismissed_at]
        return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()[:_KEY_LENGTH]


@dataclass(frozen=True, slots=True)
class IssueEvent:
    """One move in an issue's life."""

    event: str
    actor: str
    reason: str | None
    at: datetime
