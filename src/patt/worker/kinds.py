"""The scans and fixes that a worker runs for officers. Each kind is one line of `KINDS`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, TypeAlias

from patt.bootstrap import Services
from patt.json_data import as_json_data
from patt.worker.retry import MOST_TRIES
from sv_common.guild_sync import mitigations
from sv_common.guild_sync.changes import attempts
from sv_common.guild_sync.core.language import tr, tr_in, tr_n
from sv_common.guild_sync.core.progress import OnProgress, Progress
from sv_common.guild_sync.engine.results import FixOutcome, FixReport, FixResult
from sv_common.guild_sync.integrity_checker import run_integrity_check
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.issues.reports import CheckReport
from sv_common.guild_sync.jobs import requests
from sv_common.guild_sync.jobs.requests import WorkRequest
from sv_common.guild_sync.rules import RULES

Arguments = Mapping[str, Any]

PORTION = 100
"""Issues that one job fixes. The rest goes behind what other guilds wait for; each role on Discord takes a request."""


@dataclass(frozen=True, slots=True)
class FixedSoFar:
    """A fix after one more portion. `results` are those of the portion, `earlier` those of the ones before it, as JSON."""

    results: Sequence[FixResult]
    earlier: Sequence[Mapping[str, Any]] = ()
    left: int = 0

    @property
    def portion(self) -> list[dict[str, Any]]:
        """The results of the portion as JSON."""
        return [as_json_data(each) for each in self.results]

    @property
    def report(self) -> FixReport:
        """All results, without the plans of the earlier ones."""
        known = [
            FixResult(
                each["issue_id"],
                each["issue_type"],
                FixOutcome(each["outcome"]),
                each["reason"],
                attempt_id=each["attempt_id"],
            )
            for each in self.earlier
        ]
        return FixReport([*known, *self.results])

    @property
    def as_json(self) -> dict[str, Any]:
        """The report as JSON, in which each result is as it was told when it was made."""
        whole: dict[str, Any] = as_json_data(self.report)
        return whole | {"issues": [*self.earlier, *self.portion]}


JobResult: TypeAlias = CheckReport | FixedSoFar


class JobKind(StrEnum):
    """The kinds, by the names that are stored."""

    SCAN = "scan"
    SCAN_RULE = "scan_rule"
    FIX_ALL = "fix_all"
    FIX_SELECTED = "fix_selected"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of job. `place` says at which part of a page its progress shows: a rule, or a word for the part.

    `short_title` is for where the name of the rule stands already; None: the title is short enough.
    """

    title: Callable[[Arguments], str]
    place: Callable[[Arguments], str]
    run: Callable[[Services, WorkRequest, OnProgress], Awaitable[JobResult]]
    most_tries: int = MOST_TRIES
    short_title: Callable[[], str] | None = None


async def _scan(services: Services, job: WorkRequest, on_progress: OnProgress) -> JobResult:
    issue_type = job.arguments.get("issue_type")
    return await run_integrity_check(
        services.pool,
        guild_id=job.guild_id,
        issue_types=None if issue_type is None else [issue_type],
        actor=job.actor,
        on_progress=on_progress,
    )


async def _fix_all(services: Services, job: WorkRequest, on_progress: OnProgress) -> JobResult:
    issue_ids = job.issue_ids
    if issue_ids is None:
        async with services.pool.writing(job.guild_id, alone=False) as guild:
            found = await lifecycle.open_of_rule(guild, job.arguments["issue_type"])
            issue_ids = [issue.id for issue in found]
            await requests.begin_fix(guild, job.id, issue_ids)
    return await _fix(services, job, issue_ids, on_progress)


async def _fix_selected(services: Services, job: WorkRequest, on_progress: OnProgress) -> JobResult:
    seen = {int(number): key for number, key in job.arguments.get("seen", {}).items()}
    return await _fix(services, job, job.arguments["issue_ids"], on_progress, seen=seen)


async def _fix(
    services: Services,
    job: WorkRequest,
    issue_ids: Sequence[int],
    on_progress: OnProgress,
    *,
    seen: Mapping[int, str] | None = None,
) -> JobResult:
    wanted = list(dict.fromkeys(issue_ids))
    done = len(job.results)
    portion = wanted[done : done + PORTION]

    def of_all(progress: Progress) -> None:
        on_progress(Progress(done + progress.done, len(wanted), progress.doing))

    report = await mitigations.fix_selected(
        services.pool,
        portion,
        actor=job.actor,
        guild_id=job.guild_id,
        discord_bot=services.sources.discord,
        seen=seen,
        on_progress=of_all,
    )
    if job.attempts > 1:
        report = await _with_earlier_tries(services, job, report)
    return FixedSoFar(report.results, job.results, len(wanted) - done - len(portion))


async def _with_earlier_tries(services: Services, job: WorkRequest, report: FixReport) -> FixReport:
    """Count what an earlier try of this job fixed before it was cut off as fixed by the job."""
    idle = [each.issue_id for each in report.results if each.outcome is FixOutcome.NOTHING_TO_DO]
    since = job.started_at or job.requested_at
    async with services.pool.reading(job.guild_id) as guild:
        fixed = await attempts.fixed_since(guild, idle, actor=job.actor, since=since)

    def counted(each: FixResult) -> FixResult:
        if each.outcome is not FixOutcome.NOTHING_TO_DO or each.issue_id not in fixed:
            return each
        attempt_id, reason = fixed[each.issue_id]
        return replace(each, outcome=FixOutcome.FIXED, reason=reason, attempt_id=attempt_id)

    return FixReport([counted(each) for each in report.results])


def _rule(arguments: Arguments) -> str:
    return str(arguments["issue_type"])


def _rule_name(arguments: Arguments) -> str:
    rule = RULES.get(_rule(arguments))
    return rule.name if rule else _rule(arguments)


KINDS: Mapping[JobKind, Kind] = {
    JobKind.SCAN: Kind(lambda _: tr("Scan by all rules"), lambda _: "all", _scan),
    JobKind.SCAN_RULE: Kind(
        lambda a: tr("Scan: {rule}", rule=_rule_name(a)), _rule, _scan, short_title=lambda: tr_in("noun", "Scan")
    ),
    JobKind.FIX_ALL: Kind(
        lambda a: tr("Fix of all: {rule}", rule=_rule_name(a)), _rule, _fix_all, short_title=lambda: tr("Fix of all")
    ),
    JobKind.FIX_SELECTED: Kind(
        lambda a: tr_n("Fix of {n} selected issue", "Fix of {n} selected issues", len(a["issue_ids"])),
        lambda _: "chosen",
        _fix_selected,
    ),
}
