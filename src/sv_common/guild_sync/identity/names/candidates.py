"""The people a mention of a note can mean, by the first step that knows anyone.

The steps are those of `resolver`, which decides about several people or several mentions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

from sv_common.guild_sync.core.language import tr
from sv_common.guild_sync.core.names import name_key, realm_key
from sv_common.guild_sync.identity.facts import GuildFacts, KnownCharacter
from sv_common.guild_sync.identity.names.name_index import NameIndex, discord_names, is_meant_by_realm, is_of_realm
from sv_common.guild_sync.identity.verdicts import Candidate, Person
from sv_common.guild_sync.notes import Category, Mention, MentionKind, Vocabulary, parse_note
from sv_common.guild_sync.notes.words.tokens import is_unspaced

REMEMBERED_NOTES = 16384
"""Notes whose mentions stay sorted out from one scan to the next."""

_EVERYDAY = frozenset({Category.ORDINARY})
_SHORTEST_FOLDED = 3
_SHORTEST_UNSPACED = 2


class CandidateFinder:
    def __init__(self, facts: GuildFacts, names: NameIndex) -> None:
        self.facts = facts
        self.names = names
        self.vocabulary = facts.vocabulary

    def candidates_of(self, mention: Mention, about: KnownCharacter) -> list[Candidate]:
        """Return the people a mention can mean, by the first step and the most literal reading that knows anyone."""
        if mention.needs_realm:
            return self._on_a_realm(mention, about)
        found: list[Candidate] = []
        rank = 0
        names_itself = mention.kind is MentionKind.NAME and mention.readings[0].key == about.name_key
        for reading in mention.readings:
            if reading.rank != rank and (found or names_itself):
                break
            rank = reading.rank
            found += self.by_key(reading.key, mention, about)
        if not found and not names_itself:
            found = self._otherwise_written(mention, about)
        if not self.facts.rejections:
            return found
        return [c for c in found if (about.id, c.person.player_id) not in self.facts.rejections]

    def label(self, person: Person) -> str:
        if person.player_id is not None:
            return self.facts.players[person.player_id].display_name
        if person.member_id is not None:
            return self.facts.members[person.member_id].display_name
        return self.facts.characters[person.character_id].label if person.character_id is not None else "?"

    def certain_mentions(self, character: KnownCharacter) -> Sequence[Mention]:
        """Return the mentions that may decide: no words inside free text, unless the note as a whole is an alias."""
        certain = _mentions_outside_text(character.note or "", self.vocabulary)
        if not self.facts.aliases or (whole_note := name_key(character.note or "")) not in self.facts.aliases:
            return certain
        return [
            mention
            for mention in parse_note(character.note or "", self.vocabulary).mentions
            if mention.kind is not MentionKind.WORD or has_reading(mention, whole_note)
        ]

    def _on_a_realm(self, mention: Mention, about: KnownCharacter) -> list[Candidate]:
        """Find "Brightmane on Hyjal": Hyjal is this character's realm, or Brightmane's, or no realm at all."""
        realm = mention.realm or ""
        if any(self.names.similar_character_names(name_key(realm))):
            return []
        if is_meant_by_realm(about, realm, is_own=True):
            return self.candidates_of(replace(mention, realm=None, needs_realm=False), about)
        keys = [reading.key for reading in mention.readings]
        numbers = [number for key in keys for number in self.names.characters_by_name.get(key, ())]
        there = [
            c for c in (self.facts.characters[n] for n in numbers) if is_meant_by_realm(c, realm) and c.id != about.id
        ]
        return list(self.through_characters(there, mention)) if self.names.is_realm_of_guild(realm) else []

    def _otherwise_written(self, mention: Mention, about: KnownCharacter) -> list[Candidate]:
        """Find the one person whose name this may be without its accents, or in the genitive.

        People who have left count too: one who had exactly this name is meant, and then no one else is.
        """
        keys = [reading.key for reading in mention.readings]
        if mention.kind is MentionKind.WORD or any(map(self._is_taken, keys)):
            return []
        long_enough = [
            key for key in keys if len(key) >= (_SHORTEST_UNSPACED if is_unspaced(key[0]) else _SHORTEST_FOLDED)
        ]
        folded = frozenset().union(*map(self.names.other_spellings, long_enough))
        declined = frozenset().union(*map(self.names.inflected_names, long_enough)) if mention.is_owner else frozenset()
        meant = folded or self.names.without_namesakes(declined)
        if len(meant) != 1 or about.name_key in meant:
            return []
        (name,) = meant
        if not self.names.is_current_name(name) or self.vocabulary.categories.get(name, _EVERYDAY) - _EVERYDAY:
            return []
        how = (
            tr("The same name in another spelling, and no one else has it.")
            if folded
            else tr("The same name in the genitive case, and no one else has it.")
        )
        return [
            replace(
                candidate,
                evidence=f"{candidate.evidence} {how}",
                is_other_spelling=True,
            )
            for candidate in self.by_key(name, mention, about)
        ]

    def _is_taken(self, key: str) -> bool:
        """Whether a word is a name exactly, or no name at all."""
        return key in self.vocabulary.categories or self.names.is_current_name(key) or self.names.is_past_name(key)

    def by_key(self, key: str, mention: Mention, about: KnownCharacter) -> list[Candidate]:
        """Return the people of exactly this name, by the first step that knows it."""
        player_id = self.facts.aliases.get(key)
        if player_id is not None:
            label = self.facts.players[player_id].display_name
            return [
                Candidate(
                    Person(player_id), label, tr("“{word}” is an alias of {player}.", word=mention.text, player=label)
                )
            ]
        characters = self._characters_named(key, mention, about)
        is_everyday_name = mention.is_doubtful and mention.kind is MentionKind.WORD
        if mention.only_if_known and key.isalpha() and mention.kind is not MentionKind.DISCORD and not is_everyday_name:
            return list(self.through_characters(characters, mention))
        if not characters and self._is_on_another_realm(key, mention):
            return []
        members = self.names.members_by_name if about.name_key == key else self.names.members_called
        people: list[Candidate] = []
        for player_id in self.names.players_by_name.get(key, ()):
            label = self.facts.players[player_id].display_name
            people.append(
                Candidate(
                    Person(player_id), label, tr("“{word}” is the player {player}.", word=mention.text, player=label)
                )
            )
        if key in members:
            people += self.through_discord(members[key], mention)
        if people and mention.kind is MentionKind.DISCORD:
            return people
        whole = [*self.through_characters(characters, mention), *people]
        return self._without_namesakes(whole) if len(whole) > 1 else whole

    def _characters_named(self, key: str, mention: Mention, about: KnownCharacter) -> list[KnownCharacter]:
        named = [self.facts.characters[i] for i in self.names.characters_by_name.get(key, ()) if i != about.id]
        wanted = realm_key(mention.realm) if mention.realm else None
        if not wanted:  # its own bare name marks a main, whatever namesakes there are on other realms
            return [] if mention.kind is MentionKind.NAME and key == about.name_key else named
        if key == about.name_key and is_of_realm(about, wanted):
            return []  # and so does its own name with its own realm
        there = [c for c in named if is_of_realm(c, wanted)]
        is_rather_a_trade = mention.only_if_known and key in self.vocabulary.categories
        return there if is_rather_a_trade or self._is_on_another_realm(key, mention) else there or named

    def _is_on_another_realm(self, key: str, mention: Mention) -> bool:
        """Whether the note gives a realm on which no one has the name.

        What follows a hyphen may be anything ("Brightmane-mental 702"): it counts where it is a realm of the guild, or is
        written as a name that no one has.
        """
        if mention.realm is None or not self.names.realms or self.names.is_on_realm(key, mention.realm):
            return False
        word = name_key(mention.realm)
        is_written_as_name = mention.is_realm_glued and mention.realm[:1] != mention.realm[:1].lower()
        is_strange = word not in self.vocabulary.categories and not self.names.is_current_name(word)
        return realm_key(mention.realm) in self.names.realms or (is_written_as_name and is_strange)

    def through_characters(self, characters: Iterable[KnownCharacter], mention: Mention) -> Iterator[Candidate]:
        """Yield the player of each character, or the character where it has none."""
        for character in characters:
            if character.player_id is not None:
                person = Person(character.player_id)
                evidence = tr("“{word}” is a character of {person}.", word=mention.text, person=self.label(person))
            else:
                person = Person(character_id=character.id)
                named = {"word": mention.text, "character": character.label}
                evidence = (
                    tr("“{word}” is the bank or shared character {character}.", **named)
                    if character.id in self.facts.shared
                    else tr("“{word}” is the character {character}.", **named)
                )
            yield Candidate(person, self.label(person), evidence)

    def _without_namesakes(self, candidates: list[Candidate]) -> list[Candidate]:
        """Take one character without a player for the same person as a player or member of exactly its name.

        Not where its own note names a person, nor where it is a bank or shared. Two such characters stay two candidates.
        """
        people = [candidate for candidate in candidates if candidate.person.character_id is None]
        numbers = [c.person.character_id for c in candidates if c.person.character_id is not None]
        if not people or len(numbers) != 1 or numbers[0] in self.facts.shared:
            return candidates
        if self.certain_mentions(self.facts.characters[numbers[0]]):
            return candidates
        return people

    def through_discord(self, member_ids: Iterable[int], mention: Mention) -> Iterator[Candidate]:
        """Yield the player of each Discord member, or the member itself if it has no player."""
        for member_id in sorted(member_ids):
            player_id = self.names.player_by_member.get(member_id)
            person = Person(player_id) if player_id is not None else Person(member_id=member_id)
            member = self.facts.members[member_id]
            is_whole = any(reading.key in discord_names(member) for reading in mention.readings)
            named = {"word": mention.text, "member": member.display_name}
            evidence = (
                tr("“{word}” is the Discord name of {member}.", **named)
                if is_whole
                else tr("“{word}” is part of the Discord name of {member}.", **named)
            )
            yield Candidate(person, self.label(person), evidence)


@lru_cache(maxsize=REMEMBERED_NOTES)
def _mentions_outside_text(note: str, vocabulary: Vocabulary) -> tuple[Mention, ...]:
    return tuple(m for m in parse_note(note, vocabulary).mentions if m.kind is not MentionKind.WORD)


def has_reading(mention: Mention, key: str) -> bool:
    return any(reading.key == key for reading in mention.readings)
