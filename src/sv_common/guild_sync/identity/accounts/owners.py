"""What the Battle.net account of a character says about whose it is, in words and for a fix. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from sv_common.guild_sync.core.language import mark, tr
from sv_common.guild_sync.core.text import enumerated
from sv_common.guild_sync.identity.facts import KnownCharacter
from sv_common.guild_sync.identity.resolver import Resolver
from sv_common.guild_sync.identity.verdicts import Candidate, Person, Verdict

WITHHELD = mark("Only officers see what this rests on.")
"""What stands in texts that are kept, and that others than officers read, in place of what account evidence says."""


def owner_by_account(resolver: Resolver, character: KnownCharacter) -> Candidate | None:
    """Return the player whose account the character is on, unless an officer has ruled the player out for it.

    A bank or shared character has none, nor one whose note says that it is a bank: it is nobody's, on an account of somebody.
    """
    owner = resolver.accounts.owner(character.id)
    if owner is None or owner.proof.id == character.id or character.id in resolver.facts.shared:
        return None
    if (character.id, owner.player_id) in resolver.facts.rejections or resolver.parse(character).is_bank:
        return None
    person = Person(owner.player_id)
    label = resolver.label(person)
    return Candidate(person, label, f"{tr('Account evidence.')} {tr(WITHHELD)}")


def on_the_same_account(other: KnownCharacter, player: str) -> str:
    """Say that a character of a player is on the same account."""
    return tr("{other}, a character of {player}, is on the same Battle.net account.", other=other.label, player=player)


def why_not_by_account(resolver: Resolver, character: KnownCharacter, player_id: int) -> str | None:
    """Return why a character is not linked to its account's owner without an officer; None where nothing speaks against it."""
    if resolver.accounts.players(character.id) - {player_id}:
        return f"{tr('Something speaks for another player, too.')} {tr(WITHHELD)}"
    decision, namesake = resolver.resolve(character), resolver.owner_by_name(character)
    if decision.verdict is not Verdict.NOBODY and (
        decision.target is None or decision.target.person != Person(player_id)
    ):
        return tr("The note says “{named}”.", named=decision.named) if decision.named else tr("The note is not clear.")
    if namesake is not None and namesake.person != Person(player_id):
        return tr("The character has the Discord name of {name}.", name=namesake.label)
    return None


def settled_by_account(resolver: Resolver, number: int) -> Sequence[int]:
    """Return those that are linked by the account, once a character of it has a player that an officer stands for."""
    accounts = resolver.accounts
    if accounts.is_shared(number) or accounts.owner(number) is not None or len(accounts.players(number)) > 1:
        return ()  # nothing follows from the account; or it is known already, and each has its own fix; or it is disputed
    return [
        each.id
        for each in accounts.others(number)
        if each.player_id is None and each.id not in resolver.facts.shared and not resolver.parse(each).is_bank
        if resolver.resolve(each).verdict is Verdict.NOBODY and resolver.owner_by_name(each) is None
    ]


def account_evidence(resolver: Resolver, character: KnownCharacter) -> str | None:
    """Say which other characters are on the same account, whose they are, and why; None where none is known."""
    others = resolver.accounts.others(character.id)
    if not others:
        return None
    names = [
        f"{each.name} ({resolver.label(Person(each.player_id))})" if each.player_id is not None else each.name
        for each in others
    ]
    same = tr("Same Battle.net account as {characters}.", characters=enumerated(names))
    told = f"{same} {resolver.accounts.why(character.id)}"
    if resolver.accounts.is_shared(character.id):
        return f"{told} {tr('An officer said that several people play on it.')}"
    return told
