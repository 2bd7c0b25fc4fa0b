"""How well people are suggested, where a careful officer would name one: `python -m evaluation.suggestions`.

Asks the function that fills an issue's candidates, and counts how often the right person is the first of them, and one of the first
three. Characters are asked about with notes (the labelled rosters) and without (the labelled people), Discord members with the labelled
people, of whom every second one has no player yet. Ends with 1 when an aim is missed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from evaluation.labelled import GUILDS, Label, LabelledGuild, labelled_guilds
from evaluation.people import PEOPLE, LabelledPerson, labelled_people
from sv_common.guild_sync.core.names import name_key, realm_key
from sv_common.guild_sync.identity.facts import GuildFacts, KnownCharacter, KnownMember, KnownPlayer
from sv_common.guild_sync.identity.names.discord_names import undecorated
from sv_common.guild_sync.identity.names.spellings import folds_of
from sv_common.guild_sync.identity.resolver import Resolver
from sv_common.guild_sync.issues.explanation import CandidateKind, WeighedCandidate
from sv_common.guild_sync.notes import DEFAULT_VOCABULARY
from sv_common.guild_sync.rulebook.candidates.members import candidates_for_member
from sv_common.guild_sync.rulebook.candidates.owners import candidates_for_character
from sv_common.guild_sync.rulebook.explain import Known

LEAST_FIRST = 0.85
LEAST_AMONG_FIRST = 0.95
FIRST = 3

CHARACTERS_BY_NOTE = "characters with a note"
CHARACTERS_BY_NAME = "characters without a note"
MEMBERS = "Discord members"

_NAMES_A_PERSON = frozenset({"character", "misspelled", "discord"})
_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_Answer = tuple[CandidateKind, int]


@dataclass(frozen=True, slots=True)
class Asked:
    """One question and what was suggested; `right` holds every answer that is right."""

    guild: str
    kind: str
    about: str
    right: frozenset[_Answer]
    names: tuple[str, ...]
    suggested: Sequence[WeighedCandidate]

    @property
    def place(self) -> int | None:
        """The place of the right answer, from 1."""
        places = (place for place, each in enumerate(self.suggested, 1) if (each.kind, each.id) in self.right)
        return next(places, None)

    @property
    def is_first(self) -> bool:
        return self.place == 1

    @property
    def is_among_first(self) -> bool:
        return self.place is not None and self.place <= FIRST


@dataclass(frozen=True, slots=True)
class Shares:
    asked: int
    first: float
    among_first: float


def shares(asked: Sequence[Asked]) -> Shares:
    number = len(asked) or 1
    first, among = sum(each.is_first for each in asked), sum(each.is_among_first for each in asked)
    return Shares(len(asked), first / number, among / number)


def missed_aims(asked: Sequence[Asked]) -> list[str]:
    """Return one sentence for each aim that is missed, by kind."""
    missed = []
    for kind, part in by_kind(asked).items():
        of = shares(part)
        if of.first < LEAST_FIRST:
            missed.append(f"{kind}: the right person is first in {of.first:.1%}; the aim is {LEAST_FIRST:.0%}")
        if of.among_first < LEAST_AMONG_FIRST:
            missed.append(
                f"{kind}: the right person is in the first {FIRST} in {of.among_first:.1%}; the aim is {LEAST_AMONG_FIRST:.0%}"
            )
    return missed


def by_kind(asked: Iterable[Asked]) -> dict[str, list[Asked]]:
    found: dict[str, list[Asked]] = {}
    for each in asked:
        found.setdefault(each.kind, []).append(each)
    return found


def ask_about_people(guild: str, people: Sequence[LabelledPerson]) -> Iterator[Asked]:
    """Ask about every Discord member of a guild in which none is linked, and every orphan of one in which all are."""
    everyone = _Guild()
    for number, person in enumerate(people):
        player = everyone.player(person.name) if number % 2 == 0 and person.characters else None
        numbers = [everyone.character(name, player) for name in person.characters]
        everyone.member(number, person.display_name, person.username)
        if player is None:
            everyone.answers[number] = frozenset((CandidateKind.CHARACTER, each) for each in numbers)
        else:
            everyone.answers[number] = frozenset({(CandidateKind.PLAYER, player)})
    known = everyone.known()
    for number, person in enumerate(people):
        if person.is_telling and person.characters:
            found = candidates_for_member(known, number, None)
            yield Asked(guild, MEMBERS, person.display_name, everyone.answers[number], tuple(person.characters), found)
    yield from _ask_about_orphans(guild, people)


def _ask_about_orphans(guild: str, people: Sequence[LabelledPerson]) -> Iterator[Asked]:
    everyone = _Guild()
    orphans: dict[int, tuple[LabelledPerson, int]] = {}
    for number, person in enumerate(people):
        everyone.member(number, person.display_name, person.username)
        player = everyone.player(person.name, number)
        for name in person.characters:
            everyone.character(name, player)
        for name in person.orphans:
            orphan = everyone.character(name, None)
            if name in person.telling_orphans:
                orphans[orphan] = person, player
    known = everyone.known()
    for orphan, (person, player) in orphans.items():
        found = candidates_for_character(known, orphan, None)
        right = frozenset({(CandidateKind.PLAYER, player)})
        yield Asked(guild, CHARACTERS_BY_NAME, everyone.characters[orphan].name, right, (person.name,), found)


def ask_about_notes(guild: LabelledGuild) -> Iterator[Asked]:
    """Ask about every character whose note names a person, in a guild in which all others are linked."""
    everyone = _Guild()
    numbers: dict[str, int] = {}
    for number, (each, label) in enumerate(zip(guild.roster, guild.labels, strict=True)):
        player = None if label.label in _NAMES_A_PERSON else everyone.player(each.name)
        numbers.setdefault(each.label, number)
        everyone.character(each.name, player, each.realm, each.note)
    members = {name: everyone.member(number, name, "") for number, name in enumerate(guild.discord_names)}
    everyone.attach_namesakes()
    known = everyone.known()
    for number, (each, label) in enumerate(zip(guild.roster, guild.labels, strict=True)):
        if label.label in _NAMES_A_PERSON:
            right = frozenset(_right(everyone, guild, numbers, members, label, number))
            found = candidates_for_character(known, number, None)
            yield Asked(guild.name, CHARACTERS_BY_NOTE, f"{each.label} “{each.note}”", right, label.targets, found)


def _right(
    guild: _Guild, labelled: LabelledGuild, numbers: dict[str, int], members: dict[str, int], label: Label, about: int
) -> Iterator[_Answer]:
    """Every answer that means the person: their player, an unlinked character they own, or who its note names."""
    seen = {about}
    waiting = list(label.targets)
    while waiting:
        target = waiting.pop()
        if target in members:
            yield from guild.answers_of_member(members[target])
            continue
        number = numbers.get(target)
        if number is None or number in seen:
            continue
        seen.add(number)
        player = guild.characters[number].player_id
        yield (CandidateKind.CHARACTER, number) if player is None else (CandidateKind.PLAYER, player)
        name = guild.characters[number].name
        for member in guild.members.values():
            if folds_of(name) & _folds_of_member(member):
                yield from guild.answers_of_member(member.id)
        if player is None:
            waiting += labelled.labels[number].targets


class _Guild:
    def __init__(self) -> None:
        self.characters: dict[int, KnownCharacter] = {}
        self.players: dict[int, KnownPlayer] = {}
        self.members: dict[int, KnownMember] = {}
        self.answers: dict[int, frozenset[_Answer]] = {}

    def character(self, name: str, player: int | None, realm: str | None = "Hyjal", note: str | None = "") -> int:
        number = len(self.characters)
        slug = realm or ""
        self.characters[number] = KnownCharacter(
            number, name, name_key(name), slug, realm_key(slug), realm, note, player, None, is_present=True
        )
        return number

    def player(self, name: str, member: int | None = None) -> int:
        number = len(self.players)
        self.players[number] = KnownPlayer(number, name, member, None, None)
        return number

    def member(self, number: int, display_name: str, username: str) -> int:
        self.members[number] = KnownMember(number, str(number), username, None, display_name, is_present=True)
        return number

    def attach_namesakes(self) -> None:
        """Make each member the player of their name, where there is one of it."""
        players = {fold: player for player in self.players.values() for fold in folds_of(player.display_name)}
        for member in self.members.values():
            named = {players[fold].id for fold in _folds_of_member(member) if fold in players}
            for number in named if len(named) == 1 else ():
                if self.players[number].discord_user_id is None:
                    self.players[number] = self.players[number]._replace(discord_user_id=member.id)

    def answers_of_member(self, member: int) -> Iterator[_Answer]:
        yield CandidateKind.MEMBER, member
        for player in self.players.values():
            if player.discord_user_id == member:
                yield CandidateKind.PLAYER, player.id

    def known(self) -> Known:
        facts = GuildFacts(0, self.characters, self.players, self.members, {}, frozenset())
        return Known(Resolver(facts), _NOW)


def _folds_of_member(member: KnownMember) -> frozenset[str]:
    return frozenset().union(*map(folds_of, undecorated(member.display_name, DEFAULT_VOCABULARY)))


def ask_all(guilds: Path = GUILDS, people: Path = PEOPLE) -> list[Asked]:
    """Ask every question of the labelled rosters of one folder and the labelled people of another."""
    asked = [each for guild in labelled_guilds(guilds) for each in ask_about_notes(guild)]
    return asked + [each for name, guild in labelled_people(people) for each in ask_about_people(name, guild)]


def main() -> None:
    """Run the evaluation from the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m evaluation.suggestions", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--unseen", action="store_true", help="the guilds for which no rule was written")
    parser.add_argument("--misses", action="store_true", help="list every question whose first answer is wrong")
    arguments = parser.parse_args()
    asked = ask_all(GUILDS.parent / "unseen", PEOPLE / "unseen") if arguments.unseen else ask_all()
    print("\n".join(_report(asked)))
    if arguments.misses:
        print("\n".join(_miss(each) for each in asked if not each.is_first))
    missed = missed_aims(asked)
    print("\n".join(["\nMissed aims:", *(f"  {each}" for each in missed)] if missed else ["\nAll aims are met."]))
    sys.exit(1 if missed else 0)


def _report(asked: Sequence[Asked]) -> Iterator[str]:
    yield f"{'':<48}{'asked':>6}{'first':>9}{f'first {FIRST}':>10}"
    for kind, part in by_kind(asked).items():
        guilds = sorted({each.guild for each in part})
        for guild in guilds:
            yield _line(f"  {guild}", shares([each for each in part if each.guild == guild]))
        yield _line(kind, shares(part))


def _line(part: str, of: Shares) -> str:
    return f"{part:<48}{of.asked:>6}{of.first:>9.1%}{of.among_first:>10.1%}"


def _miss(each: Asked) -> str:
    came = ", ".join(f"{one.label} ({one.strength})" for one in each.suggested[:FIRST]) or "nobody"
    return f"{each.guild}: {each.about}: {' or '.join(each.names)} is {each.place or 'not there'}; came {came}"


if __name__ == "__main__":
    main()
