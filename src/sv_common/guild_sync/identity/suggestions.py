"""Which characters a note may mean that names nobody for certain: badly written names, best first. Never a proof."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from itertools import takewhile
from typing import NamedTuple

from sv_common.guild_sync.identity.facts import KnownCharacter
from sv_common.guild_sync.identity.names.similarity import SHORTEST_PART, How
from sv_common.guild_sync.identity.resolver import Directory
from sv_common.guild_sync.identity.verdicts import Verdict
from sv_common.guild_sync.notes import Category, Mention, MentionKind, NoteKind, ParsedNote

MOST_HINTS = 5

_OF_A_NAMED_CHARACTER = 0.05
_OF_AN_ALT = 0.05
_MOST_WORDS_WITHOUT_SENTENCE = 3
_EVERYDAY = frozenset({Category.ORDINARY})
_SHORTENED = frozenset({Category.SPEC, Category.PROFESSION})
_SHORTEST_TRADE = 5
_NEARLY_EQUAL = frozenset({How.NAME, How.ACCENTS})


class Hint(NamedTuple):
    """A character that a note may mean, the words of the note that are like its name, and how they are."""

    number: int
    words: str
    how: How
    score: float


class Hints:
    """Everybody the guild knows, asked for whom a note may mean."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def of(self, about: KnownCharacter) -> list[Hint]:
        """Return the characters that the note of a character may mean, best first and never itself."""
        parsed = self._directory.parse(about)
        best: dict[int, Hint] = {}
        for hint in self._all(parsed, about):
            if hint.number not in best or best[hint.number].score < hint.score:
                best[hint.number] = hint
        characters = self._directory.facts.characters
        return sorted(best.values(), key=lambda hint: (-hint.score, characters[hint.number].label))[:MOST_HINTS]

    def _all(self, parsed: ParsedNote, about: KnownCharacter) -> Iterator[Hint]:
        if not parsed.is_about_others:
            for mention in parsed.mentions:
                yield from self._of_mention(mention, about)
        if parsed.kind in (NoteKind.NOISE, NoteKind.NAMES):
            yield from self._of_letters(about)

    def _of_mention(self, mention: Mention, about: KnownCharacter) -> Iterator[Hint]:
        keys = [reading.key for reading in mention.readings]
        is_name = not mention.only_if_known
        explained = frozenset() if is_name else self._directory.vocabulary.categories.get(keys[0], frozenset())
        if about.name_key in keys or self._is_in_sentence(mention, about):
            return
        if explained - _EVERYDAY:
            yield from self._shortened_to_a_trade(mention, about)
            return
        hints = [
            Hint(number, mention.text, how, score)
            for number, (_, score, how) in self._directory.characters_like(keys, in_text=mention.only_if_known)
            if number != about.id and (how in _NEARLY_EQUAL or not explained)
        ]
        least = hints[:MOST_HINTS][-1].score - _OF_A_NAMED_CHARACTER - _OF_AN_ALT if hints else 0
        for hint in takewhile(lambda hint: hint.score >= least, hints):
            yield hint._replace(score=hint.score + self._renown(hint.number))

    def _is_in_sentence(self, mention: Mention, about: KnownCharacter) -> bool:
        """Whether the word is one of a sentence and not even written as a name, or not as this guild writes names."""
        if mention.kind is not MentionKind.WORD or not mention.text.islower():
            return False
        words = len((about.note or "").split())
        is_plain = words > 1 and not mention.text.endswith("s") and not mention.is_doubtful
        is_otherwise_written = is_plain and not self._directory.writes_names_small
        return words > _MOST_WORDS_WITHOUT_SENTENCE or is_otherwise_written

    def _shortened_to_a_trade(self, mention: Mention, about: KnownCharacter) -> Iterator[Hint]:
        """The one character whose name begins with a spec or profession that is the whole note and written as a name."""
        key = mention.readings[0].key
        explained = self._directory.vocabulary.categories[key]
        is_as_a_name = mention.text == (about.note or "").strip() and mention.text == mention.text.capitalize()
        if not is_as_a_name or not explained <= _SHORTENED or len(key) < _SHORTEST_TRADE:
            return
        found = [
            Hint(number, mention.text, how, score)
            for number, (_, score, how) in self._directory.characters_like([key])
            if how is How.BEGINNING and number != about.id
        ]
        if len(found) == 1:
            yield found[0]

    def _of_letters(self, about: KnownCharacter) -> Iterator[Hint]:
        """The characters whose name the note gives with blanks or marks between its letters ("B r a k k", "Bra'kk")."""
        note = about.note or ""
        letters = "".join(letter for letter in note if letter.isalpha())
        if len(letters) < SHORTEST_PART:
            return
        for number, (_, score, how) in self._directory.characters_like([letters], in_text=True):
            if how in _NEARLY_EQUAL and number != about.id:
                yield Hint(number, note, how, score)

    def _renown(self, number: int) -> float:
        """How much rather this character is meant than one whose name is just as like: notes mean mains, and often the same."""
        is_alt = self._directory.decide(self._directory.facts.characters[number]).verdict is Verdict.CONFIDENT
        return _OF_A_NAMED_CHARACTER * (number in self._named_for_certain) - _OF_AN_ALT * is_alt

    @cached_property
    def _named_for_certain(self) -> frozenset[int | None]:
        decisions = map(self._directory.decide_alone, self._directory.facts.characters.values())
        return frozenset(target.person.character_id for decision in decisions if (target := decision.target))
