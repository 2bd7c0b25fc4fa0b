"""How much is known of whose the characters are, by what stands for it; and what an officer does best next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias, get_args

from pydantic import Field, computed_field

from sv_common.db.pool import GuildConnection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.core.language import mark, number, tr, tr_n
from sv_common.guild_sync.identity.accounts.owners import settled_by_account
from sv_common.guild_sync.identity.known import resolver_of
from sv_common.guild_sync.identity.matcher import match
from sv_common.guild_sync.identity.resolver import Resolver, once
from sv_common.guild_sync.identity.verdicts import Verdict

SQL = load_sql(__package__, "coverage.sql")

Known: TypeAlias = Literal["proven", "officer", "account", "note", "name", "none"]
"""Each basis of a link, strongest first, and that there is no link."""
ActionKind = Literal["match", "accounts", "names", "suggested", "ask", "confirm"]

_IN_WORDS: Mapping[Known, str] = {
    "proven": mark("{n} verified by Battle.net"),
    "officer": mark("{n} by an officer"),
    "account": mark("{n} by the same account"),
    "note": mark("{n} by a note"),
    "name": mark("{n} by a Discord name"),
    "none": mark("{n} unknown"),
}


@dataclass(frozen=True, slots=True)
class BasisCount:
    """How many characters are known by one kind of evidence; `none`: they have no player."""

    basis: Known
    characters: int

    @property
    def in_words(self) -> str:
        return tr(_IN_WORDS[self.basis], n=number(self.characters))


@dataclass(frozen=True, slots=True)
class NextAction:
    """What settles the most characters for each answer of an officer."""

    kind: Annotated[
        ActionKind,
        Field(
            description="match: run a full match. accounts: say whose the Battle.net accounts are. "
            "names: say whose the unknown names are. suggested: choose a suggestion. "
            "ask: ask the members. confirm: confirm what rests on a note or a name."
        ),
    ]
    answers: Annotated[int, Field(description="How many answers it takes.")]
    characters: Annotated[int, Field(description="How many characters these answers settle.")]
    sentence: Annotated[
        str, Field(examples=["Notes give 9 names that no one here has. One answer each settles 41 characters."])
    ]


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much is known of whose the characters are. What is not known yet is no fault: it is counted here."""

    by_basis: Annotated[Sequence[BasisCount], Field(description="The strongest evidence first; each kind is there.")]
    next_action: Annotated[NextAction | None, Field(description="Null where there is nothing to do.")]

    @computed_field
    @property
    def total(self) -> int:
        """Characters that should have a player."""
        return sum(each.characters for each in self.by_basis)

    @computed_field
    @property
    def known(self) -> int:
        """Characters that have one."""
        return sum(each.characters for each in self.by_basis if each.basis != "none")

    @computed_field
    @property
    def percent(self) -> int | None:
        """The share that is known, rounded down; null where there is no character."""
        return 100 * self.known // self.total if self.total else None

    @computed_field
    @property
    def sentence(self) -> str:
        """The same in words, for an officer."""
        told = tr_n(
            "{known} of {n} character has a player",
            "{known} of {n} characters have a player",
            self.total,
            known=number(self.known),
        )
        parts = [each.in_words for each in self.by_basis if each.characters]
        return f"{told}: {', '.join(parts)}." if parts else f"{told}."


async def coverage(guild: GuildConnection) -> Coverage:
    """Return how much is known in a guild: one statement, and the facts of the guild where they are not read yet."""
    counts = await counts_by_basis(guild)
    return Coverage(counts, _next_action(await resolver_of(guild), counts))


async def counts_by_basis(guild: GuildConnection) -> list[BasisCount]:
    """Return how many characters are known by each kind of evidence, the strongest first, and how many are not; one statement."""
    counts: dict[str, int] = {row[0]: row[1] for row in await guild.rows(SQL["by_basis"])}
    return [BasisCount(basis, counts.get(basis, 0)) for basis in get_args(Known)]


def match_counts(resolver: Resolver) -> tuple[int, int, int]:
    """Return how many characters a full match would link now, to how many players, and how many of these it would create."""
    plans = [group.plan for group in match(resolver) if group.rows]
    return sum(len(plan.linked) for plan in plans), len(plans), sum(len(plan.created) for plan in plans)


def match_sentence(characters: int, players: int) -> str:
    linked = tr_n("{n} character", "{n} characters", characters)
    theirs = tr_n("{n} player", "{n} players", players)
    return tr("A full match would link {characters} to {players}.", characters=linked, players=theirs)


def _next_action(resolver: Resolver, by_basis: Sequence[BasisCount]) -> NextAction | None:
    """Return what settles the most characters for each answer; of equals what comes first here, which is the cheapest."""
    actions = [*_of_unlinked(resolver), *_of_linked(by_basis)]
    return max(actions, key=lambda each: (each.kind != "confirm", each.characters / each.answers), default=None)


def _of_unlinked(resolver: Resolver) -> Iterator[NextAction]:
    linked, players, _ = match_counts(resolver)
    if linked:
        yield NextAction("match", 1, linked, match_sentence(linked, players))
    accounts, names, suggested, silent = _open(resolver)
    if accounts:
        characters = tr_n("{n} character", "{n} characters", sum(accounts.values()))
        sentence = tr_n(
            "{n} Battle.net account has no owner. One answer settles {characters}.",
            "{n} Battle.net accounts have no owner. One answer each settles {characters}.",
            len(accounts),
            characters=characters,
        )
        yield NextAction("accounts", len(accounts), sum(accounts.values()), sentence)
    if names:
        characters = tr_n("{n} character", "{n} characters", sum(names.values()))
        sentence = tr_n(
            "Notes give {n} name that no one here has. One answer settles {characters}.",
            "Notes give {n} names that no one here has. One answer each settles {characters}.",
            len(names),
            characters=characters,
        )
        yield NextAction("names", len(names), sum(names.values()), sentence)
    if suggested:
        sentence = tr_n(
            "The note of {n} character may mean several people. Choose the right one.",
            "The notes of {n} characters may mean several people. Choose the right one for each.",
            suggested,
        )
        yield NextAction("suggested", suggested, suggested, sentence)
    if silent:
        sentence = tr_n(
            "Nothing says whose {n} character is. Ask in the guild: the question has a message to copy.",
            "Nothing says whose {n} characters are. Ask in the guild: each question has a message to copy.",
            silent,
        )
        yield NextAction("ask", silent, silent, sentence)


@once
def _open(resolver: Resolver) -> tuple[Mapping[int, int], Mapping[str, int], int, int]:
    """Count the characters without a player: by account, by the unknown name of their notes, of several meanings, and without any.

    An account counts where one answer settles several of its characters; these count nowhere else.
    """
    accounts, names, suggested, silent = Counter[int](), Counter[str](), 0, 0
    for character in resolver.unlinked():
        if settled_by_account(resolver, character.id):
            accounts[resolver.accounts.of(character.id) or 0] += 1
            continue
        decision = resolver.resolve(character)
        if decision.verdict is Verdict.UNKNOWN and decision.mention is not None:
            names[decision.mention.readings[0].key] += 1
        elif decision.verdict in (Verdict.AMBIGUOUS, Verdict.SUGGESTED):
            suggested += 1
        elif decision.target is None and resolver.owner_by_name(character) is None:
            silent += 1
    return accounts, names, suggested, silent


def _of_linked(by_basis: Sequence[BasisCount]) -> Iterator[NextAction]:
    weak = sum(each.characters for each in by_basis if each.basis in ("note", "name"))
    if weak:
        sentence = tr_n(
            "{n} character is known by a note or a name alone. Confirm what gives a role or a right.",
            "{n} characters are known by a note or a name alone. Confirm what gives a role or a right.",
            weak,
        )
        yield NextAction("confirm", weak, weak, sentence)
