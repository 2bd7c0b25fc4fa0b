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

from sv_common.guild_sync.changes.changeset import NEW_PLAYER, Changeset, Named, RowChange
from sv_common.guild_sync.changes.describe import sentences
from sv_common.guild_sync.changes.row_changes import attach_member, create_player, link, remember_alias
from sv_common.guild_sync.core.basis import LinkEvidence
from sv_common.guild_sync.core.language import tr, tr_n
from sv_common.guild_sync.core.names import name_key
from sv_common.guild_sync.core.text import with_and
from sv_common.guild_sync.identity.accounts.owners import owner_by_account
from sv_common.guild_sync.identity.facts import KnownCharacter, KnownPlayer
from sv_common.guild_sync.identity.resolver import Resolver, once
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


@once
def match(resolver: Resolver) -> Sequence[MatchGroup]:
    """Return every person that the unlinked characters of a guild belong to, and the groups for which nothing is done."""
    return [_Judgment(resolver, group).judge(NEW_PLAYER - place) for place, group in enumerate(_groups(resolver))]


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
    by_account = owner_by_account(resolver, character)
    if by_account is not None and resolver.accounts.players(character.id) - {by_account.person.player_id}:
        by_account = None  # weaker links of the account say something else, so it says nothing for certain
    if by_account is not None:
        yield by_account.person, by_account.evidence
    if decision.target is not None:
        yield decision.target.person, decision.target.evidence
        return
    if by_account is not None and decision.verdict is not Verdict.AMBIGUOUS:
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
        yield name_key(word), tr("several characters have the note “{word}”.", word=word)


class _Judgment:
    """Whether a group is one person, and which."""

    def __init__(self, resolver: Resolver, group: _Group) -> None:
        self._resolver = resolver
        self._group = group
        facts = resolver.facts
        persons = [p for p in group.people if isinstance(p, Person)]
        self._players = [facts.players[n] for n in sorted(p.player_id for p in persons if p.player_id is not None)]
        self._members = [facts.members[n] for n in sorted(p.member_id for p in persons if p.member_id is not None)]
        self._nicknames = sorted(p for p in group.people if isinstance(p, str))
        self._characters = [facts.characters[number] for number in sorted({*group.evidence, *group.targets})]

    def judge(self, number: int) -> MatchGroup:
        """Return what is done for the group, a new player with this number, or why nothing is."""
        main = self._main()
        name = self._name(main)
        labels = tuple(character.label for character in self._characters)
        if refused := self._refusal(main):
            return MatchGroup(name, (), refused, characters=labels)
        found = self._joined() if self._players else self._new(number, name, main)
        return replace(found, characters=labels)

    def _refusal(self, main: KnownCharacter | None) -> str | None:
        resolver, nicknames = self._resolver, self._nicknames
        if len(self._players) > 1 or len(self._members) > 1 or len(nicknames) > 1:
            persons = sorted(p for p in self._group.people if isinstance(p, Person))
            people = [*map(resolver.label, persons), *nicknames]
            return tr("Notes connect {people}, who may be different people.", people=with_and(people))
        doubtful = next((c for c in self._characters if resolver.resolve(c).verdict is Verdict.AMBIGUOUS), None)
        if doubtful is not None:
            return tr(
                "The note of {character} could mean several people. Link that one first.", character=doubtful.label
            )
        if self._players:
            return self._refusal_of_player(self._players[0])
        if not self._members and len(self._characters) < 2:
            return tr("Not enough evidence: one character, linked to no one.")
        meant = resolver.misspelled(nicknames[0]) if nicknames and not self._members else None
        if meant is not None:
            return tr(
                "“{nickname}” looks like {name}, spelled differently. Link them manually.",
                nickname=nicknames[0],
                name=meant,
            )
        is_unclear = not self._members and not nicknames and main is None
        return tr("The main of these characters is unclear.") if is_unclear else None

    def _refusal_of_player(self, player: KnownPlayer) -> str | None:
        if not self._members:
            return None
        member = self._members[0]
        if player.discord_user_id is not None:
            return tr(
                "Notes connect {player} to another Discord member, {member}.",
                player=player.display_name,
                member=member.display_name,
            )
        if (player.id, member.id) in self._resolver.facts.member_rejections:
            return tr(
                "An officer ruled out {member} on Discord for {player}. Link them manually if they match.",
                member=member.display_name,
                player=player.display_name,
            )
        return None

    def _new(self, number: int, name: str, main: KnownCharacter | None) -> MatchGroup:
        member = self._members[0].named if self._members else None
        player = Named(number, name)
        create = create_player(*player, member, main.named if main else None)
        links = [link(c.named, player, self._why(c, main), self._basis(c)) for c in self._characters]
        by_name = MatchEvidence.NICKNAME if self._nicknames else MatchEvidence.MAIN
        evidence = MatchEvidence.DISCORD_MEMBER if member else by_name
        reason = tr_n("{n} character of one person.", "{n} characters of one person.", len(links))
        return MatchGroup(name, (create, *links, *self._aliases(player)), reason, evidence)

    def _joined(self) -> MatchGroup:
        player = self._players[0]
        attach = [attach_member(player.named, member.named) for member in self._members]
        links = [
            link(c.named, player.named, self._why(c, None), self._basis(c))
            for c in self._characters
            if (c.id, player.id) not in self._resolver.facts.rejections
        ]
        rows = (*attach, *links, *self._aliases(player.named))
        reason = tr_n("{n} character of a known player.", "{n} characters of a known player.", len(links))
        return MatchGroup(player.display_name, rows, reason, MatchEvidence.KNOWN_PLAYER)

    def _aliases(self, player: Named) -> list[RowChange]:
        """A word that means another player already keeps that meaning."""
        known = self._resolver.facts.aliases
        return [remember_alias(player, nickname) for nickname in self._nicknames if nickname not in known]

    def _name(self, main: KnownCharacter | None) -> str:
        if self._players:
            return self._players[0].display_name
        if self._members:
            return self._members[0].display_name
        if self._nicknames:
            return self._nicknames[0].capitalize()
        if main:
            return main.name
        if not self._group.targets:
            alone = self._characters[0]
            return (self._resolver.resolve(alone).named or alone.name).capitalize()
        return min(character.name for character in self._named_most())

    def _named_most(self) -> list[KnownCharacter]:
        targets = self._group.targets
        return [c for c in self._characters if targets.get(c.id) == max(targets.values())]

    def _main(self) -> KnownCharacter | None:
        """The character that the others name most, else the one with the member's name; None if unclear."""
        if self._group.targets:
            named = [c for c in self._named_most() if not self._resolver.parse(c).is_bank]
            if len(named) == 1:
                return named[0]
        if self._members:
            own = [c for c in self._characters if self._resolver.member_named_like(c) == self._members[0]]
            return own[0] if len(own) == 1 else None
        return None

    def _basis(self, character: KnownCharacter) -> LinkEvidence:
        """What links a character to its person: its account, a note, its own or those that name it, or its own name."""
        if owner_by_account(self._resolver, character) is not None:
            return "account"
        is_by_name = (
            character.id in self._group.evidence
            and self._resolver.resolve(character).target is None
            and self._resolver.member_named_like(character) is not None
        )
        return "name" if is_by_name else "note"

    def _why(self, character: KnownCharacter, main: KnownCharacter | None) -> str:
        if character.id in self._group.evidence:
            return self._group.evidence[character.id]
        is_main = character == main
        return (
            tr("the other characters' notes name it as their main.")
            if is_main
            else tr("other characters' notes name it.")
        )
