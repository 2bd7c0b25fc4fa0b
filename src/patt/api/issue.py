"""The API of one issue and of one attempt to fix: view, fix, dismiss, reopen, resolve, undo."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import Depends, Query
from pydantic import Field

from patt.api.issues import MANUAL, PlannedIssue, Reason, end_of_dismissal
from patt.api.routing import officer_router
from patt.bootstrap import Services
from patt.json_data import values_of
from patt.web import own_rights
from patt.web.context import AttemptId, GuildDep, IssueId, OfficerDep, ServicesDep, ViewerDep
from sv_common.db.pool import GuildConnection
from sv_common.guild_sync import mitigations
from sv_common.guild_sync.changes.describe import Effect, sentences
from sv_common.guild_sync.engine.planning import NO_PLAN
from sv_common.guild_sync.engine.results import FixResult, UndoReport
from sv_common.guild_sync.engine.undo_preview import BlockedPeople, LaterAttempt
from sv_common.guild_sync.identity.decisions import LinkCharacter, LinkCharacterToMember, LinkMember, RejectLink
from sv_common.guild_sync.insights import findings
from sv_common.guild_sync.insights.findings import AttemptSummary
from sv_common.guild_sync.insights.issue import ABOUT_A_MEMBER, ABOUT_AN_OWNER, GONE, FixPreview, IssueDetails
from sv_common.guild_sync.insights.issue import issue_details as details_of
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.issues.explanation import CandidateKind, Explanation, WeighedCandidate
from sv_common.guild_sync.issues.history import Move, Seen, check_unchanged
from sv_common.guild_sync.issues.model import Issue, IssueState

LONGEST_SEEN = 100
_DECIDE = "What to send to POST /api/v1/admin/players/decisions"

_SEEN = "The `seen` of an issue or an undo preview. Refused (409) if it has changed since."
_PARTLY = "Undo what can be undone, person by person, and leave the rest for later."


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

    reason: Annotated[str, Field(max_length=500)] = MANUAL


@dataclass(frozen=True, slots=True)
class ChangedIssue(Issue):
    """An issue after an officer's word about it."""

    sentence: str


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
    """Somebody who could be meant, with what speaks for it and what against."""

    choose: Annotated[
        LinkCharacter | LinkMember | LinkCharacterToMember | None,
        Field(description=f"{_DECIDE} to link to them. Null if not possible."),
    ] = None
    reject: Annotated[
        RejectLink | None,
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


@dataclass(frozen=True, slots=True)
class UndoAhead:
    """What an undo would put back now. Nothing was changed."""

    attempt_id: int
    guild_id: int
    issue_id: int | None
    actor: Annotated[str, Field(description="Who made the attempt.")]
    started_at: datetime
    reason: str
    can_be_undone: bool
    obstacle: Annotated[
        str | None,
        Field(
            description="Why it cannot be undone.",
            examples=["The player of Grimalt was changed since, so this can no longer be undone as a whole."],
        ),
    ]
    later: Annotated[
        Sequence[LaterAttempt], Field(description="Who changed what since, newest first, where that is the reason.")
    ]
    parts: Annotated[
        int,
        Field(
            description="Where it cannot be undone whole: of how many people it can be, with `partly`. Else 0.",
            examples=[0],
        ),
    ]
    blocked: Annotated[
        Sequence[BlockedPeople],
        Field(
            description="Where it can be undone in part: who keeps the rest from it; of very many only the first 50."
        ),
    ]
    blocked_total: Annotated[int, Field(description="How many those are.", examples=[0])]
    effects: Annotated[
        Sequence[Effect],
        Field(
            description="What stands there now, and what would stand there again; of a part, what that would put back."
        ),
    ]
    total: Annotated[int, Field(description="How many lines there are; of very many only the first 200 are listed.")]
    seen: Annotated[
        str,
        Field(description="Send it with the undo. Refused (409) if someone changed it first.", examples=["1042"]),
    ]


@router.get("/issues/{issue_id}", summary="One issue with its history")
async def issue(services: ServicesDep, issue_id: IssueId, guild: GuildDep = None) -> IssueDetail:
    """Why it is there, who could be meant, every move, every attempt to fix, and what a fix would change now."""
    number = await lifecycle.guild_of(services.pool, issue_id, guild)
    async with services.pool.reading(number) as here:
        told = await details_of(services.pool, issue_id, guild_id=number)
        attempts = await findings.recent_attempts(here, issue_id=issue_id)
    return _detail(told, attempts)


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
    return _changed(found, f"Issue {issue_id} is dismissed{f' until {body.until}' if body.until else ''}.")


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
    reason = body.reason if body else MANUAL
    async with _unchanged(services, issue_id, guild, seen) as here:
        found = await lifecycle.reopen(here, issue_id, actor=officer.actor, reason=reason)
    removed = f"The dismissal of issue {issue_id} is removed. The issue itself is resolved."
    return _changed(found, removed if found.state is IssueState.RESOLVED else f"Issue {issue_id} is reopened.")


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
    return _changed(found, f"Issue {issue_id} is resolved. If a scan still finds it, it reopens.")


@router.get("/attempts/{attempt_id}/undo", summary="What undoing a fix would change")
async def undo_preview(
    services: ServicesDep, viewer: ViewerDep, attempt_id: AttemptId, guild: GuildDep = None
) -> UndoAhead:
    """What stands there now and what would stand there again, or who changed what since; nothing is changed."""
    found = await mitigations.preview_undo(
        services.pool,
        attempt_id,
        guild_id=guild,
        discord_bot=services.sources.discord,
        guard=own_rights.guard_of(viewer),
    )
    attempt = found.attempt
    return UndoAhead(
        attempt_id=attempt.id,
        guild_id=attempt.guild_id,
        issue_id=attempt.issue_id,
        actor=attempt.actor,
        started_at=attempt.started_at,
        reason=attempt.reason,
        can_be_undone=found.obstacle is None,
        obstacle=found.obstacle,
        later=found.later,
        parts=found.parts,
        blocked=found.blocked,
        blocked_total=found.blocked_total,
        effects=found.effects,
        total=found.total,
        seen=str(found.seen),
    )


@router.post("/attempts/{attempt_id}/undo", summary="Undo a fix")
async def undo(
    services: ServicesDep,
    officer: OfficerDep,
    attempt_id: AttemptId,
    guild: GuildDep = None,
    seen: SeenDep = None,
    partly: Annotated[bool, Query(description=_PARTLY, examples=[False])] = False,
) -> UndoReport:
    """Undo exactly what an attempt changed; refused if someone changed it since.

    With `partly`, what can be put back is, person by person, and `left` tells of the rest.
    """
    return await mitigations.undo(
        services.pool,
        attempt_id,
        actor=officer.actor,
        guild_id=guild,
        discord_bot=services.sources.discord,
        seen=seen,
        partly=partly,
        guard=own_rights.guard_of(officer),
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


def _changed(found: Issue, sentence: str) -> ChangedIssue:
    return ChangedIssue(**values_of(found), sentence=sentence)


def _detail(told: IssueDetails, attempts: Sequence[AttemptSummary]) -> IssueDetail:
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
    character, member, theirs = f"#{issue.wow_character_id}", f"#{issue.discord_member_id}", f"#{found.id}"
    is_about_a_member = issue.issue_type in ABOUT_A_MEMBER
    choose: LinkCharacter | LinkMember | LinkCharacterToMember | None = None
    reject: RejectLink | None = None
    match found.kind:
        case _ if found.is_rejected:
            pass
        case CandidateKind.PLAYER if is_about_a_member:
            choose = LinkMember(player=theirs, member=member)
        case CandidateKind.CHARACTER if is_about_a_member:
            choose = LinkCharacterToMember(character=theirs, member=member)
        case CandidateKind.MEMBER if issue.issue_type in ABOUT_AN_OWNER:
            choose = LinkCharacterToMember(character=character, member=theirs)
        case CandidateKind.PLAYER if issue.issue_type in ABOUT_AN_OWNER:
            reject = RejectLink(character=character, player=theirs)
            if found.needs_word or not found.is_linked:
                choose = LinkCharacter(character=character, player=theirs, remember_note=found.needs_word)
    return Candidate(**values_of(found), choose=choose, reject=reject)
