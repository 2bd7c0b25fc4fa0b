"""Who a member without a player, or a character, could be: each candidate with reasons for and against.

Candidates come from where the fixes take theirs: the decision about the note, the Discord name, and what officers have decided.
Similarity adds people that a misspelled note may mean, and proves nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from sv_common.guild_sync.changes.changeset import Changeset
from sv_common.guild_sync.core.names import name_key, realm_key
from sv_common.guild_sync.identity.facts import KnownCharacter, KnownMember, KnownPlayer
from sv_common.guild_sync.identity.names.name_index import discord_names
from sv_common.guild_sync.identity.resolver import Resolver
from sv_common.guild_sync.identity.suggestions import Suggestions
from sv_common.guild_sync.identity.verdicts import Candidate, Decision, Person, Verdict
from sv_common.guild_sync.issues.explanation import CandidateKind, WeighedCandidate
from sv_common.guild_sync.rulebook.explain import Known, rejected_by_officers
from sv_common.guild_sync.rulebook.rule import Remedy

MOST = 12
_MOST_SIMILAR = 4


def candidates_for_member(known: Known, member_id: int, plan: Changeset | None) -> tuple[WeighedCandidate, ...]:
    """Return the players and characters that could be the member's, the fix's choice first."""
    member = known.member(member_id)
    if member is None:
        return ()
    linked = set(plan.linked) if plan is not None else set()
    attached = {row.id for row in plan.rows if row.table == "player" and row.is_update} if plan is not None else set()
    found = [*_players(known, member, attached), *_characters(known, member, linked)]
    found.sort(key=lambda each: (not each.is_decided, len(each.speaks_against)))
    return tuple(found[:MOST])


def _players(known: Known, member: KnownMember, attached: set[int]) -> Iterator[WeighedCandidate]:
    free = players_named_like(known.resolver, member)
    for player in free:
        others = [other.display_name for other in free if other != player]
        yield WeighedCandidate(
            CandidateKind.PLAYER,
            player.id,
            player.display_name,
            (f"The player {player.display_name} has this name, or a character with it.",),
            (f"The name could also mean {' or '.join(others)}.",) if others else (),
            is_decided=player.id in attached,
        )
    for player in known.resolver.facts.players.values():
        if player.discord_user_id is None or name_key(player.display_name) not in discord_names(member):
            continue
        other = known.member(player.discord_user_id)
        name = other.display_name if other is not None else "another Discord member"
        why_not = f"The player {player.display_name} is {name} on Discord already."
        sentence = f"The player's name is {player.display_name}."
        yield WeighedCandidate(CandidateKind.PLAYER, player.id, player.display_name, (sentence,), (why_not,))


def _characters(known: Known, member: KnownMember, linked: set[int]) -> Iterator[WeighedCandidate]:
    named = set()
    facts = known.resolver.facts
    for character in facts.characters.values():
        if character.id not in facts.shared and (claim := _claim(known, character, member)) is not None:
            named.add(character.id)
            yield _possibility(known, character, *claim, is_decided=character.id in linked)
    names = sorted(discord_names(member))
    for number, similarity in known.resolver.similar_characters(names)[:_MOST_SIMILAR]:
        if number not in named:
            named.add(number)
            character = known.resolver.facts.characters[number]
            why = f"The Discord name {similarity.how} {character.label}."
            why_not = "It is similar to the name, but not the name itself, so it proves nothing."
            yield _possibility(known, character, why, (why_not,), is_decided=False)


def _claim(known: Known, character: KnownCharacter, member: KnownMember) -> tuple[str, tuple[str, ...]] | None:
    """Return why a character could be the member's and what speaks against it; None without any evidence."""
    decision = known.resolver.resolve(character)
    if (why := evidence_for_member(known.resolver, character, member)) is not None:
        return why[:1].upper() + why[1:], ()
    mine = next((each for each in decision.candidates if each.person.member_id == member.id), None)
    if mine is not None:
        if decision.verdict is not Verdict.AMBIGUOUS:
            return mine.evidence, ("It is only a word among others in the note.",)
        others = " or ".join(each.label for each in decision.candidates if each.label != mine.label)
        return mine.evidence, (f"“{decision.named}” could also mean {others or 'someone else with that name'}.",)
    if character.name_key in discord_names(member):
        why_not = f"Its note says something else. {decision.why_not_stronger or ''}".strip()
        if known.resolver.member_named_like(character) is None:
            why_not = "Others have the name too."
        return "The character has the Discord name.", (why_not,)
    return None


def _possibility(
    known: Known, character: KnownCharacter, why: str, why_not: tuple[str, ...], *, is_decided: bool
) -> WeighedCandidate:
    if character.player_id is not None:
        why_not = (*why_not, f"It belongs to {known.player(character.player_id)} already.")
    return WeighedCandidate(
        CandidateKind.CHARACTER, character.id, character.label, (why,), why_not, is_decided=is_decided
    )


def evidence_for_member(resolver: Resolver, character: KnownCharacter, member: KnownMember) -> str | None:
    """Return the sentence why a character is this member's by its note or name, or None."""
    decision = resolver.resolve(character)
    if decision.target is not None:
        return decision.target.evidence if decision.target.person.member_id == member.id else None
    if decision.verdict is Verdict.NOBODY and resolver.member_named_like(character) == member:
        return f"the character has the Discord name of {member.display_name}."
    return None


def players_named_like(resolver: Resolver, member: KnownMember, *, rejected: bool = False) -> list[KnownPlayer]:
    """Return the players without a Discord member who have one of this member's names, or a character with one.

    Without those that an officer has rejected for this member; with `rejected`, those alone.
    """
    names = member.name_keys
    return [
        player
        for player in resolver.facts.players.values()
        if player.discord_user_id is None
        if ((player.id, member.id) in resolver.facts.member_rejections) is rejected
        if name_key(player.display_name) in names
        or any(character.name_key in names for character in resolver.characters_of(player.id))
    ]


_CHOOSE = "Choose the player, or dismiss this with your reason."
_UNDO_THE_RULING = "If you think otherwise, undo that on the character’s page; or choose another player."


@dataclass(slots=True)
class _Draft:
    speaks_for: dict[str, None] = field(default_factory=dict)
    speaks_against: dict[str, None] = field(default_factory=dict)


def candidates_for_character(known: Known, character_id: int, plan: Changeset | None) -> tuple[WeighedCandidate, ...]:
    """Return who the owner of a character could be: the fix's choice first, those that officers rejected last."""
    character = known.character(character_id)
    return _Owners(known, character).all(plan) if character is not None else ()


def remedy_for_character(known: Known, character_id: int) -> Remedy | None:
    """Return what an officer can do about a character without a fix; an officer's rejection is the first reason."""
    character = known.character(character_id)
    if character is None:
        return None
    for candidate, rejection in rejected_by_officers(known, character):
        return Remedy(_UNDO_THE_RULING, rejection.sentence(character.label, candidate.label))
    return Remedy(_CHOOSE)


class _Owners:
    def __init__(self, known: Known, character: KnownCharacter) -> None:
        self._known = known
        self._resolver = known.resolver
        self._about = character
        self._decision = known.resolver.resolve(character)
        self._drafts: dict[Person, _Draft] = {}

    def all(self, plan: Changeset | None) -> tuple[WeighedCandidate, ...]:
        self._by_note(self._decision)
        self._by_own_name()
        if self._decision.target is None:
            self._by_similarity()
        self._linked_now()
        self._rejected()
        decided = _people_of(plan)
        found = [self._possibility(person, draft, decided) for person, draft in self._drafts.items()]
        found.sort(key=lambda each: (not each.is_decided, each.is_rejected, not each.speaks_for))
        return tuple(found[:MOST])

    def _by_note(self, decision: Decision) -> None:
        for candidate in decision.candidates:
            others = [other.label for other in decision.candidates if other.person != candidate.person]
            self._speaks_for(candidate.person, candidate.evidence)
            if decision.verdict is Verdict.AMBIGUOUS:
                self._speaks_against(candidate.person, f"“{decision.named}” could also mean {' or '.join(others)}.")
            if (
                decision.verdict is Verdict.SUGGESTED
                and candidate.person.character_id not in self._resolver.facts.shared
            ):
                self._speaks_against(candidate.person, "It is only a word among others in the note.")
            self._other_realm(candidate)

    def _other_realm(self, candidate: Candidate) -> None:
        mention = self._decision.mention
        wanted = mention.realm if mention is not None else None
        if wanted is None or mention is None:
            return
        characters = self._resolver.facts.characters
        bearers = [characters[number] for number in self._resolver.characters_named_by(candidate.person)]
        named = [each for each in bearers if any(each.name_key == reading.key for reading in mention.readings)]
        realms = {realm_key(wanted)}
        if named and not any(realms & {each.realm_key, realm_key(each.realm_name or "")} for each in named):
            sentence = f"The note names the realm {wanted}; {named[0].label} is on another."
            self._speaks_against(candidate.person, sentence)

    def _by_own_name(self) -> None:
        members = [m for m in self._resolver.facts.members.values() if m.is_present]
        bearers = [m for m in members if self._about.name_key in discord_names(m)]
        for member in bearers:
            player_id = self._resolver.player_of_member(member.id)
            person = Person(player_id) if player_id is not None else Person(member_id=member.id)
            self._speaks_for(person, f"{self._about.label} has the Discord name of {member.display_name}.")
            if any(candidate.person == person for candidate in self._decision.candidates):
                continue
            if self._decision.verdict is not Verdict.NOBODY:
                self._speaks_against(person, "The note gives another name, and counts more than the character’s own.")
            elif len(bearers) > 1:
                self._speaks_against(person, "Several Discord members have this name.")
            elif self._resolver.member_named_like(self._about) is None:
                self._speaks_against(person, "Other characters of the guild have this name too.")

    def _by_similarity(self) -> None:
        for suggestion in Suggestions(self._resolver).of(self._about):
            like = self._resolver.facts.characters[suggestion.number]
            person = Person(like.player_id) if like.player_id is not None else Person(character_id=like.id)
            if person in self._drafts or self._is_rejected(person):
                continue
            whose = f", a character of {self._resolver.label(person)}" if like.player_id is not None else ""
            self._speaks_for(person, f"“{suggestion.words}” {suggestion.how} {like.label}{whose}.")
            self._speaks_against(person, "It is similar to the name, but not the name itself, so it proves nothing.")

    def _linked_now(self) -> None:
        player_id, link = self._about.player_id, self._known.link
        if player_id is None or link is None:
            return
        person = Person(player_id)
        self._speaks_for(person, f"{self._about.label} is linked to them now, {link.sentence}.")
        mentions = self._resolver.certain_mentions(self._about)
        near = next((n for m in mentions if (n := self._resolver.resembles_player(m, player_id))), None)
        if any(self._resolver.names_player(mention, player_id) for mention in mentions):
            return
        if near is not None:
            self._speaks_for(person, f"“{mentions[0].text}” looks like “{near}”, one of their names.")
        elif mentions:
            self._speaks_against(person, f"“{mentions[0].text}” is not one of their names.")

    def _rejected(self) -> None:
        for candidate, _ in rejected_by_officers(self._known, self._about):
            self._speaks_for(candidate.person, candidate.evidence)
        for rejection in self._known.rejections:
            person = Person(rejection.player_id)
            label = self._known.player(rejection.player_id)
            self._speaks_against(person, rejection.sentence(self._about.label, label))

    def _speaks_for(self, person: Person, sentence: str) -> None:
        self._drafts.setdefault(person, _Draft()).speaks_for[sentence] = None

    def _speaks_against(self, person: Person, sentence: str) -> None:
        self._drafts.setdefault(person, _Draft()).speaks_against[sentence] = None

    def _possibility(self, person: Person, draft: _Draft, decided: Collection[Person]) -> WeighedCandidate:
        kind, number = kind_and_number(person)
        is_linked = person.player_id is not None and person.player_id == self._about.player_id
        return WeighedCandidate(
            kind,
            number,
            self._resolver.label(person),
            tuple(draft.speaks_for),
            (*draft.speaks_against, *self._without_player(person, is_decided=person in decided)),
            is_decided=person in decided,
            is_linked=is_linked,
            is_rejected=self._is_rejected(person),
            needs_word=is_linked and self._decision.verdict is Verdict.UNKNOWN,
        )

    def _is_rejected(self, person: Person) -> bool:
        return (self._about.id, person.player_id) in self._resolver.facts.rejections

    def _without_player(self, person: Person, *, is_decided: bool) -> Iterable[str]:
        if person.character_id in self._resolver.facts.shared:
            yield "It is a bank or shared character, so it belongs to no player."
        elif person.character_id is not None:
            yield "It has no player itself. Find its player first."
        elif person.player_id is None and not is_decided:
            yield "They are not a player yet: choosing them creates one."


def kind_and_number(person: Person) -> tuple[CandidateKind, int]:
    if person.player_id is not None:
        return CandidateKind.PLAYER, person.player_id
    if person.member_id is not None:
        return CandidateKind.MEMBER, person.member_id
    return CandidateKind.CHARACTER, person.character_id or 0


def _people_of(plan: Changeset | None) -> set[Person]:
    """The people a plan links to; a player that it creates is the Discord member it is created for."""
    if plan is None:
        return set()
    created = plan.created
    return {
        Person(member_id=created[number]["discord_user_id"]) if number in created else Person(number)
        for number in plan.linked.values()
    }
