"""The full match: who all the unlinked characters belong to, decided in one go from facts in memory.

Notes and names are edges between characters, Discord members and players; what hangs together is one person. A player is
created only for a main with alts, a shared nickname, or a Discord member with characters. Bank characters and lone
characters whom nothing ties to anybody do not become people. Where two people hang together, nothing is done.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Annotated

from pydantic import Field, computed_field

from sv_common.guild_sync.changes.changeset import (
    NEW_PLAYER,
    Changeset,
    Named,
    RowChange,
    attach_member,
    create_player,
    link,
    remember_alias,
)
from sv_common.guild_sync.changes.describe import sentences
from sv_common.guild_sync.core.basis import LinkEvidence
from sv_common.guild_sync.core.names import name_key
from sv_common.guild_sync.identity.facts import KnownCharacter
from sv_common.guild_sync.identity.resolver import Directory
from sv_common.guild_sync.identity.strangers import nickname_of, ruled_out
from sv_common.guild_sync.identity.verdicts import Person, Verdict

FEWEST_BEARERS = 2
_KEY_LENGTH = 16
_Node = Person | str
"""A person, or a nickname that several characters share."""


class Evidence(StrEnum):
    """What ties the characters of a group together, and so what would be done for it."""

    KNOWN_PLAYER = "known_player"
    DISCORD_MEMBER = "discord_member"
    MAIN = "main"
    NICKNAME = "nickname"


@dataclass(frozen=True, slots=True)
class MatchGroup:
    """One person found by the match: what would be done, and why; or why nothing is, and then without evidence."""

    name: str
    rows: Annotated[Sequence[RowChange], Field(exclude=True)]
    reason: str
    evidence: Annotated[Evidence | None, Field(description="Null where nothing would be done.")] = None
    characters: Annotated[
        Sequence[str], Field(description="Of people for whom nothing would be done: their characters.")
    ] = ()

    @property
    def plan(self) -> Changeset:
        """What would be done for this person alone."""
        return Changeset(tuple(self.rows), self.reason)

    @computed_field(description="What would be done, a sentence for each step.")
    @property
    def steps(self) -> Sequence[str]:
        """The same in words."""
        return sentences(self.plan)

    @computed_field(description="By this the person is chosen; another one as soon as something else would be done.")
    @property
    def key(self) -> str:
        """What an officer chooses this person by: the same as long as the same would be done for the same person."""
        return hashlib.sha256(f"{self.name} {self.plan.key}".encode()).hexdigest()[:_KEY_LENGTH]

    @computed_field
    @property
    def creates_player(self) -> bool:
        """Whether a new player would be made."""
        return bool(self.plan.created)


def match(directory: Directory) -> list[MatchGroup]:
    """Return every person that the unlinked characters of a guild belong to, and what hangs together and is nobody."""
    return [_judged(directory, group, NEW_PLAYER - place) for place, group in enumerate(_groups(directory))]


@dataclass(slots=True)
class _Group:
    """What hangs together: characters without a player, with the sentence for each, and the people they mean."""

    evidence: dict[int, str] = field(default_factory=dict)
    targets: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    people: set[_Node] = field(default_factory=set)


def _groups(directory: Directory) -> list[_Group]:
    """Join characters with whom they mean, and give what hangs together, in the order of the first character."""
    parents: dict[_Node, _Node] = {}

    def root(node: _Node) -> _Node:
        while parents.setdefault(node, node) != node:
            parents[node] = parents[parents[node]]
            node = parents[node]
        return node

    edges = _edges(directory)
    for character_id, target, _ in edges:
        parents[root(Person(character_id=character_id))] = root(target)
    groups: dict[_Node, _Group] = defaultdict(_Group)
    for character_id, target, why in edges:
        group = groups[root(target)]
        group.evidence.setdefault(character_id, why)
        if not isinstance(target, Person) or target.character_id is None:
            group.people.add(target)
        elif target.character_id != character_id:
            group.targets[target.character_id] += 1
    return sorted(groups.values(), key=lambda group: min(group.evidence))


def _edges(directory: Directory) -> list[tuple[int, _Node, str]]:
    """Whom each character without a player means, and the sentence why.

    A character may have two edges: its own name may be a Discord member's while its note is a nickname that others bear
    too. A word is a nickname only if the whole notes of two characters are this word: a joke on one of them is none, nor is
    the rest of a longer note. A character whose only edge is to such a word stands by itself.
    """
    meant = {c.id: list(_meant_by(directory, c)) for c in _unlinked(directory)}
    bearers = Counter(nickname_of(directory, c) for c in _unlinked(directory))
    edges: list[tuple[int, _Node, str]] = []
    for character_id, nodes in meant.items():
        known = [(node, why) for node, why in nodes if not isinstance(node, str) or bearers[node] >= FEWEST_BEARERS]
        alone: list[tuple[_Node, str]] = [(Person(character_id=character_id), why) for _, why in nodes[:1]]
        edges += [(character_id, node, why) for node, why in known or alone]
    return edges


def _unlinked(directory: Directory) -> Iterable[KnownCharacter]:
    return (c for c in directory.facts.characters.values() if c.player_id is None and c.is_present)


def _meant_by(directory: Directory, character: KnownCharacter) -> Iterator[tuple[_Node, str]]:
    decision = directory.decide(character)
    if decision.target is not None:
        yield decision.target.person, decision.target.evidence
        return
    if decision.verdict not in (Verdict.NOBODY, Verdict.UNKNOWN) or decision.parsed.is_bank:
        return
    if owner := _by_own_name(directory, character):
        yield owner
    if (
        decision.verdict is Verdict.UNKNOWN
        and decision.mention
        and not ruled_out(directory, decision.mention, character)
    ):
        word = decision.mention.text
        yield name_key(word), f"several characters bear the note “{word}”."


def _by_own_name(directory: Directory, character: KnownCharacter) -> tuple[Person, str] | None:
    member = directory.member_named_like(character)
    if member is None:
        return None
    player_id = directory.player_of_member(member.id)
    if (character.id, player_id) in directory.facts.rejections:
        return None
    person = Person(player_id) if player_id is not None else Person(member_id=member.id)
    return person, f"the character has the Discord name of {member.display_name}."


def _judged(directory: Directory, group: _Group, number: int) -> MatchGroup:
    characters = tuple(character.label for character in _characters_of(directory, group))
    return replace(_judge(directory, group, number), characters=characters)


def _judge(directory: Directory, group: _Group, number: int) -> MatchGroup:
    """Decide what to do with what hangs together."""
    players = sorted(p.player_id for p in group.people if isinstance(p, Person) and p.player_id is not None)
    members = sorted(p.member_id for p in group.people if isinstance(p, Person) and p.member_id is not None)
    nicknames = sorted(p for p in group.people if isinstance(p, str))
    characters = _characters_of(directory, group)
    main = _main_of(directory, group, characters, members)
    name = _name_of(directory, group, players, members, nicknames, main)
    if len(players) > 1 or len(members) > 1 or len(nicknames) > 1:
        people = [directory.label(p) for p in sorted(p for p in group.people if isinstance(p, Person))] + nicknames
        return MatchGroup(name, (), f"Notes tie together {' and '.join(people)}, who may be different people.")
    doubtful = next((c for c in characters if directory.decide(c).verdict is Verdict.AMBIGUOUS), None)
    if doubtful is not None:
        return MatchGroup(name, (), f"The note of {doubtful.label} could mean several people. Decide that one first.")
    if players:
        return _join(directory, group, characters, players[0], members, nicknames)
    if not members and len(characters) < 2:
        return MatchGroup(name, (), "One character alone, and nothing that ties it to anybody.")
    meant = directory.misspelt(nicknames[0]) if nicknames and not members else None
    if meant is not None:
        return MatchGroup(name, (), f"“{nicknames[0]}” looks like {meant}, written differently. Link these by hand.")
    if not members and not nicknames and main is None:
        return MatchGroup(name, (), "It is not clear which of these characters is the main.")
    member = directory.facts.members[members[0]].named if members else None
    player = Named(number, name)
    create = create_player(*player, member, main.named if main else None)
    links = [link(c.named, player, _why(group, c, main), _basis(directory, group, c)) for c in characters]
    aliases = _aliases(directory, player, nicknames)
    evidence = Evidence.DISCORD_MEMBER if members else Evidence.NICKNAME if nicknames else Evidence.MAIN
    return MatchGroup(name, (create, *links, *aliases), f"{len(links)} character(s) of one person.", evidence)


def _join(
    directory: Directory,
    group: _Group,
    characters: Sequence[KnownCharacter],
    player_id: int,
    members: Sequence[int],
    nicknames: Sequence[str],
) -> MatchGroup:
    player = directory.facts.players[player_id]
    if members and player.discord_user_id is not None:
        member = directory.facts.members[members[0]].display_name
        return MatchGroup(
            player.display_name, (), f"Notes tie {player.display_name} to another Discord member, {member}."
        )
    rejected = [member for member in members if (player_id, member) in directory.facts.member_rejections]
    if rejected:
        member = directory.facts.members[rejected[0]].display_name
        sentence = f"An officer has said that {player.display_name} is not {member} on Discord. Decide by hand."
        return MatchGroup(player.display_name, (), sentence)
    attach = [attach_member(player.named, directory.facts.members[member].named) for member in members]
    links = [
        link(c.named, player.named, _why(group, c, None), _basis(directory, group, c))
        for c in characters
        if (c.id, player_id) not in directory.facts.rejections
    ]
    rows = (*attach, *links, *_aliases(directory, player.named, nicknames))
    reason = f"{len(links)} character(s) of a known player."
    return MatchGroup(player.display_name, rows, reason, Evidence.KNOWN_PLAYER)


def _aliases(directory: Directory, player: Named, nicknames: Sequence[str]) -> list[RowChange]:
    """The nicknames to remember; a word that means another player already goes on meaning that one."""
    return [remember_alias(player, nickname) for nickname in nicknames if nickname not in directory.facts.aliases]


def _characters_of(directory: Directory, group: _Group) -> list[KnownCharacter]:
    ids = sorted({*group.evidence, *group.targets})
    return [directory.facts.characters[character_id] for character_id in ids]


def _name_of(
    directory: Directory,
    group: _Group,
    players: Sequence[int],
    members: Sequence[int],
    nicknames: Sequence[str],
    main: KnownCharacter | None,
) -> str:
    if players:
        return directory.facts.players[players[0]].display_name
    if members:
        return directory.facts.members[members[0]].display_name
    if nicknames:
        return nicknames[0].capitalize()
    if main:
        return main.name
    if not group.targets:
        alone = directory.facts.characters[min(group.evidence)]
        return (directory.decide(alone).named or alone.name).capitalize()
    most = max(group.targets.values())
    return min(directory.facts.characters[number].name for number, times in group.targets.items() if times == most)


def _main_of(
    directory: Directory, group: _Group, characters: Sequence[KnownCharacter], members: Sequence[int]
) -> KnownCharacter | None:
    """The character that the others name most, else the one with the member's name; None in doubt."""
    if group.targets:
        most = max(group.targets.values())
        named = [c for c in characters if group.targets.get(c.id) == most and not directory.parse(c).is_bank]
        if len(named) == 1:
            return named[0]
    if members:
        member = directory.facts.members[members[0]]
        own = [c for c in characters if directory.member_named_like(c) == member]
        return own[0] if len(own) == 1 else None
    return None


def _basis(directory: Directory, group: _Group, character: KnownCharacter) -> LinkEvidence:
    """What ties a character to its person: a note, its own or those that name it, or the character's own name."""
    is_by_name = (
        character.id in group.evidence
        and directory.decide(character).target is None
        and directory.member_named_like(character) is not None
    )
    return "name" if is_by_name else "note"


def _why(group: _Group, character: KnownCharacter, main: KnownCharacter | None) -> str:
    if character.id in group.evidence:
        return group.evidence[character.id]
    return (
        "the other characters' notes name it as their main."
        if character == main
        else "other characters' notes name it."
    )
