"""Everyone that a suggestion may name, by all their names and by the parts of these. Made once for a guild's facts."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import cached_property, lru_cache
from typing import Final, NamedTuple

from sv_common.guild_sync.core.names import name_key
from sv_common.guild_sync.identity.facts import GuildFacts, KnownCharacter, KnownMember
from sv_common.guild_sync.identity.names.loose_words import loose_words
from sv_common.guild_sync.identity.names.name_index import NameIndex
from sv_common.guild_sync.identity.names.similarity import How, SimilarNames, remembered_names
from sv_common.guild_sync.identity.verdicts import Person
from sv_common.guild_sync.notes import Vocabulary, fold_accents

SHORTEST_PART: Final = 3
MOST_NEWCOMERS: Final = 3
"""People who are first seen about the same day; of more, the day says nothing about any."""

_MOST_TAKEN_APART: Final = 16_384
"""Names whose parts are remembered."""

MOST_SHARING: Final = 8
"""People with the same letters in their names, from which on the letters say nothing."""

MOST_OF_A_RANK: Final = 12
"""Characters of one rank; of more, the rank says nothing."""


_OF_THE_WHOLE_NAME: Final = frozenset({How.NAME, How.ACCENTS, How.SPELLING})


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


class Alike(NamedTuple):
    """A name that a word is similar to, and who has it."""

    key: str
    how: How
    score: float
    names: list[OwnName]


class PeopleIndex:
    def __init__(self, facts: GuildFacts, names: NameIndex) -> None:
        self._facts = facts
        self._names = names
        self._alike: dict[str, list[Alike]] = {}

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
        """Every name by its key without accents; a word of the names of many says nothing about any of them."""
        found: dict[str, list[OwnName]] = defaultdict(list)
        for name in dict.fromkeys(self._all()):
            found[name.key].append(name)
        return {key: telling for key, names in found.items() if (telling := _telling(names))}

    @cached_property
    def _searched(self) -> list[tuple[Sequence[str], SimilarNames]]:
        """The names as they are searched: those of the sources, which no officer's answer changes, apart from all others."""
        characters = {fold_accents(each.name_key) for each in self._facts.characters.values()}
        on_discord = {word for member in self._present_members() for word in self._words_of(member)}
        of_sources = sorted(characters | on_discord)
        others = sorted(self.by_key.keys() - characters - on_discord)
        return [(keys, remembered_names(tuple(keys))) for keys in (of_sources, others)]

    def like(self, word: str) -> list[Alike]:
        """Return the names that a word is similar to, with the people who have each.

        Not those that only have letters in common with it, where they are so many that this says nothing.
        """
        if word not in self._alike:
            self._alike[word] = self._like(word)
        return self._alike[word]

    def _like(self, word: str) -> list[Alike]:
        found = [
            Alike(key, each.how, each.score, self.by_key[key])
            for keys, similar in self._searched
            for each in similar.like((word,))
            if (key := keys[each.place]) in self.by_key
        ]
        if len(found) <= MOST_SHARING:
            return found
        sharing: dict[How, set[Person]] = defaultdict(set)
        for each in found:
            sharing[each.how].update(name.person for name in each.names)
        return [each for each in found if each.how in _OF_THE_WHOLE_NAME or len(sharing[each.how]) <= MOST_SHARING]

    def called(self, key: str) -> list[OwnName]:
        """Return who has exactly this name."""
        return self.by_key.get(key, [])

    def beginning_with(self, key: str) -> list[OwnName]:
        """Return the characters with a longer name that begins with this one."""
        longer = (each for each in self._keys_by_part.get(key, ()) if each != key and each.startswith(key))
        return [name for each in longer for name in self.called(each) if name.is_character]

    def sharing(self, word: str, own: Person) -> dict[str, dict[Person, list[OwnName]]]:
        """Return, by each beginning and end of a name, the longest first, who else has a character with it in its name.

        Not of a part that so many have that it says nothing.
        """
        found = {part: self._holders(part, own) for part in parts_of(word) if part in self._keys_by_part}
        return {part: holders for part, holders in found.items() if 0 < len(holders) <= MOST_SHARING}

    def _holders(self, part: str, own: Person) -> dict[Person, list[OwnName]]:
        holders: dict[Person, list[OwnName]] = {}
        for key in self._keys_by_part[part]:
            for name in self.called(key):
                if name.is_character and name.person != own:
                    holders.setdefault(name.person, []).append(name)
            if len(holders) > MOST_SHARING:
                break
        return holders

    @cached_property
    def _keys_by_part(self) -> Mapping[str, Sequence[str]]:
        """The names of characters that begin or end with these letters, each once."""
        return _keys_by_part(tuple(sorted({fold_accents(each.name_key) for each in self._facts.characters.values()})))

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
        for member in self._present_members():
            person = self.person_of(member)
            for word, (trust, said) in self._words_of(member).items():
                yield OwnName(person, said, word, is_character=False, trust=trust)

    def _present_members(self) -> Iterator[KnownMember]:
        return (member for member in self._facts.members.values() if member.is_present)

    def _words_of(self, member: KnownMember) -> dict[str, tuple[float, str]]:
        return _named_words(member, self._facts.vocabulary)


def _telling(names: list[OwnName]) -> list[OwnName]:
    if len(names) <= MOST_SHARING:
        return names
    words = {name.person for name in names if name.trust < 1}
    return [name for name in names if name.trust == 1] if len(words) > MOST_SHARING else names


@lru_cache(maxsize=16)
def _keys_by_part(keys: tuple[str, ...]) -> Mapping[str, Sequence[str]]:
    """The last ones are kept, since links change far more often than names."""
    found: dict[str, list[str]] = defaultdict(list)
    for key in keys:
        for part in dict.fromkeys([key, *parts_of(key)]):
            found[part].append(key)
    return dict(found)


@lru_cache(maxsize=_MOST_TAKEN_APART)
def parts_of(word: str) -> tuple[str, ...]:
    """The beginnings and ends of a name, the longest first."""
    lengths = range(len(word) - 1, SHORTEST_PART - 1, -1)
    return tuple(dict.fromkeys(part for length in lengths for part in (word[:length], word[-length:])))
