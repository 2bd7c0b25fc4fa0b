"""Which characters and players a Discord member without a player could be, with what speaks for each and what against."""

from __future__ import annotations

from collections.abc import Iterator

from sv_common.guild_sync.changes.changeset import Changeset
from sv_common.guild_sync.core.names import name_key
from sv_common.guild_sync.identity.facts import KnownCharacter, KnownMember, KnownPlayer
from sv_common.guild_sync.identity.names.name_index import discord_names
from sv_common.guild_sync.identity.resolver import Directory
from sv_common.guild_sync.identity.verdicts import Decision, Verdict
from sv_common.guild_sync.issues.explanation import Possibility, PossibleKind
from sv_common.guild_sync.rulebook.known import Known
from sv_common.guild_sync.rulebook.rule import Remedy

MOST = 12
_MOST_LIKE = 4
_CHOOSE_A_CHARACTER = (
    "If a character is theirs, choose it here, or write their name into its guild note in the game: after the next export the "
    "fix can make the player. Or set this aside with your reason."
)


def claims_of(known: Known, member_id: int, plan: Changeset | None) -> tuple[Possibility, ...]:
    """Return the players and characters that could be the member's, those first whom the fix would take."""
    member = known.member(member_id)
    if member is None:
        return ()
    linked = set(plan.linked) if plan is not None else set()
    attached = {row.id for row in plan.rows if row.table == "player" and row.is_update} if plan is not None else set()
    found = [*_players(known, member, attached), *_characters(known, member, linked)]
    found.sort(key=lambda each: (not each.is_decided, len(each.speaks_against)))
    return tuple(found[:MOST])


def remedy_of_member(known: Known, member_id: int) -> Remedy:  # noqa: ARG001 -- the same for every member
    """Return what an officer can do about a member without a fix."""
    return Remedy(_CHOOSE_A_CHARACTER)


def _players(known: Known, member: KnownMember, attached: set[int]) -> Iterator[Possibility]:
    free = players_called_like(known.directory, member)
    for player in free:
        others = [other.display_name for other in free if other != player]
        yield Possibility(
            PossibleKind.PLAYER,
            player.id,
            player.display_name,
            (f"The player {player.display_name} is called so, or has a character of that name.",),
            (f"{' and '.join(others)} is called so too.",) if others else (),
            is_decided=player.id in attached,
        )
    for player in _taken_namesakes(known, member):
        other = known.member(player.discord_user_id or 0)
        name = other.display_name if other is not None else "another Discord member"
        why_not = f"The player {player.display_name} is {name} on Discord already."
        sentence = f"The player is called {player.display_name}."
        yield Possibility(PossibleKind.PLAYER, player.id, player.display_name, (sentence,), (why_not,))


def _taken_namesakes(known: Known, member: KnownMember) -> list[KnownPlayer]:
    names = discord_names(member)
    return [
        player
        for player in known.directory.facts.players.values()
        if player.discord_user_id is not None and name_key(player.display_name) in names
    ]


def _characters(known: Known, member: KnownMember, linked: set[int]) -> Iterator[Possibility]:
    named = set()
    for character in known.directory.facts.characters.values():
        if (claim := _claim(known, character, member)) is not None:
            named.add(character.id)
            yield _possibility(known, character, *claim, is_decided=character.id in linked)
    names = sorted(discord_names(member))
    for number, likeness in known.directory.characters_like(names)[:_MOST_LIKE]:
        if number not in named:
            named.add(number)
            character = known.directory.facts.characters[number]
            why = f"The Discord name {likeness.how} {character.label}."
            why_not = "It is like the name and not the name itself, which proves nothing."
            yield _possibility(known, character, why, (why_not,), is_decided=False)


def _claim(known: Known, character: KnownCharacter, member: KnownMember) -> tuple[str, tuple[str, ...]] | None:
    """Why a character could be the member's, and what speaks against it; None where nothing says so."""
    decision = known.directory.decide(character)
    if (why := why_theirs(known.directory, character, member)) is not None:
        return _as_sentence(why), ()
    mine = next((each for each in decision.candidates if each.person.member_id == member.id), None)
    if mine is not None:
        return mine.evidence, (_why_not(decision, mine.label),)
    if character.name_key in discord_names(member):
        return "The character has the Discord name.", (_why_name_does_not_count(known, character, decision),)
    return None


def _why_not(decision: Decision, label: str) -> str:
    if decision.verdict is Verdict.AMBIGUOUS:
        others = " or ".join(each.label for each in decision.candidates if each.label != label)
        return f"“{decision.named}” could also mean {others or 'somebody else of that name'}."
    return "It is only a word among others in the note."


def _why_name_does_not_count(known: Known, character: KnownCharacter, decision: Decision) -> str:
    if known.directory.member_named_like(character) is None:
        return "Others bear the name too."
    return f"Its note says something else. {decision.why_not_stronger or ''}".strip()


def _possibility(
    known: Known, character: KnownCharacter, why: str, why_not: tuple[str, ...], *, is_decided: bool
) -> Possibility:
    if character.player_id is not None:
        why_not = (*why_not, f"It belongs to {known.player(character.player_id)} already.")
    return Possibility(PossibleKind.CHARACTER, character.id, character.label, (why,), why_not, is_decided=is_decided)


def _as_sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def why_theirs(directory: Directory, character: KnownCharacter, member: KnownMember) -> str | None:
    """Return the sentence why a character is this member's by its note or name, or None."""
    decision = directory.decide(character)
    if decision.target is not None:
        return decision.target.evidence if decision.target.person.member_id == member.id else None
    if decision.verdict is Verdict.NOBODY and directory.member_named_like(character) == member:
        return f"the character has the Discord name of {member.display_name}."
    return None


def players_called_like(directory: Directory, member: KnownMember, *, rejected: bool = False) -> list[KnownPlayer]:
    """Return the players without a Discord member who bear one of this member's names, or whose character does.

    Without those of whom an officer has said that they are not this member; with `rejected`, those alone.
    """
    names = {name_key(member.username), name_key(member.display_name), name_key(member.global_name or "")} - {""}
    return [
        player
        for player in directory.facts.players.values()
        if player.discord_user_id is None
        if ((player.id, member.id) in directory.facts.member_rejections) is rejected
        if name_key(player.display_name) in names
        or any(character.name_key in names for character in directory.characters_of(player.id))
    ]
