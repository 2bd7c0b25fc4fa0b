"""How typed words are found in names and texts: by their place, without case and, where they have none, without accents."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import thoroughness
from sv_common.guild_sync.insights.matching import Place, Wanted


@pytest.mark.parametrize(
    ("typed", "text", "place"),
    [
        ("Mito", "mito", Place.WHOLE),
        ("mit", "Mitoria", Place.BEGINNING),
        ("mito", "Sir Mitoria", Place.WORD),
        ("mito", "somito mitoria", Place.WORD),
        ("mito", "Somito", Place.INSIDE),
        ("mito alt", "Alt of Mito", Place.SCATTERED),
        ("mito lt", "Alt of Mito", None),
        ("elan", "Élan", Place.WHOLE),
        ("élan", "Elan", None),
        ("strasse", "Straße", Place.WHOLE),
        ("ИВАН", "иван", Place.WHOLE),
        ("ilyas", "İlyas", Place.WHOLE),
        ("n", "né", Place.BEGINNING),
        ("रा", "तारा", Place.INSIDE),
        ("%", "100 % sure", Place.WORD),
        ("_", "Mito", None),
        (".*", "Mito", None),
        ("  ", "Mito", Place.WHOLE),
        ("mito", "", None),
        ("x" * 500, "Mito", None),
    ],
)
def test_words_are_found_by_their_place_in_a_text(typed: str, text: str, place: Place | None) -> None:
    assert Wanted.of(typed).place_in(text) is place


def test_a_realm_is_searched_only_where_the_words_have_a_hyphen() -> None:
    assert Wanted.of("area").place_in_name("Mito-Area 52") is None
    assert Wanted.of("mito-area").place_in_name("Mito-Area 52") is Place.BEGINNING
    assert Wanted.of("mit-area").place_in_name("Mito-Area 52") is None


@pytest.mark.parametrize("typed", ["Mito-Area52", "mito-area-52", "MITO-Area 52"])
def test_a_realm_may_be_spelled_as_anywhere_in_the_game(typed: str) -> None:
    assert Wanted.of(typed).place_in_name("Mito-Area 52") is Place.WHOLE
    assert Wanted.of(typed).place_in_name("Mito-Hyjal") is None
    assert Wanted.of("mito-kelthuzad").place_in_name("Míto-Kel'Thuzad") is Place.WHOLE


@pytest.mark.parametrize(
    ("typed", "name", "place"),
    [
        ("@zephyr", "Zephyr", Place.WHOLE),
        ("@zeph", "Zephyr", Place.BEGINNING),
        ("@phyr", "Zephyr", None),
        ("@zephyr", "@zephyr", Place.WHOLE),
        ("@", "Zephyr", None),
        ("zeph", "Zephyr", Place.BEGINNING),
    ],
)
def test_a_name_on_discord_may_be_written_with_its_at(typed: str, name: str, place: Place | None) -> None:
    assert Wanted.of(typed).place_in_member(name) is place


def test_the_best_text_of_each_is_told_and_what_is_equally_good_stays_in_its_order() -> None:
    items: list[tuple[str, list[str | None]]] = [
        ("b", ["Somito", "Mito"]),
        ("a", [None, "Mito"]),
        ("c", ["Somito"]),
        ("d", ["Zork"]),
        ("e", ["Mitoria"]),
    ]
    assert Wanted.of("mito").best_of(items) == [("b", "Mito"), ("a", "Mito"), ("e", "Mitoria"), ("c", "Somito")]


@settings(deadline=None, max_examples=thoroughness.examples(200))
@given(st.text(min_size=1, max_size=20))
def test_whatever_is_written_finds_itself_however_it_is_composed(name: str) -> None:
    for typed in (name, unicodedata.normalize("NFC", name), unicodedata.normalize("NFD", name)):
        assert Wanted.of(typed).place_in(name) is Place.WHOLE
