"""What officers can look at, as the API answers it."""

from __future__ import annotations

from typing import Literal

from patt.api.models import (
    IssueAnswer,
    IssuesAnswer,
    PlannedAnswer,
    PreviewAnswer,
    RuleAnswer,
)
from patt.bootstrap import Services
from sv_common.db.pool import Connection
from sv_common.guild_sync import mitigations, overview
from sv_common.guild_sync.domain.issue import IssueState
from sv_common.guild_sync.fixes.planning import Planning
from sv_common.guild_sync.rules import rule_named
from sv_common.guild_sync.store import guilds

Shown = Literal["open", "dismissed", "resolved", "all"]
"""Which issues to list."""


def state_of(shown: Shown) -> IssueState | None:
    """Return the state to list; None for every state."""
    return None if shown == "all" else IssueState(shown)


async def rules(conn: Connection, guild_id: int | None) -> list[RuleAnswer]:
    """Return every rule with its counts. Raises `NotFound`, and `Refused` where it is not clear which guild."""
    guild = await guilds.the_only(conn, guild_id)
    return [RuleAnswer.model_validate(rule) for rule in await overview.rule_overviews(conn, guild.id)]


async def issues_page(
    conn: Connection, guild_id: int | None, *, issue_type: str | None, shown: Shown, number: int
) -> IssuesAnswer:
    """Return one page of issues. Raises like `rules`."""
    guild = await guilds.the_only(conn, guild_id)
    chosen = rule_named(issue_type).issue_type if issue_type is not None else None
    found = await overview.findings_page(conn, guild.id, number=number, issue_type=chosen, state=state_of(shown))
    issues = [IssueAnswer.model_validate(issue) for issue in found.findings]
    return IssuesAnswer(page=found.number, pages=found.pages, total=found.total, issues=issues)


async def preview(services: Services, issue_type: str, guild_id: int | None) -> PreviewAnswer:
    """Return what fixing all open issues of a rule would do. Raises like `rules`."""
    async with services.pool.connection() as conn:
        guild = await guilds.the_only(conn, guild_id)
    planning = await mitigations.preview_all(services.pool, issue_type, guild_id=guild.id)
    return PreviewAnswer(guild_id=guild.id, issue_type=issue_type, issues=planned(planning))


def planned(planning: Planning) -> list[PlannedAnswer]:
    """Return what would become of each issue, those first that would be fixed."""
    ready = [
        PlannedAnswer(
            issue_id=fix.issue.id,
            outcome="ready",
            reason=fix.plan.reason,
            steps=[step.describe() for step in fix.plan.steps],
        )
        for fix in planning.ready
    ]
    settled = [
        PlannedAnswer.model_validate({"issue_id": r.issue_id, "outcome": r.outcome, "reason": r.reason, "steps": []})
        for r in planning.settled
    ]
    gone = [
        PlannedAnswer(
            issue_id=gone.id, outcome="no_longer_found", reason="No longer found; it will be closed.", steps=[]
        )
        for gone in planning.gone
    ]
    return [*ready, *gone, *settled]
