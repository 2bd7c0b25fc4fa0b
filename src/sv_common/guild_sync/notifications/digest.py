"""The digest: what became of a guild's issues over a day, grouped by rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sv_common.guild_sync.sources.discord.message import Announcement, Section, plain

LONGEST_LINE = 180
"""Characters of one issue's line, before it is made harmless; longer summaries are cut."""


class Move(StrEnum):
    """How an issue stands at the end of what a digest tells, in the order of the telling."""

    NEW = "new"
    BACK = "back again"
    FIXED = "fixed by itself"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class MovedIssues:
    """Issues of one rule that made the same move: how many, and the summaries of the first of them."""

    issue_type: str
    move: Move
    total: int
    summaries: Sequence[str]


def digest(
    guild_name: str,
    day: date,
    moved: Sequence[MovedIssues],
    open_now: int,
    *,
    rule_names: Mapping[str, str],
    page_url: str | None,
    nonce: str,
) -> Announcement:
    """Put a digest into words. Rules come in the order of `rule_names`; `page_url` is where officers see it all."""
    by_rule: dict[str, dict[Move, MovedIssues]] = {}
    for each in moved:
        by_rule.setdefault(each.issue_type, {})[each.move] = each
    known = [issue_type for issue_type in rule_names if issue_type in by_rule]
    others = sorted(by_rule.keys() - rule_names.keys())
    sections = [_section(rule_names.get(each, each), by_rule[each]) for each in [*known, *others]]
    return Announcement(
        title=f"{plain(guild_name)}: what changed on {day.day} {day:%B}",
        body=_standing(open_now) + (f" [See them all]({page_url})" if page_url else ""),
        nonce=nonce,
        sections=tuple(sections),
    )


def _section(name: str, moves: Mapping[Move, MovedIssues]) -> Section:
    ordered = [moves[move] for move in Move if move in moves]
    counts = ", ".join(f"{each.total} {each.move}" for each in ordered)
    lines = [f"• {each.move}: {plain(_cut(summary))}" for each in ordered for summary in each.summaries]
    return Section(f"{plain(name)}: {counts}", tuple(lines), sum(each.total for each in ordered))


def _standing(open_now: int) -> str:
    match open_now:
        case 0:
            return "No issue is open now."
        case 1:
            return "1 issue is open now."
        case _:
            return f"{open_now} issues are open now."


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_LINE else text[: LONGEST_LINE - 1].rstrip() + "…"
