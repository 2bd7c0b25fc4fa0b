"""The vocabulary is data, and a guild can change it."""

from __future__ import annotations

import pytest

from sv_common.guild_sync.core.errors import BadInput
from sv_common.guild_sync.notes import DEFAULT_VOCABULARY, Category, NoteKind, note_key, parse_note


def test_a_word_that_a_guild_adds_is_no_name_any_more() -> None:
    assert note_key(parse_note("Geldesel")) == "geldesel"
    vocabulary = DEFAULT_VOCABULARY.with_changes({"bank": ["Geldesel"]}, ())
    parsed = parse_note("Geldesel", vocabulary)
    assert (parsed.kind, parsed.is_bank) == (NoteKind.BANK, True)


def test_a_phrase_can_be_added() -> None:
    vocabulary = DEFAULT_VOCABULARY.with_changes({"alt": ["petit frère de poche"]}, ())
    assert note_key(parse_note("Petit frère de poche: Vellora", vocabulary)) == "vellora"


def test_a_word_that_a_guild_removes_can_be_a_name() -> None:
    assert note_key(parse_note("Tailor")) is None
    assert note_key(parse_note("Tailor", DEFAULT_VOCABULARY.with_changes({}, ["TAILOR"]))) == "tailor"


def test_a_removed_word_can_be_added_elsewhere_in_one_step() -> None:
    vocabulary = DEFAULT_VOCABULARY.with_changes({"bank": ["tailor"]}, ["tailor"])
    assert parse_note("tailor", vocabulary).kind is NoteKind.BANK


def test_equal_changes_make_equal_vocabularies_with_equal_hashes() -> None:
    one = DEFAULT_VOCABULARY.with_changes({"bank": ["Tresen", "Truhe"]}, ["tailor"])
    other = DEFAULT_VOCABULARY.with_changes({"bank": ["truhe", "tresen"]}, ["Tailor"])
    assert one == other
    assert hash(one) == hash(other)
    assert one != DEFAULT_VOCABULARY


def test_an_unknown_category_is_refused_by_name() -> None:
    with pytest.raises(BadInput, match="'food'"):
        DEFAULT_VOCABULARY.with_changes({"food": ["cheese"]}, ())


def test_a_word_without_letters_is_refused() -> None:
    with pytest.raises(BadInput, match=r"'\?!'"):
        DEFAULT_VOCABULARY.with_changes({"bank": ["?!"]}, ())


@pytest.mark.parametrize("category", Category)
def test_every_category_has_words(category: Category) -> None:
    assert any(known is category for _, known in DEFAULT_VOCABULARY.entries)


def test_words_are_known_with_and_without_their_accents() -> None:
    assert Category.CLASS in DEFAULT_VOCABULARY.categories["prêtre"]
    assert Category.CLASS in DEFAULT_VOCABULARY.categories["pretre"]


def test_everyday_words_without_their_accents_stay_possible_names() -> None:
    assert note_key(parse_note("Grace")) == "grace"
