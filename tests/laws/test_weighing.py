"""What is weighed again after a change comes to the same as all weighed afresh, and little of it is weighed again."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import thoroughness
from laws.test_suggestions import STEMS, guilds, large_guild
from sv_common.guild_sync.core.names import name_key
from sv_common.guild_sync.identity.facts import GuildFacts, KnownPlayer
from sv_common.guild_sync.identity.known import MOST_GUILDS
from sv_common.guild_sync.identity.resolver import Resolver
from sv_common.guild_sync.insights.inbox.reads import Reads
from sv_common.guild_sync.insights.inbox.weighing import Weights, weights_of
from sv_common.guild_sync.issues.model import SubjectKind
from sv_common.guild_sync.rules import RULES

TRIED = settings(max_examples=thoroughness.examples(120), deadline=None)
ASKED = [rule for rule in RULES.values() if rule.candidates is not None]
Change = Callable[[st.DrawFn, GuildFacts], GuildFacts]


def _linked(draw: st.DrawFn, facts: GuildFacts) -> GuildFacts:
    number = draw(st.sampled_from(sorted(facts.characters)))
    player = draw(st.sampled_from([None, *sorted(facts.players)]))
    character = facts.characters[number]._replace(
        player_id=player, link_source="manual" if player is not None else None
    )
    return replace(facts, characters={**facts.characters, number: character})


def _new_player(draw: st.DrawFn, facts: GuildFacts) -> GuildFacts:
    number = max(facts.players, default=0) + 1
    player = KnownPlayer(number, draw(st.sampled_from(STEMS)), None, None, None)
    return replace(facts, players={**facts.players, number: player})


def _attached(draw: st.DrawFn, facts: GuildFacts) -> GuildFacts:
    number = draw(st.sampled_from(sorted(facts.players)))
    taken = {each.discord_user_id for each in facts.players.values()}
    free = [each for each in sorted(facts.members) if each not in taken]
    player = facts.players[number]._replace(discord_user_id=draw(st.sampled_from([None, *free])))
    return replace(facts, players={**facts.players, number: player})


def _remembered(draw: st.DrawFn, facts: GuildFacts) -> GuildFacts:
    word, player = draw(st.sampled_from([*STEMS, "Odo"])), draw(st.sampled_from(sorted(facts.players)))
    return replace(
        facts,
        aliases={**facts.aliases, name_key(word): player},
        written_aliases={**facts.written_aliases, name_key(word): word},
    )


def _ruled_out(draw: st.DrawFn, facts: GuildFacts) -> GuildFacts:
    pair = draw(st.sampled_from(sorted(facts.characters))), draw(st.sampled_from(sorted(facts.players)))
    return replace(facts, rejections=facts.rejections ^ {pair})


def _member_ruled_out(draw: st.DrawFn, facts: GuildFacts) -> GuildFacts:
    pair = draw(st.sampled_from(sorted(facts.players))), draw(st.sampled_from(sorted(facts.members)))
    return replace(facts, member_rejections=facts.member_rejections ^ {pair})


def _marked(draw: st.DrawFn, facts: GuildFacts) -> GuildFacts:
    number = draw(st.sampled_from(sorted(facts.characters)))
    marked = {each: by for each, by in facts.shared.items() if each != number}
    return replace(facts, shared=marked if number in facts.shared else {**marked, number: "officer alice"})


def _noted(draw: st.DrawFn, facts: GuildFacts) -> GuildFacts:
    number = draw(st.sampled_from(sorted(facts.characters)))
    character = facts.characters[number]._replace(note=draw(st.sampled_from([None, "", "Odo", *STEMS])))
    return replace(facts, characters={**facts.characters, number: character})


def _left(draw: st.DrawFn, facts: GuildFacts) -> GuildFacts:
    number = draw(st.sampled_from(sorted(facts.members)))
    member = facts.members[number]
    return replace(facts, members={**facts.members, number: member._replace(is_present=not member.is_present)})


CHANGES: tuple[Change, ...] = (
    *(_linked, _new_player, _attached, _remembered, _ruled_out, _member_ruled_out, _marked, _noted, _left),
)


@st.composite
def stories(draw: st.DrawFn) -> list[GuildFacts]:
    """A guild, and what it is after each of some changes."""
    told = [draw(guilds())]
    for change in draw(st.lists(st.sampled_from(CHANGES), min_size=1, max_size=4)):
        told.append(change(draw, told[-1]))
    return told


def _all_of(weights: Weights) -> dict[tuple[str, int], Any]:
    facts = weights.resolver.facts
    subjects = {SubjectKind.CHARACTER: facts.characters, SubjectKind.DISCORD_MEMBER: facts.members}
    return {
        (rule.issue_type, number): weights.of(rule, number)
        for rule in ASKED
        for number in subjects.get(rule.subject, {})
    }


@TRIED
@given(stories())
def test_after_any_change_the_weights_are_those_of_a_fresh_computation(told: list[GuildFacts]) -> None:
    before: Mapping[tuple[str, int], Any] = {}
    for facts in told:
        weights = Weights(Resolver(facts), before)
        assert _all_of(weights) == _all_of(Weights(Resolver(facts), {}))
        before = weights.settled()


def test_after_one_link_little_is_weighed_again() -> None:
    facts = large_guild(300)
    player = KnownPlayer(1, "Xyloqux", None, None, None)
    first = Weights(Resolver(facts), {})
    _all_of(first)
    linked = facts.characters[7]._replace(player_id=1, link_source="manual")
    after = replace(facts, characters={**facts.characters, 7: linked}, players={1: player})
    second = Weights(Resolver(after), first.settled())
    _all_of(second)
    kept = [place for place, weighing in second.settled().items() if weighing is first.settled()[place]]
    assert ("orphan_wow", 7) not in kept
    assert len(kept) > 0.9 * len(second.settled())


def test_what_cannot_be_compared_later_cannot_be_looked_up() -> None:
    resolver = Resolver(large_guild(3))
    watched = Reads().of(resolver)
    with pytest.raises(TypeError, match="only once"):
        watched.names.similar_character_names("kalo")


def test_a_look_up_that_comes_to_something_else_is_noticed() -> None:
    facts = large_guild(3)
    reads = Reads()
    watched = reads.of(Resolver(facts))
    assert 1 in watched.facts.characters
    assert watched.facts.players.get(5) is None
    again = replace(facts, today=date(2027, 1, 1), shared={2: "officer alice"})
    assert reads.are_the_same_in(Resolver(again))
    assert not reads.are_the_same_in(Resolver(replace(facts, players={5: KnownPlayer(5, "Mito", None, None, None)})))


@pytest.mark.parametrize("look", [len, list, lambda table: list(table.items())])
def test_who_looks_at_a_whole_table_rests_on_all_of_it(look: Callable[[Any], object]) -> None:
    facts = large_guild(3)
    reads = Reads()
    assert look(reads.of(Resolver(facts)).facts.characters)
    assert reads.are_the_same_in(Resolver(replace(facts, today=date(2027, 1, 1))))
    without = {number: each for number, each in facts.characters.items() if number != 2}
    assert not reads.are_the_same_in(Resolver(replace(facts, characters=without)))


def test_only_the_last_guilds_are_kept() -> None:
    facts = large_guild(3)
    resolvers = [Resolver(replace(facts, guild_id=number)) for number in range(MOST_GUILDS + 1)]
    kept = [weakref.ref(weights_of(each)) for each in resolvers]
    resolvers.clear()
    gc.collect()
    assert [each() is not None for each in kept] == [False] + [True] * MOST_GUILDS
