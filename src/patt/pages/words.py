"""What pages say for what the engine keeps: an issue's details, kinds of evidence, pipelines, jobs, and a guild's health."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any, TypeVar

from patt.auth.permissions import ROLES
from patt.queue.tasks import Task
from sv_common.guild_sync.core.basis import basis_in_words
from sv_common.guild_sync.core.language import day_and_time, mark, number, tr, tr_n
from sv_common.guild_sync.core.text import in_words, name_of, role_in_words
from sv_common.guild_sync.identity_engine import MatchEvidence
from sv_common.guild_sync.insights.findings import RuleOverview
from sv_common.guild_sync.insights.health import Health, Share, SourceAge, Trends
from sv_common.guild_sync.issues.explanation import Evidence, Source
from sv_common.guild_sync.roster.freshness import FRESHNESS
from sv_common.guild_sync.roster.freshness import Source as DataSource
from sv_common.guild_sync.roster.uploads import UploadState
from sv_common.guild_sync.rulebook.explain import HOW_LINKED

_Key = TypeVar("_Key")

_LABELS = {
    "character": mark("Character"),
    "note": mark("Guild note"),
    "named": mark("The note names"),
    "player": mark("Player"),
    "link_source": mark("Linked"),
    "linked_under": mark("Note at linking"),
    "is_decided": mark("Linked by a person"),
    "gives": mark("What the role gives here"),
    "has_left": mark("All characters have left"),
    "basis": mark("The link is based on"),
    "basis_note": mark("Note at linking"),
    "confirmed_by": mark("Confirmed by"),
    "counts_by_account": mark("Counts by account evidence"),
    "ranks": mark("Ranks"),
    "role": mark("Discord role"),
    "formerly": mark("Former name of"),
    "weight": mark("Its rank"),
    "candidates": mark("Could mean"),
    "resembles": mark("Looks like"),
    "own_name_is_player": mark("Has its player's Discord name"),
    "member": mark("Discord member"),
    "roles": mark("Guild roles on Discord"),
    "rank": mark("Rank in the game"),
    "right_role": mark("Role of that rank"),
    "has_right_role": mark("Has that role"),
    "wrong_roles": mark("Other guild roles held"),
    "last_login_timestamp": mark("Last login"),
    "player_active_on": mark("The player is active on"),
    "doubt": mark("Doubt"),
    "rejected_player": mark("Ruled out"),
    "is_administrative": mark("Gives power over the server"),
    "discord_basis": mark("The Discord link is based on"),
    "discord_confirmed_by": mark("Discord link confirmed by"),
    "fault": mark("What is wrong with it"),
}

UPLOAD_STATES: Mapping[UploadState, str] = {
    "received": mark("waiting"),
    "done": mark("done"),
    "superseded": mark("superseded"),
    "refused": mark("refused"),
    "failed": mark("given up"),
}

SOURCES: Mapping[Source, str] = {
    Source.ROSTER: mark("In the game"),
    Source.NOTE: mark("Guild note"),
    Source.ACCOUNT: mark("Battle.net account"),
    Source.PROOF: mark("Battle.net sign-in"),
    Source.DISCORD: mark("On Discord"),
    Source.RANKS: mark("Rank table"),
    Source.RECORD: mark("In PATT"),
    Source.OFFICER: mark("By an officer"),
}
"""Where something is said about the subject of an issue."""

KINDS_OF_EVIDENCE = {
    MatchEvidence.KNOWN_PLAYER: (
        mark("Known players"),
        mark("Links characters to existing players. Creates no player."),
    ),
    MatchEvidence.DISCORD_MEMBER: (
        mark("New players who are on Discord"),
        mark("Creates a player for a Discord member that the notes or names match."),
    ),
    MatchEvidence.MAIN: (
        mark("New players by their main"),
        mark("Creates a player because notes name one main, and no Discord member has its name."),
    ),
    MatchEvidence.NICKNAME: (
        mark("New players by a nickname"),
        mark("Creates a player because several notes have the same unknown word. Check these closely."),
    ),
}
"""The kinds of evidence of a full match: a heading, and what it means."""

TASKS: Mapping[str, str] = {
    Task.UPLOADS: mark("Process uploads"),
    Task.BATTLE_NET: mark("Sync with Battle.net"),
    Task.DISCORD: mark("Sync with Discord"),
    Task.SWEEP: mark("Daily check"),
    Task.FULL_MATCH: mark("Full match"),
    Task.DIGEST: mark("Send the digest"),
    Task.JOBS: mark("Scans and fixes"),
    Task.PLAN: mark("Enqueue what is due"),
}


def by_source(evidence: Sequence[Evidence]) -> list[tuple[str, list[str]]]:
    """Return what is said, in its order, with the source named once for what follows on it."""
    return [
        (tr(SOURCES[source]), [saying.sentence for saying in group])
        for source, group in groupby(evidence, key=lambda saying: saying.source)
    ]


def details_in_words(details: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the details that tell a person something, each with its label; numbers of rows are left out."""
    known = [key for key in _LABELS if key in details]
    others = [key for key in details if key not in _LABELS and not key.endswith(("_id", "_ids")) and key != "verdict"]
    return [
        (tr(_LABELS[key]) if key in _LABELS else key.replace("_", " ").capitalize(), words)
        for key in [*known, *others]
        if (words := _words(key, details))
    ]


def _words(key: str, details: Mapping[str, Any]) -> str:
    value = details[key]
    if key == "last_login_timestamp" and isinstance(value, int):
        return f"{day_and_time(datetime.fromtimestamp(value / 1000, UTC))} UTC"
    if key == "link_source":
        return tr(HOW_LINKED[value]) if value in HOW_LINKED else str(value)
    if key == "basis" and value:
        return basis_in_words(value, details.get("basis_note"), details.get("confirmed_by"))
    if key == "discord_basis" and value:
        return basis_in_words(value, confirmed_by=details.get("discord_confirmed_by"))
    if key in ("confirmed_by", "discord_confirmed_by"):
        return name_of(value) if value else ""
    if key == "gives" and value in ROLES:
        return role_in_words(value)
    if key == "note" and value == "":
        return tr("(empty)")
    return _plain(value)


def _plain(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return tr("yes") if value else tr("no")
        case Mapping():
            name = value.get("label") or value.get("name") or ""
            return f"{name}: {value['evidence']}" if value.get("evidence") else str(name)
        case Sequence() if not isinstance(value, str):
            return "; ".join(_plain(each) for each in value)
        case _:
            return str(value)


DATA_SOURCES: Mapping[DataSource, str] = {
    DataSource.NOTES: mark("Addon notes"),
    DataSource.ROSTER: mark("Battle.net roster"),
    DataSource.MEMBERS: mark("Discord members"),
    DataSource.PROFILES: mark("Battle.net profiles"),
}

_LEFT_OUT: Mapping[str, Mapping[str, Callable[[int], str]]] = {
    "characters": {
        "left": lambda n: tr_n("{n} that left the guild", "{n} that left the guild", n),
        "gone": lambda n: tr_n("{n} gone from Battle.net", "{n} gone from Battle.net", n),
        "shared": lambda n: tr_n("{n} marked as bank or shared", "{n} marked as bank or shared", n),
    },
    "members": {
        "guests": lambda n: tr_n("{n} without a guild role", "{n} without a guild role", n),
        "left": lambda n: tr_n("{n} who left Discord", "{n} who left Discord", n),
        "bots": lambda n: tr_n("{n} bot", "{n} bots", n),
    },
}


def translated(texts: Mapping[_Key, str]) -> dict[_Key, str]:
    """Return a table of marked texts in the language of the task, for a template."""
    return {key: tr(text) for key, text in texts.items()}


def remedy(age: SourceAge) -> str:
    """Say how old a stale source's data may be, and what to do."""
    state = (
        tr("No data yet.")
        if age.last is None
        else tr("Should be newer than {length}.", length=in_words(age.stale_after))
    )
    return f"{state} {FRESHNESS[age.source].remedy}"


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
        return SourcesLine(tr("All data up to date"), last=max(age.last for age in ages if age.last))
    worst = min(stale, key=lambda age: (age.last is not None, age.last or now))
    source = tr(DATA_SOURCES[worst.source])
    sentence = (
        tr("{source}: {length} old", source=source, length=in_words(now - worst.last))
        if worst.last
        else tr("{source}: none yet", source=source)
    )
    fresh = tr("{n} of {total} sources up to date", n=len(ages) - len(stale), total=len(ages))
    return SourcesLine(sentence, fresh)


def expectation(age: SourceAge) -> str:
    """Say how often a source is expected."""
    if days := age.expected_every // timedelta(days=1):
        return tr_n("updates every day", "updates every {n} days", days)
    if hours := age.expected_every // timedelta(hours=1):
        return tr_n("updates every hour", "updates every {n} hours", hours)
    return tr_n("updates every minute", "updates every {n} minutes", age.expected_every // timedelta(minutes=1))


def not_counted(kind: str, share: Share) -> str:
    """Say who does not count; nothing where everyone does."""
    parts = [say(count) for why, say in _LEFT_OUT[kind].items() if (count := share.left_out.get(why))]
    return tr("Excludes {who}.", who=", ".join(parts)) if parts else ""


def compared(counts: Sequence[int], days: int) -> str:
    """Say how the last count differs from that of some days ago; nothing where there was no earlier count."""
    if not days:
        return ""
    difference = counts[-1] - counts[0]
    then = tr_n("{n} day ago", "{n} days ago", days)
    if difference > 0:
        return tr_n("{n} more than {then}", "{n} more than {then}", difference, then=then)
    if difference < 0:
        return tr_n("{n} fewer than {then}", "{n} fewer than {then}", -difference, then=then)
    return tr("as many as {then}", then=then)


def verdict(health: Health, trends: Trends) -> str:
    """Say in two or three sentences how healthy the data is."""
    if not (health.characters.counted or health.members.counted):
        return tr("No characters and no Discord members yet. Set up the sources first.")
    matched = tr(
        "{characters} and {members} are matched and in sync.",
        characters=tr_n(
            "{healthy} of {n} character",
            "{healthy} of {n} characters",
            health.characters.counted,
            healthy=number(health.characters.healthy),
        ),
        members=tr_n(
            "{healthy} of {n} Discord member",
            "{healthy} of {n} Discord members",
            health.members.counted,
            healthy=number(health.members.healthy),
        ),
    )
    stale = [tr(DATA_SOURCES[age.source]) for age in health.sources if age.is_stale]
    fresh = tr("Out of date: {sources}.", sources=", ".join(stale)) if stale else tr("All data is up to date.")
    return f"{matched} {_opened(trends)} {fresh}"


def _opened(trends: Trends) -> str:
    opened = trends.total[-1]
    if change := compared(trends.total, len(trends.days) - 1):
        return tr_n("{n} issue is open, {change}.", "{n} issues are open, {change}.", opened, change=change)
    return tr_n("{n} issue is open.", "{n} issues are open.", opened)


def frequency(rule: RuleOverview) -> str:
    """Say how often a rule found something lately."""
    if not rule.found:
        return tr("None found in 30 days.")
    found, week, back = rule.found, number(rule.found_in_a_week), number(rule.recurred)
    if not rule.recurred:
        return tr_n(
            "{n} found in 30 days, {week} this week.", "{n} found in 30 days, {week} this week.", found, week=week
        )
    return tr_n(
        "{n} found in 30 days, {week} this week; {back} came back.",
        "{n} found in 30 days, {week} this week; {back} came back.",
        found,
        week=week,
        back=back,
    )


def fix_record(rule: RuleOverview) -> str:
    """Say how the fixes of a rule ended in 90 days; nothing of a rule without a fix."""
    if not rule.is_fixable:
        return ""
    sentences = [_fixes(rule) if rule.fixes_tried else tr("No fixes in 90 days.")]
    if refused := rule.fixes_refused:
        sentences.append(tr_n("{n} click without enough evidence.", "{n} clicks without enough evidence.", refused))
    return " ".join(sentences)


def _fixes(rule: RuleOverview) -> str:
    worked = number(rule.fixes_worked)
    parts = [tr_n("{worked} of {n} fix worked", "{worked} of {n} fixes worked", rule.fixes_tried, worked=worked)]
    if unverified := rule.fixes_unverified:
        parts.append(tr_n("{n} could not be verified", "{n} could not be verified", unverified))
    if undone := rule.fixes_undone:
        parts.append(tr_n("{n} was undone", "{n} were undone", undone))
    return f"{', '.join(parts)}."
