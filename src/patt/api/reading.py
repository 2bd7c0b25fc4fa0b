"""What officers can look at, as the API answers it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from patt.api.models import (
    IssueAnswer,
    IssuesAnswer,
    PlannedAnswer,
    PreviewAnswer,
)
from patt.api.rule_models import RuleAnswer
from patt.api.selection_models import ChosenPreviewAnswer, PlannedIssue
from patt.bootstrap import Services
from sv_common.db.pool import Connection
from sv_common.guild_sync import issues, mitigations, overview
from sv_common.guild_sync.domain.issue import IssueState, Severity
from sv_common.guild_sync.fixes.planning import Planning
from sv_common.guild_sync.overview import FindingFilter
from sv_common.guild_sync.rules import rule_named
from sv_common.guild_sync.store import guilds

Shown = Literal["open", "dismissed", "resolved", "all"]
"""Which issues to list."""

LONGEST_SEARCH = 100
"""Letters that a search may have."""


def state_of(shown: Shown) -> IssueState | None:
    """Return the state to list; None for every state."""
    return None if shown == "all" else IssueState(shown)


async def rules(conn: Connection, guild_id: int | None, *, ever: bool = False) -> list[RuleAnswer]:
    """Return every rule with its counts; with `ever`, those since the beginning too, for which all history is read.

    Raises `NotFound`, and `Refused` where it is not clear which guild.
    """
    guild = await guilds.the_only(conn, guild_id)
    read = overview.rule_records if ever else overview.rule_overviews
    return [RuleAnswer.model_validate(rule) for rule in await read(conn, guild.id)]


def finding_filter(
    shown: Shown, issue_type: str | None = None, severity: Severity | None = None, text: str | None = None
) -> FindingFilter:
    """Return the filter that is asked for; what is empty filters nothing. Raises `NotFound` for an unknown rule."""
    rule = rule_named(issue_type).issue_type if issue_type else None
    words = (text or "").strip()
    return FindingFilter(state_of(shown), rule, severity or None, words or None)


async def issues_page(conn: Connection, guild_id: int | None, chosen: FindingFilter, *, number: int) -> IssuesAnswer:
    """Return one page of issues. Raises like `rules`."""
    guild = await guilds.the_only(conn, guild_id)
    found = await overview.findings_page(conn, guild.id, chosen, number=number)
    return IssuesAnswer(
        page=found.number,
        pages=found.pages,
        total=found.total,
        by_rule=dict(found.by_rule),
        by_severity=dict(found.by_severity),
        issues=[IssueAnswer.model_validate(issue) for issue in found.findings],
    )


async def preview(services: Services, issue_type: str, guild_id: int | None) -> PreviewAnswer:
    """Return what fixing all open issues of a rule would do. Raises like `rules`."""
    async with services.pool.snapshot() as conn:
        guild = await guilds.the_only(conn, guild_id)
        planning = await mitigations.preview_all(services.pool, issue_type, guild_id=guild.id)
    return PreviewAnswer(guild_id=guild.id, issue_type=issue_type, issues=planned(planning))


async def preview_selected(services: Services, issue_ids: Sequence[int], guild_id: int | None) -> ChosenPreviewAnswer:
    """Return what fixing these issues would do, in their order. Raises like `selection_commands.fix_selected`."""
    async with services.pool.snapshot() as conn:
        guild = await guilds.the_only(conn, guild_id)
        chosen = await issues.get_all(conn, issue_ids, guild.id)
        plannings = await mitigations.preview_selected(services.pool, issue_ids, guild_id=guild.id)
    found: dict[int, PlannedAnswer] = {}
    for planning in plannings.values():
        found |= {each.issue_id: each for each in planned(planning)}
    told = [
        PlannedIssue(**found[each.id].model_dump(), issue_type=each.issue_type, summary=each.summary) for each in chosen
    ]
    return ChosenPreviewAnswer(guild_id=guild.id, issues=told)


def planned(planning: Planning) -> list[PlannedAnswer]:
    """Return what would become of each issue, those first that would be fixed."""
    keys = planning.keys
    ready = [
        PlannedAnswer(
            issue_id=fix.issue.id,
            outcome="ready",
            reason=fix.plan.reason,
            steps=fix.sentences,
            key=keys[fix.issue.id],
        )
        for fix in planning.ready
    ]
    settled = [
        PlannedAnswer.model_validate(
            {"issue_id": r.issue_id, "outcome": r.outcome, "reason": r.reason, "steps": [], "key": None}
        )
        for r in planning.settled
    ]
    gone = [
        PlannedAnswer(
            issue_id=gone.id,
            outcome="no_longer_found",
            reason="No longer found; it will be closed.",
            steps=[],
            key=keys[gone.id],
        )
        for gone in planning.gone
    ]
    return [*ready, *gone, *settled]
