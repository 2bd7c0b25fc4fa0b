"""The answers to a question: each candidate with the decision to send, the key of its plan, and what it would change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sv_common.guild_sync.changes.changeset import Changeset
from sv_common.guild_sync.core.errors import PattError
from sv_common.guild_sync.core.language import mark, tr
from sv_common.guild_sync.identity.accounts.decisions import ShareAccount
from sv_common.guild_sync.identity.decisions import (
    Decision,
    LinkCharacter,
    LinkCharacterToMember,
    MarkShared,
    NewPlayer,
    UnlinkMember,
)
from sv_common.guild_sync.identity.facts import KnownCharacter
from sv_common.guild_sync.identity.plans.keeping import OverruleProof
from sv_common.guild_sync.identity.plans.linking import check_is_free
from sv_common.guild_sync.identity.resolver import Resolver
from sv_common.guild_sync.identity.verdicts import Verdict
from sv_common.guild_sync.insights.inbox.model import Answer, NewPlayerOffer, Offer
from sv_common.guild_sync.insights.inbox.people import People
from sv_common.guild_sync.insights.inbox.weighing import is_choosable
from sv_common.guild_sync.issues.explanation import CandidateKind, WeighedCandidate
from sv_common.guild_sync.issues.model import SubjectKind
from sv_common.guild_sync.rulebook.candidates.choices import allow, choose, reject

_SHARED = mark("No player: it counts for no one")


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers to one question, planned from the facts as they are."""

    resolver: Resolver
    people: People
    remember: str | None

    def of(self, kind: SubjectKind, number: int, candidates: Sequence[WeighedCandidate]) -> list[Answer]:
        """Return the candidates in their order; those that can be chosen are numbered."""
        return list(self._numbered(kind, number, candidates))

    def new_player(self, characters: Sequence[int]) -> NewPlayerOffer:
        decision = NewPlayer(characters=[f"#{number}" for number in characters])
        plan, why_not = self._planned(decision)
        if plan is None:
            return NewPlayerOffer(None, None, None, why_not)
        name = next(iter(plan.created.values()))["display_name"]
        return NewPlayerOffer(decision, plan.key, self.people.effect(plan), name=name)

    def shared(self, character: int) -> Offer:
        decision = MarkShared(character=f"#{character}")
        plan, why_not = self._planned(decision)
        return Offer(None, None, None, why_not) if plan is None else Offer(decision, plan.key, tr(_SHARED))

    def unlink(self, player: int) -> Offer:
        """Offer that a player is not the Discord member any more."""
        decision = UnlinkMember(player=f"#{player}")
        plan, why_not = self._planned(decision)
        if plan is None:
            return Offer(None, None, None, why_not)
        return Offer(decision, plan.key, tr("No Discord member: no message and no role reaches them"))

    def share_account(self, character: int) -> Offer:
        """Offer that several people play on the account of a character."""
        decision = ShareAccount(character=f"#{character}")
        plan, why_not = self._planned(decision)
        if plan is None:
            return Offer(None, None, None, why_not)
        return Offer(decision, plan.key, tr("Nothing is concluded from this account any more"))

    def keep(self, character: int, member: int) -> Offer:
        """Offer that a character stays as it is, though a member has proven it."""
        decision = OverruleProof(character=f"#{character}", member=f"#{member}")
        plan, why_not = self._planned(decision)
        return Offer(None, None, None, why_not) if plan is None else Offer(decision, plan.key, plan.reason)

    def _numbered(self, kind: SubjectKind, number: int, candidates: Sequence[WeighedCandidate]) -> Iterator[Answer]:
        place = 0
        for found in candidates:
            decision = self._decision(kind, number, found)
            plan, why_not = self._planned(decision) if decision is not None else (None, None)
            place += plan is not None
            yield Answer(
                decision=decision if plan is not None else None,
                plan_key=plan.key if plan is not None else None,
                effect=self.people.effect(plan) if plan is not None else None,
                why_not=why_not,
                number=place if plan is not None else None,
                kind=found.kind,
                id=found.id,
                label=found.label,
                facts=self.people.line_of(found.kind, found.id),
                strength=found.strength,
                speaks_for=found.speaks_for,
                speaks_against=found.speaks_against,
                is_linked=found.is_linked,
                is_rejected=found.is_rejected,
                can_remember=plan is not None and self._can_remember(decision),
                reject=reject(kind, number, found),
                allow=allow(kind, number, found),
            )

    def _decision(self, kind: SubjectKind, number: int, found: WeighedCandidate) -> Decision | None:
        if not is_choosable(self.resolver, kind, number, found):
            return None
        if kind is SubjectKind.CHARACTER and found.kind is CandidateKind.CHARACTER:
            both = [f"#{number}", f"#{found.id}"]
            called_by_note = NewPlayer(characters=both)
            if self._planned(called_by_note)[0] is not None:
                return called_by_note
            return NewPlayer(characters=both, name=self.resolver.facts.characters[found.id].name)
        return choose(kind, number, found)

    def _can_remember(self, decision: Decision | None) -> bool:
        if not isinstance(decision, (LinkCharacter, LinkCharacterToMember)):
            return False
        return self.remember is not None and not decision.remember_note

    def _planned(self, decision: Decision) -> tuple[Changeset | None, str | None]:
        try:
            return decision.plan(self.resolver), None
        except PattError as refusal:
            return None, str(refusal)


def word_to_remember(resolver: Resolver, character: KnownCharacter) -> str | None:
    """Return the name in a note that no one has, or that several could have, and that may become an alias."""
    decision = resolver.resolve(character)
    is_open = decision.verdict is Verdict.UNKNOWN or (
        decision.verdict is Verdict.AMBIGUOUS and len(decision.candidates) > 1
    )
    if not is_open or decision.named is None:
        return None
    try:
        check_is_free(resolver.facts, decision.named)
    except PattError:
        return None
    return decision.named
