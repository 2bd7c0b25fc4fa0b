"""Who a player could be on Discord: members of the server who are no player, each with reasons for and against."""

from __future__ import annotations

from collections.abc import Iterator

from sv_common.guild_sync.changes.changeset import Changeset
from sv_common.guild_sync.core.language import tr
from sv_common.guild_sync.core.text import with_or
from sv_common.guild_sync.identity.facts import KnownMember, KnownPlayer
from sv_common.guild_sync.identity.resolver import Resolver
from sv_common.guild_sync.identity.suggestions.clues import Kind
from sv_common.guild_sync.identity.verdicts import Person
from sv_common.guild_sync.issues.explanation import WeighedCandidate
from sv_common.guild_sync.rulebook.candidates.drafts import A_NAME_ALONE, Drafts, Weight
from sv_common.guild_sync.rulebook.explain import Known


def candidates_for_player(known: Known, player_id: int, plan: Changeset | None) -> tuple[WeighedCandidate, ...]:  # noqa: ARG001 -- no fix decides who it is
    """Return the members who have a name of the player, of one of its characters, or of its former Discord member."""
    resolver = known.resolver
    player = resolver.facts.players.get(player_id)
    if player is None:
        return ()
    drafts = Drafts()
    found = dict(_namesakes(resolver, player))
    for member, sentence in found.values():
        person = Person(member_id=member.id)
        others = [other.display_name for other, _ in found.values() if other != member]
        drafts.speaks_for(person, Kind.NAME, Weight.SHARED if others else Weight.SAME_NICKNAME, sentence)
        drafts.speaks_against(person, tr(A_NAME_ALONE))
        if others:
            drafts.speaks_against(person, tr("The name could also mean {names}.", names=with_or(others)))

    def is_rejected(person: Person) -> bool:
        return (player_id, person.member_id) in resolver.facts.member_rejections

    return drafts.ordered(resolver, (), is_rejected)


def _namesakes(resolver: Resolver, player: KnownPlayer) -> Iterator[tuple[int, tuple[KnownMember, str]]]:
    """Yield members of the server who are no player, by number, with the name that speaks for them; the best reason last."""
    names, former = resolver.names, resolver.facts.members.get(player.discord_user_id or 0)
    here = tr("The player {player}, or one of their characters, has this name.", player=player.display_name)
    yield from _called(resolver, names.names_here(player.id), here)
    if former is not None:
        there = tr("{member} had this name on Discord.", member=former.display_name)
        yield from _called(resolver, names.names_on_discord(player.id), there)


def _called(resolver: Resolver, keys: frozenset[str], sentence: str) -> Iterator[tuple[int, tuple[KnownMember, str]]]:
    for key in sorted(keys):
        for number in resolver.names.members_called.get(key, ()):
            if resolver.player_of_member(number) is None:
                yield number, (resolver.facts.members[number], sentence)
