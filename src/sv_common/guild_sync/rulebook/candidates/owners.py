"""Whose a character could be: each person with reasons for and against.

Candidates come from where the fixes take theirs: the decision about the note, the Discord name, and what officers have decided.
Similarity adds people that a misspelled note or the character's own name may mean, and proves nothing.
"""

from __future__ import annotations

from sv_common.guild_sync.changes.changeset import Changeset
from sv_common.guild_sync.core.language import mark, tr
from sv_common.guild_sync.core.names import realm_key
from sv_common.guild_sync.core.text import with_or
from sv_common.guild_sync.identity.accounts.owners import on_the_same_account
from sv_common.guild_sync.identity.facts import KnownCharacter
from sv_common.guild_sync.identity.suggestions.clues import Kind
from sv_common.guild_sync.identity.suggestions.notes import Suggestions
from sv_common.guild_sync.identity.suggestions.people import SuggestedPeople
from sv_common.guild_sync.identity.verdicts import Candidate, Decision, Person, Verdict
from sv_common.guild_sync.issues.explanation import Strength, WeighedCandidate
from sv_common.guild_sync.rulebook.candidates.drafts import A_NAME_ALONE, ONLY_SIMILAR, Drafts, Weight, says_nothing
from sv_common.guild_sync.rulebook.explain import Known, rejected_by_officers
from sv_common.guild_sync.rulebook.rule import Remedy

_MOST_OF_SIMILARITY = 0.84
_SIMILARITY = 0.12
"""What is taken from the score of a name that the note may mean."""

_WITHOUT_PLAYER = 0.9

_CHOOSE = mark("Choose the player, or dismiss the issue.")
_UNDO_THE_RULING = mark("To change that, undo it on the character’s page, or choose another player.")


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
        return Remedy(tr(_UNDO_THE_RULING), rejection.sentence(character.label, candidate.label))
    return Remedy(tr(_CHOOSE))


class _Owners:
    def __init__(self, known: Known, character: KnownCharacter) -> None:
        self._known = known
        self._resolver = known.resolver
        self._about = character
        self._decision = known.resolver.resolve(character)
        self._drafts = Drafts()
        self._own = known.resolver.people.owner(character)

    def all(self, plan: Changeset | None) -> tuple[WeighedCandidate, ...]:
        self._by_account()
        self._by_note(self._decision)
        self._by_own_name()
        if self._decision.target is None:
            self._by_shared_nickname()
            self._by_similarity()
            if self._about.player_id is None:
                self._by_people()
        self._linked_now()
        self._rejected()
        for person in self._drafts.people:
            self._without_player(person, is_decided=person in _people_of(plan))
        linked = Person(self._about.player_id) if self._about.player_id is not None else None
        needs_word = self._decision.verdict is Verdict.UNKNOWN
        return self._drafts.ordered(self._resolver, _people_of(plan), self._is_rejected, linked, needs_word)

    def _by_account(self) -> None:
        """Add the players of the other characters of the same account; one that a person stands for counts most."""
        accounts = self._resolver.accounts
        is_shared, owner = accounts.is_shared(self._about.id), accounts.owner(self._about.id)
        for other in accounts.others(self._about.id):
            if other.player_id is None or self._is_rejected(Person(other.player_id)):
                continue
            person = Person(other.player_id)
            weight = (
                Weight.CERTAIN if owner is not None and owner.player_id == other.player_id else Weight.SAME_NICKNAME
            )
            sentence = on_the_same_account(other, self._resolver.label(person))
            self._speaks_for(person, Kind.ACCOUNT, weight, sentence)
            if is_shared:
                self._speaks_against(person, tr("Several people play on this account."))

    def _by_note(self, decision: Decision) -> None:
        if says_nothing(decision):
            return
        for candidate in decision.candidates:
            others = [other.label for other in decision.candidates if other.person != candidate.person]
            weight = {Verdict.AMBIGUOUS: Weight.SHARED, Verdict.SUGGESTED: Weight.ONE_WORD}.get(decision.verdict)
            self._speaks_for(candidate.person, Kind.NOTE, weight or Weight.CERTAIN, candidate.evidence)
            if decision.verdict is Verdict.AMBIGUOUS:
                self._speaks_against(
                    candidate.person,
                    tr("“{named}” could also mean {names}.", named=decision.named, names=with_or(others)),
                )
            if (
                decision.verdict is Verdict.SUGGESTED
                and candidate.person.character_id not in self._resolver.facts.shared
            ):
                self._speaks_against(candidate.person, tr("The note has other words too."))
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
            sentence = tr(
                "The note names the realm {realm}, but {character} is on another.",
                realm=wanted,
                character=named[0].label,
            )
            self._speaks_against(candidate.person, sentence)

    def _by_own_name(self) -> None:
        bearers = [
            self._resolver.facts.members[n] for n in self._resolver.names.members_by_name.get(self._about.name_key, ())
        ]
        for member in bearers:
            person = self._resolver.people.person_of(member)
            is_noted = any(candidate.person == person for candidate in self._decision.candidates)
            why_not = None if is_noted else self._against_own_name(len(bearers))
            weight = Weight.CERTAIN if why_not is None else Weight.SHARED
            if why_not is not None and self._decision.verdict is not Verdict.NOBODY:
                weight = Weight.CONTRADICTED
            self._speaks_for(
                person,
                Kind.NAME,
                weight,
                tr(
                    "{character} has the Discord name of {member}.",
                    character=self._about.label,
                    member=member.display_name,
                ),
            )
            if why_not is not None:
                self._speaks_against(person, why_not)

    def _against_own_name(self, bearers: int) -> str | None:
        if self._decision.verdict is not Verdict.NOBODY:
            return tr("The note gives another name, and the note counts more.")
        if bearers > 1:
            return tr("Several Discord members share this name.")
        if self._resolver.member_named_like(self._about) is None:
            return tr("Other characters share this name.")
        return None

    def _by_shared_nickname(self) -> None:
        """Add the people of whose characters the notes give the same name that no one has."""
        mention = self._decision.mention
        if self._decision.verdict is not Verdict.UNKNOWN or mention is None:
            return
        for reading in mention.readings:
            for other in self._resolver.characters_by_unknown_name.get(reading.key, ()):
                person = self._resolver.people.owner(other)
                if person == self._own or self._is_rejected(person) or other.id in self._resolver.facts.shared:
                    continue
                sentence = self._also_says(other, person, mention.text)
                share = _WITHOUT_PLAYER if person.player_id is None else 1.0
                self._speaks_for(person, Kind.NOTE, Weight.SAME_NICKNAME * share, sentence)

    def _also_says(self, other: KnownCharacter, person: Person, text: str) -> str:
        if person.player_id is None:
            return tr("The note of {character} also says “{text}”.", character=other.label, text=text)
        return tr(
            "The note of {character}, a character of {player}, also says “{text}”.",
            character=other.label,
            player=self._resolver.label(person),
            text=text,
        )

    def _by_similarity(self) -> None:
        known = set(self._drafts.people)
        for suggestion in Suggestions(self._resolver).of(self._about):
            like = self._resolver.facts.characters[suggestion.number]
            person = self._resolver.people.owner(like)
            if person in known or self._is_rejected(person):
                continue
            name = like.label
            if like.player_id is not None:
                name = tr(
                    "{character}, a character of {player}", character=like.label, player=self._resolver.label(person)
                )
            weight = min(_MOST_OF_SIMILARITY, suggestion.score - _SIMILARITY)
            self._speaks_for(person, Kind.NOTE, weight, suggestion.how.sentence(suggestion.words, name))
            self._speaks_against(person, tr(ONLY_SIMILAR))

    def _by_people(self) -> None:
        known = set(self._drafts.people)
        for person, weighed in SuggestedPeople(self._resolver).owners(self._about).items():
            if self._is_rejected(person):
                continue
            self._drafts.add(person, weighed.clues)
            if person not in known:
                why_not = A_NAME_ALONE if weighed.strength is Strength.STRONG else ONLY_SIMILAR
                self._speaks_against(person, tr(why_not))

    def _linked_now(self) -> None:
        player_id, link = self._about.player_id, self._known.link
        if player_id is None or link is None:
            return
        person = Person(player_id)
        mentions = self._resolver.certain_mentions(self._about)
        near = next((n for m in mentions if (n := self._resolver.resembles_player(m, player_id))), None)
        is_named = any(self._resolver.names_player(mention, player_id) for mention in mentions)
        weight = Weight.NOT_THEIR_NAME if mentions and not is_named and near is None else Weight.LINKED
        sentence = tr("{character} is linked to them, {how}.", character=self._about.label, how=link.sentence)
        self._speaks_for(person, Kind.NAME, weight, sentence)
        if is_named:
            return
        if near is not None:
            self._speaks_for(
                person,
                Kind.NOTE,
                weight,
                tr("“{text}” looks like “{name}”, one of their names.", text=mentions[0].text, name=near),
            )
        elif mentions:
            self._speaks_against(person, tr("“{text}” is not one of their names.", text=mentions[0].text))

    def _rejected(self) -> None:
        for candidate, _ in rejected_by_officers(self._known, self._about):
            self._speaks_for(candidate.person, Kind.NOTE, Weight.CERTAIN, candidate.evidence)
        for rejection in self._known.rejections:
            person = Person(rejection.player_id)
            label = self._known.player(rejection.player_id)
            self._speaks_against(person, rejection.sentence(self._about.label, label))

    def _speaks_for(self, person: Person, kind: Kind, weight: float, sentence: str) -> None:
        self._drafts.speaks_for(person, kind, weight, sentence)

    def _speaks_against(self, person: Person, sentence: str) -> None:
        self._drafts.speaks_against(person, sentence)

    def _is_rejected(self, person: Person) -> bool:
        return (self._about.id, person.player_id) in self._resolver.facts.rejections

    def _without_player(self, person: Person, *, is_decided: bool) -> None:
        if person.character_id in self._resolver.facts.shared:
            self._speaks_against(person, tr("A bank or shared character has no player."))
        elif person.character_id is not None:
            self._speaks_against(person, tr("It has no player either."))
        elif person.player_id is None and not is_decided:
            self._speaks_against(person, tr("They are not a player yet: choosing them creates one."))


def _people_of(plan: Changeset | None) -> set[Person]:
    """The people a plan links to; a player that it creates is the Discord member it is created for."""
    if plan is None:
        return set()
    created = plan.created
    return {
        Person(member_id=created[number]["discord_user_id"]) if number in created else Person(number)
        for number in plan.linked.values()
    }
