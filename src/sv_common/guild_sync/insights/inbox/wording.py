"""The Inbox in words: what a fix does, what is known of a subject in a few words, and what to ask the person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from sv_common.guild_sync.changes.changeset import Changeset
from sv_common.guild_sync.core.language import mark, tr, tr_n
from sv_common.guild_sync.core.text import age, ago, enumerated, in_words
from sv_common.guild_sync.insights.health import SourceAge
from sv_common.guild_sync.insights.inbox.model import CharacterFacts, Does, Group, MemberFacts, Snooze
from sv_common.guild_sync.issues.model import SubjectKind
from sv_common.guild_sync.roster.freshness import FRESHNESS, Source

GROUPS: Mapping[Group, str] = {
    Group.READY: mark("Ready"),
    Group.SUGGESTED: mark("Suggested"),
    Group.NEEDS_YOU: mark("Needs you"),
    Group.INFORMATION: mark("For information"),
}

_NEVER_READ = {
    Source.NOTES: mark("Guild notes were never read."),
    Source.ROSTER: mark("Battle.net’s roster was never read."),
    Source.MEMBERS: mark("Discord’s member list was never read."),
    Source.PROFILES: mark("Battle.net’s profiles were never read."),
}
_OLD = {
    Source.NOTES: mark("Guild notes are {age} old."),
    Source.ROSTER: mark("Battle.net’s roster is {age} old."),
    Source.MEMBERS: mark("Discord’s member list is {age} old."),
    Source.PROFILES: mark("Battle.net’s profiles are {age} old."),
}
_DISMISSALS = {
    SubjectKind.CHARACTER: (mark("A bank or shared alt."), mark("Leaving soon."), mark("Known, and fine as it is.")),
    SubjectKind.DISCORD_MEMBER: (
        mark("A guest or a friend."),
        mark("Leaving soon."),
        mark("Known, and fine as it is."),
    ),
    SubjectKind.PLAYER: (mark("The role is right as it is."), mark("Leaving soon."), mark("Known, and fine as it is.")),
}
_DISMISSALS_OF_RULES = {
    "departed_with_roles": (
        mark("A friend of the guild."),
        mark("Coming back soon."),
        mark("Known, and fine as it is."),
    ),
    "stale_discord_link": (mark("Plays without Discord."), mark("Leaving soon."), mark("Known, and fine as it is.")),
}
_SNOOZES = {1: mark("until tomorrow"), 7: mark("in a week"), 30: mark("in a month")}


def does(plan: Changeset) -> Does:
    """Say what a plan does as a verb: “Give Officer, take Initiate”, “Move to Mito”, “Unlink”."""
    if plan.roles:
        gets, loses = ([each.role for each in plan.roles if each.held is held] for held in (True, False))
        short = _roles_in_words(gets, ()) if gets and loses else ""
        return Does(_roles_in_words(gets, loses), gets, loses, short)
    names, linked = plan.names, plan.linked
    is_of_member = any(row.table == "player" and row.is_update for row in plan.rows)
    if is_of_member:
        player = next(row.id for row in plan.rows if row.table == "player")
        return Does(tr("Link to {player}", player=names["player", player]))
    if len(linked) > 1:
        return Does(tr("Link {characters}", characters=enumerated([names["character", each] for each in linked])))
    for row in plan.rows:
        if row.table == "link" and row.after is not None:
            owner = names["player", row.after["player_id"]]
            return Does(tr("Move to {player}", player=owner) if row.before else tr("Link to {player}", player=owner))
    return Does(tr("Unlink"))


def _roles_in_words(gets: Sequence[str], loses: Sequence[str]) -> str:
    given, taken = enumerated(gets), enumerated(loses)
    if gets and loses:
        return tr("Give {given}, take {taken}", given=given, taken=taken)
    return tr("Give {roles}", roles=given) if gets else tr("Take {roles}", roles=taken)


def snoozes(today: date) -> list[Snooze]:
    return [Snooze(days, tr(label), today + timedelta(days)) for days, label in _SNOOZES.items()]


def why_snoozed(until: date, today: date) -> str:
    return tr_n("Snoozed for {n} day.", "Snoozed for {n} days.", (until - today).days)


def dismissals(kind: SubjectKind, issue_type: str = "") -> Sequence[str]:
    """Reasons to choose from."""
    usual = _DISMISSALS.get(kind, _DISMISSALS[SubjectKind.PLAYER])
    return [tr(each) for each in _DISMISSALS_OF_RULES.get(issue_type, usual)]


def note_hint(note: str | None) -> str:
    """Say what a note says, in the few words of a row."""
    if note is None:
        return tr("note not seen yet")
    return tr("note “{note}”", note=note) if note else tr("no note")


def stale(found: SourceAge) -> tuple[str, str]:
    """Say how old a source's data is, and what to do."""
    remedy = FRESHNESS[found.source].remedy
    if found.last is None:
        return tr(_NEVER_READ[found.source]), remedy
    return tr(_OLD[found.source], age=in_words(age(found.last))), remedy


def seen_ago(login: datetime) -> str:
    """Say how long ago a character was last seen, in the largest whole unit."""
    return tr("seen {ago}", ago=ago(age(login)))


def message_about(characters: Sequence[CharacterFacts], guild: str) -> str:
    """Ask a guild's channel whose characters these are; no note is told."""
    names = _with_kind(characters[0]) if len(characters) == 1 else enumerated([each.name for each in characters])
    return tr("Who in {guild} plays {names}? If it is you, answer here or tell an officer.", guild=guild, names=names)


def _with_kind(each: CharacterFacts) -> str:
    label = f"{each.name}-{each.realm}"
    if each.level and each.character_class:
        level = tr("level {level} {class_name}", level=each.level, class_name=tr(each.character_class))
        return f"{label} ({level})"
    kind = tr("level {level}", level=each.level) if each.level else tr(each.character_class or "")
    return f"{label} ({kind})" if kind else label


def message_to(member: MemberFacts, guild: str) -> str:
    return tr(
        "Hi {member}, which characters in {guild} do you play? Answer with their names.",
        member=member.display_name,
        guild=guild,
    )


def message_about_role(name: str, character: str | None, guild: str) -> str:
    if character is None:
        return tr("Hi {name}, do you still play in {guild}?", name=name, guild=guild)
    return tr("Hi {name}, is {character} in {guild} your character?", name=name, character=character, guild=guild)
