"""What the explanations of several rules share: how a note is read, what the record says, what has changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sv_common.guild_sync.core.basis import has_changed
from sv_common.guild_sync.identity.facts import KnownCharacter
from sv_common.guild_sync.identity.resolver import Directory
from sv_common.guild_sync.identity.verdicts import Candidate, Decision
from sv_common.guild_sync.issues.explanation import Saying, Source
from sv_common.guild_sync.rulebook.known import Known, RejectionFact

MOST_NAMES = 6

HAS_LEFT = "The character has left the guild and belongs to nobody."
MEMBER_HAS_LEFT = "The member has left the Discord server."


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


def what_the_note_says(known: Known, character: KnownCharacter) -> list[Saying]:
    """Return the note and how it is read, with what officers have said against that."""
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


def record_of(known: Known, character: KnownCharacter) -> Saying:
    """Say to whom the character is linked, how and why."""
    if character.player_id is None or known.link is None:
        return Saying(Source.RECORD, f"{character.label} is linked to no player.")
    why = f": {known.link.evidence}" if known.link.evidence else "."
    player = known.player(character.player_id)
    return Saying(Source.RECORD, f"{character.label} is linked to {player}, {known.link.sentence}{why}")


def basis_of(known: Known, character: KnownCharacter) -> Iterator[Saying]:
    """What the link rests on, and whether the note is still the one under which it was made."""
    if character.player_id is None or known.link is None:
        return
    yield Saying(Source.RECORD, f"The link rests on {known.link.rests_on}.")
    changed = has_changed(character.note, character.basis_note)
    if changed is False:
        yield Saying(Source.NOTE, f"The note has not changed since {character.label} was linked.")
    elif changed and character.basis_note:
        yield Saying(Source.NOTE, f"When {character.label} was linked, the note said “{character.basis_note}”.")


def in_words(names: Sequence[str], last: str) -> str:
    """Return names as one list, of which not all are shown where there are many."""
    shown = list(names[:MOST_NAMES])
    if len(names) > MOST_NAMES:
        return f"{', '.join(shown)} {last} {len(names) - MOST_NAMES} more"
    return f" {last} ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else "".join(shown)


def _quoted(note: Any) -> str:
    if note is None:
        return "nothing that was seen"
    return f"“{note}”" if note else "nothing"
