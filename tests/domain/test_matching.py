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


def test_the_best_text_of_each_is_told_and_what_is_equally_good_stays_in_its_order() -> None:
    items = [("b", ["Somito", "Mito"]), ("a", [None, "Mito"]), ("c", ["Somito"]), ("d", ["Zork"]), ("e", ["Mitoria"])]
    assert Wanted.of("mito").best_of(items) == [("b", "Mito"), ("a", "Mito"), ("e", "Mitoria"), ("c", "Somito")]


@settings(deadline=None, max_examples=thoroughness.examples(200))
@given(st.text(min_size=1, max_size=20), st.sampled_from(["NFC", "NFD"]))
def test_whatever_is_written_finds_itself_however_it_is_composed(name: str, form: str) -> None:
    typed = unicodedata.normalize(form, name)
    assert Wanted.of(typed).place_in(name) is Place.WHOLE
