"""What pages say for what the engine keeps: an issue's details, kinds of evidence, pipelines, jobs, and a guild's health."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from patt.tasks import Task
from sv_common.guild_sync.core.text import in_words, plural
from sv_common.guild_sync.identity_engine import MatchEvidence
from sv_common.guild_sync.insights.activity import Pipeline
from sv_common.guild_sync.insights.findings import RuleOverview
from sv_common.guild_sync.insights.health import Health, Share, SourceAge, Trends
from sv_common.guild_sync.issues.explanation import Evidence, Source
from sv_common.guild_sync.roster.freshness import FRESHNESS
from sv_common.guild_sync.roster.freshness import Source as DataSource
from sv_common.guild_sync.roster.uploads import UploadState

_LABELS = {
    "character": "Character",
    "note": "Guild note",
    "named": "The note names",
    "player": "Player",
    "link_source": "Linked",
    "linked_under": "Note at linking",
    "is_decided": "Linked by a person",
    "gives": "What the role gives here",
    "has_left": "All characters have left",
    "basis": "The link is based on",
    "basis_note": "Note at linking",
    "confirmed_by": "Confirmed by",
    "ranks": "Ranks",
    "role": "Discord role",
    "formerly": "Former name of",
    "weight": "Its rank",
    "candidates": "Could mean",
    "resembles": "Looks like",
    "own_name_is_player": "Has its player's Discord name",
    "member": "Discord member",
    "roles": "Guild roles on Discord",
    "rank": "Rank in the game",
    "right_role": "Role of that rank",
    "has_right_role": "Has that role",
    "wrong_roles": "Other guild roles held",
    "last_login_timestamp": "Last login",
    "player_active_on": "The player is active on",
}
_LINK_SOURCES = {
    "manual": "manually",
    "officer_fix": "by an officer's fix",
    "bulk_fix": "by an officer's fix of many at once",
    "auto_fix": "by an automatic fix",
    "full_match": "by a full match",
}

UPLOAD_STATES: Mapping[UploadState, str] = {
    "received": "waiting",
    "done": "done",
    "superseded": "superseded",
    "refused": "refused",
    "failed": "given up",
}

SOURCES: Mapping[Source, str] = {
    Source.ROSTER: "In the game",
    Source.NOTE: "Guild note",
    Source.DISCORD: "On Discord",
    Source.RANKS: "Rank table",
    Source.RECORD: "In PATT",
    Source.OFFICER: "By an officer",
}
"""Where something is said about the subject of an issue."""

KINDS_OF_EVIDENCE = {
    MatchEvidence.KNOWN_PLAYER: ("Known players", "Links characters to existing players. Creates no player."),
    MatchEvidence.DISCORD_MEMBER: (
        "New players who are on Discord",
        "Creates a player for a Discord member that the notes or names match.",
    ),
    MatchEvidence.MAIN: (
        "New players by their main",
        "Creates a player because notes name one main, and no Discord member has its name.",
    ),
    MatchEvidence.NICKNAME: (
        "New players by a nickname",
        "Creates a player because several notes have the same unknown word. Check these closely.",
    ),
}
"""The kinds of evidence of a full match: a heading, and what it means."""

PIPELINES: Mapping[Pipeline, str] = {
    "addon_upload": "Addon upload",
    "battlenet_sync": "Battle.net",
    "discord_sync": "Discord",
    "sweep": "Daily check",
    "full_match": "Full match",
}

TASKS: Mapping[str, str] = {
    Task.UPLOADS: "Process uploads",
    Task.BATTLE_NET: "Sync with Battle.net",
    Task.DISCORD: "Sync with Discord",
    Task.SWEEP: "Daily check",
    Task.FULL_MATCH: "Full match",
    Task.DIGEST: "Send the digest",
    Task.JOBS: "Scans and fixes",
    Task.PLAN: "Enqueue what is due",
}


def by_source(evidence: Sequence[Evidence]) -> list[tuple[str, list[str]]]:
    """Return what is said, in its order, with the source named once for what follows on it."""
    return [
        (SOURCES[source], [saying.sentence for saying in group])
        for source, group in groupby(evidence, key=lambda saying: saying.source)
    ]


def details_in_words(details: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the details that tell a person something, each with its label; numbers of rows are left out."""
    known = [key for key in _LABELS if key in details]
    others = [key for key in details if key not in _LABELS and not key.endswith("_id") and key != "verdict"]
    return [
        (_LABELS.get(key, key.replace("_", " ").capitalize()), words)
        for key in [*known, *others]
        if (words := _words(key, details[key]))
    ]


def _words(key: str, value: Any) -> str:
    if key == "last_login_timestamp" and isinstance(value, int):
        return f"{datetime.fromtimestamp(value / 1000, UTC):%Y-%m-%d %H:%M} UTC"
    if key == "link_source":
        return _LINK_SOURCES.get(value, str(value))
    if key == "note" and value == "":
        return "(empty)"
    return _plain(value)


def _plain(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case Mapping():
            name = value.get("label") or value.get("name") or ""
            return f"{name}: {value['evidence']}" if value.get("evidence") else str(name)
        case Sequence() if not isinstance(value, str):
            return "; ".join(_plain(each) for each in value)
        case _:
            return str(value)


DATA_SOURCES: Mapping[DataSource, str] = {
    DataSource.NOTES: "Addon notes",
    DataSource.ROSTER: "Battle.net roster",
    DataSource.MEMBERS: "Discord members",
    DataSource.PROFILES: "Battle.net profiles",
}

_LEFT_OUT = {
    "characters": {
        "left": "{} that left the guild",
        "gone": "{} gone from Battle.net",
        "shared": "{} marked as bank or shared",
    },
    "members": {"guests": "{} without a guild role", "left": "{} who left Discord", "bots": "{} bot(s)"},
}


def remedy(age: SourceAge) -> str:
    """Say how old a stale source's data may be, and what to do."""
    state = "No data yet" if age.last is None else f"Should be newer than {in_words(age.stale_after)}"
    return f"{state}. {FRESHNESS[age.source].remedy}"


@dataclass(frozen=True, slots=True)
class SourcesLine:
    """How fresh a guild's data is, in the line beside every page."""

    sentence: str
    remark: str = ""
    last: datetime | None = None
    """When data was read last, where all of it is fresh."""


def sources_line(ages: Sequence[SourceAge], now: datetime) -> SourcesLine:
    """Say which source is the most overdue, or that none is."""
    stale = [age for age in ages if age.is_stale]
    if not stale:
        return SourcesLine("All data up to date", last=max(age.last for age in ages if age.last))
    worst = min(stale, key=lambda age: (age.last is not None, age.last or now))
    name = DATA_SOURCES[worst.source]
    sentence = f"{name}: {in_words(now - worst.last)} old" if worst.last else f"{name}: none yet"
    return SourcesLine(sentence, f"{len(ages) - len(stale)} of {len(ages)} sources up to date")


def expectation(age: SourceAge) -> str:
    """Say how often a source is expected."""
    return f"updates every {in_words(age.expected_every)}".replace("every 1 ", "every ")


def not_counted(kind: str, share: Share) -> str:
    """Say who does not count; nothing where everyone does."""
    parts = [
        text.format(count).replace("(s)", "" if count == 1 else "s")
        for why, text in _LEFT_OUT[kind].items()
        if (count := share.left_out.get(why))
    ]
    return f"Excludes {', '.join(parts)}." if parts else ""


def change(counts: Sequence[int]) -> str:
    """Say how the last count differs from the first."""
    difference = counts[-1] - counts[0]
    return f"{abs(difference)} {'more' if difference > 0 else 'fewer'} than" if difference else "as many as"


def compared(counts: Sequence[int], days: int) -> str:
    """Say how the last count differs from that of some days ago; nothing where there was no earlier count."""
    return f", {change(counts)} {plural(days, 'day')} ago" if days else ""


def verdict(health: Health, trends: Trends) -> str:
    """Say in two or three sentences how healthy the data is."""
    stale = [DATA_SOURCES[age.source] for age in health.sources if age.is_stale]
    if not (health.characters.counted or health.members.counted):
        return "No characters and no Discord members yet. Set up the sources first."
    characters = f"{health.characters.healthy} of {plural(health.characters.counted, 'character')}"
    members = f"{health.members.healthy} of {plural(health.members.counted, 'Discord member')}"
    opened, days = trends.total[-1], len(trends.days) - 1
    moved = f"{plural(opened, 'issue')} {'is' if opened == 1 else 'are'} open{compared(trends.total, days)}."
    old = f" Out of date: {', '.join(stale)}." if stale else " All data is up to date."
    return f"{characters} and {members} are matched and in sync. {moved}{old}"


def frequency(rule: RuleOverview) -> str:
    """Say how often a rule found something lately."""
    if not rule.found:
        return "None found in 30 days."
    back = f"; {rule.recurred} came back" if rule.recurred else ""
    return f"{rule.found} found in 30 days, {rule.found_in_a_week} this week{back}."


def fix_record(rule: RuleOverview) -> str:
    """Say how the fixes of a rule ended in 90 days; nothing of a rule without a fix."""
    if not rule.is_fixable:
        return ""
    clicks = f" {plural(rule.fixes_refused, 'click')} without enough evidence."
    refused = clicks if rule.fixes_refused else ""
    if not rule.fixes_tried:
        return f"No fixes in 90 days.{refused}"
    fixes = f"{rule.fixes_tried} {'fix' if rule.fixes_tried == 1 else 'fixes'}"
    undone = f", {rule.fixes_undone} {'was' if rule.fixes_undone == 1 else 'were'} undone" if rule.fixes_undone else ""
    unverified = f", {rule.fixes_unverified} could not be verified" if rule.fixes_unverified else ""
    return f"{rule.fixes_worked} of {fixes} worked{unverified}{undone}.{refused}"
