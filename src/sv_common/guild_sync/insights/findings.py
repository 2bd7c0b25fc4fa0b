"""What pages and the command line show of a guild: rules with their counts, findings, one issue, past attempts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any, Literal

from psycopg.rows import class_row, dict_row
from pydantic import Field, computed_field

from sv_common.db.pool import GuildConnection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.changes.attempts import PastAttempt
from sv_common.guild_sync.core.language import mark, tr
from sv_common.guild_sync.core.paging import Page, Place
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.issues.model import Issue, IssueEvent, IssueState, Severity
from sv_common.guild_sync.rulebook.parameter import RuleSettings
from sv_common.guild_sync.rulebook.rule import RuleDefinition
from sv_common.guild_sync.rulebook.settings import read_settings
from sv_common.guild_sync.rules import RULES, rules_to_show

SQL = load_sql(__package__, "findings.sql")
PAGE_SIZE = 50

_WHY_IDLE = {
    "left": mark("The character or member has left."),
    "resolved": mark("No longer found."),
    "off": mark("The rule is switched off."),
    "due": mark("The date has passed. The next scan reopens it."),
}


@dataclass(frozen=True, slots=True)
class RuleOverview:
    """A rule with its counts in one guild.

    `waiting` are open issues that automation has left to an officer, with the reason at each; in a rule that is not automatic
    all open ones wait, and in one without a fix none does. `resolved`, `found` and `recurred` count the last 30 days,
    `fixes_*` the last 90, `*_ever` and `auto_fixed` all days.
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
    found: Annotated[int, Field(description="How often it found something, new or again, in 30 days.")]
    found_in_a_week: Annotated[int, Field(description="The same in 7 days.")]
    recurred: Annotated[int, Field(description="How many came back in 30 days after they had been resolved.")]
    fixes_worked: int
    fixes_failed: int
    fixes_unverified: Annotated[int, Field(description="Changes on Discord whose result could not be seen.")]
    fixes_refused: Annotated[
        int, Field(description="Fixes that an officer requested and that were refused, nothing being changed.")
    ]
    fixes_undone: Annotated[int, Field(description="Fixes of 90 days that were undone.")]
    last_triggered: datetime | None
    opened_ever: Annotated[int | None, Field(description="Null unless `ever` was asked for; so are the next two.")] = (
        None
    )
    resolved_ever: int | None = None
    auto_fixed: int | None = None

    @computed_field
    @property
    def fixes_tried(self) -> int:
        """Fixes that were applied in 90 days."""
        return self.fixes_worked + self.fixes_failed + self.fixes_unverified


@dataclass(frozen=True, slots=True)
class FindingFilter:
    """Which findings are meant; None: all. `text` is searched in the summary, names and notes, without case and accents."""

    state: IssueState | None = IssueState.OPEN
    issue_type: str | None = None
    severity: Severity | None = None
    text: str | None = None

    def values(self) -> dict[str, Any]:
        states = list(IssueState) if self.state is None else [self.state]
        return {"states": states, "issue_type": self.issue_type, "severity": self.severity, "text": self.text}


@dataclass(frozen=True, slots=True)
class FindingsPage(Page[Issue]):
    """One page of issues, newest first."""

    items: Sequence[Issue]
    by_rule: Annotated[
        Mapping[str, int],
        Field(description="How many there would be of each rule, by the other filters.", examples=[{"orphan_wow": 1}]),
    ]
    by_severity: Annotated[
        Mapping[str, int],
        Field(description="How many there would be of each severity, by the other filters.", examples=[{"warning": 1}]),
    ]


@dataclass(frozen=True, slots=True)
class Dismissal:
    """A dismissed issue."""

    issue: Issue
    why_idle: Annotated[
        str | None,
        Field(
            description="Why the dismissal hides nothing any more; null while it does.",
            examples=["No longer found."],
        ),
    ]


@dataclass(frozen=True, slots=True)
class Subject:
    """Who an issue is about: a player, a character or Discord member without one, or (None) one that no longer exists."""

    kind: Literal["player", "character", "member"] | None
    id: int | None
    name: str | None


@dataclass(frozen=True, slots=True)
class AttemptSummary(PastAttempt):
    """The same with what it was about."""

    issue_id: Annotated[int | None, Field(exclude=True)]
    issue_type: Annotated[str, Field(exclude=True)]


@dataclass(frozen=True, slots=True)
class IssueView:
    """One issue with its whole history."""

    issue: Issue
    events: Sequence[IssueEvent]
    attempts: Sequence[AttemptSummary]


async def rule_overviews(guild: GuildConnection) -> list[RuleOverview]:
    """Return every rule of the registry, in its order, with the guild's settings and its open and recent issues."""
    shown = rules_to_show()
    settings = await read_settings(guild, shown.values())
    counts = {row[0]: row[1:] for row in await guild.rows(SQL["rules"], rules=list(shown))}
    return [_overview(rule, settings[rule.issue_type], *counts[rule.issue_type]) for rule in shown.values()]


async def rule_records(guild: GuildConnection) -> list[RuleOverview]:
    """Return what `rule_overviews` does, with the totals since the beginning, for which the whole history is read."""
    totals = {row[0]: row[1:] for row in await guild.rows(SQL["totals"], rules=list(rules_to_show()))}
    overviews = []
    for each in await rule_overviews(guild):
        opened, resolved, fixed = totals[each.issue_type]
        overviews.append(replace(each, opened_ever=opened, resolved_ever=resolved, auto_fixed=fixed))
    return overviews


async def findings_page(
    guild: GuildConnection,
    chosen: FindingFilter | None = None,
    *,
    number: int = 1,
    page_size: int = PAGE_SIZE,
    quiet_last: bool = False,
) -> FindingsPage:
    """Return one page of findings, by default of the open ones; a number beyond the last page gives the last one.

    `quiet_last`: what the details call quiet comes after the rest, such as a stale alt of a player who is active.
    """
    chosen = chosen or FindingFilter()
    values = {"guild_id": guild.id, **chosen.values(), **await _named(guild, chosen.text)}
    # Never prepared: planned for no filter in particular, these statements would not use the indexes.
    counts = await (await guild.conn.execute(SQL["count_findings"], values, prepare=False)).fetchall()
    by_rule, by_severity, total = _counts(counts, chosen)
    pages = max(1, -(-total // page_size))
    number = min(max(1, number), pages)
    place = {"limit": page_size, "offset": (number - 1) * page_size, "quiet_last": quiet_last}
    async with guild.conn.cursor(row_factory=class_row(Issue)) as cursor:
        await cursor.execute(SQL["findings"], {**values, **place}, prepare=False)
        return FindingsPage(await cursor.fetchall(), number, pages, total, by_rule, by_severity)


async def _named(guild: GuildConnection, text: str | None) -> dict[str, Sequence[int]]:
    """Return the characters, Discord members and players that the words name, read once for the list and its counts."""
    named = (await guild.rows(SQL["subjects_named"], text=text))[0] if text is not None else ((), (), ())
    return {kind: list(numbers) for kind, numbers in zip(("characters", "members", "players"), named, strict=True)}


async def dismissals(guild: GuildConnection, *, only_idle: bool = False, number: int = 1) -> Page[Dismissal]:
    """Return one page of a guild's dismissals, newest first; with `only_idle`, of those that hide nothing any more."""
    settings = await read_settings(guild, RULES.values())
    enabled = [issue_type for issue_type, chosen in settings.items() if chosen.is_enabled]
    values = {"guild_id": guild.id, "enabled": enabled, "only_idle": only_idle}
    place = Place(int(await guild.value(SQL["count_dismissals"], **values) or 0), number)
    async with guild.conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(SQL["dismissals"], {**values, "limit": PAGE_SIZE, "offset": place.offset})
        rows = await cursor.fetchall()
    why_idle = [row.pop("idle") for row in rows]
    return place.page([Dismissal(Issue(**row), _idle(why)) for row, why in zip(rows, why_idle, strict=True)])


def _idle(why: str | None) -> str | None:
    return tr(_WHY_IDLE[why]) if why is not None else None


async def subjects(guild: GuildConnection, issue_ids: Sequence[int]) -> dict[int, Subject]:
    """Return who each of these issues is about: the player behind it, where there is one."""
    rows = await guild.rows(SQL["subjects"], issue_ids=list(issue_ids))
    return {row[0]: Subject(*row[1:]) for row in rows}


async def issue_view(guild: GuildConnection, issue_id: int) -> IssueView:
    """Return one issue with its events and attempts. Raises `NotFound`."""
    issue = await lifecycle.get(guild, issue_id)
    attempts = await recent_attempts(guild, issue_id=issue_id)
    return IssueView(issue, await lifecycle.events(guild, issue_id), attempts)


async def recent_attempts(
    guild: GuildConnection, *, issue_id: int | None = None, limit: int = PAGE_SIZE
) -> list[AttemptSummary]:
    """Return attempts, newest first, of one issue or of the guild."""
    return await guild.all(AttemptSummary, SQL["attempts"], issue_id=issue_id, limit=limit)


def _overview(rule: RuleDefinition, chosen: RuleSettings, opened: int, waiting: int, *rest: Any) -> RuleOverview:
    if not rule.is_fixable:
        waiting = 0
    elif not chosen.auto_mitigate:
        waiting = opened
    return RuleOverview(
        rule.issue_type,
        rule.name,
        rule.description_with(chosen.parameters),
        chosen.severity,
        chosen.auto_mitigate,
        chosen.is_enabled,
        rule.is_fixable,
        opened,
        waiting,
        *rest,
    )


def _counts(
    rows: Sequence[tuple[str, str, int]], chosen: FindingFilter
) -> tuple[Mapping[str, int], Mapping[str, int], int]:
    by_rule, by_severity, total = Counter[str](), Counter[str](), 0
    for issue_type, severity, count in rows:
        is_of_rule, is_of_severity = chosen.issue_type in (None, issue_type), chosen.severity in (None, severity)
        by_rule[issue_type] += count * is_of_severity
        by_severity[severity] += count * is_of_rule
        total += count * (is_of_rule and is_of_severity)
    return by_rule, by_severity, total
