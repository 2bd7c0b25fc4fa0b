"""Grouping characters by their achievements, where Battle.net refuses the pets: what is never wrong, and what is no evidence."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laws.law import tried_on
from sv_common.guild_sync.accounts.earned import ACHIEVEMENTS, Earned, earned_of
from sv_common.guild_sync.accounts.grouping import MOST_HOLDERS, group
from sv_common.guild_sync.accounts.hashes import EvidenceKey
from sv_common.guild_sync.simulators.accounts import OLD_ACHIEVEMENTS
from sv_common.guild_sync.sources.models import Achievement

KEY = EvidenceKey(b"k" * 32, "eu")
NOW = datetime(2026, 3, 2, 12, 30, tzinfo=UTC)
NUMBERS = sorted(ACHIEVEMENTS)
JULY_2016 = 24_483_333
"""The minute of the mass event, since 1970."""


def earned(minutes: Mapping[int, float], key: EvidenceKey = KEY) -> Earned:
    """Reduce achievements with their minutes since 1970."""
    return earned_of(key, [Achievement(number, int(at * 60_000)) for number, at in minutes.items()], NOW)


def one_a_minute(first: int, count: int = 14, minute: int = JULY_2016) -> dict[int, float]:
    """Return so many achievements from the nth on, each a minute after the one before."""
    return {number: minute + place for place, number in enumerate(NUMBERS[first : first + count])}


class Guild:
    """A made-up guild: the accounts of its characters, and what each character's answer showed of its account.

    Strangers share up to four achievements of one minute. Some accounts show what is each character's own, and nothing else.
    """

    def __init__(self, seed: int, accounts: int) -> None:
        chance = random.Random(seed)  # noqa: S311
        self.truth: dict[int, int] = {}
        self.shown: dict[int, dict[int, float]] = {}
        for account in range(accounts):
            own = self._draw(chance)
            hides = chance.random() < 0.2
            for _ in range(chance.choice((1, 1, 2, 3, 9))):
                character = len(self.truth) + 1
                self.truth[character] = account
                self.shown[character] = {} if hides else self._stale(chance, own)

    @staticmethod
    def _draw(chance: random.Random) -> dict[int, float]:
        minute, own = chance.randint(JULY_2016, JULY_2016 + 3_000_000), {}
        for number in NUMBERS[: chance.choice((0, 3, 6, 10, 14, 14, 14))]:
            own[number] = float(minute)
            minute += chance.choice((0, 0, 1, 3, 90_000))
        return own | dict.fromkeys(NUMBERS[3 : 3 + chance.choice((0, 0, 2, 4))], float(JULY_2016))

    @staticmethod
    def _stale(chance: random.Random, own: Mapping[int, float]) -> dict[int, float]:
        """An older answer lacks what was earned last."""
        order = sorted(own, key=lambda number: own[number])
        return {number: own[number] for number in order[: len(order) - chance.choice((0, 0, 0, 1, 3))]}

    @property
    def known(self) -> dict[int, Earned]:
        return {character: earned(shown) for character, shown in self.shown.items()}


@given(st.integers(0, 10_000), st.integers(1, 40))
@tried_on(60)
def test_no_pair_of_two_accounts_is_ever_joined(seed: int, accounts: int) -> None:
    guild = Guild(seed, accounts)
    found = group(guild.known)
    joined = [pair for members in (*found.accounts, *found.reviews) for pair in combinations(members, 2)]
    assert [pair for pair in joined if guild.truth[pair[0]] != guild.truth[pair[1]]] == []


@given(st.integers(0, 10_000), st.randoms(use_true_random=False))
@tried_on(60)
def test_the_order_of_the_characters_changes_nothing(seed: int, chance: random.Random) -> None:
    known = Guild(seed, 15).known
    shuffled = list(known.items())
    chance.shuffle(shuffled)
    assert group(dict(shuffled)) == group(known)


@given(st.integers(0, 10_000))
@tried_on(60)
def test_everyone_in_an_account_agrees_with_everyone_else_in_both_directions(seed: int) -> None:
    known = Guild(seed, 15).known
    found = group(known)
    pairs = {pair for members in found.accounts for pair in combinations(members, 2)}
    assert all(known[a].agrees_with(known[b]) and known[b].agrees_with(known[a]) for a, b in pairs)
    places = [number for members in (*found.accounts, *found.reviews, found.poor, found.alone) for number in members]
    assert sorted(places) == sorted(known), "each character has one place"


@given(st.integers(0, 10_000), st.integers(6, 14))
@tried_on(60)
def test_what_an_old_answer_lacks_parts_nobody_who_shows_enough(seed: int, kept: int) -> None:
    chance = random.Random(seed)  # noqa: S311
    own = one_a_minute(0, 14, JULY_2016 + chance.randint(0, 5_000_000))
    older = dict(list(own.items())[:kept])
    assert earned(own).agrees_with(earned(older))


@given(st.dictionaries(st.sampled_from(NUMBERS), st.integers(JULY_2016, JULY_2016 + 10)))
def test_sixteen_bytes_an_achievement_are_kept_and_come_back_from_the_database(minutes: dict[int, float]) -> None:
    made = earned(minutes)
    stored = made.to_bytes()
    assert (len(stored), Earned.from_bytes(stored)) == (16 * len(minutes), made)


def test_six_equal_ones_of_four_minutes_are_enough_and_nothing_less_is() -> None:
    minutes = [0, 0, 0, 1, 2, 3]
    own = {number: JULY_2016 + minute for number, minute in zip(NUMBERS, minutes, strict=False)}
    assert earned(own).agrees_with(earned(own))
    five = dict(list(own.items())[1:])
    assert not earned(own).agrees_with(earned(five))
    three_minutes = own | {NUMBERS[5]: JULY_2016 + 2}
    assert not earned(three_minutes).agrees_with(earned(three_minutes))


def test_four_fifths_of_the_smaller_list_must_be_equal() -> None:
    of_ten = one_a_minute(0, 10)
    assert earned(of_ten).agrees_with(earned(of_ten | dict.fromkeys(NUMBERS[8:10], JULY_2016 + 900)))
    assert not earned(of_ten).agrees_with(earned(of_ten | dict.fromkeys(NUMBERS[7:10], JULY_2016 + 900)))
    assert earned(one_a_minute(0, 6)).agrees_with(earned(one_a_minute(0, 14))), "it is of the smaller one"


def test_strangers_who_logged_in_within_one_minute_are_not_joined() -> None:
    event = dict.fromkeys(NUMBERS[3:7], float(JULY_2016))
    one, other = (one_a_minute(0, 14, JULY_2016 + days * 1_440) | event for days in (100, 200))
    found = group({1: earned(one), 2: earned(other)})
    assert (found.accounts, found.reviews, found.alone) == ((), (), (1, 2))


@pytest.mark.parametrize("minutes", [{}, one_a_minute(0, 5), dict.fromkeys(NUMBERS, float(JULY_2016))])
def test_who_shows_too_little_tells_nothing(minutes: dict[int, float]) -> None:
    assert group({1: earned(minutes), 2: earned(minutes)}).poor == (1, 2)


def test_achievements_of_each_character_are_no_evidence() -> None:
    assert earned({6: JULY_2016, 40: JULY_2016}) == earned({})


def test_times_that_cannot_be_are_left_out() -> None:
    of_2003, tomorrow = datetime(2003, 12, 31, 23, 59, tzinfo=UTC), datetime(2026, 3, 3, tzinfo=UTC)
    given_times = [-1, 0, int(of_2003.timestamp() * 1000), int(tomorrow.timestamp() * 1000), 10**30]
    made = earned_of(KEY, [Achievement(NUMBERS[place], at) for place, at in enumerate(given_times)], NOW)
    assert made == earned({})


def test_only_the_minute_counts_and_the_first_one_of_an_achievement() -> None:
    assert earned({NUMBERS[0]: JULY_2016 + 0.9}) == earned({NUMBERS[0]: JULY_2016})
    twice = [Achievement(NUMBERS[0], (JULY_2016 + later) * 60_000) for later in (5, 0)]
    assert earned_of(KEY, twice, NOW) == earned({NUMBERS[0]: JULY_2016})


def test_the_same_achievements_have_other_numbers_in_another_guild_and_in_another_region() -> None:
    own = earned(one_a_minute(0))
    others = [earned(one_a_minute(0), key) for key in (EvidenceKey(b"o" * 32, "eu"), EvidenceKey(KEY.key, "us"))]
    of_all = [frozenset(number for moment in each.moments for number in moment) for each in (own, *others)]
    assert all(not one & other for one, other in combinations(of_all, 2))


def test_the_number_of_a_minute_is_never_that_of_an_achievement_or_a_pet() -> None:
    assert len({KEY.number(kind, 1, 2) for kind in ("pet", "achievement", "minute")}) == 3


def test_an_achievement_that_very_many_have_from_one_minute_joins_nobody() -> None:
    same = one_a_minute(0, 6)
    others = {n: earned(same | {NUMBERS[6]: JULY_2016 + 1_000 + n}) for n in range(MOST_HOLDERS + 1)}
    found = group(others)
    assert (found.accounts, found.reviews, found.common) == ((), (), 6)
    assert group({n: others[n] for n in range(MOST_HOLDERS)}).accounts


def test_a_character_that_connects_two_accounts_joins_neither() -> None:
    first, second = one_a_minute(0, 14), one_a_minute(0, 14, JULY_2016 + 90_000)
    between = dict(list(first.items())[:6]) | dict(list(second.items())[6:12])
    known = {1: earned(dict(list(first.items())[:7])), 2: earned(dict(list(second.items())[6:13])), 3: earned(between)}
    found = group(known)
    assert (found.accounts, found.reviews) == ((), ((1, 2, 3),))


def test_the_simulated_guilds_have_the_achievements_that_are_compared() -> None:
    assert set(OLD_ACHIEVEMENTS) == ACHIEVEMENTS
