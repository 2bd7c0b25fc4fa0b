"""Whom each open question most likely means: worked out once for the facts of a guild."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from weakref import WeakKeyDictionary

from sv_common.guild_sync.identity.facts import KnownCharacter
from sv_common.guild_sync.identity.resolver import Resolver
from sv_common.guild_sync.insights.inbox.model import Best
from sv_common.guild_sync.issues.explanation import CandidateKind, Strength, WeighedCandidate
from sv_common.guild_sync.issues.model import SubjectKind
from sv_common.guild_sync.rulebook.candidates.choices import choose
from sv_common.guild_sync.rulebook.explain import Known, LinkFact, RejectionFact
from sv_common.guild_sync.rulebook.rule import RuleDefinition

_SOME_TIME = datetime(2000, 1, 1, tzinfo=UTC)
"""Who decided something, and when, changes no weight: the list leaves it out, and a question says it."""


class Weights:
    """The candidates of a guild's questions, by rule and subject. Made of nothing but the facts of the resolver."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._known: dict[tuple[str, int], tuple[WeighedCandidate, ...]] = {}
        self._ruled_out: Mapping[SubjectKind, dict[int, list[RejectionFact]]] = {
            SubjectKind.CHARACTER: defaultdict(list),
            SubjectKind.DISCORD_MEMBER: defaultdict(list),
        }
        for character, player in sorted(resolver.facts.rejections):
            self._ruled_out[SubjectKind.CHARACTER][character].append(RejectionFact(player, "", _SOME_TIME, None))
        for player, member in sorted(resolver.facts.member_rejections):
            self._ruled_out[SubjectKind.DISCORD_MEMBER][member].append(RejectionFact(player, "", _SOME_TIME, None))

    def of(self, rule: RuleDefinition, number: int) -> tuple[WeighedCandidate, ...]:
        """Return who the subject of a rule's finding could be and can be chosen, best first; its sentences name no dates."""
        place = rule.issue_type, number
        if place not in self._known:
            self._known[place] = tuple(self._choosable(rule, number))
        return self._known[place]

    def _choosable(self, rule: RuleDefinition, number: int) -> Iterator[WeighedCandidate]:
        if rule.candidates is None or rule.subject not in self._ruled_out:
            return
        character = self._resolver.facts.characters.get(number) if rule.subject is SubjectKind.CHARACTER else None
        known = Known(
            self._resolver,
            _SOME_TIME,
            link=_link(character) if character is not None else None,
            rejections=self._ruled_out[rule.subject].get(number, ()),
        )
        for found in rule.candidates(known, number, None):
            if is_choosable(self._resolver, rule.subject, number, found):
                yield found


def weights_of(resolver: Resolver) -> Weights:
    if resolver not in _weights:
        _weights[resolver] = Weights(resolver)
    return _weights[resolver]


def best(candidates: Sequence[WeighedCandidate]) -> Best | None:
    return Best(candidates[0].label, candidates[0].strength) if candidates else None


def is_person(candidate: WeighedCandidate) -> bool:
    """Whether more than a little says that it is a person who is known."""
    return candidate.kind is not CandidateKind.CHARACTER and candidate.strength is not Strength.WEAK


def is_choosable(resolver: Resolver, kind: SubjectKind, number: int, found: WeighedCandidate) -> bool:
    """Whether an officer can decide for a candidate: two characters without a player can become one."""
    if kind is SubjectKind.CHARACTER and found.kind is CandidateKind.CHARACTER:
        subject = resolver.facts.characters.get(number)
        is_free = subject is not None and subject.player_id is None
        return is_free and not resolver.facts.shared.keys() & {number, found.id} and not found.is_rejected
    return choose(kind, number, found) is not None


def _link(character: KnownCharacter) -> LinkFact | None:
    if character.player_id is None:
        return None
    return LinkFact(character.player_id, character.link_source or "", "", _SOME_TIME, None)


_weights: WeakKeyDictionary[Resolver, Weights] = WeakKeyDictionary()
