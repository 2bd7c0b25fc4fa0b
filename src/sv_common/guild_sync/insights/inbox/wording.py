"""The Inbox in words: what a fix does, what is known of a subject in a few words, and what to ask the person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from sv_common.guild_sync.changes.changeset import Changeset
from sv_common.guild_sync.core.text import age, in_words, plural
from sv_common.guild_sync.insights.health import SourceAge
from sv_common.guild_sync.insights.inbox.model import CharacterFacts, Does, Group, MemberFacts, Snooze
from sv_common.guild_sync.issues.model import SubjectKind
from sv_common.guild_sync.roster.freshness import FRESHNESS, Source
from sv_common.guild_sync.rulebook.explain import in_words as listed

GROUPS: Mapping[Group, str] = {
    Group.READY: "Ready",
    Group.SUGGESTED: "Suggested",
    Group.NEEDS_YOU: "Needs you",
    Group.INFORMATION: "For information",
}

_DATA = {
    Source.NOTES: ("Guild notes", "are"),
    Source.ROSTER: ("Battle.net’s roster", "is"),
    Source.MEMBERS: ("Discord’s member list", "is"),
    Source.PROFILES: ("Battle.net’s profiles", "are"),
}
_DISMISSALS = {
    SubjectKind.CHARACTER: ("A bank or shared alt.", "Leaving soon.", "Known, and fine as it is."),
    SubjectKind.DISCORD_MEMBER: ("A guest or a friend.", "Leaving soon.", "Known, and fine as it is."),
    SubjectKind.PLAYER: ("The role is right as it is.", "Leaving soon.", "Known, and fine as it is."),
}
_SNOOZES = {1: "until tomorrow", 7: "in a week", 30: "in a month"}


def does(plan: Changeset) -> Does:
    """Say what a plan does as a verb: “Give Officer, take Initiate”, “Move to Mito”, “Unlink”."""
    if plan.roles:
        gets, loses = ([each.role for each in plan.roles if each.held is held] for held in (True, False))
        verbs = [f"give {listed(gets, 'and')}"] if gets else []
        verbs += [f"take {listed(loses, 'and')}"] if loses else []
        verb = ", ".join(verbs)
        return Does(verb[:1].upper() + verb[1:], gets, loses)
    names, linked = plan.names, plan.linked
    is_of_member = any(row.table == "player" and row.is_update for row in plan.rows)
    if is_of_member:
        player = next(row.id for row in plan.rows if row.table == "player")
        return Does(f"Link to {names['player', player]}")
    if len(linked) > 1:
        return Does(f"Link {listed([names['character', each] for each in linked], 'and')}")
    for row in plan.rows:
        if row.table == "link" and row.after is not None:
            return Does(f"{'Move' if row.before else 'Link'} to {names['player', row.after['player_id']]}")
    return Does("Unlink")


def snoozes(today: date) -> list[Snooze]:
    return [Snooze(days, label, today + timedelta(days)) for days, label in _SNOOZES.items()]


def why_snoozed(until: date, today: date) -> str:
    days = (until - today).days
    return f"Snoozed for {plural(days, 'day')}."


def dismissals(kind: SubjectKind) -> Sequence[str]:
    """Reasons to choose from."""
    return _DISMISSALS.get(kind, _DISMISSALS[SubjectKind.PLAYER])


def note_hint(note: str | None) -> str:
    """Say what a note says, in the few words of a row."""
    if note is None:
        return "note not seen yet"
    return f"note “{note}”" if note else "no note"


def stale(found: SourceAge) -> tuple[str, str]:
    """Say how old a source's data is, and what to do."""
    what, verb = _DATA[found.source]
    how_old = (
        f"{'were' if verb == 'are' else 'was'} never read"
        if found.last is None
        else f"{verb} {in_words(age(found.last))} old"
    )
    return f"{what} {how_old}.", FRESHNESS[found.source].remedy


def message_about(characters: Sequence[CharacterFacts], guild: str) -> str:
    """Ask a guild's channel whose characters these are; no note is told."""
    if len(characters) == 1:
        each = characters[0]
        kind = " ".join(filter(None, (f"level {each.level}" if each.level else "", each.character_class or "")))
        about = f" ({kind})" if kind else ""
        return f"Who in {guild} plays {each.name}-{each.realm}{about}? If it is you, answer here or tell an officer."
    names = listed([each.name for each in characters], "and")
    return f"Who in {guild} plays {names}? If it is you, answer here or tell an officer."


def message_to(member: MemberFacts, guild: str) -> str:
    return f"Hi {member.display_name}, which characters in {guild} do you play? Answer with their names."


def message_about_role(name: str, character: str | None, guild: str) -> str:
    if character is None:
        return f"Hi {name}, do you still play in {guild}?"
    return f"Hi {name}, is {character} in {guild} your character?"
