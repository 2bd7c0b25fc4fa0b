"""What an answer settles besides its own question: characters whose notes or accounts then mean the same player."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from sv_common.guild_sync.identity.accounts.owners import settled_by_account
from sv_common.guild_sync.identity.resolver import Resolver, once
from sv_common.guild_sync.identity.verdicts import Person, Verdict
from sv_common.guild_sync.insights.inbox.answers import word_to_remember


def along_characters(resolver: Resolver, characters: Sequence[int]) -> list[int]:
    """Return the other characters without a player that a player of these would settle, by number.

    Their notes name one of these, or give the same name that no one has, which an answer can remember; or they are on the same
    Battle.net account, of which nobody has said that several people play on it.
    """
    found: set[int] = set()
    for number in characters:
        found.update(_waiting(resolver).get(Person(character_id=number), ()))
        found.update(_of_the_same_name(resolver, number))
        found.update(settled_by_account(resolver, number))
    return sorted(found - {*characters})


def along_member(resolver: Resolver, member: int) -> list[int]:
    """Return the characters without a player whose notes name a Discord member."""
    return sorted(_waiting(resolver).get(Person(member_id=member), ()))


@once
def _waiting(resolver: Resolver) -> Mapping[Person, Sequence[int]]:
    """The characters without a player, by the person that their notes name for certain and who has no player either."""
    found: dict[Person, list[int]] = defaultdict(list)
    for character in resolver.unlinked():
        target = resolver.resolve(character).target
        if target is not None and target.person.player_id is None:
            found[target.person].append(character.id)
    return dict(found)


def _of_the_same_name(resolver: Resolver, number: int) -> Iterable[int]:
    character = resolver.facts.characters[number]
    decision = resolver.resolve(character)
    if (
        decision.verdict is not Verdict.UNKNOWN
        or decision.mention is None
        or word_to_remember(resolver, character) is None
    ):
        return ()
    return (
        other.id
        for other in resolver.characters_by_unknown_name.get(decision.mention.readings[0].key, ())
        if other.player_id is None and other.is_present and other.id not in resolver.facts.shared
    )
