"""Cleaning keeps every letter; folding is for likeness only."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sv_common.guild_sync.notes import fold_accents
from sv_common.guild_sync.notes.words.text import clean


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Dràven", "Draven"),
        ("Ødhrán", "Odhran"),
        ("Đorðe", "Dorde"),
        ("Þórgrím", "Thorgrim"),
        ("Łucjan", "Lucjan"),
        ("Ælfrun", "Aelfrun"),
        ("Cœur", "Coeur"),
        ("Weißfalk", "Weissfalk"),
        ("Ħıŧŋ", "Hitn"),
        ("Ştefan", "Stefan"),
        ("Ёлка", "Елка"),
        ("달그늘", "달그늘"),
        ("月影刃", "月影刃"),
        ("plain", "plain"),
    ],
)
def test_accents_and_ligatures_are_folded_and_other_scripts_survive(text: str, folded: str) -> None:
    assert fold_accents(text) == folded


@pytest.mark.parametrize(
    ("note", "text"),
    [
        ("|cff00ff00Vellora|r", "Vellora"),
        ("|cnIQ4:Vellora|r", "Vellora"),
        ("Vellora|rogue", "Vellora|rogue"),
        ("|Hplayer:1|h[Vellora]|h", "[Vellora]"),
        ("{rt1}Vellora{skull}", "Vellora"),
        ("{123}", "{123}"),
        ("Vel\u200blora\u200f", "Vellora"),
        ("⭐️Vellora⭐️", "Vellora"),
        ("Vellora’s ´alt`", "Vellora's 'alt'"),
        ("„Vellora“", '"Vellora"'),
        ("Vellora – alt—2", "Vellora - alt-2"),
        ("大号：月影刃，岚", "大号:月影刃,岚"),
        ("  a \t b\n", "a b"),
        ("A\u0301", "Á"),
        ("\ud800", ""),
    ],
)
def test_markup_and_typography_are_made_plain(note: str, text: str) -> None:
    assert clean(note) == text


@given(st.text(st.characters(categories=["L", "Nd"]), max_size=31))
@settings(deadline=None)
def test_letters_and_digits_of_any_script_survive(text: str) -> None:
    assert clean(text) == unicodedata.normalize("NFC", text)
