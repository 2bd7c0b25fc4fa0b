"""One story for each rule: what each source says about the subject, and what therefore does not fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeAlias

from sv_common.guild_sync.domain.basis import has_changed
from sv_common.guild_sync.domain.decision import Candidate, Decision, Verdict
from sv_common.guild_sync.domain.issue import Finding
from sv_common.guild_sync.domain.names import name_key
from sv_common.guild_sync.domain.story import Saying, Source, Story
from sv_common.guild_sync.evidence.known import Known, RejectionFact
from sv_common.guild_sync.resolution import Directory
from sv_common.guild_sync.rulebook.orphan_discord import players_called_like, why_theirs
from sv_common.guild_sync.rulebook.role_mismatch import rests_on
from sv_common.guild_sync.store.directory import KnownCharacter, KnownMember

MOST_NAMES = 6

Teller: TypeAlias = Callable[[Known, Finding], Story]
"""Tells why a finding is there. Where it is no longer found, only what each source says is of use."""

HAS_LEFT = "The character has left the guild and belongs to nobody."
MEMBER_HAS_LEFT = "The member has left the Discord server."


def note_mismatch(known: Known, finding: Finding) -> Story:
    """The note names one, the record another."""
    character = known.character(finding.subject_id)
    if character is None:
        return Story((Saying(Source.ROSTER, HAS_LEFT),), HAS_LEFT)
    decision = known.directory.decide(character)
    sayings = (*_what_the_note_says(known, character), _record(known, character), *_basis(known, character))
    player = known.player(character.player_id) if character.player_id is not None else None
    return Story(sayings, _two_words(decision, player))


def orphan_wow(known: Known, finding: Finding) -> Story:
    """In the guild, and nobody's."""
    character = known.character(finding.subject_id)
    if character is None:
        return Story((Saying(Source.ROSTER, HAS_LEFT),), HAS_LEFT)
    rank = f" as {known.rank}" if known.rank else ""
    sayings = [Saying(Source.ROSTER, f"{character.label} is in the guild{rank}.")]
    sayings += _what_the_note_says(known, character)
    if (namesake := known.directory.member_named_like(character)) is not None:
        sayings.append(Saying(Source.DISCORD, f"{namesake.display_name} on Discord is called exactly like it."))
    sayings.append(_record(known, character))
    if known.unlinked is not None and character.player_id is None:
        gone = known.unlinked
        sentence = f"{gone.actor} took it from {gone.player} on {gone.at:%Y-%m-%d}."
        sayings.append(Saying(Source.OFFICER, sentence))
    return Story(tuple(sayings), "It is in the guild, and it is nobody’s.")


def orphan_discord(known: Known, finding: Finding) -> Story:
    """A guild role on Discord, and no player."""
    member = known.member(finding.subject_id)
    if member is None:
        return Story((Saying(Source.DISCORD, MEMBER_HAS_LEFT),), MEMBER_HAS_LEFT)
    roles = ", ".join(role for role in finding.details.get("roles") or () if role)
    sayings = [Saying(Source.DISCORD, f"{member.display_name} is on the server{_also_called(member)}.")]
    if roles:
        sayings.append(Saying(Source.DISCORD, f"A guild role is held: {roles}."))
    sayings.append(Saying(Source.RECORD, _record_of_member(known, member)))
    sayings.append(Saying(Source.NOTE, _characters_that_mean(known, member)))
    return Story(tuple(sayings), f"{member.display_name} holds a guild role and is no player here.")


def role_mismatch(known: Known, finding: Finding) -> Story:  # noqa: ARG001 -- every story is given what is known
    """One rank in the game, another role on Discord."""
    told = finding.details
    if "fault" in told:
        return _unusable_role(told)
    wrong = _names([role["name"] for role in told["wrong_roles"]], "and")
    right, member = told["right_role"], told["member"]
    if right is None:
        return _no_role(told, wrong)
    held = [right] if told["has_right_role"] else []
    holds = _names([*held, *(role["name"] for role in told["wrong_roles"])], "and")
    sayings = (
        Saying(
            Source.ROSTER, f"{told['character']} is {told['player']}’s highest character, with the rank {told['rank']}."
        ),
        Saying(Source.RANKS, f"In the rank table of this guild, {told['rank']} means the Discord role {right}."),
        *_record_of_role(told),
        Saying(Source.DISCORD, f"{member} holds {holds}." if holds else f"{member} holds no role of the rank table."),
    )
    if told["has_right_role"]:
        return Story(sayings, f"{right} is right, and {wrong} belongs to another rank.")
    besides = f", and {wrong} belongs to another rank" if wrong else ""
    return Story(sayings, f"{member} should hold {right} and does not{besides}.")


def _unusable_role(told: Mapping[str, Any]) -> Story:
    ranks = _names(told["ranks"], "and")
    mapping = Saying(Source.RANKS, f"In the rank table of this guild, {ranks} means the Discord role {told['role']}.")
    return Story((mapping,), f"{told['role']} cannot be given to anyone.")


def _no_role(told: Mapping[str, Any], wrong: str) -> Story:
    if told["has_left"]:
        why = Saying(
            Source.ROSTER, f"No character of {told['player']} is in the guild; {told['character']} was the highest."
        )
    else:
        why = Saying(
            Source.RANKS,
            f"{told['character']} is the highest character, with the rank {told['rank']}, which has no Discord role.",
        )
    holds = Saying(Source.DISCORD, f"{told['member']} holds {wrong}.")
    return Story((why, *_record_of_role(told), holds), f"{told['member']} should hold no role of the rank table.")


def _record_of_role(told: Mapping[str, Any]) -> list[Saying]:
    """What ties the character to the Discord member, and how sure that is."""
    doubt = rests_on(told)
    return [
        Saying(Source.RECORD, f"The player {told['player']} is the Discord member {told['member']}."),
        *([Saying(Source.RECORD, doubt)] if doubt else []),
    ]


def stale_character(known: Known, finding: Finding) -> Story:
    """Asleep for long."""
    told = finding.details
    login = told.get("last_login_timestamp")
    seen = _last_seen(login, known.now) if login else "has no last login that is known"
    sayings = [Saying(Source.ROSTER, f"{told['character']} {seen}.")]
    if told.get("player"):
        sayings.append(Saying(Source.RECORD, f"It belongs to {told['player']}."))
    else:
        sayings.append(Saying(Source.RECORD, "It belongs to nobody."))
    if told.get("player_active_on"):
        sayings.append(Saying(Source.ROSTER, f"{told['player']} is active on {told['player_active_on']}."))
        return Story(tuple(sayings), "The player still plays; only this character sleeps.")
    if told.get("player"):
        sayings.append(Saying(Source.ROSTER, f"No other character of {told['player']} has been seen lately."))
        return Story(tuple(sayings), "The player may have gone quiet.")
    return Story(tuple(sayings), "The character takes a place in the roster and is not played.")


STORIES: Mapping[str, Teller] = {
    "note_mismatch": note_mismatch,
    "orphan_wow": orphan_wow,
    "orphan_discord": orphan_discord,
    "role_mismatch": role_mismatch,
    "stale_character": stale_character,
}


def what_has_changed(before: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[str, ...]:
    """Say what is otherwise than when a scan last looked."""
    told = []
    if before.get("note") != now.get("note"):
        told.append(f"The note said {_quoted(before.get('note'))} when a scan last looked.")
    if before.get("player") != now.get("player") and before.get("player"):
        told.append(f"The player was {before['player']} when a scan last looked.")
    if not told and dict(before) != dict(now):
        told.append("Something has changed since a scan last looked; what stands here is how it is now.")
    return tuple(told)


def _what_the_note_says(known: Known, character: KnownCharacter) -> list[Saying]:
    if character.note is None:
        sentence = f"The note of {character.label} was never seen: no addon export has brought it yet."
        return [Saying(Source.NOTE, sentence)]
    if not character.note:
        return [Saying(Source.NOTE, f"The note of {character.label} is empty.")]
    first = Saying(Source.NOTE, f"The note of {character.label} says “{character.note}”.")
    decision = known.directory.decide(character)
    ruled_out = ruled_out_by_officers(known, character)
    if not ruled_out or decision.target is not None:
        return [first, *(Saying(Source.NOTE, each) for each in meaning_of(decision))]
    told = [first, *(Saying(Source.NOTE, candidate.evidence) for candidate, _ in ruled_out)]
    told += [Saying(Source.OFFICER, word.sentence(character.label, candidate.label)) for candidate, word in ruled_out]
    others = meaning_of(decision) if decision.candidates else []
    return [*told, *(Saying(Source.NOTE, each) for each in others)]


def ruled_out_by_officers(known: Known, character: KnownCharacter) -> list[tuple[Candidate, RejectionFact]]:
    """Return whom the note would mean, had officers not said that it is not so, each with that word."""
    if not known.rejections:
        return []
    words = {word.player_id: word for word in known.rejections}
    facts = known.directory.facts
    free = facts.rejections - {(character.id, player_id) for player_id in words}
    freely = Directory(replace(facts, rejections=frozenset(free))).decide(character)
    return [
        (candidate, words[number])
        for candidate in freely.candidates
        if (number := candidate.person.player_id) is not None and number in words
    ]


def meaning_of(decision: Decision) -> list[str]:
    """Say in sentences how a note is read: what each name in it is, and whom it means therefore."""
    if decision.target is not None:
        return [f"{decision.target.evidence} {_therefore(decision.target)}"]
    evidence = list(dict.fromkeys(candidate.evidence for candidate in decision.candidates))
    return [*evidence[:MOST_NAMES], decision.why_not_stronger or ""]


def _therefore(target: Candidate) -> str:
    if target.person.player_id is not None:
        return f"So it means the player {target.label}."
    kind = "Discord member" if target.person.member_id is not None else "character"
    who = "who has no player yet" if target.person.member_id is not None else "which has no player yet"
    return f"So it means the {kind} {target.label}, {who}."


def _record(known: Known, character: KnownCharacter) -> Saying:
    if character.player_id is None or known.link is None:
        return Saying(Source.RECORD, f"{character.label} is linked to no player.")
    why = f": {known.link.evidence}" if known.link.evidence else "."
    player = known.player(character.player_id)
    return Saying(Source.RECORD, f"{character.label} is linked to {player}, {known.link.sentence}{why}")


def _basis(known: Known, character: KnownCharacter) -> Iterator[Saying]:
    """What the link rests on, and whether the note is still the one under which it was made."""
    if character.player_id is None or known.link is None:
        return
    yield Saying(Source.RECORD, f"The link rests on {known.link.rests_on}.")
    changed = has_changed(character.note, character.basis_note)
    if changed is False:
        yield Saying(Source.NOTE, f"The note has not changed since {character.label} was linked.")
    elif changed and character.basis_note:
        yield Saying(Source.NOTE, f"When {character.label} was linked, the note said “{character.basis_note}”.")


def _two_words(decision: Decision, player: str | None) -> str:
    if player is None:
        return "The character is linked to nobody, so there is nothing that the note could contradict."
    match decision.verdict:
        case Verdict.CONFIDENT:
            label = decision.candidates[0].label
            if label == player:
                return f"Note and link both mean {player}."
            return f"The note means {label}, and the link says {player}. One of the two is out of date."
        case Verdict.AMBIGUOUS:
            return f"The link says {player}, and whomever of them the note means, it is somebody else."
        case Verdict.UNKNOWN:
            return f"The link says {player}, and the note names “{decision.named}”, which is no name of {player}."
        case _:
            return f"The note says nothing against {player}."


def _record_of_member(known: Known, member: KnownMember) -> str:
    player_id = known.directory.player_of_member(member.id)
    if player_id is not None:
        return f"{member.display_name} is the player {known.player(player_id)}."
    namesakes = players_called_like(known.directory, member)
    if not namesakes:
        return f"No player is {member.display_name}, and no player without a Discord member is called so."
    names = _names([player.display_name for player in namesakes], "and")
    return f"No player is {member.display_name}. Called so, and without a Discord member: {names}."


def _characters_that_mean(known: Known, member: KnownMember) -> str:
    unlinked = [c for c in known.directory.facts.characters.values() if c.player_id is None and c.is_present]
    found = [c.label for c in unlinked if why_theirs(known.directory, c, member)]
    if not found:
        return f"No character without a player has a note or a name that means {member.display_name}."
    return f"Without a player, and meaning {member.display_name} by note or name: {_names(found, 'and')}."


def _also_called(member: KnownMember) -> str:
    known = {name_key(member.display_name)}
    others = []
    for name in (member.global_name or "", member.username):
        if name and name_key(name) not in known:
            known.add(name_key(name))
            others.append(name)
    return f", also called {_names(others, 'and')}" if others else ""


def _names(names: Sequence[str], last: str) -> str:
    shown = list(names[:MOST_NAMES])
    if len(names) > MOST_NAMES:
        return f"{', '.join(shown)} {last} {len(names) - MOST_NAMES} more"
    return f" {last} ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else "".join(shown)


def _quoted(note: Any) -> str:
    if note is None:
        return "nothing that was seen"
    return f"“{note}”" if note else "nothing"


def _last_seen(milliseconds: int, now: datetime) -> str:
    login = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return f"was last seen on {login:%Y-%m-%d}, {(now - login).days} days ago"
