"""What scans and fixes have come to, in typed data and one sentence: the same for the API, the pages and jobs."""

from __future__ import annotations

from patt.api.models import FixAnswer, FixedIssue, FixesResult, Moves, RuleScan, ScanAnswer
from sv_common.guild_sync.domain.report import CheckReport, FixOutcome, FixReport, FixResult, RuleCheck

_MOVES = tuple(Moves.model_fields)
_RESOLVED = frozenset({FixOutcome.FIXED, FixOutcome.NOTHING_TO_DO})
_WORDS = {
    FixOutcome.FIXED: "fixed",
    FixOutcome.REFUSED: "refused",
    FixOutcome.WAITING: "waiting",
    FixOutcome.HELD: "held",
    FixOutcome.FAILED: "failed",
    FixOutcome.UNVERIFIED: "not verified",
    FixOutcome.NOTHING_TO_DO: "with nothing to do",
}


def scan_answer(report: CheckReport) -> ScanAnswer:
    """Say what a scan found."""
    totals = Moves(**{move: report.total(move) for move in _MOVES})
    return ScanAnswer(
        sentence=_scan_sentence(report, totals), totals=totals, rules=[_rule_scan(c) for c in report.checks]
    )


def fix_answer(result: FixResult) -> FixAnswer:
    """Say what came of fixing one issue."""
    return FixAnswer(sentence=_fix_sentence(result), **dict(_fixed_issue(result)))


def fixes_result(report: FixReport) -> FixesResult:
    """Say what became of the issues of a fix, in all and one by one."""
    return FixesResult(
        found=len(report.results),
        issues=[_fixed_issue(result) for result in report.results],
        **{outcome.value: report.count(outcome) for outcome in FixOutcome},
    )


def fixes_sentence(report: FixReport, which: str) -> str:
    """Say how many of the issues, such as those “open”, ended how."""
    if not report.results:
        return "Nothing is open, so nothing was changed."
    counts = [f"{count} {_WORDS[outcome]}" for outcome in FixOutcome if (count := report.count(outcome))]
    return f"Of {len(report.results)} {which}: {', '.join(counts)}."


def _fixed_issue(result: FixResult) -> FixedIssue:
    return FixedIssue(
        issue_id=result.issue_id,
        issue_type=result.issue_type,
        outcome=result.outcome,
        resolved=result.outcome in _RESOLVED,
        reason=result.reason,
        steps=result.sentences,
        attempt_id=result.attempt_id,
    )


def _rule_scan(check: RuleCheck) -> RuleScan:
    moves = {move: getattr(check.moves, move) for move in _MOVES}
    return RuleScan(
        guild_id=check.guild_id,
        issue_type=check.issue_type,
        duration_ms=check.duration_ms,
        error=check.error,
        **moves,
    )


def _scan_sentence(report: CheckReport, totals: Moves) -> str:
    if not report.checks:
        return "Nothing was looked at: the rule is switched off, or there is no guild."
    back = f", {totals.reopened} back again" if totals.reopened else ""
    sentence = f"Scan done: {totals.found} found, {totals.opened} new{back}, {totals.resolved} resolved."
    return " ".join([sentence, *report.errors])


def _fix_sentence(result: FixResult) -> str:
    match result.outcome:
        case FixOutcome.FIXED:
            return " ".join(["Fixed.", *result.sentences])
        case FixOutcome.NOTHING_TO_DO:
            return result.reason
        case FixOutcome.UNVERIFIED:
            return f"Not verified: {result.reason}"
        case _:
            return f"Not fixed: {result.reason}"
