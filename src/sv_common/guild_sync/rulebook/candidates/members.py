"""Who a Discord member without a player could be: players and characters, each with reasons for and against."""

from __future__ import annotations

from collections.abc import Iterator

from sv_common.guild_sync.changes.changeset import Changeset
from sv_common.guild_sync.core.language import tr
from sv_common.guild_sync.core.text import with_or
from sv_common.guild_sync.identity.facts import KnownCharacter, KnownMember, KnownPlayer
from sv_common.guild_sync.identity.names.name_index import discord_names
from sv_common.guild_sync.identity.resolver import Resolver
from sv_common.guild_sync.identity.suggestions.clues import Kind
from sv_common.guild_sync.identity.suggestions.people import SuggestedPeople
from sv_common.guild_sync.identity.verdicts import Person, Verdict
from sv_common.guild_sync.issues.explanation import Strength, WeighedCandidate
from sv_common.guild_sync.rulebook.candidates.drafts import A_NAME_ALONE, ONLY_SIMILAR, Drafts, Weight, says_nothing
from sv_common.guild_sync.rulebook.explain import Known


def candidates_for_member(known: Known, member_id: int, plan: Changeset | None) -> tuple[WeighedCandidate, ...]:
    """Return the players and characters that could be the member's: the fix's choice first, those ruled out last."""
    member = known.member(member_id)
    return _Identities(known, member).all(plan) if member is not None else ()


class _Identities:
    def __init__(self, known: Known, member: KnownMember) -> None:
        self._known = known
        self._resolver = known.resolver
        self._member = member
        self._drafts = Drafts()

    def all(self, plan: Changeset | None) -> tuple[WeighedCandidate, ...]:
        self._players()
        self._characters()
        self._by_similarity()
        self._rejected()
        for person in self._drafts.people:
            self._has_another_member(person)
        decided = {Person(character_id=number) for number in plan.linked} if plan is not None else set()
        if plan is not None:
            decided |= {Person(row.id) for row in plan.rows if row.table == "player" and row.is_update}
        return self._drafts.ordered(self._resolver, decided, self._is_rejected)

    def _players(self) -> None:
        free = players_named_like(self._resolver, self._member)
        for player in free:
            person = Person(player.id)
            sentence = tr("The player {player}, or one of their characters, has this name.", player=player.display_name)
            others = [other.display_name for other in free if other != player]
            self._drafts.speaks_for(person, Kind.NAME, Weight.SHARED if others else Weight.CERTAIN, sentence)
            if others:
                self._drafts.speaks_against(person, tr("The name could also mean {names}.", names=with_or(others)))
        for name in sorted(discord_names(self._member)):
            for number in self._resolver.names.players_by_name.get(name, ()):
                player = self._resolver.facts.players[number]
                if player.discord_user_id is not None:
                    sentence = tr("The player's name is {player}.", player=player.display_name)
                    self._drafts.speaks_for(Person(number), Kind.NAME, Weight.CERTAIN, sentence)

    def _characters(self) -> None:
        for character in _named_or_meaning(self._resolver, self._member):
            claim = self._claim(character)
            if claim is None:
                continue
            weight, why, why_not = claim
            person = self._resolver.people.owner(character)
            if person.player_id is not None:
                why = tr(
                    "{character}, a character of {player}: {why}",
                    character=character.label,
                    player=self._resolver.label(person),
                    why=why,
                )
            self._drafts.speaks_for(person, Kind.NOTE, weight, why)
            if why_not:
                self._drafts.speaks_against(person, why_not)

    def _claim(self, character: KnownCharacter) -> tuple[Weight, str, str | None] | None:
        """Return how much says that a character is the member's, why, and what speaks against it."""
        decision = self._resolver.resolve(character)
        if (why := _evidence(self._resolver, character, self._member)) is not None:
            return Weight.CERTAIN, why[:1].upper() + why[1:], None
        if says_nothing(decision):
            return None
        mine = next((each for each in decision.candidates if each.person.member_id == self._member.id), None)
        if mine is not None:
            if decision.verdict is not Verdict.AMBIGUOUS:
                return Weight.ONE_WORD, mine.evidence, tr("The note has other words too.")
            others = with_or([each.label for each in decision.candidates if each.label != mine.label])
            why_not = (
                tr("“{named}” could also mean {names}.", named=decision.named, names=others)
                if others
                else tr("“{named}” could also mean someone else with that name.", named=decision.named)
            )
            return Weight.SHARED, mine.evidence, why_not
        if character.name_key in discord_names(self._member):
            if self._resolver.member_named_like(character) is None:
                return Weight.SHARED, tr("The character has this member's Discord name."), tr("Others share this name.")
            why_not = f"{tr('Its note says otherwise.')} {decision.why_not_stronger or ''}".strip()
            return Weight.CONTRADICTED, tr("The character has this member's Discord name."), why_not
        return None

    def _by_similarity(self) -> None:
        known = set(self._drafts.people)
        for person, weighed in SuggestedPeople(self._resolver).of_member(self._member).items():
            if self._is_rejected(person):
                continue
            self._drafts.add(person, weighed.clues)
            if person not in known:
                why_not = A_NAME_ALONE if weighed.strength is Strength.STRONG else ONLY_SIMILAR
                self._drafts.speaks_against(person, tr(why_not))

    def _has_another_member(self, person: Person) -> None:
        player = self._resolver.facts.players.get(person.player_id or 0)
        if player is None or player.discord_user_id is None:
            return
        other = self._known.member(player.discord_user_id)
        why_not = (
            tr(
                "The player {player} is already linked to {member} on Discord.",
                player=player.display_name,
                member=other.display_name,
            )
            if other is not None
            else tr(
                "The player {player} is already linked to another Discord member on Discord.",
                player=player.display_name,
            )
        )
        self._drafts.speaks_against(person, why_not)
        self._drafts.weaken(person)

    def _rejected(self) -> None:
        words = {word.player_id: word for word in self._known.rejections}
        for player in players_named_like(self._resolver, self._member, rejected=True):
            sentence = tr("The player {player}, or one of their characters, has this name.", player=player.display_name)
            self._drafts.speaks_for(Person(player.id), Kind.NAME, Weight.CERTAIN, sentence)
        for number, word in words.items():
            sentence = word.sentence_of_member(self._member.display_name, self._known.player(number))
            self._drafts.speaks_against(Person(number), sentence)

    def _is_rejected(self, person: Person) -> bool:
        return (person.player_id, self._member.id) in self._resolver.facts.member_rejections


def unlinked_of_member(resolver: Resolver, member: KnownMember) -> list[tuple[KnownCharacter, str]]:
    """Return the characters without a player that are this member's by note or name, each with the sentence why."""
    return [
        (character, why)
        for character in _named_or_meaning(resolver, member)
        if character.player_id is None and character.is_present
        if (why := _evidence(resolver, character, member)) is not None
    ]


def _named_or_meaning(resolver: Resolver, member: KnownMember) -> Iterator[KnownCharacter]:
    numbers = {each.id for each in resolver.characters_meaning_member.get(member.id, ())}
    for name in discord_names(member):
        numbers.update(resolver.names.characters_by_name.get(name, ()))
    return (resolver.facts.characters[number] for number in sorted(numbers) if number not in resolver.facts.shared)


def _evidence(resolver: Resolver, character: KnownCharacter, member: KnownMember) -> str | None:
    decision = resolver.resolve(character)
    if decision.target is not None:
        return decision.target.evidence if decision.target.person.member_id == member.id else None
    if decision.verdict is Verdict.NOBODY and resolver.member_named_like(character) == member:
        return tr("the character has the Discord name of {member}.", member=member.display_name)
    return None


def players_named_like(resolver: Resolver, member: KnownMember, *, rejected: bool = False) -> list[KnownPlayer]:
    """Return the players without a Discord member who have one of this member's names, or a character with one.

    Without those that an officer has rejected for this member; with `rejected`, those alone.
    """
    characters = resolver.facts.characters
    numbers: set[int] = set()
    for name in member.name_keys:
        numbers.update(resolver.names.players_by_name.get(name, ()))
        owners = (characters[each].player_id for each in resolver.names.characters_by_name.get(name, ()))
        numbers.update(owner for owner in owners if owner is not None)
    found = (resolver.facts.players[number] for number in sorted(numbers))
    return [
        player
        for player in found
        if player.discord_user_id is None
        if ((player.id, member.id) in resolver.facts.member_rejections) is rejected
    ]
