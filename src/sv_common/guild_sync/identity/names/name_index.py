"""Everyone a guild knows, by every name they have. Each index is built when it is first used."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence, Set
from functools import cached_property, lru_cache
from typing import TypeVar

from rapidfuzz.distance import Prefix

from sv_common.guild_sync.core.names import name_key, realm_key
from sv_common.guild_sync.identity.facts import GuildFacts, KnownCharacter, KnownMember
from sv_common.guild_sync.identity.names.discord_names import undecorated
from sv_common.guild_sync.identity.names.inflection import is_written_in_polish, owners_forms
from sv_common.guild_sync.identity.names.similarity import (
    SHORTEST_UNSPACED_BEGINNING,
    KnownNames,
    SimilarNames,
    is_similar,
    remembered_known_names,
    remembered_names,
)
from sv_common.guild_sync.identity.names.spellings import folds_of
from sv_common.guild_sync.notes import Vocabulary, fold_accents
from sv_common.guild_sync.notes.words.tokens import is_unspaced

SHORTEST_DISCORD_WORD = 3

FEWEST_POLISH_TEXTS = 3
LEAST_POLISH_SHARE = 0.05
"""Names and notes with Polish letters, in parts of the characters, from which a guild is taken to write Polish."""

SHORTEST_ABBREVIATION = 2
SHORTEST_PET_REALM = 3
_SHORTEST_REALM = 4
"""Letters that are enough for the beginning of a realm's name."""

_REMEMBERED_MEMBERS = 8192
"""Members whose names stay taken apart from one scan to the next."""

_WORD = re.compile(r"[^\W_]+")
_EDGE = re.compile(r"^[\W_]+|[\W_]+$")


_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


def _index(pairs: Iterable[tuple[_Key, _Value]]) -> dict[_Key, list[_Value]]:
    index: dict[_Key, list[_Value]] = defaultdict(list)
    for key, value in pairs:
        index[key].append(value)
    return index


class NameIndex:
    """The names of one guild. Keys are as `name_key` makes them; values are row ids, or rows."""

    def __init__(self, facts: GuildFacts) -> None:
        self._facts = facts
        self._own_names: dict[int, frozenset[str]] = {}
        self._whole_names: dict[int, frozenset[str]] = {}
        self.own_notes: dict[tuple[str, int], bool] = {}
        """Notes of which a resolver has told whether they name their own player, or no one: it rests on names alone."""

    @classmethod
    def following(cls, facts: GuildFacts, before: NameIndex) -> NameIndex:
        """Return the index of facts, with what is the same in an earlier one, as when only notes and links have changed."""
        index, old = cls(facts), before._facts
        known = old.characters
        changed = [character for number, character in facts.characters.items() if known.get(number) is not character]
        if len(known) != len(facts.characters) or any(_named(c) != _named(known.get(c.id)) for c in changed):
            return index
        if _people_of(old) != _people_of(facts):
            return index
        index.__dict__ |= {name: value for name, value in before.__dict__.items() if name in _OF_NAMES_ALONE}
        players = {each.player_id for character in changed for each in (character, known[character.id])}
        for mine, theirs in ((index._own_names, before._own_names), (index._whole_names, before._whole_names)):
            mine |= {player: names for player, names in theirs.items() if player not in players}
        index.own_notes |= {key: is_own for key, is_own in before.own_notes.items() if key[1] not in players}
        if "characters_by_player" in before.__dict__:
            index.characters_by_player = before._with_links_of(changed, players)
        return index

    def _with_links_of(
        self, changed: Sequence[KnownCharacter], players: Set[int | None]
    ) -> dict[int, list[KnownCharacter]]:
        """The characters by player, where some characters are other ones now, of players that they have or had."""
        numbers = {character.id for character in changed}
        found = self.characters_by_player.copy()
        for player in players - {None}:
            rest = [each for each in self.characters_by_player.get(player or 0, ()) if each.id not in numbers]
            theirs = [*rest, *(each for each in changed if each.player_id == player)]
            found[player or 0] = sorted(theirs, key=lambda each: each.id)
        return found

    @cached_property
    def characters_by_name(self) -> dict[str, list[int]]:
        """Characters in the guild by name; on several realms, several may have one."""
        return _index((character.name_key, character.id) for character in self._facts.characters.values())

    @cached_property
    def characters_by_player(self) -> dict[int, list[KnownCharacter]]:
        return _index((c.player_id, c) for c in self._facts.characters.values() if c.player_id is not None)

    @cached_property
    def players_by_name(self) -> dict[str, list[int]]:
        return _index((name_key(player.display_name), player.id) for player in self._facts.players.values())

    @cached_property
    def player_by_member(self) -> dict[int, int]:
        return {p.discord_user_id: p.id for p in self._facts.players.values() if p.discord_user_id is not None}

    @cached_property
    def members_by_name(self) -> dict[str, list[int]]:
        return _index((name, member.id) for member in self._present_members() for name in discord_names(member))

    @cached_property
    def members_called(self) -> dict[str, list[int]]:
        """Present Discord members by each name that means them: whole, or but for decoration ("Brightmane [GM]")."""
        return _index(
            (name, member.id)
            for member in self._present_members()
            for name in names_of_member(member, self._facts.vocabulary)
        )

    @cached_property
    def realms(self) -> frozenset[str]:
        characters = self._facts.characters.values()
        return frozenset(key for c in characters for key in (c.realm_key, realm_key(c.realm_name or "")) if key)

    @cached_property
    def members_by_word(self) -> dict[str, list[int]]:
        """Present Discord members by each word of their names: a suggestion, since "Not Mito" is not Mito."""
        return _index(
            (word, member.id)
            for member in self._present_members()
            for word in _discord_words(member, self._facts.vocabulary)
        )

    def members_of_word(self, key: str) -> frozenset[int]:
        """The members with this word, or a form of it, in one of their names."""
        words = {key, *(word for fold in folds_of(key) for word in self._words_by_owners_form.get(fold, ()))}
        return frozenset(member for word in words for member in self.members_by_word.get(word, ()))

    @cached_property
    def _words_by_owners_form(self) -> dict[str, list[str]]:
        return self._by_owners_form(self.members_by_word)

    def _by_owners_form(self, keys: Iterable[str]) -> dict[str, list[str]]:
        forms = ((key, form) for key in keys for form in owners_forms(key, is_polish=self._is_polish))
        return _index((fold, key) for key, form in forms for fold in folds_of(form))

    def whole_names(self, player_id: int) -> frozenset[str]:
        """A player's names, here and on Discord. Kept, since each of the player's notes asks for them."""
        if player_id not in self._whole_names:
            self._whole_names[player_id] = self.names_here(player_id) | self.names_on_discord(player_id)
        return self._whole_names[player_id]

    def names_here(self, player_id: int) -> frozenset[str]:
        """A player's names apart from Discord. Built on demand: after a small change only few players are needed."""
        if player_id not in self._own_names:
            player = self._facts.players.get(player_id)
            names = {character.name_key for character in self.characters_by_player.get(player_id, ())}
            names.update(self._aliases_by_player.get(player_id, ()), [name_key(player.display_name)] if player else ())
            self._own_names[player_id] = frozenset(names)
        return self._own_names[player_id]

    @cached_property
    def _aliases_by_player(self) -> dict[int, list[str]]:
        return _index((player_id, key) for key, player_id in self._facts.aliases.items())

    def names_on_discord(self, player_id: int) -> frozenset[str]:
        member = self._member_of(player_id)
        return names_of_member(member, self._facts.vocabulary) if member else frozenset()

    def words_on_discord(self, player_id: int) -> frozenset[str]:
        member = self._member_of(player_id)
        return _discord_words(member, self._facts.vocabulary) if member else frozenset()

    def other_spellings(self, key: str) -> frozenset[str]:
        """The names, as keys, that are this one but for accents, letters written out, or the Chinese script."""
        return frozenset(name for fold in folds_of(key) for name in self._names_by_fold.get(fold, ()))

    def inflected_names(self, key: str) -> frozenset[str]:
        """The names, as keys, of which this may be a form that stands for an owner, in a language that declines names."""
        return frozenset(name for fold in folds_of(key) for name in self._names_by_owners_form.get(fold, ()))

    def similar_character_names(self, word: str) -> Iterator[str]:
        """The characters' names, as keys, of which a word may be another case, a slip or a short form; they begin alike."""
        alike = self._names_by_first_letter.get(fold_accents(word)[:1], ())
        return (name for name in alike if is_similar(word, name))

    @cached_property
    def _names_by_first_letter(self) -> dict[str, list[str]]:
        return _index((fold_accents(name)[:1], name) for name in self.characters_by_name)

    def characters_inside(self, key: str) -> frozenset[int]:
        """The characters whose name an unspaced word begins or ends with: it may say something about them."""
        if not is_unspaced(key[0]):
            return frozenset()
        lengths = range(SHORTEST_UNSPACED_BEGINNING, len(key))
        parts = {part for length in lengths for part in (key[:length], key[-length:])}
        return frozenset(number for part in parts for number in self.characters_by_name.get(part, ()))

    def without_namesakes(self, names: frozenset[str]) -> frozenset[str]:
        """Drop names of members and players that are only another spelling of a character's name."""
        characters = {name for name in names if self.characters_by_name.get(name) or name in self._past_names}
        folds = frozenset[str]().union(*map(folds_of, characters))
        return frozenset(name for name in names if name in characters or folds.isdisjoint(folds_of(name)))

    def is_past_name(self, key: str) -> bool:
        """Whether a character that left or was renamed had exactly this name."""
        return key in self._past_names

    @cached_property
    def _past_names(self) -> frozenset[str]:
        former = (name_key(name) for names in self._facts.former_characters.values() for name in names)
        return self._facts.departed_names | frozenset(former)

    @cached_property
    def _all_names(self) -> set[str]:
        return {*self.characters_by_name, *self.players_by_name, *self.members_called, *self._past_names}

    @cached_property
    def _names_by_fold(self) -> dict[str, list[str]]:
        return _index((fold, key) for key in self._all_names for fold in folds_of(key))

    @cached_property
    def _names_by_owners_form(self) -> dict[str, list[str]]:
        return self._by_owners_form(self._all_names)

    @cached_property
    def _is_polish(self) -> bool:
        """Whether the guild writes Polish, so that "Zorki" there probably means Zorka."""
        characters = self._facts.characters.values()
        telling = sum(is_written_in_polish(text) for c in characters for text in (c.name, c.note or ""))
        return telling >= max(FEWEST_POLISH_TEXTS, LEAST_POLISH_SHARE * len(characters))

    def is_current_name(self, key: str) -> bool:
        return bool(self.characters_by_name.get(key) or self.players_by_name.get(key) or self.members_called.get(key))

    def is_on_realm(self, key: str, realm: str) -> bool:
        wanted = realm_key(realm)
        return any(is_of_realm(self._facts.characters[i], wanted) for i in self.characters_by_name.get(key, ()))

    def is_realm_of_guild(self, realm: str) -> bool:
        return any(is_meant_by_realm(character, realm) for character in self._facts.characters.values())

    def _member_of(self, player_id: int) -> KnownMember | None:
        player = self._facts.players.get(player_id)
        return self._facts.members.get(player.discord_user_id or 0) if player else None

    @cached_property
    def similar_names(self) -> SimilarNames:
        """The characters' names, in the order of `namesakes`, to be searched by similarity."""
        return remembered_names(tuple(characters[0].name for characters in self.namesakes))

    @cached_property
    def namesakes(self) -> list[list[KnownCharacter]]:
        """The characters of each name, in an order that does not depend on their numbers."""
        return [
            sorted((self._facts.characters[number] for number in numbers), key=lambda character: character.label)
            for _, numbers in sorted(self.characters_by_name.items())
            if numbers
        ]

    @cached_property
    def known_names(self) -> KnownNames:
        """Every whole name of a character or Discord member."""
        names = [c.name for c in self._facts.characters.values()]
        names += [name for member in self._present_members() for name in sorted(discord_names(member))]
        return remembered_known_names(tuple(dict.fromkeys(names)))

    def _present_members(self) -> Iterator[KnownMember]:
        return (member for member in self._facts.members.values() if member.is_present)


_OF_NAMES_ALONE = frozenset(
    {
        *("characters_by_name", "players_by_name", "player_by_member", "members_by_name", "members_called"),
        *("members_by_word", "realms", "similar_names", "known_names", "_aliases_by_player", "_names_by_first_letter"),
        *("_past_names", "_all_names", "_names_by_fold"),
    }
)
"""What rests on what everyone is called, and on no note and no link. Whether the guild writes Polish rests on its notes."""


def _named(character: KnownCharacter | None) -> tuple[object, ...]:
    return () if character is None else (character.name, character.name_key, character.realm_key, character.realm_name)


def _people_of(facts: GuildFacts) -> tuple[object, ...]:
    """All that names rest on besides characters."""
    players = [(player.id, player.display_name, player.discord_user_id) for player in facts.players.values()]
    of_old = facts.former_characters, facts.departed_names
    return players, facts.members, facts.aliases, facts.vocabulary, *of_old


def is_of_realm(character: KnownCharacter, wanted: str) -> bool:
    """Whether a character is on the realm of this key, which may be the beginning of the realm's ("Aggra (Português)")."""
    keys = (character.realm_key, realm_key(character.realm_name or ""))
    return any(key == wanted or (len(wanted) >= _SHORTEST_REALM and key.startswith(wanted)) for key in keys)


def is_meant_by_realm(character: KnownCharacter, words: str, *, is_own: bool = False) -> bool:
    """Whether words that stand where a realm may are the character's realm: its name, or the name in another case.

    `is_own`: of the character that has the note they may also be short for it ("A52", "Галик" for Галакронд).
    """
    said = words.strip().split(" ")[0] if " " in words and is_own else words
    for wanted, written in {(realm_key(words), words), (realm_key(said), said)}:
        for own in {character.realm_key, realm_key(character.realm_name or "")} - {""}:
            shared = Prefix.similarity(own, wanted)
            if own == wanted or shared >= max(_SHORTEST_REALM, min(len(wanted), len(own)) - 1):
                return True
            is_pet_name = written[:1] != written[:1].lower() and shared >= SHORTEST_PET_REALM
            if is_own and wanted and (is_pet_name or _is_short_for(written, wanted, own)):
                return True
    return False


def _is_short_for(written: str, wanted: str, own: str) -> bool:
    letters = iter(own)
    is_short = SHORTEST_ABBREVIATION <= len(wanted) <= _SHORTEST_REALM and written == written.upper()
    return is_short and own[0] == wanted[0] and all(letter in letters for letter in wanted)


@lru_cache(maxsize=_REMEMBERED_MEMBERS)
def discord_names(member: KnownMember) -> frozenset[str]:
    names = {member.username, member.global_name or "", member.display_name}
    keys = {name_key(name) for name in names} | {name_key(_EDGE.sub("", name)) for name in names}
    return frozenset(keys - {""})


@lru_cache(maxsize=_REMEMBERED_MEMBERS)
def _discord_words(member: KnownMember, vocabulary: Vocabulary) -> frozenset[str]:
    """The words of a member's names that may mean the member."""
    words = {
        name_key(word)
        for name in (member.username, member.global_name or "", member.display_name)
        for word in _WORD.findall(name)
    }
    long_enough = {word for word in words if len(word) >= SHORTEST_DISCORD_WORD and word not in vocabulary.categories}
    return names_of_member(member, vocabulary) | long_enough


@lru_cache(maxsize=_REMEMBERED_MEMBERS)
def names_of_member(member: KnownMember, vocabulary: Vocabulary) -> frozenset[str]:
    names = {member.username, member.global_name or "", member.display_name}
    return discord_names(member).union(*(undecorated(name, vocabulary) for name in names))
