"""All open issues of a guild at one moment: what a fix would do about each, who could be meant, and the order of the list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, NamedTuple

from sv_common.db.pool import GuildConnection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.changes import attempts
from sv_common.guild_sync.changes.changeset import PlanClass
from sv_common.guild_sync.core.errors import PattError
from sv_common.guild_sync.engine.command import Command
from sv_common.guild_sync.engine.planning import PlannedFix, Planning, plan_fixes
from sv_common.guild_sync.identity.known import resolver_of
from sv_common.guild_sync.identity.resolver import Resolver
from sv_common.guild_sync.issues.model import Issue
from sv_common.guild_sync.rules import RULES

SQL = load_sql(__package__, "inbox.sql")
CLICK = Command("preview")


class SubjectRow(NamedTuple):
    """Who an open issue is about, as its sources say, and the newest event of the issue."""

    issue_id: int
    newest_event: int | None
    character: str | None
    realm: str | None
    character_class: str | None
    level: int | None
    note: str | None
    last_login_ms: int | None
    player: str | None
    member: str | None
    username: str | None
    role: str | None

    @property
    def name(self) -> str | None:
        return self.character or self.player or self.member

    @property
    def last_login(self) -> datetime | None:
        return datetime.fromtimestamp(self.last_login_ms / 1000, UTC) if self.last_login_ms else None


@dataclass(frozen=True)
class Board:
    """What is open in a guild. `plannings` holds, by rule, what a click would do; `doubts` why a rule cannot tell just now.

    `undone` are the keys of plans that somebody undid: automation does not repeat those.
    """

    guild_id: int
    resolver: Resolver
    issues: Sequence[Issue]
    subjects: Mapping[int, SubjectRow]
    plannings: Mapping[str, Planning]
    doubts: Mapping[str, str]
    undone: frozenset[str] = field(default=frozenset())

    @cached_property
    def ready(self) -> Mapping[int, PlannedFix]:
        return {fix.issue.id: fix for planning in self.plannings.values() for fix in planning.ready}

    @cached_property
    def reasons(self) -> Mapping[int, str]:
        """Why there is no fix, by issue."""
        return {each.issue_id: each.reason for planning in self.plannings.values() for each in planning.settled}

    @cached_property
    def gone(self) -> frozenset[int]:
        """Issues that the rule no longer finds: the next scan closes them."""
        return frozenset(issue.id for planning in self.plannings.values() for issue in planning.gone)

    def details(self, issue: Issue) -> Mapping[str, Any]:
        """What the rule finds of it now, where that is known; else what the last scan found."""
        planning = self.plannings.get(issue.issue_type)
        finding = planning.found.get(issue.id) if planning is not None else None
        return finding.details if finding is not None else issue.details

    def is_safe(self, fix: PlannedFix) -> bool:
        """Whether automation may apply it, where the guild lets it."""
        return fix.plan.plan_class is PlanClass.SAFE and fix.plan.key not in self.undone


async def read_board(guild: GuildConnection) -> Board:
    """Read all that is open and plan it, in a number of statements that depends on the rules alone."""
    issues = await guild.all(Issue, SQL["open"])
    subjects = {row[0]: SubjectRow(*row) for row in await guild.rows(SQL["subjects"])}
    plannings: dict[str, Planning] = {}
    doubts: dict[str, str] = {}
    for issue_type, of_rule in _by_rule(issues):
        try:
            plannings[issue_type] = await plan_fixes(guild, RULES[issue_type], of_rule, CLICK)
        except PattError as refusal:
            doubts[issue_type] = str(refusal)
    ready = [fix.plan for planning in plannings.values() for fix in planning.ready]
    keys = [plan.key for plan in ready if plan.plan_class is PlanClass.SAFE]
    undone = frozenset(await attempts.undone_plans(guild, keys))
    return Board(guild.id, await resolver_of(guild), issues, subjects, plannings, doubts, undone)


def _by_rule(issues: Sequence[Issue]) -> Iterator[tuple[str, list[Issue]]]:
    for issue_type in RULES:
        of_rule = [issue for issue in issues if issue.issue_type == issue_type]
        if of_rule:
            yield issue_type, of_rule
