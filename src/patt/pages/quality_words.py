"""What the data quality page says of a guild's health, in sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sv_common.guild_sync.core.text import in_words
from sv_common.guild_sync.insights.findings import RuleOverview
from sv_common.guild_sync.insights.health import Health, Share, SourceAge, Trends
from sv_common.guild_sync.roster.freshness import Source

SOURCES: Mapping[Source, str] = {
    Source.NOTES: "Addon notes",
    Source.ROSTER: "Battle.net roster",
    Source.MEMBERS: "Discord members",
    Source.PROFILES: "Battle.net profiles",
}

_REMEDIES: Mapping[Source, str] = {
    Source.NOTES: "An officer types /pattsync and then /reload in the game, with “patt watch” running; or run: patt upload FILE",
    Source.ROSTER: "Keep “patt serve” running; “patt doctor” says what stands in its way. To read it now: patt sync battlenet",
    Source.MEMBERS: "Keep “patt serve” running; “patt doctor” says what stands in its way. To read them now: patt sync discord",
    Source.PROFILES: "They are read along with the roster; look at its last run in Activity.",
}

_LEFT_OUT = {
    "characters": {"left": "{} that left the guild", "gone": "{} that Battle.net says are gone"},
    "members": {"guests": "{} without a role of the guild", "left": "{} who left Discord", "bots": "{} bot(s)"},
}


def remedy(age: SourceAge) -> str:
    """Say how old a stale source's data may be, and what to do."""
    state = (
        "Nothing has come in yet" if age.last is None else f"It should not be older than {in_words(age.stale_after)}"
    )
    return f"{state}. {_REMEDIES[age.source]}"


def expectation(age: SourceAge) -> str:
    """Say how often a source is expected."""
    return f"expected every {in_words(age.expected_every)}".replace("every 1 ", "every ")


def not_counted(kind: str, share: Share) -> str:
    """Say who does not count; nothing where everybody does."""
    counts = {why: share.left_out[why] for why in _LEFT_OUT[kind] if share.left_out.get(why)}
    parts = [
        _LEFT_OUT[kind][why].format(count).replace("(s)", "" if count == 1 else "s") for why, count in counts.items()
    ]
    return f"Not counted: {', '.join(parts)}." if parts else ""


def change(counts: Sequence[int]) -> str:
    """Say how the last count differs from the first."""
    difference = counts[-1] - counts[0]
    if not difference:
        return "as many as"
    return f"{abs(difference)} {'more' if difference > 0 else 'fewer'} than"


def verdict(health: Health, trends: Trends) -> str:
    """Say in two or three sentences how healthy the data is."""
    stale = [SOURCES[age.source] for age in health.sources if age.is_stale]
    if not (health.characters.counted or health.members.counted):
        return "No character and no Discord member has come in yet. Set up the sources, then look again."
    who = _and([_of(health.characters, "character"), _of(health.members, "Discord member")])
    opened = trends.total[-1]
    days = len(trends.days) - 1
    moved = f"{_count(opened, 'issue')} {'is' if opened == 1 else 'are'} open, {change(trends.total)} {days} days ago."
    old = f" No fresh data from: {', '.join(stale)}." if stale else " All sources are fresh."
    return f"{who} are linked and consistent. {moved}{old}"


def frequency(rule: RuleOverview) -> str:
    """Say how often a rule found something lately."""
    if not rule.found:
        return "Found nothing new in 30 days."
    back = f"; {rule.recurred} came back" if rule.recurred else ""
    return f"Found {_times(rule.found)} in 30 days, {_times(rule.found_in_a_week)} this week{back}."


def fix_record(rule: RuleOverview) -> str:
    """Say how the fixes of a rule ended in 90 days; nothing of a rule without a fix."""
    if not rule.is_fixable:
        return ""
    refused = (
        f" {_count(rule.fixes_refused, 'click')} changed nothing: the evidence did not decide."
        if rule.fixes_refused
        else ""
    )
    if not rule.fixes_tried:
        return f"No fix was made in 90 days.{refused}"
    fixes = _count(rule.fixes_tried, "fix", "fixes")
    undone = f", {rule.fixes_undone} {'was' if rule.fixes_undone == 1 else 'were'} undone" if rule.fixes_undone else ""
    unverified = f", {rule.fixes_unverified} could not be verified" if rule.fixes_unverified else ""
    return f"{rule.fixes_worked} of {fixes} worked{unverified}{undone}.{refused}"


def _of(share: Share, what: str) -> str:
    return f"{share.healthy} of {_count(share.counted, what)}"


def _and(parts: Sequence[str]) -> str:
    return " and ".join(parts)


def _count(count: int, one: str, many: str | None = None) -> str:
    return f"{count} {one if count == 1 else many or f'{one}s'}"


def _times(count: int) -> str:
    return {0: "not once", 1: "once", 2: "twice"}.get(count, f"{count} times")
