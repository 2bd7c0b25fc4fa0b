"""The API of one issue: view, fix, dismiss, reopen, resolve."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from fastapi import Depends, Query
from pydantic import Field

from patt.api.issues import PlannedIssue, Reason, end_of_dismissal
from patt.api.routing import officer_router
from patt.bootstrap import Services
from patt.json_data import values_of
from patt.web import own_rights
from patt.web.context import GuildDep, IssueId, OfficerDep, ServicesDep
from sv_common.db.pool import GuildConnection
from sv_common.guild_sync import mitigations
from sv_common.guild_sync.changes.describe import Effect, sentences
from sv_common.guild_sync.core.kept_texts import DECISION
from sv_common.guild_sync.core.language import day, tr
from sv_common.guild_sync.core.undo_offer import UndoOffer, undo_of_events
from sv_common.guild_sync.engine.planning import NO_PLAN
from sv_common.guild_sync.engine.results import FixResult
from sv_common.guild_sync.identity.decisions import (
    LinkCharacter,
    LinkCharacterToMember,
    LinkMember,
    RejectLink,
    RejectMember,
)
from sv_common.guild_sync.insights import findings
from sv_common.guild_sync.insights.findings import AttemptSummary
from sv_common.guild_sync.insights.issue import GONE, FixPreview, IssueDetails
from sv_common.guild_sync.insights.issue import issue_details as details_of
from sv_common.guild_sync.insights.last_change import LastChange, last_change_of_issue
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.issues.explanation import Explanation, WeighedCandidate
from sv_common.guild_sync.issues.history import Move, Seen, check_unchanged
from sv_common.guild_sync.issues.model import Issue, IssueState
from sv_common.guild_sync.rulebook.candidates import choices

LONGEST_SEEN = 100
_DECIDE = "What to send to POST /api/v1/admin/players/decisions"

_SEEN = "The `seen` of an issue or an undo preview. Refused (409) if it has changed since."


def _seen(
    seen: Annotated[str | None, Query(max_length=LONGEST_SEEN, description=_SEEN, examples=["1042"])] = None,
) -> Seen | None:
    return Seen.read(seen) if seen else None


SeenDep = Annotated[Seen | None, Depends(_seen)]
router = officer_router("data-quality", "data quality")


@dataclass(frozen=True, slots=True)
class ResolveRequest:
    """Why an issue is settled."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class DismissRequest:
    """Why an issue is dismissed, and until when."""

    reason: Reason
    until: Annotated[date | None, Field(description="The day (UTC) on which it reopens. None: never.")] = None


@dataclass(frozen=True, slots=True)
class WakeRequest:
    """Why a dismissal ends."""

    reason: Annotated[str, Field(max_length=500)] = DECISION


@dataclass(frozen=True, slots=True)
class ChangedIssue(Issue):
    """An issue after an officer's word about it."""

    sentence: str
    undo: UndoOffer | None


@dataclass(frozen=True, slots=True)
class IssueExplanation(Explanation):
    """Why an issue is there, told from the data as it is now."""

    is_found: Annotated[bool | None, Field(description="Whether the rule finds it now; null where it cannot tell.")]
    doubt: Annotated[
        str | None,
        Field(description="Why the rule cannot tell.", examples=["The ranks have changed in the game."]),
    ]
    changed: Annotated[
        Sequence[str],
        Field(description="What has changed since the last scan.", examples=[["The note was “Mito” then."]]),
    ]


@dataclass(frozen=True, slots=True)
class Candidate(WeighedCandidate):
    """Someone who could be meant, with the evidence for and against."""

    choose: Annotated[
        LinkCharacter | LinkMember | LinkCharacterToMember | None,
        Field(description=f"{_DECIDE} to link to them. Null if not possible."),
    ] = None
    reject: Annotated[
        RejectLink | RejectMember | None,
        Field(description=f"{_DECIDE} to rule them out. Null if not useful."),
    ] = None


@dataclass(frozen=True, slots=True)
class IssueDetail(Issue):
    """One issue with its history, why it is there, and what a fix would do now; `preview` is null for a resolved one.

    Send `seen` back with a command, and it is refused if someone was faster.
    """

    events: Sequence[Move]
    attempts: Sequence[AttemptSummary]
    preview: PlannedIssue | None
    changes: Annotated[Sequence[Effect], Field(description="What the fix would change, before and after.")]
    waits: Annotated[str | None, Field(description="Why the fix needs your click.")]
    remedy: Annotated[
        str | None,
        Field(
            description="What an officer can do where there is no fix.",
            examples=["Choose the player, or dismiss the issue."],
        ),
    ]
    explanation: Annotated[IssueExplanation | None, Field(description="Null for a rule that is no longer there.")]
    candidates: Annotated[Sequence[Candidate], Field(description="The fix's choice first, ruled out candidates last.")]
    seen: Annotated[
        str, Field(description="The version you saw: a query parameter of the commands.", examples=["1042"])
    ]
    last_change: Annotated[
        LastChange | None, Field(description="The last change of it or its subject that stands; null for none.")
    ]


@router.get("/issues/{issue_id}", summary="One issue with its history")
async def issue(services: ServicesDep, issue_id: IssueId, guild: GuildDep = None) -> IssueDetail:
    """Why it is there, who could be meant, every move, every attempt to fix, and what a fix would change now."""
    number = await lifecycle.guild_of(services.pool, issue_id, guild)
    async with services.pool.reading(number) as here:
        told = await details_of(services.pool, issue_id, guild_id=number)
        attempts = await findings.recent_attempts(here, issue_id=issue_id)
        last_change = await last_change_of_issue(here, told.issue)
    return _detail(told, attempts, last_change)


@router.post("/fix/{issue_id}", summary="Fix one issue")
async def fix(
    services: ServicesDep, officer: OfficerDep, issue_id: IssueId, guild: GuildDep = None, seen: SeenDep = None
) -> FixResult:
    """Plan from the data as it is now, apply, verify. A fix of a resolved issue changes nothing and says so."""
    return await mitigations.fix_one(
        services.pool,
        issue_id,
        actor=officer.actor,
        guild_id=guild,
        discord_bot=services.sources.discord,
        seen=seen,
        guard=own_rights.guard_of(officer),
    )


@router.post("/issues/{issue_id}/dismiss", summary="Dismiss an issue")
async def dismiss(
    services: ServicesDep,
    officer: OfficerDep,
    issue_id: IssueId,
    body: DismissRequest,
    guild: GuildDep = None,
    seen: SeenDep = None,
) -> ChangedIssue:
    """For ever or until a day; when its evidence changes, it reopens."""
    end = end_of_dismissal(body.until)
    async with _unchanged(services, issue_id, guild, seen) as here:
        found = await lifecycle.dismiss(here, issue_id, actor=officer.actor, reason=body.reason, until=end)
        undo = undo_of_events(await lifecycle.last_words(here, [issue_id]))
    return _changed(found, undo, _dismissed(issue_id, body.until))


def _dismissed(issue_id: int, until: date | None) -> str:
    if until:
        return tr("Issue {number} is dismissed until {day}.", number=issue_id, day=day(until))
    return tr("Issue {number} is dismissed.", number=issue_id)


@router.post("/issues/{issue_id}/reopen", summary="Reopen an issue")
async def reopen(
    services: ServicesDep,
    officer: OfficerDep,
    issue_id: IssueId,
    guild: GuildDep = None,
    seen: SeenDep = None,
    body: WakeRequest | None = None,
) -> ChangedIssue:
    """Reopen a dismissed issue."""
    given = body.reason if body else DECISION
    async with _unchanged(services, issue_id, guild, seen) as here:
        found = await lifecycle.reopen(here, issue_id, actor=officer.actor, reason=given)
        undo = undo_of_events(await lifecycle.last_words(here, [issue_id]))
    if found.state is IssueState.RESOLVED:
        removed = tr("The dismissal of issue {number} is removed. The issue itself is resolved.", number=issue_id)
        return _changed(found, undo, removed)
    return _changed(found, undo, tr("Issue {number} is reopened.", number=issue_id))


@router.post("/issues/{issue_id}/resolve", summary="Resolve an issue manually")
async def resolve(
    services: ServicesDep,
    officer: OfficerDep,
    issue_id: IssueId,
    body: ResolveRequest,
    guild: GuildDep = None,
    seen: SeenDep = None,
) -> ChangedIssue:
    """Close it on an officer's decision. If a scan still finds it, it reopens; to hide it, dismiss it."""
    async with _unchanged(services, issue_id, guild, seen) as here:
        found = await lifecycle.resolve_manually(here, issue_id, actor=officer.actor, reason=body.reason)
        undo = undo_of_events(await lifecycle.last_words(here, [issue_id]))
    return _changed(
        found, undo, tr("Issue {number} is resolved. If a scan still finds it, it reopens.", number=issue_id)
    )


@contextlib.asynccontextmanager
async def _unchanged(
    services: Services, issue_id: int, guild_id: int | None, seen: Seen | None
) -> AsyncIterator[GuildConnection]:
    """Write about an issue that is as it was seen. Raises `NotFound` and `PlanStale`."""
    async with services.pool.writing(await lifecycle.guild_of(services.pool, issue_id, guild_id)) as guild:
        await lifecycle.get(guild, issue_id)
        await check_unchanged(guild, issue_id, seen)
        yield guild


def _changed(found: Issue, undo: UndoOffer | None, sentence: str) -> ChangedIssue:
    return ChangedIssue(**values_of(found), sentence=sentence, undo=undo)


def _detail(told: IssueDetails, attempts: Sequence[AttemptSummary], last_change: LastChange | None) -> IssueDetail:
    return IssueDetail(
        **values_of(told.issue),
        events=told.history,
        attempts=attempts,
        preview=_planned(told.issue, told.fix),
        changes=told.fix.effects if told.fix else (),
        waits=told.fix.waits if told.fix else None,
        remedy=told.fix.remedy if told.fix else None,
        explanation=_explanation(told),
        candidates=[_candidate(told.issue, each) for each in told.candidates],
        seen=str(told.seen),
        last_change=last_change,
    )


def _explanation(told: IssueDetails) -> IssueExplanation | None:
    if told.explanation is None:
        return None
    return IssueExplanation(
        **values_of(told.explanation), is_found=told.is_found, doubt=told.doubt, changed=told.changed
    )


def _planned(issue: Issue, fix: FixPreview | None) -> PlannedIssue | None:
    if fix is None:
        return None
    steps = sentences(fix.plan) if fix.plan else []
    key = fix.plan.key if fix.plan else NO_PLAN if fix.outcome == GONE else None
    outcome: Any = fix.outcome
    return PlannedIssue(issue.id, issue.issue_type, issue.summary, outcome, fix.reason, steps, key)


def _candidate(issue: Issue, found: WeighedCandidate) -> Candidate:
    """What an officer can decide manually: link the subject of the issue to this candidate, unless an officer rejected that."""
    kind, number = issue.subject
    return Candidate(
        **values_of(found), choose=choices.choose(kind, number, found), reject=choices.reject(kind, number, found)
    )
