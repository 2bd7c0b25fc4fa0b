"""What an officer can do, once for the API and the pages: call the engine, and answer in typed data and one sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Literal

from patt.api.models import (
    FixAllAnswer,
    FixAnswer,
    FixedIssue,
    IssueMoveAnswer,
    Moves,
    RuleScan,
    ScanAnswer,
    UndoAnswer,
)
from patt.api.selection_models import FixChosenAnswer, MovedChosenAnswer, MovedIssue
from patt.bootstrap import Services
from patt.deps import Caller
from sv_common.db.pool import Connection
from sv_common.guild_sync import issues, mitigations
from sv_common.guild_sync.domain.errors import BadInput
from sv_common.guild_sync.domain.issue import Issue, IssueState
from sv_common.guild_sync.domain.report import CheckReport, FixOutcome, FixReport, FixResult, RuleCheck
from sv_common.guild_sync.integrity_checker import run_integrity_check
from sv_common.guild_sync.issue_history import Seen, check_unchanged
from sv_common.guild_sync.store import guilds
from sv_common.guild_sync.store.guilds import Guild

_MOVES = tuple(Moves.model_fields)
_RESOLVED = frozenset({FixOutcome.FIXED, FixOutcome.NOTHING_TO_DO})
_WORDS = {
    FixOutcome.FIXED: "fixed",
    FixOutcome.REFUSED: "refused",
    FixOutcome.WAITING: "waiting",
    FixOutcome.HELD: "held",
    FixOutcome.FAILED: "failed",
    FixOutcome.NOTHING_TO_DO: "with nothing to do",
}
_CHANGED = "It has changed since you looked; look at it again."


async def scan(
    services: Services, officer: Caller, *, guild_id: int | None, issue_type: str | None = None
) -> ScanAnswer:
    """Look for issues now, by one rule or by all. Raises `NotFound`."""
    report = await run_integrity_check(
        services.pool,
        guild_id=guild_id,
        issue_types=[issue_type] if issue_type is not None else None,
        actor=officer.actor,
    )
    return scan_answer(report)


async def fix(
    services: Services, officer: Caller, issue_id: int, *, guild_id: int | None, seen: Seen | None = None
) -> FixAnswer:
    """Fix one issue. Raises `NotFound`, and `PlanStale` where it is no longer as it was `seen`."""
    result = await mitigations.fix_one(
        services.pool,
        issue_id,
        actor=officer.actor,
        guild_id=guild_id,
        discord_bot=services.outside.discord,
        seen=seen,
    )
    return FixAnswer(sentence=_fix_sentence(result), **fixed_issue(result).model_dump())


async def fix_all(services: Services, officer: Caller, issue_type: str, *, guild_id: int | None) -> FixAllAnswer:
    """Fix all open issues of a rule in one guild. Raises `NotFound`, and `Refused` where it is not clear which guild."""
    guild = await _the_guild(services, guild_id)
    report = await mitigations.fix_all(
        services.pool, issue_type, actor=officer.actor, guild_id=guild.id, discord_bot=services.outside.discord
    )
    return FixAllAnswer(
        sentence=fixes_sentence(report, "open"),
        guild_id=guild.id,
        issue_type=issue_type,
        found=len(report.results),
        issues=[fixed_issue(result) for result in report.results],
        **{outcome.value: report.count(outcome) for outcome in FixOutcome},
    )


async def undo(
    services: Services, officer: Caller, attempt_id: int, *, guild_id: int | None, seen: Seen | None = None
) -> UndoAnswer:
    """Take an attempt back. Raises `NotFound`, `Refused` and `PlanStale`."""
    report = await mitigations.undo(
        services.pool,
        attempt_id,
        actor=officer.actor,
        guild_id=guild_id,
        discord_bot=services.outside.discord,
        seen=seen,
    )
    sentence = f"Attempt {attempt_id} is undone. {' '.join(report.sentences)}"
    return UndoAnswer(sentence=sentence.strip(), attempt_id=attempt_id, undone=list(report.sentences))


async def dismiss(
    services: Services,
    officer: Caller,
    issue_id: int,
    *,
    guild_id: int | None,
    reason: str,
    until: date | None = None,
    seen: Seen | None = None,
) -> IssueMoveAnswer:
    """Set an issue aside.

    Raises `NotFound`, `Refused`, `BadInput` without a reason or for a day that has come, and `PlanStale` where the issue
    is no longer as it was `seen`.
    """
    end = _end_of_dismissal(until)
    async with services.pool.connection() as conn:
        await _lock_unchanged(conn, issue_id, guild_id, seen)
        issue = await issues.dismiss(
            conn, issue_id, guild_id=guild_id, actor=officer.actor, reason=_storable(reason), until=end
        )
    return _moved(issue, f"Issue {issue_id} is set aside{f' until {until}' if until else ''}.")


async def wake(
    services: Services,
    officer: Caller,
    issue_id: int,
    *,
    guild_id: int | None,
    reason: str,
    seen: Seen | None = None,
) -> IssueMoveAnswer:
    """End a dismissal. Raises `NotFound`, `Refused` and, like `dismiss`, `PlanStale`."""
    async with services.pool.connection() as conn:
        await _lock_unchanged(conn, issue_id, guild_id, seen)
        issue = await issues.wake(conn, issue_id, guild_id=guild_id, actor=officer.actor, reason=_storable(reason))
    return _moved(issue, f"Issue {issue_id} is open again.")


async def resolve(
    services: Services, officer: Caller, issue_id: int, *, guild_id: int | None, reason: str, seen: Seen | None = None
) -> IssueMoveAnswer:
    """Close an issue on an officer's word. Raises like `dismiss`."""
    async with services.pool.connection() as conn:
        await _lock_unchanged(conn, issue_id, guild_id, seen)
        issue = await issues.resolve_by_hand(
            conn, issue_id, guild_id=guild_id, actor=officer.actor, reason=_storable(reason)
        )
    return _moved(issue, f"Issue {issue_id} is resolved. A scan that still finds it opens it again.")


async def fix_selected(
    services: Services,
    officer: Caller,
    issue_ids: Sequence[int],
    *,
    guild_id: int | None,
    seen: Mapping[int, str] | None = None,
) -> FixChosenAnswer:
    """Fix exactly these issues. Raises `NotFound` if any is not the guild's, and `Refused` like `fix_all`."""
    guild = await _the_guild(services, guild_id)
    report = await mitigations.fix_selected(
        services.pool,
        issue_ids,
        actor=officer.actor,
        guild_id=guild.id,
        discord_bot=services.outside.discord,
        seen=seen,
    )
    return FixChosenAnswer(
        sentence=fixes_sentence(report, "chosen"),
        guild_id=guild.id,
        found=len(report.results),
        issues=[fixed_issue(result) for result in report.results],
        **{outcome.value: report.count(outcome) for outcome in FixOutcome},
    )


async def dismiss_selected(
    services: Services,
    officer: Caller,
    issue_ids: Sequence[int],
    *,
    guild_id: int | None,
    reason: str,
    until: date | None = None,
    seen: Mapping[int, str] | None = None,
) -> MovedChosenAnswer:
    """Set exactly these issues aside. Raises like `dismiss` and `fix_selected`; resolved issues are left alone."""
    end = _end_of_dismissal(until)
    guild = await _the_guild(services, guild_id)
    async with services.pool.connection() as conn:
        await guilds.lock(conn, guild.id)
        chosen = await issues.get_all(conn, issue_ids, guild.id)
        left = _left_alone(chosen, seen or {}, IssueState.RESOLVED)
        moved = [issue.id for issue in chosen if issue.id not in left]
        await issues.dismiss_many(conn, moved, actor=officer.actor, reason=_storable(reason), until=end)
    done = f"set aside{f' until {until}' if until else ''}"
    return _moved_chosen(guild.id, chosen, left, "dismissed", done)


async def wake_selected(
    services: Services,
    officer: Caller,
    issue_ids: Sequence[int],
    *,
    guild_id: int | None,
    reason: str,
    seen: Mapping[int, str] | None = None,
) -> MovedChosenAnswer:
    """Open exactly these issues again. Raises like `fix_selected`; issues that are not dismissed are left alone."""
    guild = await _the_guild(services, guild_id)
    async with services.pool.connection() as conn:
        await guilds.lock(conn, guild.id)
        chosen = await issues.get_all(conn, issue_ids, guild.id)
        left = _left_alone(chosen, seen or {}, IssueState.RESOLVED, IssueState.OPEN)
        moved = [issue.id for issue in chosen if issue.id not in left]
        await issues.wake_many(conn, moved, actor=officer.actor, reason=_storable(reason))
    return _moved_chosen(guild.id, chosen, left, "woken", "open again")


async def _the_guild(services: Services, guild_id: int | None) -> Guild:
    async with services.pool.connection() as conn:
        return await guilds.the_only(conn, guild_id)


def _end_of_dismissal(until: date | None) -> datetime | None:
    end = datetime.combine(until, time(), UTC) if until is not None else None
    if end is not None and end <= datetime.now(UTC):
        raise BadInput("The day on which the issue opens again must lie ahead.")
    return end


def _left_alone(chosen: Sequence[Issue], seen: Mapping[int, str], *unmoved: IssueState) -> dict[int, str]:
    """Which of the issues are left alone, and why: they have changed since they were seen, or cannot move so."""
    sentences = {
        IssueState.RESOLVED: "It is resolved already.",
        IssueState.OPEN: "It is not dismissed.",
    }
    changed = {issue.id: _CHANGED for issue in chosen if seen.get(issue.id, issue.key) != issue.key}
    return changed | {issue.id: sentences[issue.state] for issue in chosen if issue.state in unmoved}


def _moved_chosen(
    guild_id: int,
    chosen: Sequence[Issue],
    left: Mapping[int, str],
    outcome: Literal["dismissed", "woken"],
    done: str,
) -> MovedChosenAnswer:
    told = [
        MovedIssue(
            issue_id=issue.id,
            issue_type=issue.issue_type,
            outcome="left_alone" if issue.id in left else outcome,
            reason=left.get(issue.id, f"It is {done}."),
        )
        for issue in chosen
    ]
    moved = len(chosen) - len(left)
    sentence = f"{moved} issue{' is' if moved == 1 else 's are'} {done}."
    for reason, count in Counter(left.values()).items():
        sentence += f" {count} left alone: {reason}"
    return MovedChosenAnswer(
        sentence=sentence, guild_id=guild_id, found=len(chosen), moved=moved, left_alone=len(left), issues=told
    )


async def _lock_unchanged(conn: Connection, issue_id: int, guild_id: int | None, seen: Seen | None) -> None:
    """Let nobody else change the issue's guild, and refuse where the issue is no longer as it was seen."""
    await guilds.lock(conn, (await issues.get(conn, issue_id, guild_id)).guild_id)
    await check_unchanged(conn, issue_id, seen)


def _storable(text: str) -> str:
    if "\x00" in text:
        raise BadInput("The reason holds a character (NUL) that cannot be stored.")
    return text


def scan_answer(report: CheckReport) -> ScanAnswer:
    """Say what a scan found."""
    totals = Moves(**{move: report.total(move) for move in _MOVES})
    return ScanAnswer(
        sentence=_scan_sentence(report, totals), totals=totals, rules=[_rule_scan(c) for c in report.checks]
    )


def _moved(issue: Issue, sentence: str) -> IssueMoveAnswer:
    return IssueMoveAnswer.model_validate({**_fields(issue), "sentence": sentence})


def _fields(issue: Issue) -> dict[str, object]:
    return {name: getattr(issue, name) for name in IssueMoveAnswer.model_fields if hasattr(issue, name)}


def _rule_scan(check: RuleCheck) -> RuleScan:
    moves = {move: getattr(check.moves, move) for move in _MOVES}
    return RuleScan(
        guild_id=check.guild_id,
        issue_type=check.issue_type,
        duration_ms=check.duration_ms,
        error=check.error,
        **moves,
    )


def fixed_issue(result: FixResult) -> FixedIssue:
    """Say what became of one issue."""
    return FixedIssue(
        issue_id=result.issue_id,
        issue_type=result.issue_type,
        outcome=result.outcome,
        resolved=result.outcome in _RESOLVED,
        reason=result.reason,
        steps=[step.describe() for step in result.plan.steps] if result.plan else [],
        attempt_id=result.attempt_id,
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
            steps = " ".join(step.describe() for step in result.plan.steps) if result.plan else ""
            return f"Fixed. {steps}".strip()
        case FixOutcome.NOTHING_TO_DO:
            return result.reason
        case _:
            return f"Not fixed: {result.reason}"


def fixes_sentence(report: FixReport, which: str) -> str:
    """Say how many of the issues, such as those “open”, ended how."""
    if not report.results:
        return "Nothing is open, so nothing was changed."
    counts = [f"{count} {_WORDS[outcome]}" for outcome in FixOutcome if (count := report.count(outcome))]
    return f"Of {len(report.results)} {which}: {', '.join(counts)}."
