"""How mentions are read: kinds, readings, realms, markers, and the laws that hold for every text."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

import thoroughness
from sv_common.guild_sync.core.names import name_key
from sv_common.guild_sync.notes import (
    DEFAULT_VOCABULARY,
    Category,
    Mention,
    MentionKind,
    NoteKind,
    Reading,
    note_key,
    parse_note,
)
from sv_common.guild_sync.notes.grammar import _parse

TRADES = (Category.PROFESSION, Category.SPEC, Category.CLASS, Category.ROLE)
VOCABULARY_WORDS = sorted(DEFAULT_VOCABULARY.categories)
TRADE_WORDS = sorted(term for term, category in DEFAULT_VOCABULARY.entries if category in TRADES)


def first(note: str) -> Mention:
    return parse_note(note).mentions[0]


def readings(note: str) -> list[tuple[str, int]]:
    return [(reading.key, reading.rank) for reading in first(note).readings]


@pytest.mark.parametrize(
    ("note", "kind"),
    [
        ("Vellora", MentionKind.NAME),
        ("<A> Vellora", MentionKind.NAME),
        ("Vellora's DH waifu", MentionKind.NAME),
        ("Vellora's main", MentionKind.NAME),
        ("alt of Vellora", MentionKind.ALT_OF),
        ("i am Vellora", MentionKind.ALT_OF),
        ("Vellora's toon", MentionKind.ALT_OF),
        ("Main: Vellora", MentionKind.MAIN_IS),
        ("Vellora is my main", MentionKind.MAIN_IS),
        ("owner=Vellora", MentionKind.MAIN_IS),
        ("@vellora", MentionKind.DISCORD),
        ("disc vellora", MentionKind.DISCORD),
        ("vellora#1234", MentionKind.DISCORD),
        ("Vellora's bank", MentionKind.BANK_OF),
        ("Guildbank (managed by Vellora)", MentionKind.BANK_OF),
        ("Vellora/Quorrin", MentionKind.LIST_MEMBER),
        ("Alts: Vellora, Quorrin", MentionKind.LIST_MEMBER),
        ("casual raider joe", MentionKind.WORD),
        ("friend of Vellora", MentionKind.WORD),
    ],
)
def test_the_form_of_a_note_gives_the_kind_of_its_mention(note: str, kind: MentionKind) -> None:
    assert first(note).kind is kind


@pytest.mark.parametrize(
    ("note", "expected"),
    [
        ("Vellora's", [("vellora", 0), ("velloras", 1)]),
        ("Velloras alt", [("velloras", 0), ("vellora", 0)]),
        ("Velloras", [("velloras", 0), ("vellora", 1)]),
        ("Chris", [("chris", 0), ("chri", 1)]),
        ("Chris's alt", [("chris", 0)]),
        ("Chris' alt", [("chris", 0), ("chri", 1)]),
        ("Nyss alt", [("nyss", 0), ("nys", 1)]),
        ("kip7", [("kip7", 0), ("kip", 1)]),
        ("@vellora.", [("vellora.", 0), ("vellora", 1)]),
        ("vellora#1234", [("vellora", 0), ("vellora#1234", 1)]),
        ("твинк Мирдана", [("мирдана", 0), ("мирдан", 1)]),
        ("Ødhrán", [("ødhrán", 0)]),
        ("Weißfalk", [("weißfalk", 0)]),
    ],
)
def test_a_word_is_read_as_written_first_and_never_cut_blindly(note: str, expected: list[tuple[str, int]]) -> None:
    assert readings(note) == expected


@pytest.mark.parametrize(
    ("note", "realm"),
    [
        ("Vellora-Kel'Thuzad", "Kel'Thuzad"),
        ("Vellora-Area52 702", "Area52"),
        ("Vellora-mental 702", "mental"),
        ("Vellora-Argent Dawn", "Argent Dawn"),
        ("alt of Vellora-argent-dawn", "argent-dawn"),
        ("Vellora-Mental's alt", "Mental"),
        ("Vellora-Mental's DK", "Mental"),
        ("Vellora-Mental alt", "Mental"),
        ("Vellora", None),
        ("Vellora - Alch 225", None),
        ("Vellora-tank", None),
        ("Vellora-alt", None),
    ],
)
def test_what_follows_a_glued_hyphen_may_be_a_realm(note: str, realm: str | None) -> None:
    mention = first(note)
    assert (mention.text, mention.realm) == ("Vellora", realm)


@pytest.mark.parametrize(
    ("note", "expected"),
    [
        ("Main / Fury / BS 300", True),
        ("<M> Robin", True),
        ("main of Vellora", True),
        ("[A] Robin", False),
        ("Vellora's alt", False),
        ("Main: Vellora", None),
        ("Alts: Vellora, Quorrin", None),
        ("Alt?", None),
        ("Vellora", None),
    ],
)
def test_a_marker_says_whether_this_character_is_a_main(note: str, expected: bool | None) -> None:
    assert parse_note(note).marks_main is expected


def test_a_name_that_a_short_list_abbreviates_is_expanded_but_only_if_known() -> None:
    mentions = parse_note("Sleepyp/m").mentions
    assert [(mention.text, mention.only_if_known) for mention in mentions] == [("Sleepyp", False), ("Sleepym", True)]


def test_a_discord_name_may_have_blanks_after_a_colon() -> None:
    mentions = parse_note("Discord: Big Joe").mentions
    assert [(mention.readings[0].key, mention.only_if_known) for mention in mentions] == [
        ("big joe", False),
        ("big", True),
    ]


def test_a_vocabulary_word_in_a_list_of_professions_names_nobody() -> None:
    assert parse_note("Tailor / Alch 300").mentions == ()
    assert parse_note("tailor 300").mentions == ()


def test_an_everyday_word_with_a_tail_counts_if_somebody_is_called_so() -> None:
    assert [mention.only_if_known for mention in parse_note("Sleepy - Alch 225").mentions] == [True]


def test_two_capitals_are_rather_an_abbreviation_than_a_person() -> None:
    assert first("SM").only_if_known
    assert not first("Jo").only_if_known


def test_the_text_of_a_mention_is_as_written() -> None:
    assert first("aLT of VELLora").text == "VELLora"
    assert first("|cff00ff00Ødhrán|r's alt").text == "Ødhrán"


def test_the_key_for_display_is_what_the_note_certainly_names() -> None:
    assert note_key(parse_note("alt of Vellora")) == "vellora"
    assert note_key(parse_note("Discord: Big Joe")) == "big joe"
    assert note_key(parse_note("Holy")) is None
    assert note_key(parse_note("")) is None


def test_a_note_longer_than_any_real_one_is_read_at_its_beginning_only() -> None:
    assert note_key(parse_note("Vellora" + " 300" * 100_000)) == "vellora"


names = st.text(
    st.sampled_from("abcdefghijklmnopqrstuvwxyzáèîõüçñøðþßæłабвгдежзийклмнопрстуф"), min_size=3, max_size=12
).filter(lambda name: name not in DEFAULT_VOCABULARY.categories)
NAMING_FORMS = (
    *("{}", "({})", "alt of {}", "{}'s alt", "{} alt", "Alt {}", "ALT-{}", "alt: {}", "i am {}", "son to {}"),
    *("Twink von {}", "[MAIN:{}]", "Main: {}", "owner={}", "@{}", "Discord: {}", "dc {}", "<A> {}", "{} (Alt)"),
    *("{}/Quorrin", "{}, Quorrin", "{} - Alch 225", "{}'s DH waifu", "{} tank", "{} bank 2", "{}'s bank"),
    *("Guildbank (managed by {})", "reroll de {}", "alter de {}", "твинк {}", "{} 부캐", "{} 小号"),
)


@given(name=names, form=st.sampled_from(NAMING_FORMS))
@settings(deadline=None, max_examples=thoroughness.examples(300))
def test_any_name_in_any_naming_form_is_named_for_certain(name: str, form: str) -> None:
    assume(name_key(name) == name)
    certain = [mention for mention in parse_note(form.format(name)).mentions if not mention.only_if_known]
    assert Reading(name, 0) in [reading for mention in certain for reading in mention.readings]


@given(note=st.text(max_size=60) | st.lists(st.sampled_from([*VOCABULARY_WORDS, *"/-:,@#'|<>()^&=0123"])).map(" ".join))
@example(note="(小号'")
@settings(deadline=None, max_examples=thoroughness.examples(300))
def test_any_text_is_read_without_an_error_and_consistently(note: str) -> None:
    parsed = parse_note(note)
    assert _parse.__wrapped__(note, DEFAULT_VOCABULARY) == parsed
    assert (parsed.kind is NoteKind.NAMES) == any(not mention.only_if_known for mention in parsed.mentions)
    for mention in parsed.mentions:
        keys = [reading.key for reading in mention.readings]
        assert all(keys)
        assert keys == [name_key(key) for key in keys]
        assert mention.readings[0].rank == 0


@given(word=st.sampled_from(VOCABULARY_WORDS), change=st.sampled_from([str, str.upper, str.title]))
@settings(deadline=None, max_examples=thoroughness.examples(300))
def test_a_word_of_the_vocabulary_alone_never_certainly_names_somebody(word: str, change: Callable[[str], str]) -> None:
    assert parse_note(change(word)).kind is not NoteKind.NAMES


@given(
    words=st.lists(st.sampled_from(TRADE_WORDS), min_size=2, max_size=4),
    numbers=st.booleans(),
    separator=st.sampled_from([" / ", "/", ", ", " & ", " - ", " "]),
)
@settings(deadline=None, max_examples=thoroughness.examples(300))
def test_a_list_of_professions_names_nobody(words: list[str], numbers: bool, separator: str) -> None:
    note = separator.join(f"{word} 300" if numbers else word for word in words)
    assert parse_note(note).kind is not NoteKind.NAMES


@given(note=st.from_regex(r"[\[{(<]?[0-9 .,;:/+-]{1,20}[\]})>]?", fullmatch=True))
@settings(deadline=None)
def test_numbers_name_nobody(note: str) -> None:
    assert parse_note(note).mentions == ()


@given(name=names, form=st.sampled_from(NAMING_FORMS))
@settings(deadline=None)
def test_colors_and_invisible_characters_change_nothing(name: str, form: str) -> None:
    note = form.format(name)
    dressed = form.format(f"|cff00ff00{name}|r").replace(" ", " \u200b\u200f")
    assert parse_note(dressed) == parse_note(note)
