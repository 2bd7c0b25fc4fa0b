"""A player who is not known yet: the changeset that creates one with its characters, or why it cannot be created."""

from __future__ import annotations

from collections.abc import Sequence

from sv_common.guild_sync.changes import row_changes as change
from sv_common.guild_sync.changes.changeset import NEW_PLAYER, Changeset, Named, RowChange
from sv_common.guild_sync.core.errors import BadInput, Refused
from sv_common.guild_sync.core.language import tr, tr_n
from sv_common.guild_sync.core.names import LONGEST_ALIAS, is_alias, name_key
from sv_common.guild_sync.core.row_number import marked_row
from sv_common.guild_sync.core.text import with_and
from sv_common.guild_sync.identity.facts import KnownCharacter, KnownMember
from sv_common.guild_sync.identity.plans.linking import (
    SAYS_SO,
    check_is_free,
    check_is_not_shared,
    check_is_there,
    decided,
)
from sv_common.guild_sync.identity.plans.linking import player_of as player_of_member
from sv_common.guild_sync.identity.resolver import Resolver
from sv_common.guild_sync.identity.unknown_names import rejected_player
from sv_common.guild_sync.identity.verdicts import Verdict

_LOWEST_RANK = 10


def new_player(
    resolver: Resolver,
    characters: Sequence[KnownCharacter],
    name: str | None,
    member: KnownMember | None,
    *,
    remember_note: bool,
) -> Changeset:
    """Plan a new player with these characters, the highest in rank its main.

    Raises `Refused` where a character has a player or is marked as shared, where the Discord member is a player already or has
    left, and where the name, or one that a note gives and that is to be remembered, means someone else already; `BadInput` for
    what is no name.
    """
    theirs = list({character.id: character for character in characters}.values())
    for character in theirs:
        _check_is_free(resolver, character)
    if member is not None:
        _check_is_no_player(resolver, member)
    main = min(
        theirs, key=lambda each: (resolver.parse(each).is_bank, _LOWEST_RANK if each.rank is None else each.rank)
    )
    given = _names_of_notes(resolver, theirs, member)
    called = (name or "").strip() or _name_by_default(given, main)
    _check_is_a_name(called)
    _check_means_nobody(resolver, called, member)
    player = Named(NEW_PLAYER, called)
    rows = [
        change.create_player(*player, member.named if member else None, main.named),
        *(change.link(character.named, player, SAYS_SO) for character in theirs),
        *(_remembered(resolver, player, given) if remember_note else ()),
    ]
    labels = ", ".join(character.label for character in theirs)
    return decided(rows, _belong(len(theirs), labels, called, member))


def _belong(n: int, labels: str, called: str, member: KnownMember | None) -> str:
    if member is None:
        return tr_n(
            "{characters} belongs to the new player {player}",
            "{characters} belong to the new player {player}",
            n,
            characters=labels,
            player=called,
        )
    return tr_n(
        "{characters} belongs to the new player {player}, {member} on Discord",
        "{characters} belong to the new player {player}, {member} on Discord",
        n,
        characters=labels,
        player=called,
        member=member.display_name,
    )


def _check_is_free(resolver: Resolver, character: KnownCharacter) -> None:
    check_is_not_shared(resolver.facts, character)
    if character.player_id is not None:
        owner = resolver.facts.players[character.player_id].display_name
        raise Refused(tr("{character} belongs to {owner}. Unlink it first.", character=character.label, owner=owner))


def _check_is_no_player(resolver: Resolver, member: KnownMember) -> None:
    check_is_there(member)
    if (player := player_of_member(resolver.facts, member)) is not None:
        raise Refused(
            tr(
                "{member} on Discord already belongs to the player {player}. Link the characters to that player.",
                member=member.display_name,
                player=player.display_name,
            )
        )


def _names_of_notes(
    resolver: Resolver, characters: Sequence[KnownCharacter], member: KnownMember | None
) -> dict[str, str]:
    """Return by key the names that notes give and that no other person has, as they are written first."""
    given: dict[str, str] = {}
    for character in characters:
        decision = resolver.resolve_alone(character)
        mention, people = decision.mention, decision.candidates
        is_theirs = all(
            each.person.player_id is None
            and each.person.member_id in (None, member.id if member else None)
            and each.person.character_id not in resolver.facts.shared
            for each in people
        )
        is_name = is_theirs and decision.verdict not in (Verdict.AMBIGUOUS, Verdict.NOBODY)
        if mention is not None and is_name and not rejected_player(resolver, mention, character):
            given.setdefault(mention.readings[0].key, mention.text)
    return given


def _name_by_default(given: dict[str, str], main: KnownCharacter) -> str:
    if len(given) > 1:
        told = with_and(f"“{text}”" for text in given.values())
        raise Refused(tr("The notes give several names: {names}. Name the new player yourself.", names=told))
    text = next(iter(given.values()), main.name)
    return text.capitalize() if text.islower() else text


def _check_is_a_name(called: str) -> None:
    if not is_alias(called) or marked_row(called) is not None:
        raise BadInput(
            tr(
                "A player's name is one line of 1 to {most} visible letters, and not # with a number.",
                most=LONGEST_ALIAS,
            )
        )


def _check_means_nobody(resolver: Resolver, called: str, member: KnownMember | None) -> None:
    """Raise `Refused` where a note with this name means someone else already: it would mean neither of the two then."""
    facts, key = resolver.facts, name_key(called)
    check_is_free(facts, called)
    for number in resolver.names.players_by_name.get(key, ()):
        taken = facts.players[number].display_name
        raise Refused(
            tr(
                "A player named {player} already exists. Choose another name, or link the characters to that player.",
                player=taken,
            )
        )
    for number in resolver.names.members_by_name.get(key, ()):
        if member is None or number != member.id:
            other = facts.members[number]
            raise Refused(
                tr(
                    "{member} (@{username}) on Discord is also named {name}. If that is the player, "
                    "add this Discord member. Otherwise choose another name.",
                    member=other.display_name,
                    username=other.username,
                    name=called,
                )
            )


def _remembered(resolver: Resolver, player: Named, given: dict[str, str]) -> list[RowChange]:
    words = [text for key, text in given.items() if key != name_key(player.name)]
    for word in words:
        check_is_free(resolver.facts, word)
    return [change.remember_alias(player, word) for word in words]
