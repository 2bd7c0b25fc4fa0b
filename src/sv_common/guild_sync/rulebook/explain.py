"""What the explanations of several rules share: what is known, how a note is read, the record, what has changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sv_common.guild_sync.changes.changeset import DECIDED
from sv_common.guild_sync.core.basis import basis_in_words, has_changed
from sv_common.guild_sync.identity.facts import GuildFacts, KnownCharacter, KnownMember
from sv_common.guild_sync.identity.resolver import Resolver
from sv_common.guild_sync.identity.verdicts import Candidate, Decision
from sv_common.guild_sync.issues.explanation import Evidence, Source

HOW_LINKED: Mapping[str, str] = {
    "manual": "manually",
    "officer_fix": "by a fix",
    "bulk_fix": "by a bulk fix",
    "auto_fix": "by an automatic fix",
    "full_match": "by a full match",
}


@dataclass(frozen=True, slots=True)
class LinkFact:
    player_id: int
    link_source: str
    linked_by: str
    at: datetime
    evidence: str | None
    basis: str | None = None
    basis_note: str | None = None
    confirmed_by: str | None = None
    confirmed_at: datetime | None = None

    @property
    def rests_on(self) -> str:
        return basis_in_words(self.basis, self.basis_note, self.confirmed_by, self.confirmed_at)

    @property
    def sentence(self) -> str:
        how = HOW_LINKED.get(self.link_source, self.link_source)
        return f"{how} ({self.linked_by}, {self.at:%Y-%m-%d})"


@dataclass(frozen=True, slots=True)
class RejectionFact:
    """An officer's decision that the character is not a player's, or the Discord member not the player."""

    player_id: int
    rejected_by: str
    at: datetime
    reason: str | None

    def sentence(self, character: str, player: str) -> str:
        return self._said(f"{character} does not belong to {player}")

    def sentence_of_member(self, member: str, player: str) -> str:
        return self._said(f"{member} on Discord is not the player {player}")

    def _said(self, what: str) -> str:
        why = f": {self.reason}" if self.reason and self.reason != DECIDED else "."
        return f"{self.rejected_by} said on {self.at:%Y-%m-%d} that {what}{why}"


@dataclass(frozen=True, slots=True)
class UnlinkFact:
    """The last time that a person unlinked the character from a player."""

    player: str
    actor: str
    at: datetime


@dataclass(frozen=True, slots=True)
class SharedFact:
    """An officer's word that the character is a bank or shared."""

    marked_by: str
    at: datetime
    reason: str

    def sentence(self, character: str) -> str:
        why = f": {self.reason}" if self.reason != DECIDED else "."
        return f"{self.marked_by} marked {character} as a bank or shared character on {self.at:%Y-%m-%d}{why}"


@dataclass(frozen=True, slots=True)
class Known:
    """All that an explanation may use. What is about a character is there only where the subject is one.

    `rejections` are about the subject, a character or a Discord member.
    """

    resolver: Resolver
    now: datetime
    rank: str | None = None
    link: LinkFact | None = None
    unlinked: UnlinkFact | None = None
    rejections: Sequence[RejectionFact] = field(default=())
    shared: SharedFact | None = None

    def character(self, number: int) -> KnownCharacter | None:
        """None for a character that has left and has no player."""
        return self.resolver.facts.characters.get(number)

    def member(self, number: int) -> KnownMember | None:
        """None for a member who has left and is no player."""
        return self.resolver.facts.members.get(number)

    def player(self, number: int) -> str:
        found = self.resolver.facts.players.get(number)
        return found.display_name if found else f"player {number}"


MOST_NAMES = 6

HAS_LEFT = "The character has left the guild and has no player."
MEMBER_HAS_LEFT = "The member has left the Discord server."


def changes_since_scan(before: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[str, ...]:
    changes = []
    if before.get("note") != now.get("note"):
        note = before.get("note")
        quoted = {None: "nothing that was seen", "": "nothing"}.get(note, f"“{note}”")
        changes.append(f"At the last scan the note said {quoted}.")
    if before.get("player") != now.get("player") and before.get("player"):
        changes.append(f"At the last scan the player was {before['player']}.")
    if not changes and dict(before) != dict(now):
        changes.append("The data has changed since the last scan. This page shows the current state.")
    return tuple(changes)


def note_evidence(known: Known, character: KnownCharacter) -> list[Evidence]:
    """Return the note and how it is read, with officers' rejections."""
    if character.note is None:
        sentence = f"The note of {character.label} is unknown. No addon export has included it yet."
        return [Evidence(Source.NOTE, sentence)]
    if not character.note:
        return [Evidence(Source.NOTE, f"The note of {character.label} is empty.")]
    first = Evidence(Source.NOTE, f"The note of {character.label} says “{character.note}”.")
    decision = known.resolver.resolve(character)
    rejected_player = rejected_by_officers(known, character)
    if not rejected_player or decision.target is not None:
        return [first, *(Evidence(Source.NOTE, each) for each in meaning_of(decision))]
    evidence = [first, *(Evidence(Source.NOTE, candidate.evidence) for candidate, _ in rejected_player)]
    evidence += [
        Evidence(Source.OFFICER, word.sentence(character.label, candidate.label)) for candidate, word in rejected_player
    ]
    others = meaning_of(decision) if decision.candidates else []
    return [*evidence, *(Evidence(Source.NOTE, each) for each in others)]


def rejected_by_officers(known: Known, character: KnownCharacter) -> list[tuple[Candidate, RejectionFact]]:
    """Return who the note would mean without officers' rejections, each with the rejection."""
    if not known.rejections:
        return []
    words = {word.player_id: word for word in known.rejections}
    freely = known.resolver.resolve_allowing(character, frozenset(words))
    return [
        (candidate, words[number])
        for candidate in freely.candidates
        if (number := candidate.person.player_id) is not None and number in words
    ]


def reading_in_words(decision: Decision) -> str:
    """Return the player that a note means and why, or why it is not certain."""
    target = decision.target
    return f"Means {target.label}: {target.evidence}" if target else decision.why_not_stronger or ""


def meaning_of(decision: Decision) -> list[str]:
    """Return how a note is read: what each name in it is, and who it means therefore."""
    if decision.target is not None:
        target, kind = decision.target, "player"
        if target.person.player_id is None:
            kind = "Discord member" if target.person.member_id is not None else "character"
        who = {"Discord member": ", who has no player yet", "character": ", which has no player yet"}.get(kind, "")
        return [f"{target.evidence} So it means the {kind} {target.label}{who}."]
    evidence = list(dict.fromkeys(candidate.evidence for candidate in decision.candidates))
    return [*evidence[:MOST_NAMES], decision.why_not_stronger or ""]


def link_evidence(known: Known, character: KnownCharacter) -> Evidence:
    if known.shared is not None:
        return Evidence(Source.OFFICER, known.shared.sentence(character.label))
    if character.player_id is None or known.link is None:
        return Evidence(Source.RECORD, f"{character.label} has no player.")
    why = f": {known.link.evidence}" if known.link.evidence else "."
    player = known.player(character.player_id)
    return Evidence(Source.RECORD, f"{character.label} is linked to {player}, {known.link.sentence}{why}")


def basis_evidence(known: Known, character: KnownCharacter) -> Iterator[Evidence]:
    """Yield what the link rests on, and whether the note has changed since it was made."""
    if character.player_id is None or known.link is None:
        return
    yield Evidence(Source.RECORD, f"The link is based on {known.link.rests_on}.")
    changed = has_changed(character.note, character.basis_note)
    if changed is False:
        yield Evidence(Source.NOTE, f"The note has not changed since {character.label} was linked.")
    elif changed and character.basis_note:
        yield Evidence(Source.NOTE, f"When {character.label} was linked, the note said “{character.basis_note}”.")


def in_words(names: Sequence[str], last: str) -> str:
    """Return names as one list; of many, the first ones."""
    shown = list(names[:MOST_NAMES])
    if len(names) > MOST_NAMES:
        return f"{', '.join(shown)} {last} {len(names) - MOST_NAMES} more"
    return f" {last} ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else "".join(shown)


def review_of_rank(character: str, weight: str) -> str:
    """Return why automation leaves a character of such a rank alone; `weight` is what its rank gives."""
    return f"{character} has the rank {weight}, so changing its player needs an officer."


def review_of_spelling(named: str | None, label: str) -> str:
    """Return why automation leaves a name to an officer that the note spells differently."""
    return f"The note says “{named}”, another spelling of {label}, so an officer should check it."


def rank_review_reason(facts: GuildFacts, characters: Iterable[KnownCharacter]) -> str | None:
    """Return why automation leaves a decision about these characters to an officer, because of a rank; else None."""
    weights = ((character.label, facts.grant_of(character)) for character in characters)
    return next((review_of_rank(label, weight) for label, weight in weights if weight), None)
