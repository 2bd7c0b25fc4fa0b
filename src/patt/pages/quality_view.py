"""Which part of the data quality page is looked at, and how its findings are put into groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import Depends, Query

from patt.api.health import TrendQuery
from patt.api.issues import Shown, TextQuery, finding_filter
from patt.web.context import GuildDep, PageQuery
from patt.web.navigation import DATA_QUALITY
from sv_common.guild_sync.insights.findings import FindingFilter, Subject
from sv_common.guild_sync.insights.health import TrendDays
from sv_common.guild_sync.issues.model import Issue, Severity
from sv_common.guild_sync.rules import RULES

HOME = DATA_QUALITY.href

Grouping = Literal["rule", "subject", "severity", "none"]
_Anything = Literal[""]
"""What a form sends where nothing was chosen."""

GROUPINGS: Mapping[Grouping, str] = {"rule": "rule", "subject": "player", "severity": "severity", "none": "nothing"}
"""How findings can be grouped, in words."""

_SEVEREST_FIRST = (Severity.ERROR, Severity.WARNING, Severity.INFO)


@dataclass(frozen=True, slots=True)
class View:
    """Which part of the page is looked at; `href` gives the address of this view, or of a changed one."""

    guild: int
    state: Shown = "open"
    rule: str = ""
    severity: Severity | _Anything = ""
    text: str = ""
    group: Grouping = "rule"
    days: TrendDays = 30
    page: int = 1

    def href(self, **changes: Any) -> str:
        """Return the address; what is as usual is left out of it."""
        view = replace(self, **changes)
        usual = View(view.guild)
        names = [each.name for each in fields(View) if getattr(view, each.name) != getattr(usual, each.name)]
        return f"{HOME}?{urlencode({'guild': view.guild, **{name: getattr(view, name) for name in names}})}"

    @property
    def is_filtered(self) -> bool:
        """Whether some findings of the state are not shown."""
        return bool(self.rule or self.severity or self.text)

    def filter(self) -> FindingFilter:
        """Return which findings are meant. Raises `NotFound` for a rule that does not exist."""
        return finding_filter(self.state, self.rule, self.severity or None, self.text)


def view_asked_for(
    guild: GuildDep,
    state: Annotated[Shown, Query()] = "open",
    rule: Annotated[str, Query()] = "",
    severity: Annotated[Severity | _Anything, Query()] = "",
    text: TextQuery = "",
    group: Annotated[Grouping, Query()] = "rule",
    days: TrendQuery = 30,
    page: PageQuery = 1,
) -> View:
    """Return the view that an address names; guild 0 is the first one."""
    return View(guild or 0, state, rule, severity, text.strip(), group, days, page)


ViewDep = Annotated[View, Depends(view_asked_for)]


@dataclass(frozen=True, slots=True)
class Group:
    """Some findings of a page that belong together; `href` leads to whom they are about."""

    key: str
    name: str
    issues: Sequence[Issue]
    issue_type: str | None = None
    href: str | None = None


def grouped(found: Sequence[Issue], view: View, subjects: Mapping[int, Subject]) -> list[Group]:
    """Put the findings of a page into groups; within each they stay in their order."""
    match view.group:
        case "rule":
            types = dict.fromkeys([*RULES, *(issue.issue_type for issue in found)])
            groups = [
                Group(each, RULES[each].name if each in RULES else each, _of(found, issue_type=each), each)
                for each in types
            ]
        case "subject":
            groups = _by_subject(found, subjects, view.guild)
        case "severity":
            groups = [Group(each, each, _of(found, severity=each)) for each in _SEVEREST_FIRST]
        case "none":
            groups = [Group("all", "All, newest first", found)]
    return [group for group in groups if group.issues]


def _of(found: Sequence[Issue], **fields_of_it: str) -> list[Issue]:
    return [issue for issue in found if all(getattr(issue, name) == value for name, value in fields_of_it.items())]


def _by_subject(found: Sequence[Issue], subjects: Mapping[int, Subject], guild: int) -> list[Group]:
    members: dict[Subject, list[Issue]] = {}
    for issue in found:
        members.setdefault(subjects[issue.id], []).append(issue)
    return [
        Group(
            f"{subject.kind or 'nobody'}-{subject.id or 0}",
            subject.name or "Somebody who is no more",
            issues,
            href=_page_of(subject, guild),
        )
        for subject, issues in members.items()
    ]


def _page_of(subject: Subject, guild: int) -> str | None:
    places = {"player": "/admin/players", "character": "/admin/players/characters"}
    return f"{places[subject.kind]}/{subject.id}?guild={guild}" if subject.kind in places else None
