"""Everyone that a suggestion may name, by all their names and by the parts of these. Made once for a guild's facts."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cached_property
from typing import Final, NamedTuple

from sv_common.guild_sync.core.names import name_key
from sv_common.guild_sync.identity.facts import GuildFacts, KnownCharacter, KnownMember
from sv_common.guild_sync.identity.names.loose_words import loose_words
from sv_common.guild_sync.identity.names.name_index import NameIndex
from sv_common.guild_sync.identity.names.similarity import SimilarNames, remembered_names
from sv_common.guild_sync.identity.verdicts import Person
from sv_common.guild_sync.notes import Vocabulary, fold_accents

SHORTEST_PART: Final = 3
MOST_NEWCOMERS: Final = 3
"""People who are first seen about the same day; of more, the day says nothing about any."""

MOST_OF_A_RANK: Final = 12
"""Characters of one rank; of more, the rank says nothing."""


class OwnName(NamedTuple):
    """A name of a person. `label` says it in a sentence; `trust` is below 1 for a word of a longer name."""

    person: Person
    label: str
    key: str
    is_character: bool
    trust: float = 1.0


def words_of_member(member: KnownMember, vocabulary: Vocabulary) -> dict[str, float]:
    """Return the words of a member's names, each with how much it is to be trusted."""
    return {word: trust for word, (trust, _) in _named_words(member, vocabulary).items()}


def _named_words(member: KnownMember, vocabulary: Vocabulary) -> dict[str, tuple[float, str]]:
    """Return the same with the name that each word is of."""
    words: dict[str, tuple[float, str]] = {}
    names = {member.display_name: member.display_name, member.global_name or "": member.global_name or ""}
    for name, said in {**names, member.username: names.get(member.username, f"@{member.username}")}.items():
        for word, trust in loose_words(name, vocabulary).items() if name else ():
            if trust > words.get(word, (0.0, ""))[0]:
                words[word] = trust, said
    return words


class PeopleIndex:
    def __init__(self, facts: GuildFacts, names: NameIndex) -> None:
        self._facts = facts
        self._names = names

    def owner(self, character: KnownCharacter) -> Person:
        return Person(character.player_id) if character.player_id is not None else Person(character_id=character.id)

    def person_of(self, member: KnownMember) -> Person:
        player_id = self._names.player_by_member.get(member.id)
        return Person(player_id) if player_id is not None else Person(member_id=member.id)

    @cached_property
    def _characters(self) -> list[KnownCharacter]:
        """All but bank and shared characters, which have no player."""
        return [each for each in self._facts.characters.values() if each.id not in self._facts.shared]

    @cached_property
    def by_key(self) -> dict[str, list[OwnName]]:
        """Every name by its key without accents."""
        found: dict[str, list[OwnName]] = defaultdict(list)
        for name in dict.fromkeys(self._all()):
            found[name.key].append(name)
        return dict(found)

    @cached_property
    def similar(self) -> SimilarNames:
        return remembered_names(tuple(self.keys))

    @cached_property
    def keys(self) -> list[str]:
        return sorted(self.by_key)

    @cached_property
    def by_part(self) -> dict[str, list[OwnName]]:
        """The characters with a name that begins or ends with these letters, each once."""
        found: dict[str, list[OwnName]] = defaultdict(list)
        for key, names in self.by_key.items():
            parts = {key[:length] for length in range(SHORTEST_PART, len(key) + 1)}
            parts |= {key[-length:] for length in range(SHORTEST_PART, len(key))}
            characters = [name for name in names if name.is_character]
            for part in parts if characters else ():
                found[part] += characters
        return dict(found)

    @cached_property
    def ranks_of_few(self) -> frozenset[int]:
        """The ranks that so few have that two with one of them have something in common."""
        ranks = Counter(each.rank for each in self._characters if each.rank is not None)
        return frozenset(rank for rank, number in ranks.items() if number <= MOST_OF_A_RANK)

    @cached_property
    def _by_day(self) -> dict[date, set[Person]]:
        found: dict[date, set[Person]] = defaultdict(set)
        for person, days in self.days.items():
            for day in days:
                found[day].add(person)
        return dict(found)

    @cached_property
    def days(self) -> dict[Person, set[date]]:
        """The days on which each person's characters and Discord account were first seen.

        Not the first day of each list, on which all were seen who had joined at any time before.
        """
        found: dict[Person, set[date]] = defaultdict(set)
        characters = [(self.owner(c), c.first_seen) for c in self._characters if c.first_seen is not None]
        members = [(self.person_of(m), m.first_seen) for m in self._facts.members.values() if m.first_seen is not None]
        for seen in (characters, members):
            first = min((day for _, day in seen), default=date.min)
            for person, day in seen:
                if day > first:
                    found[person].add(day)
        return dict(found)

    def newcomers_with(self, person: Person, day: date | None) -> dict[Person, date]:
        """Return who else was first seen on this day or the next to it; no one where that were many."""
        if day is None or day not in self.days.get(person, ()):
            return {}
        found: dict[Person, date] = {}
        for each in (day, day - timedelta(1), day + timedelta(1)):
            for other in self._by_day.get(each, ()):
                found.setdefault(other, each)
        found.pop(person, None)
        return found if len(found) <= MOST_NEWCOMERS else {}

    def _all(self) -> Iterator[OwnName]:
        vocabulary = self._facts.vocabulary
        for character in self._characters:
            key = fold_accents(character.name_key)
            yield OwnName(self.owner(character), character.label, key, is_character=True)
        for player in self._facts.players.values():
            for word, trust in loose_words(player.display_name, vocabulary).items():
                yield OwnName(Person(player.id), player.display_name, word, is_character=False, trust=trust)
        for alias, player_id in self._facts.aliases.items():
            label = self._facts.written_aliases.get(alias, alias)
            yield OwnName(Person(player_id), label, fold_accents(name_key(alias)), is_character=False)
        for member in self._facts.members.values():
            if member.is_present:
                person = self.person_of(member)
                for word, (trust, said) in _named_words(member, vocabulary).items():
                    yield OwnName(person, said, word, is_character=False, trust=trust)
