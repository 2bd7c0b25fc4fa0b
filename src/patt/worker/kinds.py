"""What officers may ask a worker for. Each kind is one line of `KINDS`: what it is called, where it shows, and how it is done."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, TypeAlias

from patt.bootstrap import Services
from sv_common.guild_sync import mitigations
from sv_common.guild_sync.changes import attempts
from sv_common.guild_sync.core.progress import OnProgress
from sv_common.guild_sync.engine.results import FixOutcome, FixReport, FixResult
from sv_common.guild_sync.integrity_checker import run_integrity_check
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.issues.reports import CheckReport
from sv_common.guild_sync.jobs import requests
from sv_common.guild_sync.jobs.requests import WorkRequest
from sv_common.guild_sync.rules import RULES

Arguments = Mapping[str, Any]
Outcome: TypeAlias = CheckReport | FixReport
"""What came of a request."""


class WorkKind(StrEnum):
    """The kinds of work, by the names that requests keep."""

    SCAN = "scan"
    SCAN_RULE = "scan_rule"
    FIX_ALL = "fix_all"
    FIX_SELECTED = "fix_selected"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of work. `place` says at which part of a page its progress is shown: a rule, or a word for the part."""

    title: Callable[[Arguments], str]
    place: Callable[[Arguments], str]
    do: Callable[[Services, WorkRequest, OnProgress], Awaitable[Outcome]]


async def _scan(services: Services, request: WorkRequest, on_progress: OnProgress) -> Outcome:
    issue_type = request.arguments.get("issue_type")
    return await run_integrity_check(
        services.pool,
        guild_id=request.guild_id,
        issue_types=None if issue_type is None else [issue_type],
        actor=request.actor,
        on_progress=on_progress,
    )


async def _fix_all(services: Services, request: WorkRequest, on_progress: OnProgress) -> Outcome:
    issue_type = request.arguments["issue_type"]
    async with services.pool.connection() as conn:
        issue_ids = request.issue_ids
        if issue_ids is None:
            issue_ids = [issue.id for issue in await lifecycle.open_of_rule(conn, request.guild_id, issue_type)]
            await requests.begin_fix(conn, request.id, issue_ids)
    return await _fix(services, request, issue_ids, on_progress)


async def _fix_selected(services: Services, request: WorkRequest, on_progress: OnProgress) -> Outcome:
    seen = {int(number): key for number, key in request.arguments.get("seen", {}).items()}
    return await _fix(services, request, request.arguments["issue_ids"], on_progress, seen=seen)


async def _fix(
    services: Services,
    request: WorkRequest,
    issue_ids: Sequence[int],
    on_progress: OnProgress,
    *,
    seen: Mapping[int, str] | None = None,
) -> Outcome:
    """Fix issues, as they were `seen`. What an earlier try of this request has fixed before it was cut off counts as fixed by it."""
    report = await mitigations.fix_selected(
        services.pool,
        issue_ids,
        actor=request.actor,
        guild_id=request.guild_id,
        discord_bot=services.outside.discord,
        seen=seen,
        on_progress=on_progress,
    )
    if request.attempts > 1:
        report = await _with_earlier_tries(services, request, report)
    return report


async def _with_earlier_tries(services: Services, request: WorkRequest, report: FixReport) -> FixReport:
    idle = [each.issue_id for each in report.results if each.outcome is FixOutcome.NOTHING_TO_DO]
    since = request.started_at or request.asked_at
    async with services.pool.connection() as conn:
        fixed = await attempts.fixed_since(conn, request.guild_id, idle, actor=request.actor, since=since)

    def told(each: FixResult) -> FixResult:
        if each.outcome is not FixOutcome.NOTHING_TO_DO or each.issue_id not in fixed:
            return each
        attempt_id, reason = fixed[each.issue_id]
        return replace(each, outcome=FixOutcome.FIXED, reason=reason, attempt_id=attempt_id)

    return FixReport([told(each) for each in report.results])


def _rule(arguments: Arguments) -> str:
    return str(arguments["issue_type"])


def _rule_name(arguments: Arguments) -> str:
    rule = RULES.get(_rule(arguments))
    return rule.name if rule else _rule(arguments)


def _chosen(arguments: Arguments) -> str:
    count = len(arguments["issue_ids"])
    return f"Fix of {count} chosen issue{'' if count == 1 else 's'}"


KINDS: Mapping[WorkKind, Kind] = {
    WorkKind.SCAN: Kind(lambda _: "Scan by all rules", lambda _: "all", _scan),
    WorkKind.SCAN_RULE: Kind(lambda a: f"Scan: {_rule_name(a)}", _rule, _scan),
    WorkKind.FIX_ALL: Kind(lambda a: f"Fix of all: {_rule_name(a)}", _rule, _fix_all),
    WorkKind.FIX_SELECTED: Kind(_chosen, lambda _: "chosen", _fix_selected),
}
