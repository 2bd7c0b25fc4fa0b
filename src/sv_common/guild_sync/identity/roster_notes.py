"""How each note of a roster in memory is read, for people who want to see it before they trust it. Reads nothing.

The same decisions as everywhere (`resolver.py`), for a guild of which nothing is known but its roster, its notes and,
perhaps, what its Discord members are called.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sv_common.guild_sync.core.language import tr, tr_n
from sv_common.guild_sync.core.names import name_key, realm_key
from sv_common.guild_sync.identity.facts import GuildFacts, KnownCharacter, KnownMember
from sv_common.guild_sync.identity.resolver import Resolver
from sv_common.guild_sync.identity.roster_file import NotedCharacter
from sv_common.guild_sync.identity.suggestions.notes import Suggestions
from sv_common.guild_sync.identity.verdicts import OWN_NAME, Candidate, Decision, Verdict
from sv_common.guild_sync.notes import MentionKind, NoteKind

UNSEEN = "unseen"
"""Kind of a note that the person who exported the roster could not see."""

UNKNOWN_NAME = "unknown_name"
"""Kind of a note with a name that no one in the guild has."""

NICKNAME = "nickname"
"""Kind of a note whose name is no character's and that several characters have."""


class Sureness(StrEnum):
    CONFIDENT = "confident"
    AMBIGUOUS = "ambiguous"
    SUGGESTED = "suggested"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class NoteReading:
    """How one note is read. Characters are named as the roster names them, best first.

    `targets` are those that the note names, for certain or as one of several; `suggestions` those that it may mean,
    misspelled. `person` is who a confident note means in the end: a main, a Discord name, or a nickname.
    """

    character: str
    note: str | None
    decision: Sureness
    kind: str
    targets: tuple[str, ...] = ()
    suggestions: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    person: str | None = None
    why_not: str | None = None


def read_notes(roster: Sequence[NotedCharacter], discord_names: Iterable[str] = ()) -> list[NoteReading]:
    reader = _Reader(roster, discord_names)
    return [reader.read(number) for number in range(len(roster))]


class _RosterCharacter(KnownCharacter):
    __slots__ = ()

    @property
    def label(self) -> str:
        """Name-Realm, or the name alone where the roster gives no realm."""
        return f"{self.name}-{self.realm_name}" if self.realm_name else self.name


class _Reader:
    def __init__(self, roster: Sequence[NotedCharacter], discord_names: Iterable[str]) -> None:
        self._labels = [each.label for each in roster]
        characters = {number: _known(number, each) for number, each in enumerate(roster)}
        members = {number: KnownMember(number, "", name, None, name, True) for number, name in enumerate(discord_names)}
        self._resolver = Resolver(GuildFacts(0, characters, {}, members, {}, frozenset()))
        self._suggestions = Suggestions(self._resolver)
        self._unknown_names = self._read_unknown_names()

    def read(self, number: int) -> NoteReading:
        character = self._resolver.facts.characters[number]
        about = self._labels[number], character.note
        if character.note is None:
            why_not = tr("The uploader could not see this note.")
            return NoteReading(*about, Sureness.NOBODY, UNSEEN, evidence=(why_not,), why_not=why_not)
        decision = self._resolver.resolve(character)
        mention, why_not = decision.mention, decision.why_not_stronger or ""
        is_bare = mention is not None and mention.kind is MentionKind.NAME and mention.realm is None
        if mention is not None and is_bare and mention.readings[0].key == character.name_key:
            return NoteReading(*about, Sureness.NOBODY, NoteKind.MARKER, evidence=(tr(OWN_NAME),), why_not=tr(OWN_NAME))
        kind = mention.kind if mention is not None else MentionKind.WORD
        if decision.verdict in (Verdict.CONFIDENT, Verdict.AMBIGUOUS):
            target = decision.candidates[0]
            targets, evidence = self._named(character, first=target), self._evidence(character, decision)
            if decision.verdict is Verdict.CONFIDENT:
                person = self._person(target)
                return NoteReading(*about, Sureness.CONFIDENT, kind, targets, evidence=evidence, person=person)
            evidence = (*evidence, why_not)
            return NoteReading(*about, Sureness.AMBIGUOUS, kind, targets, evidence=evidence, why_not=why_not)
        if suggestions := self._suggestions.of(character):
            labels = tuple(self._labels[each.number] for each in suggestions)
            told = [each.how.sentence(each.words, self._labels[each.number]) for each in suggestions]
            evidence = (*told, why_not)
            return NoteReading(*about, Sureness.SUGGESTED, kind, (), labels, evidence, why_not=why_not)
        return self._of_no_one(about, decision)

    def _of_no_one(self, about: tuple[str, str | None], decision: Decision) -> NoteReading:
        kind: str = NoteKind.MARKER if decision.parsed.kind is NoteKind.NAMES else decision.parsed.kind
        person, why_not = None, decision.why_not_stronger or ""
        evidence = [why_not]
        if decision.verdict is Verdict.UNKNOWN and decision.mention is not None:
            kind = UNKNOWN_NAME
            # The reading that most characters share, the most literal of several.
            shared = self._unknown_names
            key = max(decision.mention.readings, key=lambda reading: (len(shared[reading.key]), -reading.rank)).key
            sharing = shared[key]
            if len(sharing) > 1:
                kind, person = NICKNAME, _as_written(key, sharing.values())
                evidence.append(
                    tr_n(
                        "{n} character has a note that says “{name}”.",
                        "{n} characters have a note that says “{name}”.",
                        len(sharing),
                        name=person,
                    )
                )
            elif (near := self._resolver.misspelled(key)) is not None:
                evidence.append(tr("It looks like the Discord name {name}.", name=near))
        return NoteReading(*about, Sureness.NOBODY, kind, (), (), tuple(evidence), person, why_not)

    def _named(self, about: KnownCharacter, first: Candidate) -> tuple[str, ...]:
        """The characters that the note names literally: those that are the person itself before those that lead on."""
        candidates = self._resolver.resolve_alone(about).candidates
        ordered = sorted(candidates, key=lambda candidate: candidate.person != first.person)
        numbers = [number for candidate in ordered for number in self._resolver.characters_named_by(candidate.person)]
        realm = realm_key(first_mention.realm or "") if (first_mention := self._resolver.resolve(about).mention) else ""
        there = [number for number in numbers if realm and self._resolver.facts.characters[number].realm_key == realm]
        numbers = there or numbers
        return tuple(self._labels[number] for number in dict.fromkeys(numbers) if number != about.id)

    def _evidence(self, about: KnownCharacter, decision: Decision) -> tuple[str, ...]:
        followed = [candidate.evidence for candidate in decision.candidates]
        alone = [candidate.evidence for candidate in self._resolver.resolve_alone(about).candidates]
        return (*followed, *(each for each in alone if not any(other.startswith(each) for other in followed)))

    def _person(self, candidate: Candidate) -> str:
        number = candidate.person.character_id
        return self._resolver.label(candidate.person) if number is None else self._labels[number]

    def _read_unknown_names(self) -> dict[str, dict[int, str]]:
        """The names of notes that no one has: under each, the characters with such a note and how it is written."""
        found: dict[str, dict[int, str]] = defaultdict(dict)
        for character in self._resolver.facts.characters.values():
            decision = self._resolver.resolve(character)
            if decision.verdict is Verdict.UNKNOWN and decision.mention is not None:
                for reading in decision.mention.readings:
                    found[reading.key][character.id] = decision.mention.text
        return found


def _as_written(key: str, texts: Iterable[str]) -> str:
    """A name as a note writes it, independent of the order of the notes."""
    return min((text for text in texts if name_key(text) == key), default=key)


def _known(number: int, character: NotedCharacter) -> KnownCharacter:
    realm = character.realm or ""
    return _RosterCharacter(
        id=number,
        name=character.name,
        name_key=name_key(character.name),
        realm_slug=realm,
        realm_key=realm_key(realm),
        realm_name=character.realm,
        note=character.note,
        player_id=None,
        link_source=None,
        is_present=True,
    )
