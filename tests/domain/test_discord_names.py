"""What of a Discord name is a name, and what decorates it."""

from __future__ import annotations

import pytest

from sv_common.guild_sync.identity.names.discord_names import plain_letters, undecorated
from sv_common.guild_sync.notes import DEFAULT_VOCABULARY


@pytest.mark.parametrize(
    "name",
    [
        *("Mito", "Mito [GM]", "[Offi] Mito", "Mito (she/her)", "Mito (they)", "she/her Mito"),
        *("Mito | Raid Lead", "Mito | Holy Priest", "Tank Mito", "✦ Mito ✦", "~Mito~", "Dr. Mito"),
        *("[AFK] Mito", "Mito 🌸 (Officer)", "𝓜𝓲𝓽𝓸", "𝕄𝕚𝕥𝕠 [GM]", "ᴍɪᴛᴏ", "🅼🅸🆃🅾", "Ｍｉｔｏ | tank", "Mito / Elrek"),
        *("Elrek | Mito", "Elrek • Mito", "Mito 2", "Mito (inaktiv)", "Mito - Offizier"),
    ],
)
def test_a_name_decides_where_all_the_rest_is_decoration(name: str) -> None:
    assert "mito" in undecorated(name, DEFAULT_VOCABULARY)


@pytest.mark.parametrize(
    "name",
    [
        *("Not Mito", "Still Not Mito", "not mito (GM)", "Mito's mom", "Mitos Freundin", "Mito's alt account"),
        *("Team Mito", "Mito fan", "Friend of Mito", "Mito and Elrek", "the real Mito", "formerly Mito"),
        *("Mito was here", "nicht Mito", "ikke Mito", "brat Mito", "Mito's [GM] wife", "I love Mito"),
        "ex Mito",
    ],
)
def test_a_name_does_not_decide_where_the_rest_says_something(name: str) -> None:
    assert "mito" not in undecorated(name, DEFAULT_VOCABULARY)


@pytest.mark.parametrize(
    ("name", "whole"), [("Big Rob (Officer)", "big rob"), ("The Duchess (she/her)", "the duchess")]
)
def test_a_name_of_several_words_stays_whole(name: str, whole: str) -> None:
    assert whole in undecorated(name, DEFAULT_VOCABULARY)


def test_a_word_of_the_vocabulary_is_no_name_for_standing_in_one() -> None:
    assert undecorated("Zork | Tailor", DEFAULT_VOCABULARY) == {"zork | tailor", "zork"}


@pytest.mark.parametrize("text", ["𝓡𝓸𝔁𝓪𝓷𝓷𝓮", "ʀᴏxᴀɴɴᴇ", "🆁🅾🆇🅰🅽🅽🅴", "Ⓡⓞⓧⓐⓝⓝⓔ", "🇷🇴🇽🇦🇳🇳🇪"])
def test_letters_that_are_drawn_as_others_are_written_plainly(text: str) -> None:
    assert plain_letters(text).lower() == "roxanne"
