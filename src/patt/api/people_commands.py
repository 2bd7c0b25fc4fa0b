"""What an officer decides about people, once for the API and the pages."""

from __future__ import annotations

from patt import own_rights
from patt.api.people_models import (
    AddAliasRequest,
    AllowMemberRequest,
    AllowRequest,
    ConfirmRequest,
    EffectAnswer,
    HandAnswer,
    HandPreviewAnswer,
    HandRequest,
    LinkMemberRequest,
    LinkRequest,
    LinkToMemberRequest,
    MainRequest,
    MergeRequest,
    RejectRequest,
    RemoveAliasRequest,
    UnlinkMemberRequest,
    UnlinkRequest,
)
from patt.bootstrap import Services
from patt.deps import Caller
from sv_common.guild_sync.by_hand import (
    AliasMeans,
    AliasMeansNobody,
    BelongsTo,
    BelongsToMember,
    BelongsToNobody,
    HandDecision,
    HandReport,
    IsMember,
    LinkIsRight,
    MainIs,
    MayBeThisMember,
    MayBeThisPlayer,
    NotThisMember,
    NotThisPlayer,
    OnePerson,
    decide_by_hand,
    preview_by_hand,
)
from sv_common.guild_sync.domain.plan import DeletePlayer, Plan

MOST_STEPS_IN_A_SENTENCE = 3


async def preview(
    services: Services, viewer: Caller, request: HandRequest, *, guild_id: int | None
) -> HandPreviewAnswer:
    """Say what a decision would do. Raises `NotFound` and `Refused` like the decision itself."""
    decision = _decision(request)
    await own_rights.check_decision(services.pool, viewer, decision, guild_id)
    report = await preview_by_hand(services.pool, decision, guild_id=guild_id)
    return _told(report, report.plan.reason)


async def decide(services: Services, officer: Caller, request: HandRequest, *, guild_id: int | None) -> HandAnswer:
    """Carry out a decision.

    Raises `NotFound`, `Refused`, also for what would give the officer a right, and `PlanStale` for another plan than the
    previewed one.
    """
    decision = _decision(request)
    report = await decide_by_hand(
        services.pool,
        decision,
        actor=officer.actor,
        guild_id=guild_id,
        seen=request.plan_key,
        guard=own_rights.guard_of(officer),
    )
    told = _told(report, f"Done. {_in_short(report.plan)}")
    return HandAnswer(**told.model_dump(), attempt_id=report.attempt_id or 0)


def _decision(request: HandRequest) -> HandDecision:
    match request:
        case LinkMemberRequest() | LinkToMemberRequest() | UnlinkMemberRequest() | AllowMemberRequest():
            return _decision_about_member(request)
        case MergeRequest():
            return OnePerson(request.player, request.other)
        case AddAliasRequest():
            return AliasMeans(request.alias, request.player)
        case RemoveAliasRequest():
            return AliasMeansNobody(request.alias)
        case _:
            return _decision_about_character(request)


def _decision_about_character(
    request: LinkRequest | ConfirmRequest | UnlinkRequest | RejectRequest | AllowRequest | MainRequest,
) -> HandDecision:
    match request:
        case LinkRequest():
            return BelongsTo(request.character, request.player, request.remember_note)
        case ConfirmRequest():
            return LinkIsRight(request.character)
        case UnlinkRequest():
            return BelongsToNobody(request.character)
        case RejectRequest():
            return NotThisPlayer(request.character, request.player, request.reason)
        case AllowRequest():
            return MayBeThisPlayer(request.character, request.player)
        case MainRequest():
            return MainIs(request.character)


def _decision_about_member(
    request: LinkMemberRequest | LinkToMemberRequest | UnlinkMemberRequest | AllowMemberRequest,
) -> HandDecision:
    match request:
        case LinkMemberRequest():
            return IsMember(request.player, request.member)
        case LinkToMemberRequest():
            return BelongsToMember(request.character, request.member)
        case UnlinkMemberRequest():
            return NotThisMember(request.player)
        case AllowMemberRequest():
            return MayBeThisMember(request.player, request.member)


def _in_short(plan: Plan) -> str:
    """What was done; of a merge, or of many steps, the reason says it all."""
    is_merge = any(isinstance(step, DeletePlayer) for step in plan.steps)
    if is_merge or len(plan.steps) > MOST_STEPS_IN_A_SENTENCE:
        return plan.reason
    return " ".join(step.describe() for step in plan.steps)


def _told(report: HandReport, sentence: str) -> HandPreviewAnswer:
    return HandPreviewAnswer(
        guild_id=report.guild_id,
        sentence=sentence,
        steps=[step.describe() for step in report.plan.steps],
        effects=[EffectAnswer.model_validate(effect) for effect in report.effects],
        plan_key=report.plan.key,
    )
