"""Which role is suggested for which rank: by name, never twice, never one that cannot be given."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patt.setup.steps.ranks import names_of, roles_for_ranks, suggest
from sv_common.guild_sync.roster.ranks import Rank
from sv_common.guild_sync.sources.models import DiscordRole

SERVER = "1"
WORDS = (
    "Officer",
    "officer",
    "Officers",
    "Offizier",
    "⚔ Officer",
    "Raider",
    "Raiders",
    "GM",
    "Guild Master",
    "Alt",
    "★",
    "",
    "Ränge",
)


def role(name: str, number: int = 5, *, position: int = 1, managed: bool = False) -> DiscordRole:
    return DiscordRole(str(number), name, position, managed)


def rank(index: int, name: str, *, in_game: str | None = None, role_id: str | None = None, none: bool = False) -> Rank:
    return Rank(index, name, in_game, 10 - index, role_id, None, False, none)


def suggested(ranks: dict[int, str], *names: str) -> dict[int, str]:
    roles = [role(name, number) for number, name in enumerate(names, start=2)]
    return {index: each.name for index, each in suggest(ranks, roles).items()}


@pytest.mark.parametrize(
    ("name", "roles"),
    [
        ("Officer", ()),
        ("Officer", ("Member", "Off", "Office", "Offi", "Officer Alt", "Co-Officer")),
        ("Raider", ("Raid Leader", "Raid", "Trial Raider")),
        ("★", ("★ ★", "☆")),
        ("", ("", " ")),
        ("A", ("As",)),
        ("Officer", ("Officers", "Offizier")),
        ("Officer", ("⚔ Officer", "Officer 🔥")),
    ],
)
def test_nothing_is_suggested_where_no_role_or_more_than_one_has_the_name(name: str, roles: tuple[str, ...]) -> None:
    assert suggested({1: name}, *roles) == {}


@pytest.mark.parametrize(
    ("name", "role_name"),
    [
        ("Officer", "Officer"),
        ("officer", "OFFICER"),
        ("Officer", "Officers"),
        ("Raiders", "Raider"),
        ("Officer", "Offizier"),
        ("Офицер", "Officers"),
        ("Gildenmeister", "GM"),
        ("Guild Master", "Guild Leader"),
        ("Maître de guilde", "Guild Master"),
        ("Initié", "initie"),
        ("Raid-Leader", "raid lead"),
        ("Trial", "⏳ Trials"),
        ("Twink", "Alts"),
        ("Friends & Family", "friend"),
        ("Class Lead", "⚔️ Class-Leads ⚔️"),
        ("Ветеран", "Veterans"),
    ],
)
def test_names_that_mean_the_same_are_suggested(name: str, role_name: str) -> None:
    assert suggested({3: name}, "Book Club", role_name) == {3: role_name}


def test_the_equal_name_goes_before_the_alike_one_and_that_before_the_meaning() -> None:
    assert suggested({1: "Officer"}, "Officers", "officer!", "officer") == {1: "officer"}
    assert suggested({1: "Officer"}, "Offizier", "officer!") == {1: "officer!"}
    assert suggested({1: "Officer", 2: "Offizier"}, "Officers", "officer") == {1: "officer", 2: "Officers"}


def test_a_role_that_two_ranks_might_have_is_suggested_for_neither() -> None:
    assert suggested({1: "Officers", 2: "Offizier"}, "Officer") == {}
    assert suggested({1: "Officer", 2: "Officer"}, "Officer") == {}


def test_only_roles_that_can_be_given_are_offered_the_most_powerful_first() -> None:
    roles = [
        role("@everyone", int(SERVER), position=0),
        role("Server Booster", 2, position=9, managed=True),
        role("Raider", 3, position=4),
        role("Officer", 4, position=7),
        role("Twin", 6, position=7),
    ]
    assert [each.name for each in roles_for_ranks(roles, SERVER)] == ["Officer", "Twin", "Raider"]


def test_only_known_names_of_undecided_ranks_count_and_the_highest_is_always_the_guild_masters() -> None:
    table = [
        rank(0, "Guild Master"),
        rank(1, "Rank 1"),
        rank(2, "Rank 2", in_game="Raider"),
        rank(3, "Veteran", in_game="Veteran", role_id="5"),
        rank(4, "Alt", in_game="Alt", none=True),
        rank(5, "Trial", in_game="Trial"),
    ]
    assert names_of(table) == {0: "Guild Master", 2: "Raider", 5: "Trial"}


names = st.one_of(st.sampled_from(WORDS), st.text(max_size=8))


@given(st.dictionaries(st.integers(0, 9), names, max_size=10), st.lists(st.tuples(names, st.booleans()), max_size=12))
def test_no_role_is_suggested_twice_and_none_that_cannot_be_given(
    ranks: dict[int, str], drawn: list[tuple[str, bool]]
) -> None:
    roles = [role("@everyone", int(SERVER))]
    roles += [role(name, number, managed=managed) for number, (name, managed) in enumerate(drawn, start=2)]
    usable = roles_for_ranks(roles, SERVER)
    found = suggest(ranks, usable)
    assert set(found) <= set(ranks)
    assert len({each.role_id for each in found.values()}) == len(found)
    assert all(each in roles and not each.managed and each.role_id != SERVER for each in found.values())


@given(
    st.dictionaries(st.integers(0, 9), names, max_size=10),
    st.lists(names, max_size=10),
    st.randoms(use_true_random=False),
)
def test_the_order_of_ranks_and_roles_changes_no_suggestion(
    ranks: dict[int, str], drawn: list[str], chance: object
) -> None:
    roles = [role(name, number) for number, name in enumerate(drawn, start=2)]
    items = list(ranks.items())
    chance.shuffle(items)  # type: ignore[attr-defined] # a random.Random that hypothesis controls
    assert suggest(dict(items), roles[::-1]) == suggest(ranks, roles)


@given(st.lists(names, min_size=1, max_size=8, unique_by=str.lower), st.data())
def test_a_role_that_is_spelt_just_like_a_rank_is_suggested_for_it(drawn: list[str], data: st.DataObject) -> None:
    wanted = data.draw(st.sampled_from(drawn))
    keys = [each.strip().lower() for each in drawn]
    if keys.count(wanted.strip().lower()) == 1 and wanted.strip():
        roles = [role(name, number) for number, name in enumerate(drawn, start=2)]
        found = suggest({4: wanted}, roles)
        assert found[4].name == wanted
