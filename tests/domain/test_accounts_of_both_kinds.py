"""Pets and achievements together: no kind is compared with the other, and each reading changes what is known by the same rules."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import combinations, count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laws.law import tried_on
from sv_common.guild_sync.accounts.earned import Earned, earned_of
from sv_common.guild_sync.accounts.evidence import Answers, Evidence, Reading, grouped, renewed
from sv_common.guild_sync.accounts.hashes import EvidenceKey
from sv_common.guild_sync.accounts.kinds import Kept
from sv_common.guild_sync.accounts.sketch import Sketch, sketch_of
from sv_common.guild_sync.simulators.accounts import WorldAccount
from sv_common.guild_sync.sources.models import Achievement, CollectionAnswer, CollectionState

KEY = EvidenceKey(b"k" * 32, "eu")
DAY_1 = datetime(2026, 3, 2, tzinfo=UTC)
REFUSED: CollectionAnswer[Sketch] = CollectionAnswer(CollectionState.REFUSED)
FAILED: CollectionAnswer[Sketch] = CollectionAnswer(CollectionState.FAILED)
EARNED_REFUSED: CollectionAnswer[Earned] = CollectionAnswer(CollectionState.REFUSED)
EARNED_FAILED: CollectionAnswer[Earned] = CollectionAnswer(CollectionState.FAILED)
EARNED_NOT_ASKED: CollectionAnswer[Earned] = CollectionAnswer(CollectionState.NOT_ASKED)


def account_of(seed: str) -> WorldAccount:
    """Draw an account that can be told by its pets and by its achievements."""
    for attempt in count():
        account = WorldAccount.drawn(f"{seed} {attempt}")
        if len(account.pets) >= 6 and not earned(account).is_poor:
            return account
    raise AssertionError


def sketch(account: WorldAccount) -> Sketch:
    return sketch_of(KEY, account.pets)


def earned(account: WorldAccount) -> Earned:
    return earned_of(KEY, [Achievement(*each) for each in account.achievements.items()], DAY_1)


MITOS, AYLAS = account_of("Mito"), account_of("Ayla")


def pets_of(account: WorldAccount) -> Answers:
    return Answers(CollectionAnswer(CollectionState.READ, sketch(account)))


def achievements_of(account: WorldAccount) -> Answers:
    return Answers(REFUSED, CollectionAnswer(CollectionState.READ, earned(account)))


def after(*answers: Answers) -> Evidence:
    """Return what is known after answers of one day each."""
    known: Evidence | None = None
    for day, answer in enumerate(answers):
        known = renewed(known, answer, DAY_1 + timedelta(days=day))
    assert known is not None
    return known


def kept(known: Evidence) -> tuple[Kept | None, Kept | None]:
    reading, doubted = ((each.kept if each else None) for each in (known.reading, known.doubted))
    return reading, doubted


def test_achievements_are_a_first_reading_that_counts_at_once() -> None:
    assert kept(after(achievements_of(MITOS))) == (earned(MITOS), None)


def test_refused_pets_erase_what_was_read_of_pets() -> None:
    assert kept(after(pets_of(MITOS), achievements_of(MITOS))) == (earned(MITOS), None)
    for achievements in (EARNED_FAILED, EARNED_REFUSED, None):
        known = after(pets_of(MITOS), pets_of(AYLAS), Answers(REFUSED, achievements))
        assert (kept(known), known.account) == ((None, None), None)


def test_refused_achievements_erase_everything() -> None:
    known = after(achievements_of(MITOS), achievements_of(AYLAS), Answers(REFUSED, EARNED_REFUSED))
    assert (known.outcome, kept(known)) == ("refused", (None, None))


@pytest.mark.parametrize("achievements", [EARNED_FAILED, EARNED_NOT_ASKED, None])
def test_achievements_that_cannot_be_read_stay_what_they_were(achievements: CollectionAnswer[Earned] | None) -> None:
    known = after(achievements_of(MITOS), Answers(REFUSED, achievements))
    assert (known.outcome, kept(known)) == ("failed", (earned(MITOS), None))


def test_pets_that_cannot_be_read_change_neither_kind() -> None:
    assert kept(after(achievements_of(MITOS), Answers(FAILED))) == (earned(MITOS), None)
    assert kept(after(pets_of(MITOS), Answers(FAILED))) == (sketch(MITOS), None)


def test_pets_that_are_shown_again_replace_the_achievements_when_a_second_reading_says_the_same() -> None:
    assert kept(after(achievements_of(MITOS), pets_of(AYLAS))) == (earned(MITOS), sketch(AYLAS))
    assert kept(after(achievements_of(MITOS), pets_of(MITOS), pets_of(MITOS))) == (sketch(MITOS), None)


def test_pets_that_are_refused_again_leave_the_achievements_without_a_doubt() -> None:
    assert kept(after(achievements_of(MITOS), pets_of(AYLAS), achievements_of(MITOS))) == (earned(MITOS), None)


def test_achievements_of_another_account_count_when_a_second_reading_says_the_same() -> None:
    assert kept(after(achievements_of(MITOS), achievements_of(AYLAS))) == (earned(MITOS), earned(AYLAS))
    assert kept(after(achievements_of(MITOS), achievements_of(AYLAS), achievements_of(AYLAS))) == (earned(AYLAS), None)
    assert kept(after(achievements_of(MITOS), achievements_of(AYLAS), achievements_of(MITOS))) == (earned(MITOS), None)


def test_achievements_that_are_hidden_once_move_nobody_and_twice_erase_the_account() -> None:
    hidden = achievements_of(WorldAccount())
    assert kept(after(achievements_of(MITOS), hidden)) == (earned(MITOS), earned(WorldAccount()))
    assert kept(after(achievements_of(MITOS), hidden, hidden)) == (earned(WorldAccount()), None)
    assert kept(after(hidden, achievements_of(MITOS))) == (earned(MITOS), None), "too little is never in the way"


def test_too_few_minutes_are_confirmed_like_anything_else() -> None:
    in_one_minute = WorldAccount(achievements=dict.fromkeys(MITOS.achievements, 1_469_000_040_000))
    answer = achievements_of(in_one_minute)
    assert kept(after(achievements_of(MITOS), answer, answer)) == (earned(in_one_minute), None)


def test_what_is_too_old_is_forgotten_of_each_kind() -> None:
    known = after(achievements_of(MITOS), pets_of(MITOS))
    late = known.expired(DAY_1 + timedelta(days=28, hours=1))
    assert kept(late) == (None, sketch(MITOS))
    assert kept(known.expired(DAY_1 + timedelta(days=30))) == (None, None)
    assert kept(known.expired(DAY_1 - timedelta(days=1))) == (None, None), "a time in the future counts as too old"


class Guild:
    """A made-up guild: the account of each character, and what is known of it: by pets, by achievements, or not at all.

    One in three accounts shares four achievements of one minute with strangers, and one in five hides those of the account.
    """

    def __init__(self, seed: int, accounts: int) -> None:
        chance = random.Random(seed)  # noqa: S311
        self.truth: dict[int, int] = {}
        self.known: dict[int, Evidence] = {}
        for number in range(accounts):
            account = WorldAccount.drawn(f"{seed} {number}")
            shown = account if chance.random() < 0.8 else WorldAccount(account.pets)
            for _ in range(chance.choice((1, 2, 3, 6))):
                character = len(self.truth) + 1
                self.truth[character] = number
                made: Kept = sketch(account) if chance.random() < 0.6 else earned(shown)
                self.known[character] = Evidence(DAY_1, "read", Reading(made, DAY_1))

    def kind(self, character: int) -> type[Kept]:
        reading = self.known[character].reading
        assert reading is not None
        return type(reading.kept)


def accounts_of(known: Mapping[int, Evidence]) -> set[frozenset[int]]:
    members: dict[int, set[int]] = {}
    for number, each in known.items():
        if each.account is not None:
            members.setdefault(each.account, set()).add(number)
    return {frozenset(each) for each in members.values()}


@given(st.integers(0, 10_000), st.integers(1, 30))
@tried_on(60)
def test_an_account_never_has_strangers_nor_evidence_of_two_kinds(seed: int, accounts: int) -> None:
    guild = Guild(seed, accounts)
    known, groupings = grouped(guild.known)
    for members in accounts_of(known):
        assert len({guild.truth[character] for character in members}) == 1
        assert len({guild.kind(character) for character in members}) == 1
    assert accounts_of(known) == {frozenset(each) for each in groupings.accounts}


@given(st.integers(0, 10_000))
@tried_on(60)
def test_all_of_an_account_that_can_be_told_by_one_kind_are_found(seed: int) -> None:
    guild = Guild(seed, 20)
    known, groupings = grouped(guild.known)
    poor = {*groupings.pets.poor, *groupings.achievements.poor}
    for one, other in combinations(sorted(set(guild.truth) - poor), 2):
        if guild.truth[one] == guild.truth[other] and guild.kind(one) is guild.kind(other):
            assert known[one].account == known[other].account is not None


@given(st.integers(0, 10_000), st.randoms(use_true_random=False))
@tried_on(60)
def test_neither_the_order_nor_the_age_of_readings_changes_an_account(seed: int, chance: random.Random) -> None:
    guild = Guild(seed, 15)
    shuffled = list(guild.known.items())
    chance.shuffle(shuffled)
    older = {
        number: each._replace(
            reading=each.reading and each.reading._replace(read_at=DAY_1 - timedelta(days=number % 9))
        )
        for number, each in shuffled
    }
    assert accounts_of(grouped(older)[0]) == accounts_of(grouped(guild.known)[0])
