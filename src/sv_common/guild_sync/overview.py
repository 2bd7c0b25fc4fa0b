"""All that pages and the command line show of a guild: rules with their counts, findings, one issue, past attempts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.rows import class_row

from sv_common.db.pool import Connection
from sv_common.db.sql import load_sql
from sv_common.guild_sync import issues
from sv_common.guild_sync.domain.issue import Issue, IssueEvent, IssueState
from sv_common.guild_sync.domain.rule import RuleDefinition, RuleSettings
from sv_common.guild_sync.rules import RULES
from sv_common.guild_sync.store.rules import read_settings

SQL = load_sql(__package__, "overview.sql")
PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class RuleOverview:
    """A rule as a guild has it, with what it has found.

    `resolved` counts the last 30 days; `opened_ever`, `resolved_ever` and `auto_fixed` count since the beginning.
    `waiting` are open issues that automation has left to an officer, with the reason at each; in a rule that is not
    automatic all open ones wait, and in one without a fix none does.
    """

    issue_type: str
    name: str
    description: str
    severity: str
    auto_mitigate: bool
    is_enabled: bool
    is_fixable: bool
    open: int
    waiting: int
    dismissed: int
    resolved: int
    opened_ever: int
    resolved_ever: int
    auto_fixed: int
    last_triggered: datetime | None


@dataclass(frozen=True, slots=True)
class FindingsPage:
    """One page of findings, newest first. `number` counts from 1."""

    findings: Sequence[Issue]
    number: int
    pages: int
    total: int


@dataclass(frozen=True, slots=True)
class AttemptSummary:
    """An attempt to fix, as it is listed. `is_undoable`: it changed something, and that was not taken back."""

    id: int
    issue_id: int | None
    issue_type: str
    actor: str
    is_automatic: bool
    outcome: str
    reason: str
    plan: Sequence[dict[str, Any]]
    started_at: datetime
    duration_ms: int
    undone_at: datetime | None
    undone_by: str | None
    is_undoable: bool


@dataclass(frozen=True, slots=True)
class IssueView:
    """One issue with its whole history."""

    issue: Issue
    events: Sequence[IssueEvent]
    attempts: Sequence[AttemptSummary]


async def rule_overviews(conn: Connection, guild_id: int) -> list[RuleOverview]:
    """Return every rule of the registry, in its order, with the guild's settings and counts."""
    settings = await read_settings(conn, guild_id, [rule.page for rule in RULES.values()])
    rows = await (await conn.execute(SQL["rules"], {"guild_id": guild_id})).fetchall()
    counts = {row[0]: row[1:] for row in rows}
    overviews = []
    for rule in RULES.values():
        chosen = settings[rule.issue_type]
        opened, waiting, *rest = counts.get(rule.issue_type, (0, 0, 0, 0, 0, 0, 0, None))
        overviews.append(
            RuleOverview(
                rule.issue_type,
                rule.name,
                rule.description,
                chosen.severity,
                chosen.auto_mitigate,
                chosen.is_enabled,
                rule.is_fixable,
                opened,
                _waiting(rule, chosen, opened, waiting),
                *rest,
            )
        )
    return overviews


async def findings_page(
    conn: Connection,
    guild_id: int,
    *,
    number: int = 1,
    issue_type: str | None = None,
    state: IssueState | None = IssueState.OPEN,
    page_size: int = PAGE_SIZE,
) -> FindingsPage:
    """Return one page of findings; a number beyond the last page gives the last one. `state` None means every state."""
    values = {"guild_id": guild_id, "issue_type": issue_type, "state": state}
    row = await (await conn.execute(SQL["count_findings"], values)).fetchone()
    total = int(row[0]) if row else 0
    pages = max(1, -(-total // page_size))
    number = min(max(1, number), pages)
    async with conn.cursor(row_factory=class_row(Issue)) as cursor:
        await cursor.execute(SQL["findings"], {**values, "limit": page_size, "offset": (number - 1) * page_size})
        return FindingsPage(await cursor.fetchall(), number, pages, total)


async def issue_view(conn: Connection, issue_id: int, *, guild_id: int | None = None) -> IssueView:
    """Return one issue with its events and attempts. Raises `NotFound`."""
    issue = await issues.get(conn, issue_id, guild_id)
    return IssueView(
        issue,
        await issues.events(conn, issue_id),
        await recent_attempts(conn, issue.guild_id, issue_id=issue_id),
    )


async def recent_attempts(
    conn: Connection, guild_id: int, *, issue_id: int | None = None, limit: int = PAGE_SIZE
) -> list[AttemptSummary]:
    """Return attempts, newest first, of one issue or of the guild."""
    async with conn.cursor(row_factory=class_row(AttemptSummary)) as cursor:
        await cursor.execute(SQL["attempts"], {"guild_id": guild_id, "issue_id": issue_id, "limit": limit})
        return await cursor.fetchall()


def _waiting(rule: RuleDefinition, settings: RuleSettings, opened: int, with_reason: int) -> int:
    if not rule.is_fixable:
        return 0
    return with_reason if settings.auto_mitigate else opened
