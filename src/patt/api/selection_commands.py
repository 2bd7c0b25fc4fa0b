"""What an officer can do with exactly the chosen issues, once for the API and the pages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Literal

from patt.api.answers import fixes_result, fixes_sentence
from patt.api.commands import end_of_dismissal, the_guild
from patt.api.selection_models import FixChosenAnswer, MovedChosenAnswer, MovedIssue
from patt.bootstrap import Services
from patt.deps import Caller
from sv_common.guild_sync import issues, mitigations
from sv_common.guild_sync.domain.issue import Issue, IssueState
from sv_common.guild_sync.store import guilds

_CHANGED = "It has changed since you looked; look at it again."
_RESOLVED = "It is resolved already."
_NOT_DISMISSED = "It is not dismissed."


async def fix_selected(
    services: Services,
    officer: Caller,
    issue_ids: Sequence[int],
    *,
    guild_id: int | None,
    seen: Mapping[int, str] | None = None,
) -> FixChosenAnswer:
    """Fix exactly these issues. Raises `NotFound` if any is not the guild's, and `Refused` like `fix_all`."""
    guild = await the_guild(services, guild_id)
    report = await mitigations.fix_selected(
        services.pool,
        issue_ids,
        actor=officer.actor,
        guild_id=guild.id,
        discord_bot=services.outside.discord,
        seen=seen,
    )
    return FixChosenAnswer(sentence=fixes_sentence(report, "chosen"), guild_id=guild.id, **dict(fixes_result(report)))


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
    end = end_of_dismissal(until)
    guild = await the_guild(services, guild_id)
    async with services.pool.connection() as conn:
        await guilds.lock(conn, guild.id)
        chosen = await issues.get_all(conn, issue_ids, guild.id)
        resolved = {issue.id: _RESOLVED for issue in chosen if issue.state is IssueState.RESOLVED}
        left = _changed(chosen, seen or {}) | resolved
        moved = [issue.id for issue in chosen if issue.id not in left]
        await issues.dismiss_many(conn, moved, actor=officer.actor, reason=reason, until=end)
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
    guild = await the_guild(services, guild_id)
    async with services.pool.connection() as conn:
        await guilds.lock(conn, guild.id)
        chosen = await issues.get_all(conn, issue_ids, guild.id)
        open_ones = {issue.id: _NOT_DISMISSED for issue in chosen if issue.dismissed_at is None}
        left = _changed(chosen, seen or {}) | open_ones
        moved = [issue.id for issue in chosen if issue.id not in left]
        await issues.wake_many(conn, moved, actor=officer.actor, reason=reason)
    resolved = all(issue.state is IssueState.RESOLVED for issue in chosen if issue.id not in left)
    return _moved_chosen(guild.id, chosen, left, "woken", "no longer dismissed" if resolved else "open again")


def _changed(chosen: Sequence[Issue], seen: Mapping[int, str]) -> dict[int, str]:
    """Which of the issues have changed since they were seen, with the sentence that says so."""
    return {issue.id: _CHANGED for issue in chosen if seen.get(issue.id, issue.key) != issue.key}


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
