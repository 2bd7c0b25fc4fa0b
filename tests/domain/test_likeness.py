"""A badly written name finds the right one among the first three."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from sv_common.guild_sync.identity.names.similarity import How, SimilarNames, is_similar
from sv_common.guild_sync.notes import fold_accents
from sv_common.guild_sync.simulators.vocabulary import NAME_ENDS, NAME_STARTS

LEAST_SHARE_FOUND = 0.85
_ACCENTS = str.maketrans("aeiou", "áêïøü")


def _names() -> list[str]:
    """A guild's worth of names, some with accents; each beginning and each ending occurs several times."""
    rng = random.Random(1)  # noqa: S311 -- repeatable on purpose, guards nothing
    names = dict.fromkeys(rng.choice(NAME_STARTS) + rng.choice(NAME_ENDS) for _ in range(300))
    return [name.translate(_ACCENTS) if place % 5 == 0 else name for place, name in enumerate(names)]


NAMES = _names()


def _with_another_letter(name: str, rng: random.Random) -> str:
    place = rng.randrange(1, len(name))
    return name[:place] + rng.choice("abcdefghijklmnopqrstuvwxyz") + name[place + 1 :]


def _with_two_letters_swapped(name: str, rng: random.Random) -> str:
    place = rng.randrange(1, len(name) - 1)
    return name[:place] + name[place + 1] + name[place] + name[place + 2 :]


def _with_a_letter_doubled(name: str, rng: random.Random) -> str:
    place = rng.randrange(1, len(name))
    return name[:place] + name[place] + name[place:]


def _with_a_letter_missing(name: str, rng: random.Random) -> str:
    place = rng.randrange(1, len(name))
    return name[:place] + name[place + 1 :]


def _with_two_slips(name: str, rng: random.Random) -> str:
    return _with_a_letter_missing(_with_two_letters_swapped(name, rng), rng)


def _without_accents(name: str, _: random.Random) -> str:
    return fold_accents(name)


def _shortened(name: str, rng: random.Random) -> str:
    return name[: rng.randrange(len(name) - 2, len(name))]


SLIPS = (
    _with_another_letter,
    _with_two_letters_swapped,
    _with_a_letter_doubled,
    _with_a_letter_missing,
    _with_two_slips,
    _without_accents,
    _shortened,
)


@pytest.mark.parametrize("slip", SLIPS, ids=lambda slip: slip.__name__.strip("_"))
def test_the_right_name_is_among_the_first_three(slip: Callable[[str, random.Random], str]) -> None:
    rng = random.Random(2)  # noqa: S311 -- repeatable on purpose, guards nothing
    names = SimilarNames(NAMES)
    found = [
        place in [likeness.place for likeness in names.like([slip(name, rng)])[:3]] for place, name in enumerate(NAMES)
    ]
    assert sum(found) / len(found) >= LEAST_SHARE_FOUND


def test_the_name_itself_comes_before_the_same_with_accents_before_all_others() -> None:
    names = SimilarNames(["Uberonia", "Überøn", "Uberan", "Uberon"])
    assert [(likeness.place, likeness.how) for likeness in names.like(["uberon"])][:2] == [
        (3, How.NAME),
        (1, How.ACCENTS),
    ]


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("Ueberon", "Überøn"),
        ("gromoboy", "Громобой"),
        ("월하", "월하독작"),
        ("Goldie", "Goldenmane"),
        ("Brghtmn", "Brightmane"),
    ],
)
def test_other_ways_to_write_a_name_are_known(word: str, name: str) -> None:
    assert [likeness.place for likeness in SimilarNames(["Zork", name]).like([word])] == [1]


@pytest.mark.parametrize("word", ["lol", "pls", "ab", "Mist", "zugzug", "́"])
def test_a_stranger_is_like_nobody(word: str) -> None:
    assert SimilarNames(["Brightmane", "Überøn", "Grimrokk", "Opal"]).like([word]) == []


def test_among_other_words_only_nearly_the_name_itself_is_like_it() -> None:
    names = SimilarNames(["Brightmane"])
    assert names.like(["Bright"], in_text=True) == []
    assert len(names.like(["Brigthmane"], in_text=True)) == 1


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("Mtio", "Mito"),
        ("Mit", "Mito"),
        ("Mita", "Mito"),
        ("Mitto", "Mito"),
        ("Kpi", "Kip"),
        ("Elreck", "Elrek"),
        ("Bright", "Brightmane"),
        ("Вовин", "Вова"),
        ("Леши", "Лёша"),
        ("Машин", "Маша"),
        ("Мирданом", "Мирдан"),
        ("Сережи", "Серёжа"),
        ("Kuby", "Kuba"),
        ("Kasi", "Kasia"),
        ("Tomka", "Tomek"),
        ("Janka", "Janek"),
        ("Markowi", "Marek"),
    ],
)
def test_one_slip_or_another_case_makes_a_word_look_like_the_name(word: str, name: str) -> None:
    assert is_similar(word.lower(), name.lower())


@pytest.mark.parametrize(
    ("word", "name"), [("Zork", "Mito"), ("Zork", "Elrek"), ("Al", "Bo"), ("Вера", "Мирдан"), ("Opal", "Olaf")]
)
def test_other_names_do_not_look_like_it(word: str, name: str) -> None:
    assert not is_similar(word.lower(), name.lower())
