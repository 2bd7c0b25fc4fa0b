"""One issue, and what undoing an attempt would change, as the API and the pages show them."""

from __future__ import annotations

from typing import Any

from patt import own_rights
from patt.api.issue_models import (
    BlockedAnswer,
    CandidateAnswer,
    IssueDetailAnswer,
    LaterDeedAnswer,
    SayingAnswer,
    StoryAnswer,
    ToldEventAnswer,
    UndoPreviewAnswer,
)
from patt.api.models import AttemptAnswer, IssueAnswer, PlannedAnswer
from patt.api.people_models import EffectAnswer, LinkMemberRequest, LinkRequest, LinkToMemberRequest, RejectRequest
from patt.bootstrap import Services
from patt.deps import Caller
from sv_common.guild_sync import mitigations, overview
from sv_common.guild_sync.domain.issue import Issue
from sv_common.guild_sync.domain.story import Possibility, PossibleKind
from sv_common.guild_sync.fixes.planning import NO_PLAN
from sv_common.guild_sync.issue_story import ABOUT_A_MEMBER, ABOUT_AN_OWNER, GONE, FixPreview, IssueStory, issue_story
from sv_common.guild_sync.overview import AttemptSummary


async def issue(services: Services, issue_id: int, guild_id: int | None) -> IssueDetailAnswer:
    """Return one issue with its history, why it is there and what a fix would do. Raises `NotFound`."""
    async with services.pool.snapshot() as conn:
        told = await issue_story(services.pool, issue_id, guild_id=guild_id)
        attempts = await overview.recent_attempts(conn, told.issue.guild_id, issue_id=issue_id)
    return IssueDetailAnswer(
        **IssueAnswer.model_validate(told.issue).model_dump(),
        events=[ToldEventAnswer.model_validate(move) for move in told.history],
        attempts=[_attempt(attempt) for attempt in attempts],
        preview=_planned(told.issue, told.fix),
        changes=[EffectAnswer.model_validate(effect) for effect in told.fix.effects] if told.fix else [],
        waits=told.fix.waits if told.fix else None,
        remedy=told.fix.remedy if told.fix else None,
        story=_story(told),
        candidates=[_candidate(told.issue, each) for each in told.possibilities],
        character_id=told.issue.wow_character_id,
        member_id=told.issue.discord_member_id,
        player_id=told.issue.player_id,
        seen=str(told.seen),
    )


async def undo_preview(services: Services, viewer: Caller, attempt_id: int, guild_id: int | None) -> UndoPreviewAnswer:
    """Return what an undo would put back now, or why whoever asks cannot do it. Raises `NotFound`."""
    found = await mitigations.preview_undo(
        services.pool,
        attempt_id,
        guild_id=guild_id,
        discord_bot=services.outside.discord,
        guard=own_rights.guard_of(viewer),
    )
    attempt = found.attempt
    return UndoPreviewAnswer(
        attempt_id=attempt.id,
        guild_id=attempt.guild_id,
        issue_id=attempt.issue_id,
        actor=attempt.actor,
        started_at=attempt.started_at,
        reason=attempt.reason,
        can_be_undone=found.obstacle is None,
        obstacle=found.obstacle,
        later=[LaterDeedAnswer.model_validate(each) for each in found.later],
        effects=[EffectAnswer.model_validate(effect) for effect in found.effects],
        parts=found.parts,
        blocked=[BlockedAnswer.model_validate(each) for each in found.blocked],
        blocked_total=found.blocked_total,
        total=found.total,
        seen=str(found.seen),
    )


def _planned(issue: Issue, fix: FixPreview | None) -> PlannedAnswer | None:
    if fix is None:
        return None
    steps = [step.describe() for step in fix.plan.steps] if fix.plan else []
    key = fix.plan.key if fix.plan else NO_PLAN if fix.outcome == GONE else None
    values: dict[str, Any] = {"outcome": fix.outcome, "reason": fix.reason, "steps": steps, "key": key}
    return PlannedAnswer.model_validate({"issue_id": issue.id, **values})


def _story(told: IssueStory) -> StoryAnswer | None:
    if told.story is None:
        return None
    return StoryAnswer(
        sayings=[SayingAnswer.model_validate(saying) for saying in told.story.sayings],
        conclusion=told.story.conclusion,
        is_still_so=told.is_still_so,
        doubt=told.doubt,
        changed=list(told.changed),
    )


def _candidate(issue: Issue, found: Possibility) -> CandidateAnswer:
    values = {name: getattr(found, name) for name in CandidateAnswer.model_fields if hasattr(found, name)}
    return CandidateAnswer.model_validate({**values, **_decisions(issue, found)})


def _decisions(issue: Issue, found: Possibility) -> dict[str, Any]:
    """What an officer can decide by hand: to link whom the issue is about to them, unless an officer has rejected it."""
    character, member, theirs = f"#{issue.wow_character_id}", f"#{issue.discord_member_id}", f"#{found.id}"
    is_about_a_member = issue.issue_type in ABOUT_A_MEMBER
    choose: LinkRequest | LinkMemberRequest | LinkToMemberRequest | None = None
    reject: RejectRequest | None = None
    match found.kind:
        case _ if found.is_rejected:
            pass
        case PossibleKind.PLAYER if is_about_a_member:
            choose = LinkMemberRequest(decision="link_member", player=theirs, member=member)
        case PossibleKind.CHARACTER if is_about_a_member:
            choose = LinkToMemberRequest(decision="link_to_member", character=theirs, member=member)
        case PossibleKind.MEMBER if issue.issue_type in ABOUT_AN_OWNER:
            choose = LinkToMemberRequest(decision="link_to_member", character=character, member=theirs)
        case PossibleKind.PLAYER if issue.issue_type in ABOUT_AN_OWNER:
            reject = RejectRequest(decision="reject", character=character, player=theirs)
            if found.needs_word or not found.is_linked:
                choose = LinkRequest(
                    decision="link", character=character, player=theirs, remember_note=found.needs_word
                )
    return {"choose": choose, "reject": reject}


def _attempt(attempt: AttemptSummary) -> AttemptAnswer:
    fields = {name: getattr(attempt, name) for name in AttemptAnswer.model_fields if name != "steps"}
    return AttemptAnswer(**fields, steps=[step["sentence"] for step in attempt.plan])
