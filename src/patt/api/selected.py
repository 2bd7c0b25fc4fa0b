"""The API on exactly the selected issues: preview, fix, set aside, open again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from patt.api.issue import BY_HAND, Reason, end_of_dismissal
from patt.api.issues import FixesPreview, planned
from patt.api.routing import FOR_OFFICERS, officer_router, the_guild
from patt.web.context import GuildDep, OfficerDep, ServicesDep
from patt.worker.jobs import SelectedIssues
from sv_common.guild_sync import mitigations
from sv_common.guild_sync.engine.results import FixReport
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.issues.model import Issue, IssueState
from sv_common.guild_sync.roster import guilds

_CHANGED = "It has changed since you looked; look at it again."
_RESOLVED = "It is resolved already."
_NOT_DISMISSED = "It is not dismissed."

router = officer_router("data-quality/issues", "data quality")


@dataclass(frozen=True, slots=True, kw_only=True)
class DismissSelected(SelectedIssues):
    """Issues to set aside, why, and until when; `seen` holds their keys as they were listed."""

    reason: Reason
    until: Annotated[date | None, Field(description="The day (UTC) on which they open again; none: for ever.")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReopenSelected(SelectedIssues):
    """Issues whose dismissal ends, and why; `seen` holds their keys as they were listed."""

    reason: Annotated[str, Field(min_length=1, max_length=500)] = BY_HAND


@dataclass(frozen=True, slots=True)
class MovedIssue:
    """What became of one selected issue."""

    issue_id: int
    issue_type: str
    outcome: Literal["dismissed", "reopened", "left_alone"]
    reason: Annotated[str, Field(description="Why it is left alone, or what was done.")]


@dataclass(frozen=True, slots=True)
class MovedIssues:
    """What came of setting the selected issues aside, or of opening them again, in the order asked for."""

    sentence: str
    guild_id: int
    found: Annotated[int, Field(description="How many issues were chosen.")]
    moved: int
    left_alone: int
    issues: Sequence[MovedIssue]


@router.post("/fix", summary="Fix the chosen issues")
async def fix(services: ServicesDep, officer: OfficerDep, body: SelectedIssues, guild: GuildDep = None) -> FixReport:
    """Fix what evidence decides, rule by rule; everything else stays open with its reason. Works on one guild."""
    return await mitigations.fix_selected(
        services.pool,
        body.issue_ids,
        actor=officer.actor,
        guild_id=(await the_guild(services, guild)).id,
        discord_bot=services.sources.discord,
        seen=body.seen,
    )


@router.post("/fix/preview", summary="What fixing the chosen issues would do", dependencies=FOR_OFFICERS)
async def preview(services: ServicesDep, body: SelectedIssues, guild: GuildDep = None) -> FixesPreview:
    """The plans that fixing them would apply now; nothing is changed."""
    async with services.pool.snapshot() as conn:
        number = (await guilds.the_only(conn, guild)).id
        chosen = await lifecycle.get_all(conn, body.issue_ids, number)
        plannings = await mitigations.preview_selected(services.pool, body.issue_ids, guild_id=number)
    found = {each.issue_id: each for planning in plannings.values() for each in planned(planning, chosen)}
    return FixesPreview(number, [found[each.id] for each in chosen])


@router.post("/dismiss", summary="Set the chosen issues aside")
async def dismiss(
    services: ServicesDep, officer: OfficerDep, body: DismissSelected, guild: GuildDep = None
) -> MovedIssues:
    """For ever or until a day; resolved ones are left alone. Works on one guild, all at once."""
    number, end = (await the_guild(services, guild)).id, end_of_dismissal(body.until)
    async with services.pool.connection() as conn:
        await guilds.lock(conn, number)
        chosen = await lifecycle.get_all(conn, body.issue_ids, number)
        resolved = {issue.id: _RESOLVED for issue in chosen if issue.state is IssueState.RESOLVED}
        left = _changed(chosen, body.seen) | resolved
        moved = [issue.id for issue in chosen if issue.id not in left]
        await lifecycle.dismiss_many(conn, moved, actor=officer.actor, reason=body.reason, until=end)
    done = f"set aside{f' until {body.until}' if body.until else ''}"
    return _moved(number, chosen, left, "dismissed", done)


@router.post("/reopen", summary="Open the chosen issues again")
async def reopen(
    services: ServicesDep, officer: OfficerDep, body: ReopenSelected, guild: GuildDep = None
) -> MovedIssues:
    """End their dismissals, also of resolved issues; those that are not dismissed are left alone. All at once."""
    number = (await the_guild(services, guild)).id
    async with services.pool.connection() as conn:
        await guilds.lock(conn, number)
        chosen = await lifecycle.get_all(conn, body.issue_ids, number)
        open_ones = {issue.id: _NOT_DISMISSED for issue in chosen if issue.dismissed_at is None}
        left = _changed(chosen, body.seen) | open_ones
        moved = [issue.id for issue in chosen if issue.id not in left]
        await lifecycle.reopen_many(conn, moved, actor=officer.actor, reason=body.reason)
    resolved = all(issue.state is IssueState.RESOLVED for issue in chosen if issue.id not in left)
    return _moved(number, chosen, left, "reopened", "no longer dismissed" if resolved else "open again")


def _changed(chosen: Sequence[Issue], seen: Mapping[int, str]) -> dict[int, str]:
    """Which of the issues have changed since they were seen, with the sentence that says so."""
    return {issue.id: _CHANGED for issue in chosen if seen.get(issue.id, issue.key) != issue.key}


def _moved(
    guild_id: int,
    chosen: Sequence[Issue],
    left: Mapping[int, str],
    outcome: Literal["dismissed", "reopened"],
    done: str,
) -> MovedIssues:
    told = [
        MovedIssue(
            issue.id,
            issue.issue_type,
            "left_alone" if issue.id in left else outcome,
            left.get(issue.id, f"It is {done}."),
        )
        for issue in chosen
    ]
    moved = len(chosen) - len(left)
    sentence = f"{moved} issue{' is' if moved == 1 else 's are'} {done}."
    for reason, count in Counter(left.values()).items():
        sentence += f" {count} left alone: {reason}"
    return MovedIssues(sentence, guild_id, len(chosen), moved, len(left), told)
