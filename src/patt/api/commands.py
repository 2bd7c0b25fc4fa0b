"""What an officer can do, once for the API and the pages: call the engine, and answer in typed data and one sentence."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from patt import own_rights
from patt.api.answers import fix_answer, fixes_result, fixes_sentence, scan_answer
from patt.api.models import FixAllAnswer, FixAnswer, IssueMoveAnswer, ScanAnswer, UndoAnswer
from patt.bootstrap import Services
from patt.deps import Caller
from sv_common.db.pool import Connection
from sv_common.guild_sync import issues, mitigations
from sv_common.guild_sync.domain.issue import Issue, IssueState
from sv_common.guild_sync.integrity_checker import run_integrity_check
from sv_common.guild_sync.issue_history import Seen, check_unchanged
from sv_common.guild_sync.store import guilds
from sv_common.guild_sync.store.guilds import Guild


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
    """Fix one issue.

    Raises `NotFound`, `PlanStale` where it is no longer as it was `seen`, and `Refused` for what gives the officer a right.
    """
    result = await mitigations.fix_one(
        services.pool,
        issue_id,
        actor=officer.actor,
        guild_id=guild_id,
        discord_bot=services.outside.discord,
        seen=seen,
        guard=own_rights.guard_of(officer),
    )
    return fix_answer(result)


async def fix_all(services: Services, officer: Caller, issue_type: str, *, guild_id: int | None) -> FixAllAnswer:
    """Fix all open issues of a rule in one guild. Raises `NotFound`, and `Refused` where it is not clear which guild."""
    guild = await the_guild(services, guild_id)
    report = await mitigations.fix_all(
        services.pool, issue_type, actor=officer.actor, guild_id=guild.id, discord_bot=services.outside.discord
    )
    return FixAllAnswer(
        sentence=fixes_sentence(report, "open"),
        guild_id=guild.id,
        issue_type=issue_type,
        **dict(fixes_result(report)),
    )


async def undo(
    services: Services,
    officer: Caller,
    attempt_id: int,
    *,
    guild_id: int | None,
    seen: Seen | None = None,
    partly: bool = False,
) -> UndoAnswer:
    """Take an attempt back, or `partly` what can be of it. Raises `NotFound`, `Refused` and `PlanStale`."""
    report = await mitigations.undo(
        services.pool,
        attempt_id,
        actor=officer.actor,
        guild_id=guild_id,
        discord_bot=services.outside.discord,
        seen=seen,
        partly=partly,
        guard=own_rights.guard_of(officer),
    )
    done = f"Attempt {attempt_id} is undone{' in part' if report.left else ''}."
    left = ["Left as it is, and can be undone later:", *report.left] if report.left else []
    return UndoAnswer(
        sentence=" ".join([done, *report.sentences, *left]),
        attempt_id=attempt_id,
        undone=list(report.sentences),
        left=list(report.left),
    )


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
    end = end_of_dismissal(until)
    async with services.pool.connection() as conn:
        await _lock_unchanged(conn, issue_id, guild_id, seen)
        issue = await issues.dismiss(conn, issue_id, guild_id=guild_id, actor=officer.actor, reason=reason, until=end)
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
        issue = await issues.wake(conn, issue_id, guild_id=guild_id, actor=officer.actor, reason=reason)
    if issue.state is IssueState.RESOLVED:
        return _moved(issue, f"The dismissal of issue {issue_id} is removed; the issue itself is resolved.")
    return _moved(issue, f"Issue {issue_id} is open again.")


async def resolve(
    services: Services, officer: Caller, issue_id: int, *, guild_id: int | None, reason: str, seen: Seen | None = None
) -> IssueMoveAnswer:
    """Close an issue on an officer's word. Raises like `dismiss`."""
    async with services.pool.connection() as conn:
        await _lock_unchanged(conn, issue_id, guild_id, seen)
        issue = await issues.resolve_by_hand(conn, issue_id, guild_id=guild_id, actor=officer.actor, reason=reason)
    return _moved(issue, f"Issue {issue_id} is resolved. A scan that still finds it opens it again.")


async def the_guild(services: Services, guild_id: int | None) -> Guild:
    """Return the guild that a command is about. Raises `NotFound`, and `Refused` where it is not clear which."""
    async with services.pool.connection() as conn:
        return await guilds.the_only(conn, guild_id)


def end_of_dismissal(until: date | None) -> datetime | None:
    """Return the moment on which a dismissal ends: the beginning of the day, in UTC."""
    return datetime.combine(until, time(), UTC) if until is not None else None


async def _lock_unchanged(conn: Connection, issue_id: int, guild_id: int | None, seen: Seen | None) -> None:
    """Let nobody else change the issue's guild, and refuse where the issue is no longer as it was seen."""
    await guilds.lock(conn, (await issues.get(conn, issue_id, guild_id)).guild_id)
    await check_unchanged(conn, issue_id, seen)


def _moved(issue: Issue, sentence: str) -> IssueMoveAnswer:
    return IssueMoveAnswer.model_validate({**_fields(issue), "sentence": sentence})


def _fields(issue: Issue) -> dict[str, object]:
    return {name: getattr(issue, name) for name in IssueMoveAnswer.model_fields if hasattr(issue, name)}
