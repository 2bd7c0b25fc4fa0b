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
from sv_common.guild_sync.identity.decisions import (
    AddAlias,
    AllowLink,
    AllowMember,
    ConfirmLink,
    LinkCharacter,
    LinkCharacterToMember,
    LinkMember,
    ManualDecision,
    MergePlayers,
    RejectLink,
    RemoveAlias,
    SetMain,
    UnlinkCharacter,
    UnlinkMember,
)
from sv_common.guild_sync.identity_engine import DecisionReport, apply_decision, preview_decision

MOST_STEPS_IN_A_SENTENCE = 3


async def preview(
    services: Services, viewer: Caller, request: HandRequest, *, guild_id: int | None
) -> HandPreviewAnswer:
    """Say what a decision would do. Raises `NotFound` and `Refused` like the decision itself."""
    decision = _decision(request)
    await own_rights.check_decision(services.pool, viewer, decision, guild_id)
    report = await preview_decision(services.pool, decision, guild_id=guild_id)
    return _told(report, report.plan.reason)


async def decide(services: Services, officer: Caller, request: HandRequest, *, guild_id: int | None) -> HandAnswer:
    """Carry out a decision.

    Raises `NotFound`, `Refused`, also for what would give the officer a right, and `PlanStale` for another plan than the
    previewed one.
    """
    decision = _decision(request)
    await own_rights.check_decision(services.pool, officer, decision, guild_id)
    report = await apply_decision(
        services.pool, decision, actor=officer.actor, guild_id=guild_id, seen=request.plan_key
    )
    told = _told(report, f"Done. {_in_short(report)}")
    return HandAnswer(**told.model_dump(), attempt_id=report.attempt_id or 0)


def _decision(request: HandRequest) -> ManualDecision:
    match request:
        case LinkMemberRequest() | LinkToMemberRequest() | UnlinkMemberRequest() | AllowMemberRequest():
            return _decision_about_member(request)
        case MergeRequest():
            return MergePlayers(request.player, request.other)
        case AddAliasRequest():
            return AddAlias(request.alias, request.player)
        case RemoveAliasRequest():
            return RemoveAlias(request.alias)
        case _:
            return _decision_about_character(request)


def _decision_about_character(
    request: LinkRequest | ConfirmRequest | UnlinkRequest | RejectRequest | AllowRequest | MainRequest,
) -> ManualDecision:
    match request:
        case LinkRequest():
            return LinkCharacter(request.character, request.player, request.remember_note)
        case ConfirmRequest():
            return ConfirmLink(request.character)
        case UnlinkRequest():
            return UnlinkCharacter(request.character)
        case RejectRequest():
            return RejectLink(request.character, request.player, request.reason)
        case AllowRequest():
            return AllowLink(request.character, request.player)
        case MainRequest():
            return SetMain(request.character)


def _decision_about_member(
    request: LinkMemberRequest | LinkToMemberRequest | UnlinkMemberRequest | AllowMemberRequest,
) -> ManualDecision:
    match request:
        case LinkMemberRequest():
            return LinkMember(request.player, request.member)
        case LinkToMemberRequest():
            return LinkCharacterToMember(request.character, request.member)
        case UnlinkMemberRequest():
            return UnlinkMember(request.player)
        case AllowMemberRequest():
            return AllowMember(request.player, request.member)


def _in_short(report: DecisionReport) -> str:
    """What was done; of a merge, or of many steps, the reason says it all."""
    is_merge = any(row.table == "player" and row.after is None for row in report.plan.rows)
    if is_merge or len(report.sentences) > MOST_STEPS_IN_A_SENTENCE:
        return report.plan.reason
    return " ".join(report.sentences)


def _told(report: DecisionReport, sentence: str) -> HandPreviewAnswer:
    return HandPreviewAnswer(
        guild_id=report.guild_id,
        sentence=sentence,
        steps=report.sentences,
        effects=[EffectAnswer.model_validate(effect) for effect in report.effects],
        plan_key=report.plan.key,
    )
