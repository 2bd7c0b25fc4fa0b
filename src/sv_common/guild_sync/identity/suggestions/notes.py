"""Which characters a note without a certain name may mean: misspelled names, best first. Never a proof."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile
from typing import NamedTuple

from sv_common.guild_sync.identity.facts import KnownCharacter
from sv_common.guild_sync.identity.names.similarity import SHORTEST_PART, How
from sv_common.guild_sync.identity.resolver import Resolver
from sv_common.guild_sync.identity.verdicts import Verdict
from sv_common.guild_sync.notes import Category, Mention, MentionKind, NoteKind, ParsedNote

MOST_SUGGESTIONS = 5

_OF_A_NAMED_CHARACTER = 0.05
_OF_AN_ALT = 0.05
_MOST_WORDS_WITHOUT_SENTENCE = 3
_EVERYDAY = frozenset({Category.ORDINARY})
_SHORTENED = frozenset({Category.SPEC, Category.PROFESSION})
_SHORTEST_TRADE = 5
_NEARLY_EQUAL = frozenset({How.NAME, How.ACCENTS})


class Suggestion(NamedTuple):
    """A character that a note may mean, the words of the note that are similar to its name, and how."""

    number: int
    words: str
    how: How
    score: float


class Suggestions:
    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver

    def of(self, about: KnownCharacter) -> list[Suggestion]:
        """Return the characters that a character's note may mean, best first, never itself."""
        parsed = self._resolver.parse(about)
        best: dict[int, Suggestion] = {}
        for suggestion in self._all(parsed, about):
            if suggestion.number in self._resolver.facts.shared:
                continue
            if suggestion.number not in best or best[suggestion.number].score < suggestion.score:
                best[suggestion.number] = suggestion
        characters = self._resolver.facts.characters
        return sorted(best.values(), key=lambda suggestion: (-suggestion.score, characters[suggestion.number].label))[
            :MOST_SUGGESTIONS
        ]

    def _all(self, parsed: ParsedNote, about: KnownCharacter) -> Iterator[Suggestion]:
        if not parsed.is_about_others:
            for mention in parsed.mentions:
                yield from self._of_mention(mention, about)
        if parsed.kind in (NoteKind.NOISE, NoteKind.NAMES):
            yield from self._of_letters(about)

    def _of_mention(self, mention: Mention, about: KnownCharacter) -> Iterator[Suggestion]:
        keys = tuple(reading.key for reading in mention.readings)
        is_name = not mention.only_if_known
        explained = frozenset() if is_name else self._resolver.vocabulary.categories.get(keys[0], frozenset())
        if about.name_key in keys or self._is_in_sentence(mention, about):
            return
        if explained - _EVERYDAY:
            yield from self._shortened_to_a_trade(mention, about)
            return
        suggestions = [
            Suggestion(number, mention.text, how, score)
            for number, (_, score, how) in self._resolver.similar_characters(keys, in_text=mention.only_if_known)
            if number != about.id and (how in _NEARLY_EQUAL or not explained)
        ]
        least = suggestions[:MOST_SUGGESTIONS][-1].score - _OF_A_NAMED_CHARACTER - _OF_AN_ALT if suggestions else 0
        for suggestion in takewhile(lambda suggestion: suggestion.score >= least, suggestions):
            yield suggestion._replace(score=suggestion.score + self._renown(suggestion.number))

    def _is_in_sentence(self, mention: Mention, about: KnownCharacter) -> bool:
        """Whether the word is part of a sentence and not written as a name, or not as this guild writes names."""
        if mention.kind is not MentionKind.WORD or not mention.text.islower():
            return False
        words = len((about.note or "").split())
        is_plain = words > 1 and not mention.text.endswith("s") and not mention.is_doubtful
        is_otherwise_written = is_plain and not self._resolver.writes_names_small
        return words > _MOST_WORDS_WITHOUT_SENTENCE or is_otherwise_written

    def _shortened_to_a_trade(self, mention: Mention, about: KnownCharacter) -> Iterator[Suggestion]:
        """The one character whose name begins with a spec or profession that is the whole note and written as a name."""
        key = mention.readings[0].key
        explained = self._resolver.vocabulary.categories[key]
        is_as_a_name = mention.text == (about.note or "").strip() and mention.text == mention.text.capitalize()
        if not is_as_a_name or not explained <= _SHORTENED or len(key) < _SHORTEST_TRADE:
            return
        found = [
            Suggestion(number, mention.text, how, score)
            for number, (_, score, how) in self._resolver.similar_characters((key,))
            if how is How.BEGINNING and number != about.id
        ]
        if len(found) == 1:
            yield found[0]

    def _of_letters(self, about: KnownCharacter) -> Iterator[Suggestion]:
        """The characters whose name the note gives with blanks or marks between its letters ("B r a k k", "Bra'kk")."""
        note = about.note or ""
        letters = "".join(letter for letter in note if letter.isalpha())
        if len(letters) < SHORTEST_PART:
            return
        for number, (_, score, how) in self._resolver.similar_characters((letters,), in_text=True):
            if how in _NEARLY_EQUAL and number != about.id:
                yield Suggestion(number, note, how, score)

    def _renown(self, number: int) -> float:
        """How much more likely this character is than one with an equally similar name: notes mean mains, and often the same."""
        is_alt = self._resolver.resolve(self._resolver.facts.characters[number]).verdict is Verdict.CONFIDENT
        return _OF_A_NAMED_CHARACTER * (number in self._resolver.named_for_certain) - _OF_AN_ALT * is_alt
