"""The full match: who all the unlinked characters belong to, decided in one go from facts in memory.

Notes and names are edges between characters, Discord members and players; what hangs together is one person. A player is
created only for a main with alts, a shared nickname, or a Discord member with characters. Bank characters and lone
characters that nothing links to anyone do not become people. Where two people hang together, nothing is done.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
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
from sv_common.guild_sync.core.text import plural
from sv_common.guild_sync.identity.facts import KnownCharacter
from sv_common.guild_sync.identity.resolver import Resolver
from sv_common.guild_sync.identity.unknown_names import nickname_of, rejected_player
from sv_common.guild_sync.identity.verdicts import Person, Verdict

FEWEST_SHARING = 2
_KEY_LENGTH = 16
_Node = Person | str
"""A person, or a nickname that several characters share."""


class MatchEvidence(StrEnum):
    """What links the characters of a group, and so what would be done for it."""

    KNOWN_PLAYER = "known_player"
    DISCORD_MEMBER = "discord_member"
    MAIN = "main"
    NICKNAME = "nickname"


@dataclass(frozen=True, slots=True)
class MatchGroup:
    """One person found by the match: what would be done and why, or, without evidence, why nothing is."""

    name: str
    rows: Annotated[Sequence[RowChange], Field(exclude=True)]
    reason: str
    evidence: Annotated[MatchEvidence | None, Field(description="Null where nothing would be done.")] = None
    characters: Annotated[Sequence[str], Field(description="Characters of the people that are left alone.")] = ()

    @property
    def plan(self) -> Changeset:
        return Changeset(tuple(self.rows), self.reason)

    @computed_field(description="What would be done, a sentence for each step.")
    @property
    def steps(self) -> Sequence[str]:
        return sentences(self.plan)

    @computed_field(description="By this the person is chosen; another one as soon as something else would be done.")
    @property
    def key(self) -> str:
        """What an officer selects this person by: the same as long as the same would be done for the same person."""
        return hashlib.sha256(f"{self.name} {self.plan.key}".encode()).hexdigest()[:_KEY_LENGTH]

    @computed_field
    @property
    def creates_player(self) -> bool:
        """Whether a new player would be created."""
        return bool(self.plan.created)


def match(resolver: Resolver) -> list[MatchGroup]:
    """Return every person that the unlinked characters of a guild belong to, and the groups for which nothing is done."""
    return [_judged(resolver, group, NEW_PLAYER - place) for place, group in enumerate(_groups(resolver))]


@dataclass(slots=True)
class _Group:
    """Linked characters without a player, with the sentence for each, and the people they mean."""

    evidence: dict[int, str] = field(default_factory=dict)
    targets: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    people: set[_Node] = field(default_factory=set)


def _groups(resolver: Resolver) -> list[_Group]:
    """Join characters with the people they mean; groups are in the order of their first character."""
    parents: dict[_Node, _Node] = {}

    def root(node: _Node) -> _Node:
        while parents.setdefault(node, node) != node:
            parents[node] = parents[parents[node]]
            node = parents[node]
        return node

    edges = _edges(resolver)
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


def _edges(resolver: Resolver) -> list[tuple[int, _Node, str]]:
    """Who each character without a player means, and the sentence why.

    A character may have two edges: its own name may be a Discord member's while its note is a nickname that others share. A
    word is a nickname only if the whole notes of two characters are this word: a joke on one of them is not, nor is the
    rest of a longer note. A character whose only edge is to such a word stays alone.
    """
    meant = {c.id: list(_meant_by(resolver, c)) for c in resolver.unlinked()}
    sharing = Counter(nickname_of(resolver, c) for c in resolver.unlinked())
    edges: list[tuple[int, _Node, str]] = []
    for character_id, nodes in meant.items():
        known = [(node, why) for node, why in nodes if not isinstance(node, str) or sharing[node] >= FEWEST_SHARING]
        alone: list[tuple[_Node, str]] = [(Person(character_id=character_id), why) for _, why in nodes[:1]]
        edges += [(character_id, node, why) for node, why in known or alone]
    return edges


def _meant_by(resolver: Resolver, character: KnownCharacter) -> Iterator[tuple[_Node, str]]:
    decision = resolver.resolve(character)
    if decision.target is not None:
        yield decision.target.person, decision.target.evidence
        return
    if decision.verdict not in (Verdict.NOBODY, Verdict.UNKNOWN) or decision.parsed.is_bank:
        return
    if owner := resolver.owner_by_name(character):
        yield owner.person, owner.evidence
    if (
        decision.verdict is Verdict.UNKNOWN
        and decision.mention
        and not rejected_player(resolver, decision.mention, character)
    ):
        word = decision.mention.text
        yield name_key(word), f"several characters have the note “{word}”."


def _judged(resolver: Resolver, group: _Group, number: int) -> MatchGroup:
    characters = tuple(character.label for character in _characters_of(resolver, group))
    return replace(_judge(resolver, group, number), characters=characters)


def _judge(resolver: Resolver, group: _Group, number: int) -> MatchGroup:
    players = sorted(p.player_id for p in group.people if isinstance(p, Person) and p.player_id is not None)
    members = sorted(p.member_id for p in group.people if isinstance(p, Person) and p.member_id is not None)
    nicknames = sorted(p for p in group.people if isinstance(p, str))
    characters = _characters_of(resolver, group)
    main = _main_of(resolver, group, characters, members)
    name = _name_of(resolver, group, players, members, nicknames, main)
    if len(players) > 1 or len(members) > 1 or len(nicknames) > 1:
        people = [resolver.label(p) for p in sorted(p for p in group.people if isinstance(p, Person))] + nicknames
        return MatchGroup(name, (), f"Notes tie together {' and '.join(people)}, who may be different people.")
    doubtful = next((c for c in characters if resolver.resolve(c).verdict is Verdict.AMBIGUOUS), None)
    if doubtful is not None:
        return MatchGroup(name, (), f"The note of {doubtful.label} could mean several people. Decide that one first.")
    if players:
        return _join(resolver, group, characters, players[0], members, nicknames)
    if not members and len(characters) < 2:
        return MatchGroup(name, (), "One character alone, and nothing links it to anyone.")
    meant = resolver.misspelled(nicknames[0]) if nicknames and not members else None
    if meant is not None:
        return MatchGroup(name, (), f"“{nicknames[0]}” looks like {meant}, spelled differently. Link these manually.")
    if not members and not nicknames and main is None:
        return MatchGroup(name, (), "It is not clear which of these characters is the main.")
    member = resolver.facts.members[members[0]].named if members else None
    player = Named(number, name)
    create = create_player(*player, member, main.named if main else None)
    links = [link(c.named, player, _why(group, c, main), _basis(resolver, group, c)) for c in characters]
    aliases = _aliases(resolver, player, nicknames)
    evidence = MatchEvidence.DISCORD_MEMBER if members else MatchEvidence.NICKNAME if nicknames else MatchEvidence.MAIN
    return MatchGroup(name, (create, *links, *aliases), f"{plural(len(links), 'character')} of one person.", evidence)


def _join(
    resolver: Resolver,
    group: _Group,
    characters: Sequence[KnownCharacter],
    player_id: int,
    members: Sequence[int],
    nicknames: Sequence[str],
) -> MatchGroup:
    player = resolver.facts.players[player_id]
    if members and player.discord_user_id is not None:
        member = resolver.facts.members[members[0]].display_name
        return MatchGroup(
            player.display_name, (), f"Notes tie {player.display_name} to another Discord member, {member}."
        )
    rejected = [member for member in members if (player_id, member) in resolver.facts.member_rejections]
    if rejected:
        member = resolver.facts.members[rejected[0]].display_name
        sentence = f"An officer has said that {player.display_name} is not {member} on Discord. Decide manually."
        return MatchGroup(player.display_name, (), sentence)
    attach = [attach_member(player.named, resolver.facts.members[member].named) for member in members]
    links = [
        link(c.named, player.named, _why(group, c, None), _basis(resolver, group, c))
        for c in characters
        if (c.id, player_id) not in resolver.facts.rejections
    ]
    rows = (*attach, *links, *_aliases(resolver, player.named, nicknames))
    reason = f"{plural(len(links), 'character')} of a known player."
    return MatchGroup(player.display_name, rows, reason, MatchEvidence.KNOWN_PLAYER)


def _aliases(resolver: Resolver, player: Named, nicknames: Sequence[str]) -> list[RowChange]:
    """A word that means another player already keeps that meaning."""
    return [remember_alias(player, nickname) for nickname in nicknames if nickname not in resolver.facts.aliases]


def _characters_of(resolver: Resolver, group: _Group) -> list[KnownCharacter]:
    ids = sorted({*group.evidence, *group.targets})
    return [resolver.facts.characters[character_id] for character_id in ids]


def _name_of(
    resolver: Resolver,
    group: _Group,
    players: Sequence[int],
    members: Sequence[int],
    nicknames: Sequence[str],
    main: KnownCharacter | None,
) -> str:
    if players:
        return resolver.facts.players[players[0]].display_name
    if members:
        return resolver.facts.members[members[0]].display_name
    if nicknames:
        return nicknames[0].capitalize()
    if main:
        return main.name
    if not group.targets:
        alone = resolver.facts.characters[min(group.evidence)]
        return (resolver.resolve(alone).named or alone.name).capitalize()
    most = max(group.targets.values())
    return min(resolver.facts.characters[number].name for number, times in group.targets.items() if times == most)


def _main_of(
    resolver: Resolver, group: _Group, characters: Sequence[KnownCharacter], members: Sequence[int]
) -> KnownCharacter | None:
    """The character that the others name most, else the one with the member's name; None if unclear."""
    if group.targets:
        most = max(group.targets.values())
        named = [c for c in characters if group.targets.get(c.id) == most and not resolver.parse(c).is_bank]
        if len(named) == 1:
            return named[0]
    if members:
        member = resolver.facts.members[members[0]]
        own = [c for c in characters if resolver.member_named_like(c) == member]
        return own[0] if len(own) == 1 else None
    return None


def _basis(resolver: Resolver, group: _Group, character: KnownCharacter) -> LinkEvidence:
    """What links a character to its person: a note, its own or those that name it, or the character's own name."""
    is_by_name = (
        character.id in group.evidence
        and resolver.resolve(character).target is None
        and resolver.member_named_like(character) is not None
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
