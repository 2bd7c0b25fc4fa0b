"""What the explanations of several rules share: how a note is read, what the record says, what has changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sv_common.guild_sync.core.basis import basis_in_words, has_changed
from sv_common.guild_sync.identity.facts import GuildFacts, KnownCharacter, KnownMember
from sv_common.guild_sync.identity.resolver import Directory
from sv_common.guild_sync.identity.verdicts import Candidate, Decision
from sv_common.guild_sync.issues.explanation import Saying, Source

HOW_LINKED: Mapping[str, str] = {
    "manual": "by hand",
    "officer_fix": "by a fix",
    "bulk_fix": "by a fix of many at once",
    "auto_fix": "by an automatic fix",
    "full_match": "by a full match",
}


@dataclass(frozen=True, slots=True)
class LinkFact:
    """Who linked the character to its player, how, when and why."""

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
        """What the link rests on, in words."""
        return basis_in_words(self.basis, self.basis_note, self.confirmed_by, self.confirmed_at)

    @property
    def sentence(self) -> str:
        """The rest of a sentence that begins with the link: “by a full match of alice on 2026-11-23”."""
        how = HOW_LINKED.get(self.link_source, self.link_source)
        return f"{how} ({self.linked_by}, {self.at:%Y-%m-%d})"


@dataclass(frozen=True, slots=True)
class RejectionFact:
    """An officer's word that the character is not a player's."""

    player_id: int
    rejected_by: str
    at: datetime
    reason: str | None

    def sentence(self, character: str, player: str) -> str:
        """Say who said it, when and why."""
        why = f": {self.reason}" if self.reason and self.reason != "an officer says so." else "."
        return f"{self.rejected_by} said on {self.at:%Y-%m-%d} that {character} does not belong to {player}{why}"


@dataclass(frozen=True, slots=True)
class UnlinkFact:
    """The last time that a person took the character from a player."""

    player: str
    actor: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Known:
    """All that a story may say. What is about a character is there only where the subject is one."""

    directory: Directory
    now: datetime
    rank: str | None = None
    link: LinkFact | None = None
    unlinked: UnlinkFact | None = None
    rejections: Sequence[RejectionFact] = field(default=())

    def character(self, number: int) -> KnownCharacter | None:
        """Return a character that is in the guild, or linked; None for another."""
        return self.directory.facts.characters.get(number)

    def member(self, number: int) -> KnownMember | None:
        """Return a Discord member; None for one who has left and is no player."""
        return self.directory.facts.members.get(number)

    def player(self, number: int) -> str:
        """Return a player's name."""
        found = self.directory.facts.players.get(number)
        return found.display_name if found else f"player {number}"


MOST_NAMES = 6

HAS_LEFT = "The character has left the guild and belongs to nobody."
MEMBER_HAS_LEFT = "The member has left the Discord server."


def what_has_changed(before: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[str, ...]:
    """Say what is otherwise than when a scan last looked."""
    told = []
    if before.get("note") != now.get("note"):
        told.append(f"The note said {_quoted(before.get('note'))} when a scan last looked.")
    if before.get("player") != now.get("player") and before.get("player"):
        told.append(f"The player was {before['player']} when a scan last looked.")
    if not told and dict(before) != dict(now):
        told.append("Something has changed since a scan last looked; what stands here is how it is now.")
    return tuple(told)


def what_the_note_says(known: Known, character: KnownCharacter) -> list[Saying]:
    """Return the note and how it is read, with what officers have said against that."""
    if character.note is None:
        sentence = f"The note of {character.label} was never seen: no addon export has brought it yet."
        return [Saying(Source.NOTE, sentence)]
    if not character.note:
        return [Saying(Source.NOTE, f"The note of {character.label} is empty.")]
    first = Saying(Source.NOTE, f"The note of {character.label} says “{character.note}”.")
    decision = known.directory.decide(character)
    ruled_out = ruled_out_by_officers(known, character)
    if not ruled_out or decision.target is not None:
        return [first, *(Saying(Source.NOTE, each) for each in meaning_of(decision))]
    told = [first, *(Saying(Source.NOTE, candidate.evidence) for candidate, _ in ruled_out)]
    told += [Saying(Source.OFFICER, word.sentence(character.label, candidate.label)) for candidate, word in ruled_out]
    others = meaning_of(decision) if decision.candidates else []
    return [*told, *(Saying(Source.NOTE, each) for each in others)]


def ruled_out_by_officers(known: Known, character: KnownCharacter) -> list[tuple[Candidate, RejectionFact]]:
    """Return whom the note would mean, had officers not said that it is not so, each with that word."""
    if not known.rejections:
        return []
    words = {word.player_id: word for word in known.rejections}
    facts = known.directory.facts
    free = facts.rejections - {(character.id, player_id) for player_id in words}
    freely = Directory(replace(facts, rejections=frozenset(free))).decide(character)
    return [
        (candidate, words[number])
        for candidate in freely.candidates
        if (number := candidate.person.player_id) is not None and number in words
    ]


def meaning_of(decision: Decision) -> list[str]:
    """Say in sentences how a note is read: what each name in it is, and whom it means therefore."""
    if decision.target is not None:
        return [f"{decision.target.evidence} {_therefore(decision.target)}"]
    evidence = list(dict.fromkeys(candidate.evidence for candidate in decision.candidates))
    return [*evidence[:MOST_NAMES], decision.why_not_stronger or ""]


def _therefore(target: Candidate) -> str:
    if target.person.player_id is not None:
        return f"So it means the player {target.label}."
    kind = "Discord member" if target.person.member_id is not None else "character"
    who = "who has no player yet" if target.person.member_id is not None else "which has no player yet"
    return f"So it means the {kind} {target.label}, {who}."


def record_of(known: Known, character: KnownCharacter) -> Saying:
    """Say to whom the character is linked, how and why."""
    if character.player_id is None or known.link is None:
        return Saying(Source.RECORD, f"{character.label} is linked to no player.")
    why = f": {known.link.evidence}" if known.link.evidence else "."
    player = known.player(character.player_id)
    return Saying(Source.RECORD, f"{character.label} is linked to {player}, {known.link.sentence}{why}")


def basis_of(known: Known, character: KnownCharacter) -> Iterator[Saying]:
    """What the link rests on, and whether the note is still the one under which it was made."""
    if character.player_id is None or known.link is None:
        return
    yield Saying(Source.RECORD, f"The link rests on {known.link.rests_on}.")
    changed = has_changed(character.note, character.basis_note)
    if changed is False:
        yield Saying(Source.NOTE, f"The note has not changed since {character.label} was linked.")
    elif changed and character.basis_note:
        yield Saying(Source.NOTE, f"When {character.label} was linked, the note said “{character.basis_note}”.")


def in_words(names: Sequence[str], last: str) -> str:
    """Return names as one list, of which not all are shown where there are many."""
    shown = list(names[:MOST_NAMES])
    if len(names) > MOST_NAMES:
        return f"{', '.join(shown)} {last} {len(names) - MOST_NAMES} more"
    return f" {last} ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else "".join(shown)


def _quoted(note: Any) -> str:
    if note is None:
        return "nothing that was seen"
    return f"“{note}”" if note else "nothing"


def waits_for_weight(character: str, weight: str) -> str:
    """Say why automation leaves a character of such a rank where it is; `weight` is what its rank gives."""
    return f"{character} has the rank {weight}. Whose such a character is, is not changed automatically."


def waits_for_spelling(named: str | None, label: str) -> str:
    """Say why automation leaves a name to an officer that the note spells otherwise."""
    return f"The note says “{named}”, which is {label} in another spelling, so an officer looks at it first."


def why_weight_waits(facts: GuildFacts, characters: Iterable[KnownCharacter]) -> str | None:
    """Say why automation leaves a decision about these characters to an officer; None where none of them has weight."""
    weights = ((character.label, facts.weight_of(character)) for character in characters)
    return next((waits_for_weight(label, weight) for label, weight in weights if weight), None)
