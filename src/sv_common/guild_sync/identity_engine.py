"""The full match: who all the unlinked characters belong to, decided in one go. Only ever on an officer's command.

Notes and names are edges between characters, Discord members and players; what hangs together is one person. A player is
created only for a main with alts, a shared nickname, or a Discord member with characters. Bank characters and lone
characters whom nothing ties to anybody do not become people. Where two people hang together, nothing is done.
"""

from __future__ import annotations

import hashlib
import time
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Annotated

from pydantic import Field, PlainSerializer, computed_field

from sv_common.db.pool import Connection, Pool
from sv_common.guild_sync.domain.basis import LinkEvidence
from sv_common.guild_sync.domain.decision import Person, Verdict
from sv_common.guild_sync.domain.names import name_key
from sv_common.guild_sync.domain.plan import AttachDiscord, CreatePlayer, Link, Plan, RememberAlias, Step
from sv_common.guild_sync.fixes import database_steps
from sv_common.guild_sync.fixes.command import SOME_OFFICER
from sv_common.guild_sync.resolution import Directory
from sv_common.guild_sync.store import attempts, guilds
from sv_common.guild_sync.store.attempts import NewAttempt
from sv_common.guild_sync.store.directory import KnownCharacter, main_pointer, read_facts
from sv_common.guild_sync.store.links import LinkAuthor
from sv_common.guild_sync.strangers import nickname_of, ruled_out

FULL_MATCH = "full_match"
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
    steps: Annotated[
        Sequence[Step],
        PlainSerializer(lambda steps: [step.describe() for step in steps], return_type=list[str]),
        Field(description="What would be done, a sentence for each step."),
    ]
    reason: str
    evidence: Annotated[Evidence | None, Field(description="Null where nothing would be done.")] = None
    characters: Annotated[
        Sequence[str], Field(description="Of people for whom nothing would be done: their characters.")
    ] = ()

    @computed_field(description="By this the person is chosen; another one as soon as something else would be done.")
    @property
    def key(self) -> str:
        """What an officer chooses this person by: the same as long as the same would be done for the same person.

        Which number stands for a new player depends on who else is found, so it does not count.
        """
        plan = Plan(tuple(_by_itself(step) for step in self.steps), self.reason)
        return hashlib.sha256(f"{self.name} {plan.key}".encode()).hexdigest()[:_KEY_LENGTH]

    @computed_field
    @property
    def creates_player(self) -> bool:
        """Whether a new player would be made."""
        return any(isinstance(step, CreatePlayer) for step in self.steps)


@dataclass(frozen=True, slots=True)
class MatchReport:
    """What a full match would do or did. `attempt_id` is what to undo; None for a preview or when there was nothing.

    `missing` counts the chosen people who were no longer found as they were chosen, and for whom nothing was done.
    """

    guild_id: int
    groups: Sequence[MatchGroup]
    left_alone: Sequence[MatchGroup]
    attempt_id: int | None = None
    missing: int = 0

    @property
    def plan(self) -> Plan:
        """All steps as one plan."""
        return Plan(tuple(step for group in self.groups for step in group.steps), "An officer's full match.")

    @property
    def counts(self) -> dict[str, int]:
        """How many players are made, characters linked, and groups left alone."""
        steps = self.plan.steps
        return {
            "players_created": sum(isinstance(step, CreatePlayer) for step in steps),
            "characters_linked": sum(isinstance(step, Link) for step in steps),
            "left_alone": len(self.left_alone),
        }


async def preview_matching(pool: Pool, *, guild_id: int | None = None) -> MatchReport:
    """Return exactly what `run_matching` would do now, and do nothing."""
    async with pool.snapshot() as conn:
        guild = await guilds.the_only(conn, guild_id)
        return await _match(conn, guild.id)


async def run_matching(
    pool: Pool, *, actor: str = SOME_OFFICER, guild_id: int | None = None, chosen: Collection[str] | None = None
) -> MatchReport:
    """Match the whole guild: create and link in one transaction, recorded as one attempt that can be undone as a whole.

    `chosen` holds the keys of the groups to apply; None applies all. Without a name, the log says that an officer did it.
    Raises `Refused` where there are several guilds and none is named.
    """
    started = time.monotonic()
    async with pool.connection() as conn:
        guild = await guilds.the_only(conn, guild_id)
        await guilds.lock(conn, guild.id)
        report = _only(await _match(conn, guild.id), chosen)
        if not report.groups:
            return report
        changes = await database_steps.write(conn, guild.id, [report.plan], LinkAuthor(actor, FULL_MATCH, "exact"))
        attempt = NewAttempt(None, "fixed", _summary(report), report.plan, changes[0])
        duration_ms = round((time.monotonic() - started) * 1000)
        numbers = await attempts.add(
            conn, guild.id, FULL_MATCH, [attempt], actor=actor, is_automatic=False, duration_ms=duration_ms
        )
    return replace(report, attempt_id=numbers[0])


def _only(report: MatchReport, chosen: Collection[str] | None) -> MatchReport:
    """Keep the groups that were chosen."""
    if chosen is None:
        return report
    groups = [group for group in report.groups if group.key in chosen]
    return replace(report, groups=groups, missing=len(set(chosen)) - len(groups))


def _by_itself(step: Step) -> Step:
    """Name the new player of a group as if it were the only one."""
    if isinstance(step, CreatePlayer):
        return replace(step, placeholder=-1)
    if isinstance(step, Link | RememberAlias) and step.player_id < 0:
        return replace(step, player_id=-1)
    return step


async def _match(conn: Connection, guild_id: int) -> MatchReport:
    directory = Directory(await read_facts(conn, guild_id))
    groups = [_judged(directory, group, -1 - place) for place, group in enumerate(_groups(directory))]
    acting = [group for group in groups if group.steps]
    return MatchReport(guild_id, acting, [group for group in groups if not group.steps])


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


def _judged(directory: Directory, group: _Group, placeholder: int) -> MatchGroup:
    characters = tuple(character.label for character in _characters_of(directory, group))
    return replace(_judge(directory, group, placeholder), characters=characters)


def _judge(directory: Directory, group: _Group, placeholder: int) -> MatchGroup:
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
    member_name = directory.facts.members[members[0]].display_name if members else None
    create = CreatePlayer(placeholder, name, members[0] if members else None, member_name, *main_pointer(main))
    links = [
        Link(c.id, c.label, placeholder, name, _why(group, c, main), _basis(directory, group, c)) for c in characters
    ]
    aliases = _aliases(directory, placeholder, name, nicknames)
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
    attach = [
        AttachDiscord(player_id, player.display_name, member, directory.facts.members[member].display_name)
        for member in members
    ]
    links = [
        Link(c.id, c.label, player_id, player.display_name, _why(group, c, None), _basis(directory, group, c))
        for c in characters
        if (c.id, player_id) not in directory.facts.rejections
    ]
    aliases = _aliases(directory, player_id, player.display_name, nicknames)
    steps: tuple[Step, ...] = (*attach, *links, *aliases)
    reason = f"{len(links)} character(s) of a known player."
    return MatchGroup(player.display_name, steps, reason, Evidence.KNOWN_PLAYER)


def _aliases(directory: Directory, player_id: int, name: str, nicknames: Sequence[str]) -> list[RememberAlias]:
    """The nicknames to remember; a word that means another player already goes on meaning that one."""
    new = [nickname for nickname in nicknames if nickname not in directory.facts.aliases]
    return [RememberAlias(player_id, name, nickname) for nickname in new]


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


def _summary(report: MatchReport) -> str:
    counts = report.counts
    return f"Full match: {counts['players_created']} players created, {counts['characters_linked']} characters linked."
