"""The digest: how a guild's issues changed over a day, grouped by rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sv_common.guild_sync.core.language import mark, number, tr, tr_n
from sv_common.guild_sync.core.text import day_of_month
from sv_common.guild_sync.sources.discord.message import Announcement, Section, plain

LONGEST_LINE = 180
"""Characters of one issue's line, before escaping; longer summaries are cut."""


class IssueChange(StrEnum):
    """How an issue changed within a digest, in the order of the message."""

    NEW = "new"
    BACK = "back again"
    FIXED = "fixed automatically"
    RESOLVED = "resolved"


_LABELS = {
    IssueChange.NEW: mark("new"),
    IssueChange.BACK: mark("back again"),
    IssueChange.FIXED: mark("fixed automatically"),
    IssueChange.RESOLVED: mark("resolved"),
}
_COUNTED = {
    IssueChange.NEW: mark("{n} new"),
    IssueChange.BACK: mark("{n} back again"),
    IssueChange.FIXED: mark("{n} fixed automatically"),
    IssueChange.RESOLVED: mark("{n} resolved"),
}


@dataclass(frozen=True, slots=True)
class ChangedIssues:
    """Issues of one rule with the same change: how many, and the summaries of the first of them."""

    issue_type: str
    change: IssueChange
    total: int
    summaries: Sequence[str]


def digest(
    guild_name: str,
    day: date,
    changed: Sequence[ChangedIssues],
    open_now: int,
    known: str,
    *,
    rule_names: Mapping[str, str],
    page_url: str | None,
    nonce: str,
) -> Announcement:
    """Return the message of a digest. Rules come in the order of `rule_names`.

    `known` is a sentence that says how much is known, and by what evidence; `page_url` is the page with all issues.
    """
    by_rule: dict[str, dict[IssueChange, ChangedIssues]] = {}
    for each in changed:
        by_rule.setdefault(each.issue_type, {})[each.change] = each
    in_order = [issue_type for issue_type in rule_names if issue_type in by_rule]
    others = sorted(by_rule.keys() - rule_names.keys())
    sections = [_section(rule_names.get(each, each), by_rule[each]) for each in [*in_order, *others]]
    return Announcement(
        title=tr("{guild}: changes on {day}", guild=plain(guild_name), day=day_of_month(day, is_long=True)),
        body=_open_issues(open_now) + (f" [{tr('See them all')}]({page_url})" if page_url else "") + f"\n{known}",
        nonce=nonce,
        sections=tuple(sections),
    )


def _section(name: str, changes: Mapping[IssueChange, ChangedIssues]) -> Section:
    ordered = [changes[change] for change in IssueChange if change in changes]
    counts = ", ".join(tr(_COUNTED[each.change], n=number(each.total)) for each in ordered)
    lines = [f"• {tr(_LABELS[each.change])}: {plain(_cut(summary))}" for each in ordered for summary in each.summaries]
    return Section(f"{plain(name)}: {counts}", tuple(lines), sum(each.total for each in ordered))


def _open_issues(count: int) -> str:
    if count == 0:
        return tr("No issues are open.")
    return tr_n("{n} issue is open now.", "{n} issues are open now.", count)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_LINE else text[: LONGEST_LINE - 1].rstrip() + "…"
