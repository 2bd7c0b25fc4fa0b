"""Who each open question most likely means: worked out once for the facts of a guild."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sv_common.guild_sync.core.language import language
from sv_common.guild_sync.identity.facts import KnownCharacter
from sv_common.guild_sync.identity.known import MOST_GUILDS
from sv_common.guild_sync.identity.resolver import Resolver
from sv_common.guild_sync.insights.inbox.model import Best
from sv_common.guild_sync.insights.inbox.reads import Places, Reads
from sv_common.guild_sync.issues.explanation import CandidateKind, Strength, WeighedCandidate
from sv_common.guild_sync.issues.model import SubjectKind
from sv_common.guild_sync.rulebook.candidates.choices import choose
from sv_common.guild_sync.rulebook.explain import Known, LinkFact, RejectionFact
from sv_common.guild_sync.rulebook.rule import ListCandidates, RuleDefinition

_SOME_TIME = datetime(2000, 1, 1, tzinfo=UTC)
"""Who decided something, and when, changes no weight: the list leaves it out, and a question says it."""


@dataclass(frozen=True, slots=True)
class _Weighing:
    """Who the subject of a finding could be, and all that this was worked out from."""

    link: LinkFact | None
    rejections: Sequence[RejectionFact]
    reads: Reads
    candidates: tuple[WeighedCandidate, ...]


class Weights:
    """The candidates of a guild's questions, by rule and subject. Made of nothing but the facts of the resolver.

    What was weighed for the facts before stays where everything that it rests on is the same now.
    """

    def __init__(self, resolver: Resolver, before: Mapping[tuple[str, int], _Weighing]) -> None:
        self._resolver = resolver
        self._places = Places(resolver)
        self._before = before
        self._known: dict[tuple[str, int], _Weighing] = {}
        self._ruled_out: Mapping[SubjectKind, dict[int, list[RejectionFact]]] = {
            SubjectKind.CHARACTER: defaultdict(list),
            SubjectKind.DISCORD_MEMBER: defaultdict(list),
            SubjectKind.PLAYER: {},
        }
        for character, player in sorted(resolver.facts.rejections):
            self._ruled_out[SubjectKind.CHARACTER][character].append(RejectionFact(player, "", _SOME_TIME, None))
        for player, member in sorted(resolver.facts.member_rejections):
            self._ruled_out[SubjectKind.DISCORD_MEMBER][member].append(RejectionFact(player, "", _SOME_TIME, None))

    def of(self, rule: RuleDefinition, number: int) -> tuple[WeighedCandidate, ...]:
        """Return who the subject of a rule's finding could be and can be chosen, best first; its sentences name no dates."""
        if rule.candidates is None or rule.subject not in self._ruled_out:
            return ()
        place = rule.issue_type, number
        if place not in self._known:
            self._known[place] = self._weighing(rule, number, rule.candidates)
        return self._known[place].candidates

    @property
    def resolver(self) -> Resolver:
        return self._resolver

    def settled(self) -> Mapping[tuple[str, int], _Weighing]:
        """Return what the next facts can be compared with: what was weighed, and else what was weighed before."""
        return self._known or self._before

    def _weighing(self, rule: RuleDefinition, number: int, candidates: ListCandidates) -> _Weighing:
        character = self._resolver.facts.characters.get(number) if rule.subject is SubjectKind.CHARACTER else None
        link = _link(character) if character is not None else None
        rejections = self._ruled_out[rule.subject].get(number, ())
        before = self._before.get((rule.issue_type, number))
        is_asked_alike = before is not None and (before.link, before.rejections) == (link, rejections)
        if before is not None and is_asked_alike and before.reads.are_the_same_in(self._places):
            return before
        reads = Reads()
        resolver = reads.of(self._resolver)
        found = candidates(Known(resolver, _SOME_TIME, link=link, rejections=rejections), number, None)
        choosable = tuple(each for each in found if is_choosable(resolver, rule.subject, number, each))
        return _Weighing(link, rejections, reads, choosable)


def weights_of(resolver: Resolver) -> Weights:
    """Return the weights of a resolver; what they have in common with the last ones of its guild is taken from those."""
    guild_id = resolver.facts.guild_id
    spoken, last = _recent.pop(guild_id, ("", None))
    if last is None or spoken != language():
        last = Weights(resolver, {})
    elif last.resolver is not resolver:
        last = Weights(resolver, last.settled())
    _recent[guild_id] = language(), last
    while len(_recent) > MOST_GUILDS:
        _recent.popitem(last=False)
    return last


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
        is_shared = any(each in resolver.facts.shared for each in (number, found.id))
        return is_free and not is_shared and not found.is_rejected
    return choose(kind, number, found) is not None


def _link(character: KnownCharacter) -> LinkFact | None:
    if character.player_id is None:
        return None
    return LinkFact(character.player_id, character.link_source or "", "", _SOME_TIME, None)


_recent: OrderedDict[int, tuple[str, Weights]] = OrderedDict()
"""By guild, each with the language of the sentences."""
