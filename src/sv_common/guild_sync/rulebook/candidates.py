"""Who a member without a player, or a character, could be: each candidate with what speaks for it and what against.

Candidates come from where the fixes take theirs: the decision about the note, the Discord name, and what officers have said.
Similarity adds whom a badly written note may mean, and proves nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from sv_common.guild_sync.changes.changeset import Changeset
from sv_common.guild_sync.core.names import name_key, realm_key
from sv_common.guild_sync.identity.facts import KnownCharacter, KnownMember, KnownPlayer
from sv_common.guild_sync.identity.names.name_index import discord_names
from sv_common.guild_sync.identity.resolver import Directory
from sv_common.guild_sync.identity.suggestions import Hints
from sv_common.guild_sync.identity.verdicts import Candidate, Decision, Person, Verdict
from sv_common.guild_sync.issues.explanation import Possibility, PossibleKind
from sv_common.guild_sync.rulebook.explain import Known, ruled_out_by_officers
from sv_common.guild_sync.rulebook.rule import Remedy

MOST = 12
_MOST_LIKE = 4
_CHOOSE_A_CHARACTER = (
    "If a character is theirs, choose it here, or write their name into its guild note in the game: after the next export the "
    "fix can make the player. Or set this aside with your reason."
)


def claims_of(known: Known, member_id: int, plan: Changeset | None) -> tuple[Possibility, ...]:
    """Return the players and characters that could be the member's, those first whom the fix would take."""
    member = known.member(member_id)
    if member is None:
        return ()
    linked = set(plan.linked) if plan is not None else set()
    attached = {row.id for row in plan.rows if row.table == "player" and row.is_update} if plan is not None else set()
    found = [*_players(known, member, attached), *_characters(known, member, linked)]
    found.sort(key=lambda each: (not each.is_decided, len(each.speaks_against)))
    return tuple(found[:MOST])


def remedy_of_member(known: Known, member_id: int) -> Remedy:  # noqa: ARG001 -- the same for every member
    """Return what an officer can do about a member without a fix."""
    return Remedy(_CHOOSE_A_CHARACTER)


def _players(known: Known, member: KnownMember, attached: set[int]) -> Iterator[Possibility]:
    free = players_called_like(known.directory, member)
    for player in free:
        others = [other.display_name for other in free if other != player]
        yield Possibility(
            PossibleKind.PLAYER,
            player.id,
            player.display_name,
            (f"The player {player.display_name} is called so, or has a character of that name.",),
            (f"{' and '.join(others)} is called so too.",) if others else (),
            is_decided=player.id in attached,
        )
    for player in _taken_namesakes(known, member):
        other = known.member(player.discord_user_id or 0)
        name = other.display_name if other is not None else "another Discord member"
        why_not = f"The player {player.display_name} is {name} on Discord already."
        sentence = f"The player is called {player.display_name}."
        yield Possibility(PossibleKind.PLAYER, player.id, player.display_name, (sentence,), (why_not,))


def _taken_namesakes(known: Known, member: KnownMember) -> list[KnownPlayer]:
    names = discord_names(member)
    return [
        player
        for player in known.directory.facts.players.values()
        if player.discord_user_id is not None and name_key(player.display_name) in names
    ]


def _characters(known: Known, member: KnownMember, linked: set[int]) -> Iterator[Possibility]:
    named = set()
    for character in known.directory.facts.characters.values():
        if (claim := _claim(known, character, member)) is not None:
            named.add(character.id)
            yield _possibility(known, character, *claim, is_decided=character.id in linked)
    names = sorted(discord_names(member))
    for number, likeness in known.directory.characters_like(names)[:_MOST_LIKE]:
        if number not in named:
            named.add(number)
            character = known.directory.facts.characters[number]
            why = f"The Discord name {likeness.how} {character.label}."
            why_not = "It is like the name and not the name itself, which proves nothing."
            yield _possibility(known, character, why, (why_not,), is_decided=False)


def _claim(known: Known, character: KnownCharacter, member: KnownMember) -> tuple[str, tuple[str, ...]] | None:
    """Why a character could be the member's, and what speaks against it; None where nothing says so."""
    decision = known.directory.decide(character)
    if (why := why_theirs(known.directory, character, member)) is not None:
        return _as_sentence(why), ()
    mine = next((each for each in decision.candidates if each.person.member_id == member.id), None)
    if mine is not None:
        return mine.evidence, (_why_not(decision, mine.label),)
    if character.name_key in discord_names(member):
        return "The character has the Discord name.", (_why_name_does_not_count(known, character, decision),)
    return None


def _why_not(decision: Decision, label: str) -> str:
    if decision.verdict is Verdict.AMBIGUOUS:
        others = " or ".join(each.label for each in decision.candidates if each.label != label)
        return f"“{decision.named}” could also mean {others or 'somebody else of that name'}."
    return "It is only a word among others in the note."


def _why_name_does_not_count(known: Known, character: KnownCharacter, decision: Decision) -> str:
    if known.directory.member_named_like(character) is None:
        return "Others bear the name too."
    return f"Its note says something else. {decision.why_not_stronger or ''}".strip()


def _possibility(
    known: Known, character: KnownCharacter, why: str, why_not: tuple[str, ...], *, is_decided: bool
) -> Possibility:
    if character.player_id is not None:
        why_not = (*why_not, f"It belongs to {known.player(character.player_id)} already.")
    return Possibility(PossibleKind.CHARACTER, character.id, character.label, (why,), why_not, is_decided=is_decided)


def _as_sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def why_theirs(directory: Directory, character: KnownCharacter, member: KnownMember) -> str | None:
    """Return the sentence why a character is this member's by its note or name, or None."""
    decision = directory.decide(character)
    if decision.target is not None:
        return decision.target.evidence if decision.target.person.member_id == member.id else None
    if decision.verdict is Verdict.NOBODY and directory.member_named_like(character) == member:
        return f"the character has the Discord name of {member.display_name}."
    return None


def players_called_like(directory: Directory, member: KnownMember, *, rejected: bool = False) -> list[KnownPlayer]:
    """Return the players without a Discord member who bear one of this member's names, or whose character does.

    Without those of whom an officer has said that they are not this member; with `rejected`, those alone.
    """
    names = {name_key(member.username), name_key(member.display_name), name_key(member.global_name or "")} - {""}
    return [
        player
        for player in directory.facts.players.values()
        if player.discord_user_id is None
        if ((player.id, member.id) in directory.facts.member_rejections) is rejected
        if name_key(player.display_name) in names
        or any(character.name_key in names for character in directory.characters_of(player.id))
    ]


_CHOOSE = "Choose the player by hand, or set this aside with your reason."
_UNDO_THE_RULING = "If you think otherwise, undo that on the character’s page; or choose another player."
_DECIDED_BY_NOTE = (Verdict.CONFIDENT, Verdict.AMBIGUOUS)


@dataclass(slots=True)
class _Draft:
    speaks_for: dict[str, None] = field(default_factory=dict)
    speaks_against: dict[str, None] = field(default_factory=dict)


def owners_of(known: Known, character_id: int, plan: Changeset | None) -> tuple[Possibility, ...]:
    """Return who the owner of a character could be, whom the fix would take first, and whom officers rejected last."""
    character = known.character(character_id)
    return _Owners(known, character).all(plan) if character is not None else ()


def remedy_of_owner(known: Known, character_id: int) -> Remedy | None:
    """Return what an officer can do about a character without a fix; what an officer has ruled out is the first reason."""
    character = known.character(character_id)
    if character is None:
        return None
    for candidate, rejection in ruled_out_by_officers(known, character):
        return Remedy(_UNDO_THE_RULING, rejection.sentence(character.label, candidate.label))
    return Remedy(_CHOOSE)


class _Owners:
    """Gathers the sentences about each person."""

    def __init__(self, known: Known, character: KnownCharacter) -> None:
        self._known = known
        self._directory = known.directory
        self._about = character
        self._decision = known.directory.decide(character)
        self._drafts: dict[Person, _Draft] = {}

    def all(self, plan: Changeset | None) -> tuple[Possibility, ...]:
        """Everybody, in the order in which an officer should look at them."""
        self._by_note(self._decision)
        self._by_own_name()
        if self._decision.target is None:
            self._by_likeness()
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
            if decision.verdict is Verdict.SUGGESTED:
                self._speaks_against(candidate.person, "It is only a word among others in the note.")
            self._other_realm(candidate)

    def _other_realm(self, candidate: Candidate) -> None:
        mention = self._decision.mention
        wanted = mention.realm if mention is not None else None
        if wanted is None or mention is None:
            return
        characters = self._directory.facts.characters
        bearers = [characters[number] for number in self._directory.bearers_of(candidate.person)]
        named = [each for each in bearers if any(each.name_key == reading.key for reading in mention.readings)]
        realms = {realm_key(wanted)}
        if named and not any(realms & {each.realm_key, realm_key(each.realm_name or "")} for each in named):
            sentence = f"The note names the realm {wanted}; {named[0].label} is on another."
            self._speaks_against(candidate.person, sentence)

    def _by_own_name(self) -> None:
        members = [m for m in self._directory.facts.members.values() if m.is_present]
        bearers = [m for m in members if self._about.name_key in discord_names(m)]
        for member in bearers:
            player_id = self._directory.player_of_member(member.id)
            person = Person(player_id) if player_id is not None else Person(member_id=member.id)
            self._speaks_for(person, f"{self._about.label} has the Discord name of {member.display_name}.")
            if any(candidate.person == person for candidate in self._decision.candidates):
                continue
            if self._decision.verdict is not Verdict.NOBODY:
                self._speaks_against(person, "The note gives another name, and counts more than the character’s own.")
            elif len(bearers) > 1:
                self._speaks_against(person, "Several Discord members bear this name.")
            elif self._directory.member_named_like(self._about) is None:
                self._speaks_against(person, "Other characters of the guild bear this name too.")

    def _by_likeness(self) -> None:
        for hint in Hints(self._directory).of(self._about):
            like = self._directory.facts.characters[hint.number]
            person = Person(like.player_id) if like.player_id is not None else Person(character_id=like.id)
            if person in self._drafts or self._is_rejected(person):
                continue
            whose = f", a character of {self._directory.label(person)}" if like.player_id is not None else ""
            self._speaks_for(person, f"“{hint.words}” {hint.how} {like.label}{whose}.")
            self._speaks_against(person, "It is like the name and not the name itself, which proves nothing.")

    def _linked_now(self) -> None:
        player_id, link = self._about.player_id, self._known.link
        if player_id is None or link is None:
            return
        person = Person(player_id)
        self._speaks_for(person, f"{self._about.label} is linked to them now, {link.sentence}.")
        mentions = self._directory.certain_mentions(self._about)
        near = next((n for m in mentions if (n := self._directory.resembles_player(m, player_id))), None)
        if any(self._directory.names_player(mention, player_id) for mention in mentions):
            return
        if near is not None:
            self._speaks_for(person, f"“{mentions[0].text}” looks like “{near}”, a name of theirs.")
        elif mentions:
            self._speaks_against(person, f"“{mentions[0].text}” is no name of theirs.")

    def _rejected(self) -> None:
        for candidate, _ in ruled_out_by_officers(self._known, self._about):
            self._speaks_for(candidate.person, candidate.evidence)
        for rejection in self._known.rejections:
            person = Person(rejection.player_id)
            label = self._known.player(rejection.player_id)
            self._speaks_against(person, rejection.sentence(self._about.label, label))

    def _speaks_for(self, person: Person, sentence: str) -> None:
        self._drafts.setdefault(person, _Draft()).speaks_for[sentence] = None

    def _speaks_against(self, person: Person, sentence: str) -> None:
        self._drafts.setdefault(person, _Draft()).speaks_against[sentence] = None

    def _possibility(self, person: Person, draft: _Draft, decided: Collection[Person]) -> Possibility:
        kind, number = kind_and_number(person)
        is_linked = person.player_id is not None and person.player_id == self._about.player_id
        return Possibility(
            kind,
            number,
            self._directory.label(person),
            tuple(draft.speaks_for),
            (*draft.speaks_against, *self._without_player(person, is_decided=person in decided)),
            is_decided=person in decided,
            is_linked=is_linked,
            is_rejected=self._is_rejected(person),
            needs_word=is_linked and self._decision.verdict is Verdict.UNKNOWN,
        )

    def _is_rejected(self, person: Person) -> bool:
        return (self._about.id, person.player_id) in self._directory.facts.rejections

    def _without_player(self, person: Person, *, is_decided: bool) -> Iterable[str]:
        if person.character_id is not None:
            yield "It belongs to nobody itself. Find its player first."
        elif person.player_id is None and not is_decided:
            yield "They are no player yet, so nothing can be linked to them by hand."


def kind_and_number(person: Person) -> tuple[PossibleKind, int]:
    """Say what somebody is, and under which number."""
    if person.player_id is not None:
        return PossibleKind.PLAYER, person.player_id
    if person.member_id is not None:
        return PossibleKind.MEMBER, person.member_id
    return PossibleKind.CHARACTER, person.character_id or 0


def _people_of(plan: Changeset | None) -> set[Person]:
    """Whom a plan links to; a player that it creates is the Discord member it is created for."""
    if plan is None:
        return set()
    created = plan.created
    return {
        Person(member_id=created[number]["discord_user_id"]) if number in created else Person(number)
        for number in plan.linked.values()
    }
