"""How each note of a roster in memory is read, for people who want to see it before they trust it. Reads nothing.

The same decisions as everywhere (`resolution.py`), for a guild of which nothing is known but its roster, its notes and,
perhaps, what its Discord members are called.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sv_common.guild_sync.core.names import name_key, realm_key
from sv_common.guild_sync.identity.facts import GuildFacts, KnownCharacter, KnownMember
from sv_common.guild_sync.identity.resolver import Directory
from sv_common.guild_sync.identity.roster_file import NotedCharacter
from sv_common.guild_sync.identity.suggestions import Hints
from sv_common.guild_sync.identity.verdicts import OWN_NAME, Candidate, Decision, Verdict
from sv_common.guild_sync.notes import Mention, MentionKind, NoteKind

UNSEEN = "unseen"
"""Kind of a note that whoever exported the roster was not allowed to see."""

UNKNOWN_NAME = "unknown_name"
"""Kind of a note that names somebody whom nothing else in the guild is called."""

NICKNAME = "nickname"
"""Kind of a note whose name is no character's and stands on several characters."""


class Sureness(StrEnum):
    """How sure a reading is."""

    CONFIDENT = "confident"
    AMBIGUOUS = "ambiguous"
    SUGGESTED = "suggested"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class NoteReading:
    """How one note is read. Characters are named as the roster names them, best first.

    `targets` are those that the note names, for certain or as one of several; `suggestions` those that it may mean,
    badly written. `person` is whom a confident note means in the end: a main, a Discord name, or a nickname.
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
    """Read the note of every character of a roster, in its order."""
    reader = _Reader(roster, discord_names)
    return [reader.read(number) for number in range(len(roster))]


class _RosterCharacter(KnownCharacter):
    """A character of which only the roster is known."""

    __slots__ = ()

    @property
    def label(self) -> str:
        """Name-Realm, or the name alone where the roster gives no realm."""
        return f"{self.name}-{self.realm_name}" if self.realm_name else self.name


class _Reader:
    """A roster whose notes can be read one by one."""

    def __init__(self, roster: Sequence[NotedCharacter], discord_names: Iterable[str]) -> None:
        self._labels = [each.label for each in roster]
        characters = {number: _known(number, each) for number, each in enumerate(roster)}
        members = {number: KnownMember(number, "", name, None, name, True) for number, name in enumerate(discord_names)}
        self._directory = Directory(GuildFacts(0, characters, {}, members, {}, frozenset()))
        self._hints = Hints(self._directory)
        self._strangers = self._names_of_strangers()

    def read(self, number: int) -> NoteReading:
        """Read the note of one character."""
        character = self._directory.facts.characters[number]
        if character.note is None:
            why_not = "The note was not seen by whoever exported the roster."
            return NoteReading(
                self._labels[number], None, Sureness.NOBODY, UNSEEN, evidence=(why_not,), why_not=why_not
            )
        decision = self._directory.decide(character)
        if _is_own_bare_name(decision.mention, character):
            label = self._labels[number]
            kind = NoteKind.MARKER
            return NoteReading(label, character.note, Sureness.NOBODY, kind, evidence=(OWN_NAME,), why_not=OWN_NAME)
        match decision.verdict:
            case Verdict.CONFIDENT:
                return self._certain(character, decision)
            case Verdict.AMBIGUOUS:
                return self._one_of_several(character, decision)
            case _:
                return self._perhaps(character, decision) or self._nobody(character, decision)

    def _certain(self, character: KnownCharacter, decision: Decision) -> NoteReading:
        target = decision.candidates[0]
        return NoteReading(
            self._labels[character.id],
            character.note,
            Sureness.CONFIDENT,
            _kind(decision),
            targets=self._named(character, first=target),
            evidence=self._evidence(character, decision),
            person=self._person(target),
        )

    def _one_of_several(self, character: KnownCharacter, decision: Decision) -> NoteReading:
        why_not = decision.why_not_stronger or ""
        return NoteReading(
            self._labels[character.id],
            character.note,
            Sureness.AMBIGUOUS,
            _kind(decision),
            targets=self._named(character, first=decision.candidates[0]),
            evidence=(*self._evidence(character, decision), why_not),
            why_not=why_not,
        )

    def _perhaps(self, character: KnownCharacter, decision: Decision) -> NoteReading | None:
        """Read a note that names nobody as one that may mean somebody; None where nothing is near."""
        hints = self._hints.of(character)
        if not hints:
            return None
        why_not = decision.why_not_stronger or ""
        return NoteReading(
            self._labels[character.id],
            character.note,
            Sureness.SUGGESTED,
            _kind(decision),
            suggestions=tuple(self._labels[hint.number] for hint in hints),
            evidence=(*(f"“{hint.words}” {hint.how} {self._labels[hint.number]}." for hint in hints), why_not),
            why_not=why_not,
        )

    def _nobody(self, character: KnownCharacter, decision: Decision) -> NoteReading:
        kind, person, why_not = _kind_of_nobody(decision), None, decision.why_not_stronger or ""
        evidence: tuple[str, ...] = (why_not,)
        if decision.verdict is Verdict.UNKNOWN and decision.mention is not None:
            key, bearers = self._strangers_name(decision.mention)
            if len(bearers) > 1:
                kind, person = NICKNAME, _as_written(key, bearers.values())
                evidence = (why_not, f"{len(bearers)} characters bear a note that says “{person}”.")
            elif (near := self._directory.misspelt(key)) is not None:
                evidence = (why_not, f"It looks like the Discord name {near}.")
        return NoteReading(
            self._labels[character.id],
            character.note,
            Sureness.NOBODY,
            kind,
            evidence=evidence,
            person=person,
            why_not=why_not,
        )

    def _named(self, about: KnownCharacter, first: Candidate) -> tuple[str, ...]:
        """The characters that the note names literally: those that are the person itself before those that lead on."""
        candidates = self._directory.decide_alone(about).candidates
        ordered = sorted(candidates, key=lambda candidate: candidate.person != first.person)
        numbers = [number for candidate in ordered for number in self._directory.bearers_of(candidate.person)]
        realm = realm_key(first_mention.realm or "") if (first_mention := self._directory.decide(about).mention) else ""
        there = [number for number in numbers if realm and self._directory.facts.characters[number].realm_key == realm]
        numbers = there or numbers
        return tuple(self._labels[number] for number in dict.fromkeys(numbers) if number != about.id)

    def _evidence(self, about: KnownCharacter, decision: Decision) -> tuple[str, ...]:
        followed = [candidate.evidence for candidate in decision.candidates]
        alone = [candidate.evidence for candidate in self._directory.decide_alone(about).candidates]
        return (*followed, *(each for each in alone if not any(other.startswith(each) for other in followed)))

    def _person(self, candidate: Candidate) -> str:
        number = candidate.person.character_id
        return self._directory.label(candidate.person) if number is None else self._labels[number]

    def _names_of_strangers(self) -> dict[str, dict[int, str]]:
        """The names that notes give and nobody has: under each, the characters with such a note and how it is written."""
        found: dict[str, dict[int, str]] = defaultdict(dict)
        for character in self._directory.facts.characters.values():
            decision = self._directory.decide(character)
            if decision.verdict is Verdict.UNKNOWN and decision.mention is not None:
                for reading in decision.mention.readings:
                    found[reading.key][character.id] = decision.mention.text
        return found

    def _strangers_name(self, mention: Mention) -> tuple[str, dict[int, str]]:
        """The reading of a stranger's name that most characters share, the most literal of several."""
        key = max(mention.readings, key=lambda reading: (len(self._strangers[reading.key]), -reading.rank)).key
        return key, self._strangers[key]


def _as_written(key: str, texts: Iterable[str]) -> str:
    """A name as a note writes it, the same one whatever the order of the notes."""
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


def _is_own_bare_name(mention: Mention | None, character: KnownCharacter) -> bool:
    """Whether a note decides by the character's own name, which may be a Discord name too."""
    if mention is None or mention.kind is not MentionKind.NAME or mention.realm is not None:
        return False
    return mention.readings[0].key == character.name_key


def _kind(decision: Decision) -> str:
    return decision.mention.kind if decision.mention is not None else MentionKind.WORD


def _kind_of_nobody(decision: Decision) -> str:
    if decision.verdict is Verdict.UNKNOWN:
        return UNKNOWN_NAME
    return NoteKind.MARKER if decision.parsed.kind is NoteKind.NAMES else decision.parsed.kind
