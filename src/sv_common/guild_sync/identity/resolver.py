"""Who a guild note means: mentions of the note, matched with everyone the guild knows. Pure; reads nothing.

Steps, strongest first. A confident decision needs exactly one person at the first step that knows the name:

1. an alias that an officer or a confirmed fix has given to a player;
2. the same name, whole, anywhere in the guild: a character (with the realm where the note gives one), a player's
   display name, a Discord name, also one with ranks, roles, pronouns or signs as decoration ("Brightmane [GM]"). These
   are one step, so that a person who merely shares a name with another makes the note ambiguous and never quietly
   takes the other's place. A realm on which no one has the name means no one.

A word of the guild's vocabulary ("Tailor") or a guess of the grammar counts only for a character's exact name, unless it
is written as no character can be named ("Big Joe", "big_joe") or said to be a Discord name. Where such a word is the
whole note, or stands in a list beside a name, it makes the note ambiguous, and so does a past or second name beside
another: such a note changes nothing. A word inside free text never decides, nor a word of a Discord name ("Not
Brightmane"): they are suggestions. Similar spelling never decides either.

A name that no one has or had may still be one name in another spelling: without its accents, in the other script of
Chinese, or in the genitive where the form gives an owner. It counts as that name where only one fits. A list with one
known name and another that looks like a known one decides nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, lru_cache, wraps
from typing import Any, TypeVar

from sv_common.guild_sync.core.basis import LinkEvidence
from sv_common.guild_sync.core.language import tr
from sv_common.guild_sync.identity.accounts.index import AccountIndex
from sv_common.guild_sync.identity.facts import GuildFacts, KnownCharacter, KnownMember
from sv_common.guild_sync.identity.names.candidates import REMEMBERED_NOTES, CandidateFinder, has_reading
from sv_common.guild_sync.identity.names.name_index import NameIndex, names_of_member
from sv_common.guild_sync.identity.names.people import PeopleIndex
from sv_common.guild_sync.identity.names.similarity import SHORTEST_BEGINNING, Similarity, is_similar
from sv_common.guild_sync.identity.verdicts import Candidate, Decision, Person, Verdict
from sv_common.guild_sync.notes import Mention, MentionKind, ParsedNote, Reading, Vocabulary, parse_note
from sv_common.guild_sync.notes.mentions import is_username

_Found = TypeVar("_Found")
_MOST_OF = 0.5
_MOST_SUGGESTIONS = 3
_OF_OWNERS = frozenset({MentionKind.ALT_OF, MentionKind.MAIN_IS, MentionKind.BANK_OF})

LONGEST_CHAIN = 20
"""Notes that are followed from one character without a player to the next."""


class Resolver(CandidateFinder):
    """Decides who notes mean. Built once for a scan, a fix or a match."""

    def __init__(self, facts: GuildFacts, names: NameIndex | None = None) -> None:
        super().__init__(facts, names or NameIndex(facts))
        self._decisions: dict[int, Decision] = {}
        self._direct_decisions: dict[int, Decision] = {}
        self.kept: dict[Callable[[Resolver], Any], Any] = {}
        """What functions of nothing but the resolver have come to: see `once`."""

    def resolve_allowing(self, character: KnownCharacter, players: frozenset[int]) -> Decision:
        """Decide who the character's note would mean if no officer had ruled out these players for it."""
        free = self.facts.rejections - {(character.id, player_id) for player_id in players}
        # No index of names rests on rejections.
        return Resolver(replace(self.facts, rejections=free), self.names).resolve(character)

    def resolve(self, character: KnownCharacter) -> Decision:
        """Decide who the character's note means, following the notes of characters that have no player yet."""
        known = self._decisions.get(character.id)
        if known is None:
            known = self._of_nobody(self._followed(self.resolve_alone(character), character))
            self._remember(self._decisions, character, known)
        return known

    def resolve_alone(self, character: KnownCharacter) -> Decision:
        """Decide by this note alone: a character without a player stands for itself, whatever its own note says."""
        known = self._direct_decisions.get(character.id)
        if known is None:
            known = self._of_nobody(self._read(character))
            self._remember(self._direct_decisions, character, known)
        return known

    def _remember(self, decisions: dict[int, Decision], character: KnownCharacter, decision: Decision) -> None:
        """Keep a decision about one of the guild's characters; one that is made up for a note is another one each time."""
        if character.id in self.facts.characters:
            decisions[character.id] = decision

    def parse(self, character: KnownCharacter) -> ParsedNote:
        """An unknown note is read as empty."""
        return parse_note(character.note or "", self.vocabulary)

    def fits_player(self, note: str, character: KnownCharacter, player_id: int) -> bool:
        """Whether a character's note certainly names no one, or its own player. Kept: of most notes it is all one wants to know."""
        key = (note, player_id)
        if key not in self.names.own_notes:
            names = self.certain_mentions(character)
            is_own = not names or any(self.names_player(mention, player_id) for mention in names)
            self.names.own_notes[key] = is_own
        return self.names.own_notes[key]

    def names_player(self, mention: Mention, player_id: int) -> bool:
        """Whether a mention is one of the player's own names: alias, display name, character, Discord name or a word of it."""
        keys = [reading.key for reading in mention.readings]
        if not self.names.whole_names(player_id).isdisjoint(keys):
            return True
        words = self.names.words_on_discord(player_id).intersection(keys)
        return any(not self.names.is_current_name(word) for word in words)

    def resembles_player(self, mention: Mention, player_id: int) -> str | None:
        """Return the player's own name of which the mention may be a misspelling or a short form."""
        own_names = sorted(self.names.names_here(player_id) | self.names.words_on_discord(player_id))
        return next((own for own in own_names if is_similar(mention.readings[0].key, own)), None)

    @cached_property
    def people(self) -> PeopleIndex:
        """Everyone that a suggestion may name."""
        return PeopleIndex(self.facts, self.names)

    @cached_property
    def accounts(self) -> AccountIndex:
        """Which characters are on one Battle.net account."""
        return AccountIndex(self.facts)

    @cached_property
    def characters_meaning_member(self) -> Mapping[int, Sequence[KnownCharacter]]:
        """The characters whose notes may mean each Discord member without a player."""
        found: dict[int, list[KnownCharacter]] = defaultdict(list)
        for character in self.facts.characters.values():
            for member in {candidate.person.member_id for candidate in self.resolve(character).candidates} - {None}:
                found[member or 0].append(character)
        return found

    @cached_property
    def characters_by_unknown_name(self) -> Mapping[str, Sequence[KnownCharacter]]:
        """The characters whose notes give a name that no one has, by each reading of that name."""
        found: dict[str, list[KnownCharacter]] = defaultdict(list)
        for character in self.facts.characters.values():
            decision = self.resolve_alone(character)
            if decision.verdict is Verdict.UNKNOWN and decision.mention is not None:
                for reading in decision.mention.readings:
                    found[reading.key].append(character)
        return found

    @cached_property
    def named_for_certain(self) -> frozenset[int | None]:
        """The characters that some note names for certain."""
        decisions = map(self.resolve_alone, self.facts.characters.values())
        return frozenset(target.person.character_id for decision in decisions if (target := decision.target))

    @cached_property
    def writes_names_small(self) -> bool:
        """Whether most notes with a known name write it in small letters."""
        decisions = map(self.resolve_alone, self.facts.characters.values())
        texts = [d.mention.text for d in decisions if d.target is not None and d.mention is not None]
        return sum(text.islower() for text in texts) > len(texts) * _MOST_OF

    def member_named_like(self, character: KnownCharacter) -> KnownMember | None:
        """Return the one Discord member whose whole name is the character's name, if no one else has that name."""
        members = self.names.members_by_name.get(character.name_key, [])
        if len(self.names.members_called.get(character.name_key, ())) > 1:
            return None
        namesakes = [i for i in self.names.characters_by_name[character.name_key] if i not in self.facts.shared]
        return self.facts.members[members[0]] if len(members) == 1 and len(namesakes) == 1 else None

    def owner_by_name(self, character: KnownCharacter) -> Candidate | None:
        """Return the one person with the character's name on Discord, unless an officer has rejected them."""
        member = self.member_named_like(character)
        if member is None:
            return None
        player_id = self.player_of_member(member.id)
        if (character.id, player_id) in self.facts.rejections:
            return None
        person = Person(player_id) if player_id is not None else Person(member_id=member.id)
        evidence = tr("the character has the Discord name of {member}.", member=member.display_name)
        return Candidate(person, self.label(person), evidence)

    def basis_of(self, character: KnownCharacter) -> LinkEvidence:
        """What links the character: its note, or its own name where the note means no one."""
        return "note" if self.resolve(character).target is not None else "name"

    def unlinked(self) -> list[KnownCharacter]:
        """Return the characters in the guild that may get a player."""
        shared = self.facts.shared
        return [
            c for c in self.facts.characters.values() if c.player_id is None and c.is_present and c.id not in shared
        ]

    def player_of_member(self, member_id: int) -> int | None:
        return self.names.player_by_member.get(member_id)

    def characters_of(self, player_id: int) -> list[KnownCharacter]:
        return self.names.characters_by_player.get(player_id, [])

    def characters_named_by(self, person: Person) -> list[int]:
        """Return the characters that a note means literally by naming this person: itself, its own, or its namesakes."""
        if person.character_id is not None:
            return [person.character_id]
        if person.player_id is not None:
            return [character.id for character in self.characters_of(person.player_id)]
        member = self.facts.members[person.member_id] if person.member_id is not None else None
        names = names_of_member(member, self.vocabulary) if member is not None else frozenset()
        numbers = [number for name in names for number in self.names.characters_by_name.get(name, ())]
        return sorted(numbers, key=lambda number: self.facts.characters[number].label)

    def misspelled(self, word: str) -> str | None:
        """Return the name of a character or Discord member of which an unknown name may be a misspelling."""
        return self.names.known_names.nearest(word)

    def suggestions(self, word: str) -> list[str]:
        return [
            self.facts.characters[number].label for number, _ in self.similar_characters([word])[:_MOST_SUGGESTIONS]
        ]

    def similar_characters(self, words: Iterable[str], *, in_text: bool = False) -> list[tuple[int, Similarity]]:
        """Return the characters with names similar to one of the words, best first; `in_text` as in `SimilarNames`."""
        return [
            (character.id, similarity)
            for similarity in self.names.similar_names.like(words, in_text=in_text)
            for character in self.names.namesakes[similarity.place]
            if character.id not in self.facts.shared
        ]

    def _read(self, character: KnownCharacter) -> Decision:
        parsed = self.parse(character)
        certain = self.certain_mentions(character)
        usernames = [m for m in certain if is_username(m, character.note or "") and self.candidates_of(m, character)]
        people: dict[Person, Candidate] = {}
        decisive: Mention | None = None
        is_doubtful = False
        for mention in usernames or certain:
            for candidate in self.candidates_of(mention, character):
                people.setdefault(candidate.person, candidate)
                decisive = decisive or mention
                is_alias = any(reading.key in self.facts.aliases for reading in mention.readings)
                is_doubtful = is_doubtful or (mention.is_doubtful and not is_alias)
        if not people:
            return self._without_candidates(character, parsed, certain)
        for mention in _doubtful_words(character.note or "", self.vocabulary):
            for candidate in self.candidates_of(mention, character):
                people.setdefault(candidate.person, candidate)
        for candidate in self._listed_words(parsed, character):
            people.setdefault(candidate.person, candidate)
        if len(people) == 1 and self._may_name_another(certain, character):
            return Decision(Verdict.SUGGESTED, parsed, None, _in_order(people.values()))
        return _decision(parsed, decisive, people.values(), is_doubtful=is_doubtful)

    def _listed_words(self, parsed: ParsedNote, about: KnownCharacter) -> Iterator[Candidate]:
        """People with the name of a word beside the names of a list: "Brightmane/Shadow" may be two people."""
        for word in parsed.listed_words:
            if word != about.name_key:
                mention = Mention(
                    word, MentionKind.WORD, (Reading(word, 0),), None, only_if_known=True, is_doubtful=True
                )
                yield from self.by_key(word, mention, about)

    def _may_name_another(self, certain: Sequence[Mention], about: KnownCharacter) -> bool:
        """Whether a note with one known name may name another person too.

        That is a name like a known one in a list ("Brightm/Kip"), any after "and" ("Kip and Bob"), or one that a form marks as
        the owner of this character ("Kip, alt of Bob").
        """
        phrases = [m.text for m in certain if " " in m.text and self.candidates_of(m, about)]
        longer = " ".join([*phrases, *(m.realm for m in certain if m.realm and not m.needs_realm)])
        strangers = [
            mention
            for mention in certain
            if not self.candidates_of(mention, about)
            and not has_reading(mention, about.name_key)
            and mention.text not in longer
        ]
        return any(
            mention.is_joined
            or (mention.kind in _OF_OWNERS and not mention.only_if_known and " " not in mention.text)
            or (mention.is_listed and self._looks_like_another(mention, certain, about))
            for mention in strangers
            if mention.readings[0].key not in self.vocabulary.categories and mention.realm is None
        )

    def _looks_like_another(self, stranger: Mention, certain: Sequence[Mention], about: KnownCharacter) -> bool:
        key = stranger.readings[0].key
        return len(key) >= SHORTEST_BEGINNING and any(
            name != about.name_key and not any(has_reading(mention, name) for mention in certain)
            for name in self.names.similar_character_names(key)
        )

    def _followed(self, direct: Decision, about: KnownCharacter) -> Decision:
        """Replace each character without a player by the person its own note leads to."""
        if direct.verdict not in (Verdict.CONFIDENT, Verdict.AMBIGUOUS):
            return direct
        people: dict[Person, Candidate] = {}
        for candidate in self._without_returning(direct.candidates, about):
            onward = self._lead_on(candidate, about)
            if (about.id, onward.person.player_id) not in self.facts.rejections:
                people.setdefault(onward.person, onward)
        if not people:
            return direct
        found = self._one_of_namesakes(people.values(), about)
        return _decision(direct.parsed, direct.mention, found, is_doubtful=direct.is_doubtful)

    def _of_nobody(self, decision: Decision) -> Decision:
        """A note that names bank or shared characters alone tells of nobody: it links no one, and contradicts no link."""
        people = {candidate.person.character_id for candidate in decision.candidates}
        if not people or decision.verdict is Verdict.SUGGESTED or not people <= self.facts.shared.keys():
            return decision
        return replace(decision, verdict=Verdict.SUGGESTED)

    def _without_returning(self, candidates: Sequence[Candidate], about: KnownCharacter) -> list[Candidate]:
        """Of characters whose own notes mean this very character, keep the first: they are one person."""
        if len(candidates) == 1:
            return list(candidates)
        returning = [candidate for candidate in candidates if self._means(candidate, about)]
        return [candidate for candidate in candidates if candidate not in returning[1:]]

    def _means(self, candidate: Candidate, about: KnownCharacter) -> bool:
        number = candidate.person.character_id
        target = self.resolve_alone(self.facts.characters[number]).target if number is not None else None
        return target is not None and target.person.character_id == about.id

    def _one_of_namesakes(self, candidates: Iterable[Candidate], about: KnownCharacter) -> list[Candidate]:
        """Take a character whose note led nowhere for the same person as the player or member with its name.

        Not where its own note may mean the very character that this is about: two that name each other prove nothing. Nor where
        it is a bank or shared.
        """
        found = list(candidates)
        people = [candidate.person for candidate in found if candidate.person.character_id is None]
        numbers = [c.person.character_id for c in found if c.person.character_id is not None]
        if len(numbers) != 1 or numbers[0] in self.facts.shared:
            return found
        if not any(self._is_called(each, self.facts.characters[numbers[0]]) for each in people):
            return found
        onward = self.resolve_alone(self.facts.characters[numbers[0]])
        if onward.target is None and any(candidate.person.character_id == about.id for candidate in onward.candidates):
            return found
        return [candidate for candidate in found if candidate.person.character_id is None]

    def _is_called(self, person: Person, character: KnownCharacter) -> bool:
        if person.player_id is not None:
            names = self.names.names_here(person.player_id) | self.names.names_on_discord(person.player_id)
            return character.name_key in names
        member = self.facts.members[person.member_id] if person.member_id is not None else None
        return member is not None and character.name_key in names_of_member(member, self.vocabulary)

    def _lead_on(self, candidate: Candidate, about: KnownCharacter) -> Candidate:
        """Follow notes while each means one person for certain; a circle, or a very long chain, leads nowhere."""
        passed = [candidate]
        seen = {about.id}
        while (number := passed[-1].person.character_id) is not None:
            if number in seen or len(passed) > LONGEST_CHAIN:
                return candidate
            if number in self.facts.shared:
                break
            seen.add(number)
            onward = self.resolve_alone(self.facts.characters[number]).target
            if onward is None:
                break
            passed.append(onward)
        if len(passed) == 1:
            return candidate
        last = passed[-1]
        evidence = tr("{evidence} Its own note: {other}", evidence=candidate.evidence, other=last.evidence)
        return Candidate(last.person, last.label, evidence, any(each.is_other_spelling for each in passed))

    def _without_candidates(
        self, character: KnownCharacter, parsed: ParsedNote, certain: Sequence[Mention]
    ) -> Decision:
        strangers = [
            mention for mention in certain if not mention.only_if_known and not has_reading(mention, character.name_key)
        ]
        for stranger in strangers:
            if suggestions := self._suggestions(stranger, character):
                return Decision(Verdict.SUGGESTED, parsed, stranger, _in_order(suggestions))
        words = {
            candidate.person: candidate
            for mention in parsed.mentions
            if mention.kind is MentionKind.WORD and (mention.is_doubtful or not strangers)
            for candidate in self.candidates_of(mention, character)
        }
        if words:
            return Decision(Verdict.SUGGESTED, parsed, None, _in_order(words.values()))
        return Decision(Verdict.UNKNOWN, parsed, strangers[0]) if strangers else Decision(Verdict.NOBODY, parsed)

    def _suggestions(self, stranger: Mention, about: KnownCharacter) -> list[Candidate]:
        """People with an unknown name on another realm, as one word of a Discord name, or at an end of an unspaced word."""
        keys = [reading.key for reading in stranger.readings]
        numbers = self.names.characters_by_name.get(keys[0], ())
        namesakes = [self.facts.characters[i] for i in numbers if i != about.id]
        inside = list(self.names.characters_inside(keys[0]) - {about.id})
        elsewhere = [] if stranger.realm is None else list(self.through_characters(namesakes, stranger))
        elsewhere += self.through_characters((self.facts.characters[i] for i in sorted(inside)), stranger)
        members = set[int]().union(*(self.names.members_of_word(key) for key in keys))
        found = [*elsewhere, *self.through_discord(members, stranger)]
        return [c for c in found if (about.id, c.person.player_id) not in self.facts.rejections]


@lru_cache(maxsize=REMEMBERED_NOTES)
def _doubtful_words(note: str, vocabulary: Vocabulary) -> tuple[Mention, ...]:
    return tuple(m for m in parse_note(note, vocabulary).mentions if m.kind is MentionKind.WORD and m.is_doubtful)


def _decision(
    parsed: ParsedNote, mention: Mention | None, people: Iterable[Candidate], *, is_doubtful: bool = False
) -> Decision:
    candidates = _in_order(people)
    verdict = Verdict.CONFIDENT if len(candidates) == 1 and not is_doubtful else Verdict.AMBIGUOUS
    return Decision(verdict, parsed, mention, candidates, is_doubtful)


def _in_order(people: Iterable[Candidate]) -> tuple[Candidate, ...]:
    return tuple(sorted(people, key=lambda candidate: (candidate.label, candidate.person.player_id or 0)))


def once(work: Callable[[Resolver], _Found]) -> Callable[[Resolver], _Found]:
    """Let a function of nothing but a resolver work once for each; what it returns is shared, and nobody changes it."""

    @wraps(work)
    def kept(resolver: Resolver) -> _Found:
        if kept not in resolver.kept:
            resolver.kept[kept] = work(resolver)
        found: _Found = resolver.kept[kept]
        return found

    return kept
