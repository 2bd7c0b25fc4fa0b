"""Who is suggested depends on the facts alone: not on their order, not on strangers, and never against an officer's word."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from types import FrameType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz import process

import thoroughness
from sv_common.guild_sync.core.names import name_key
from sv_common.guild_sync.identity.facts import GuildFacts, KnownCharacter, KnownMember, KnownPlayer
from sv_common.guild_sync.identity.resolver import Resolver
from sv_common.guild_sync.issues.explanation import CandidateKind, Strength, WeighedCandidate
from sv_common.guild_sync.rulebook.candidates.members import candidates_for_member
from sv_common.guild_sync.rulebook.candidates.owners import candidates_for_character
from sv_common.guild_sync.rulebook.explain import Known, RejectionFact

TRIED = settings(max_examples=thoroughness.examples(150), deadline=None)

STEMS = (
    "Zork",
    "Zorka",
    "Moonzork",
    "Sunzork",
    "Brightwynd",
    "Brightpaw",
    "Robert",
    "Marlfall",
    "Zorkadin",
    "Marl",
    "Kip",
)
DECORATIONS = ("{}", "Sir {}", "{} | raid lead", "[GM] {}", "{}_main", "🔥{}", "{}/Kip", "Bob", "xX{}Xx")
NOTES = (None, "", "Zork", "alt of Marl", "Odo", "Zork?", "Brightwind")
DAYS = (None, date(2026, 3, 1), date(2026, 3, 9), date(2026, 3, 10))
NOW = datetime(2026, 4, 1, tzinfo=UTC)
STRANGERS = ("Ωξψφ", "Φψξωθ")
STRANGERS_RANK = 9


@st.composite
def guilds(draw: st.DrawFn) -> GuildFacts:
    """Guilds of players, members and orphans whose names have much in common."""
    players = {
        number: KnownPlayer(number, draw(st.sampled_from(STEMS)), None, None, None)
        for number in range(draw(st.integers(1, 4)))
    }
    members = {}
    for number in range(draw(st.integers(1, 4))):
        name = draw(st.sampled_from(DECORATIONS)).format(draw(st.sampled_from(STEMS)))
        members[number] = KnownMember(number, str(number), name.lower(), None, name, True, draw(st.sampled_from(DAYS)))
    for number in list(players)[: len(members) // 2]:
        players[number] = players[number]._replace(discord_user_id=number)
    names = draw(st.lists(st.sampled_from(STEMS), min_size=2, max_size=8))
    characters = {}
    for number, name in enumerate(names):
        owner = draw(st.one_of(st.none(), st.sampled_from(sorted(players))))
        day, note = draw(st.sampled_from(DAYS)), draw(st.sampled_from(NOTES))
        characters[number] = _character(number, name, owner, f"realm{number}", note, draw(st.integers(1, 3)), day)
    pairs = st.frozensets(st.tuples(st.sampled_from(sorted(characters)), st.sampled_from(sorted(players))), max_size=3)
    of_members = st.frozensets(
        st.tuples(st.sampled_from(sorted(players)), st.sampled_from(sorted(members))), max_size=3
    )
    return GuildFacts(1, characters, players, members, {}, draw(pairs), member_rejections=draw(of_members))


def _character(
    number: int, name: str, owner: int | None, realm: str, note: str | None, rank: int, day: date | None
) -> KnownCharacter:
    about = (number, name, name_key(name), realm, realm, realm, note, owner, None, True)
    return KnownCharacter(*about, rank=rank, first_seen=day)


Suggested = dict[tuple[str, int], tuple[WeighedCandidate, ...]]


def _suggested(facts: GuildFacts) -> Suggested:
    """The candidates of every orphan of the guild, as its issue shows them."""
    resolver = Resolver(facts)

    def known(players: Iterable[int]) -> Known:
        words = [RejectionFact(player, "officer bob", NOW, None) for player in sorted(players)]
        return Known(resolver, NOW, rejections=words)

    attached = {player.discord_user_id for player in facts.players.values()}
    found: Suggested = {}
    for each in facts.characters.values():
        if each.player_id is None:
            ruled_out = known(player for character, player in facts.rejections if character == each.id)
            found["character", each.id] = candidates_for_character(ruled_out, each.id, None)
    for number in facts.members:
        if number not in attached:
            ruled_out = known(player for player, member in facts.member_rejections if member == number)
            found["member", number] = candidates_for_member(ruled_out, number, None)
    return found


@TRIED
@given(guilds(), st.randoms(use_true_random=False))
def test_suggestions_do_not_depend_on_the_order_of_the_facts(facts: GuildFacts, random: Any) -> None:
    def shuffled(rows: Any) -> dict[Any, Any]:
        pairs = list(rows.items())
        random.shuffle(pairs)
        return dict(pairs)

    other = replace(
        facts,
        characters=shuffled(facts.characters),
        players=shuffled(facts.players),
        members=shuffled(facts.members),
    )
    assert _in_short(_suggested(facts)) == _in_short(_suggested(other))


def _in_short(suggested: Suggested) -> dict[tuple[str, int], list[tuple[Any, ...]]]:
    return {
        about: [(each.kind, each.id, each.strength, sorted(each.speaks_for)) for each in found]
        for about, found in suggested.items()
    }


def rejected_of(facts: GuildFacts, kind: str) -> set[tuple[int, int]]:
    """What officers ruled out: the subject, and the player."""
    if kind == "character":
        return set(facts.rejections)
    return {(member, player) for player, member in facts.member_rejections}


@TRIED
@given(guilds())
def test_whom_an_officer_ruled_out_stands_behind_everyone_else(facts: GuildFacts) -> None:
    for (kind, about), found in _suggested(facts).items():
        for each in found:
            is_ruled_out = each.kind is CandidateKind.PLAYER and (about, each.id) in rejected_of(facts, kind)
            assert each.is_rejected == is_ruled_out
        states = [each.is_rejected for each in found]
        assert states == sorted(states)
        ruled_out = {pair for pair in rejected_of(facts, kind) if pair[0] == about}
        assert sum(states) == len(ruled_out)


@TRIED
@given(guilds())
def test_a_stronger_suggestion_is_never_behind_a_weaker_one(facts: GuildFacts) -> None:
    ranks = list(Strength)
    for found in _suggested(facts).values():
        strengths = [ranks.index(each.strength) for each in found if not each.is_rejected]
        assert strengths == sorted(strengths)


@TRIED
@given(guilds())
def test_nobody_is_suggested_without_a_reason_or_as_themselves(facts: GuildFacts) -> None:
    for (kind, about), found in _suggested(facts).items():
        assert all(each.speaks_for for each in found if not each.is_rejected)
        assert (CandidateKind(kind), about) not in {(each.kind, each.id) for each in found}
        assert len({(each.kind, each.id) for each in found}) == len(found)
        assert not any(each.is_decided for each in found)


@TRIED
@given(guilds(), st.booleans())
def test_a_player_who_has_nothing_in_common_changes_no_order(facts: GuildFacts, has_member: bool) -> None:
    member = KnownMember(90, "90", "ωξψφ", None, "Ωξψφ", is_present=True)
    player = KnownPlayer(90, "Ωξψφ", 90 if has_member else None, None, None)
    theirs = [
        _character(90 + at, name, 90, f"realm{90 + at}", "", STRANGERS_RANK, None) for at, name in enumerate(STRANGERS)
    ]
    larger = replace(
        facts,
        characters={**facts.characters, **{each.id: each for each in theirs}},
        players={**facts.players, 90: player},
        members={**facts.members, 90: member},
    )
    after = _in_short(_suggested(larger))
    assert {about: after[about] for about in _in_short(_suggested(facts))} == _in_short(_suggested(facts))


def _calls_of(work: Callable[[], object]) -> int:
    """How many functions a piece of work calls: the same on every machine."""
    calls = 0

    def count(_: FrameType, event: str, __: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
    return calls


def large_guild(number: int) -> GuildFacts:
    syllables = ("ka", "lo", "mi", "ru", "te", "na", "so", "vi", "da", "pe", "gu", "ze", "bra", "tor")
    characters, members = {}, {}
    for at in range(number):
        name = "".join(syllables[at // 14**power % 14] for power in range(4)).capitalize()
        characters[at] = _character(at, name, None, f"realm{at}", "", 1, None)
        members[at] = KnownMember(at, str(at), f"user{name.lower()}", None, f"{name} | Tank", is_present=True)
    characters[number] = _character(number, "Xyloqux", None, "realm", "", 1, None)
    members[number] = KnownMember(number, str(number), "xyloqx", None, "Xyloqx | Tank", is_present=True)
    return GuildFacts(1, characters, {}, members, {}, frozenset())


def test_strangers_whose_names_begin_otherwise_add_nothing_to_what_a_question_costs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared: list[int] = []
    extract = process.extract

    def counted(query: str, choices: list[str], **options: Any) -> Any:
        compared.append(len(choices))
        return extract(query, choices, **options)

    monkeypatch.setattr(process, "extract", counted)
    counts, distances = [], []
    for number in (300, 1200):
        known = Known(Resolver(large_guild(number)), NOW)
        candidates_for_character(known, 0, None)
        candidates_for_member(known, 0, None)
        assert candidates_for_character(known, number, None)[0].label == "Xyloqx | Tank"
        compared.clear()
        counts.append(
            _calls_of(lambda known=known, number=number: candidates_for_character(known, number, None))  # type: ignore[misc]
            + _calls_of(lambda known=known, number=number: candidates_for_member(known, number, None))  # type: ignore[misc]
        )
        distances.append(sum(compared))
    assert counts[1] <= 1.2 * counts[0], counts
    assert distances[0] > 0
    assert distances[1] <= 1.2 * distances[0], distances


@pytest.mark.parametrize("is_player", [True, False])
def test_a_word_that_everyone_on_discord_has_in_their_name_adds_nothing_to_what_a_question_costs(
    is_player: bool,
) -> None:
    counts = []
    for word in ("Tank", "Lantern"):  # the first is a word of the vocabulary, which is no name
        facts = large_guild(400)
        members = {
            at: each._replace(display_name=each.display_name.replace("Tank", word))
            for at, each in facts.members.items()
        }
        of_members = {at: KnownPlayer(at, f"Name{at}", at, None, None) for at in members if at % 3}
        notes = {
            at: each._replace(note=f"big {word.lower()}") if at % 3 else each for at, each in facts.characters.items()
        }
        facts = replace(facts, members=members, players=of_members if is_player else {}, characters=notes)
        known = Known(Resolver(facts), NOW)
        candidates_for_member(known, 0, None)
        candidates_for_character(known, 1, None)
        counts.append(
            _calls_of(lambda known=known: candidates_for_member(known, 0, None))  # type: ignore[misc]
            + _calls_of(lambda known=known: candidates_for_character(known, 1, None))  # type: ignore[misc]
        )
    assert counts[1] <= 1.5 * counts[0], counts
