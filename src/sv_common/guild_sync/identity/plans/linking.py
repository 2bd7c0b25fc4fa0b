"""What decisions have in common: the rows of a link, and why an officer has to undo something first. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sv_common.guild_sync.changes import row_changes as change
from sv_common.guild_sync.changes.changeset import DECIDED, Changeset, Named, RowChange
from sv_common.guild_sync.core.errors import Refused
from sv_common.guild_sync.core.language import tr
from sv_common.guild_sync.core.names import name_key
from sv_common.guild_sync.core.plain_text import checked_reason
from sv_common.guild_sync.core.text import name_of
from sv_common.guild_sync.identity.facts import GuildFacts, KnownCharacter, KnownMember, KnownPlayer
from sv_common.guild_sync.identity.resolver import Resolver

SAYS_SO = DECIDED


def decided(rows: Iterable[RowChange], sentence: str) -> Changeset:
    return Changeset(tuple(rows), f"{sentence}.")


def owner(facts: GuildFacts, character: KnownCharacter, otherwise: str) -> KnownPlayer:
    """Return the player of a character. Raises `Refused` with a sentence about `{character}` where it has none."""
    if character.player_id is None:
        raise Refused(tr(otherwise, character=character.label))
    return facts.players[character.player_id]


def linked(facts: GuildFacts, character: KnownCharacter, player: KnownPlayer, reason: str = "") -> list[RowChange]:
    """Return nothing where a person has decided so already. What is proven stays so, and the officer confirms it besides."""
    check_is_not_shared(facts, character)
    pair = (character.id, player.id)
    if pair in facts.rejections - facts.unlinked:
        raise Refused(
            tr(
                "An officer ruled out {player} for {character}. Undo that first.",
                player=player.display_name,
                character=character.label,
            )
        )
    rows = [allowed(facts, character, player)] if pair in facts.unlinked else []
    if character.player_id != player.id or not character.is_decided:
        former = facts.players[character.player_id].named if character.player_id is not None else None
        rows.append(change.link(character.named, player.named, checked_reason(reason) or SAYS_SO, former=former))
    elif character.basis == "proven" and character.confirmed_by is None:
        rows.append(change.confirm_proven(character.named, player.named))
    return rows


def check_is_not_shared(facts: GuildFacts, character: KnownCharacter) -> None:
    """Raise `Refused` for a character that an officer has marked as a bank or shared."""
    if (marked_by := facts.shared.get(character.id)) is not None:
        raise Refused(
            tr(
                "{character} was marked as a bank or shared character by {officer}. Remove the mark first.",
                character=character.label,
                officer=name_of(marked_by),
            )
        )


def linked_changeset(character: KnownCharacter, player: KnownPlayer, rows: Collection[RowChange]) -> Changeset:
    if not rows:
        raise Refused(
            tr(
                "{character} is already linked to {player} by an officer.",
                character=character.label,
                player=player.display_name,
            )
        )
    return decided(rows, tr("{character} belongs to {player}", character=character.label, player=player.display_name))


def allowed(facts: GuildFacts, character: KnownCharacter, player: KnownPlayer) -> RowChange:
    is_unlinking = (character.id, player.id) in facts.unlinked
    return change.forget_rejection(player.named, character=character.named, is_unlinking=is_unlinking)


def made_member(facts: GuildFacts, player: KnownPlayer, member: KnownMember) -> tuple[RowChange, ...]:
    """Return nothing where a person has decided so already. A member who has left the server gives way to the new one."""
    if player.discord_user_id == member.id:
        return () if player.is_member_decided else (change.confirm_member(player.named, member.named),)
    check_is_there(member)
    theirs = player_of(facts, member)
    if theirs is not None:
        raise Refused(
            tr(
                "{member} on Discord already belongs to the player {player}. If both players "
                "are one person, merge them. Otherwise unlink the member first.",
                member=member.display_name,
                player=theirs.display_name,
            )
        )
    now = facts.members.get(player.discord_user_id or 0)
    if player.discord_user_id is not None and (now is None or now.is_present):
        name = now.display_name if now else tr("another Discord member")
        raise Refused(
            tr("{player} is {member} on Discord. Unlink that member first.", player=player.display_name, member=name)
        )
    attached = change.attach_member(player.named, member.named, former=now.named if now is not None else None)
    pair = (player.id, member.id)
    if pair in facts.member_rejections - facts.unlinked_members:
        raise Refused(
            tr(
                "An officer has said that {player} is not {member} on Discord. Undo that first.",
                player=player.display_name,
                member=member.display_name,
            )
        )
    return (allowed_member(facts, player, member), attached) if pair in facts.unlinked_members else (attached,)


def allowed_member(facts: GuildFacts, player: KnownPlayer, member: KnownMember) -> RowChange:
    is_unlinking = (player.id, member.id) in facts.unlinked_members
    return change.forget_rejection(player.named, member=member.named, is_unlinking=is_unlinking)


def player_of(facts: GuildFacts, member: KnownMember) -> KnownPlayer | None:
    return next((player for player in facts.players.values() if player.discord_user_id == member.id), None)


def check_is_there(member: KnownMember) -> None:
    if not member.is_present:
        raise Refused(tr("{member} has left the Discord server and cannot be linked.", member=member.display_name))


def check_is_free(facts: GuildFacts, word: str) -> None:
    if (known := facts.aliases.get(name_key(word))) is not None:
        raise Refused(
            tr("“{word}” is already an alias of {player}.", word=word, player=facts.players[known].display_name)
        )


def remembered(resolver: Resolver, character: KnownCharacter, player: Named) -> RowChange:
    """Return that the name in a character's note means a player. Raises `Refused` where it names no one, or means another."""
    named = resolver.resolve(character).named
    if named is None:
        raise Refused(tr("The note of {character} names no one, so it has no alias to add.", character=character.label))
    check_is_free(resolver.facts, named)
    return change.remember_alias(player, named)
