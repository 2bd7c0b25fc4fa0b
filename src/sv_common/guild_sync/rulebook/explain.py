"""What the explanations of several rules share: what is known, how a note is read, the record, what has changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sv_common.db.guild import reads_for_officers
from sv_common.guild_sync.changes.describe import with_reason
from sv_common.guild_sync.core.basis import basis_in_words, has_changed
from sv_common.guild_sync.core.language import day, mark, tr
from sv_common.guild_sync.core.text import NAMES_IN_A_SENTENCE, name_of
from sv_common.guild_sync.identity.accounts.owners import WITHHELD
from sv_common.guild_sync.identity.facts import GuildFacts, KnownCharacter, KnownMember
from sv_common.guild_sync.identity.resolver import Resolver
from sv_common.guild_sync.identity.verdicts import Candidate, Decision
from sv_common.guild_sync.issues.explanation import Evidence, Source

HOW_LINKED: Mapping[str, str] = {
    "manual": mark("manually"),
    "officer_fix": mark("by a fix"),
    "bulk_fix": mark("by a bulk fix"),
    "auto_fix": mark("by an automatic fix"),
    "full_match": mark("by a full match"),
    "claim": mark("by a Battle.net sign-in"),
}


@dataclass(frozen=True, slots=True)
class LinkFact:
    player_id: int
    link_source: str
    linked_by: str
    at: datetime
    evidence: str | None
    basis: str | None = None
    basis_note: str | None = None
    confirmed_by: str | None = None
    confirmed_at: datetime | None = None

    @property
    def rests_on(self) -> str:
        return basis_in_words(self.basis, self.basis_note, self.confirmed_by, self.confirmed_at)

    @property
    def sentence(self) -> str:
        how = HOW_LINKED.get(self.link_source, self.link_source)
        return f"{tr(how)} ({name_of(self.linked_by)}, {day(self.at)})"


@dataclass(frozen=True, slots=True)
class RejectionFact:
    """An officer's decision that the character is not a player's, or the Discord member not the player."""

    player_id: int
    rejected_by: str
    at: datetime
    reason: str | None

    def sentence(self, character: str, player: str) -> str:
        told = tr(
            "{officer} said on {day} that {character} does not belong to {player}",
            officer=name_of(self.rejected_by),
            day=day(self.at),
            character=character,
            player=player,
        )
        return with_reason(told, self.reason)

    def sentence_of_member(self, member: str, player: str) -> str:
        told = tr(
            "{officer} said on {day} that {member} on Discord is not the player {player}",
            officer=name_of(self.rejected_by),
            day=day(self.at),
            member=member,
            player=player,
        )
        return with_reason(told, self.reason)


@dataclass(frozen=True, slots=True)
class UnlinkFact:
    """The last time that a person unlinked the character from a player."""

    player: str
    actor: str
    at: datetime


@dataclass(frozen=True, slots=True)
class SharedFact:
    """An officer's word that the character is a bank or shared."""

    marked_by: str
    at: datetime
    reason: str

    def sentence(self, character: str) -> str:
        told = tr(
            "{officer} marked {character} as a bank or shared character on {day}",
            officer=name_of(self.marked_by),
            character=character,
            day=day(self.at),
        )
        return with_reason(told, self.reason)


@dataclass(frozen=True, slots=True)
class Known:
    """All that an explanation may use. What is about a character is there only where the subject is one.

    `rejections` are about the subject, a character or a Discord member.
    """

    resolver: Resolver
    now: datetime
    rank: str | None = None
    link: LinkFact | None = None
    unlinked: UnlinkFact | None = None
    rejections: Sequence[RejectionFact] = field(default=())
    shared: SharedFact | None = None

    def character(self, number: int) -> KnownCharacter | None:
        """None for a character that has left and has no player."""
        return self.resolver.facts.characters.get(number)

    def member(self, number: int) -> KnownMember | None:
        """None for a member who has left and is no player."""
        return self.resolver.facts.members.get(number)

    def player(self, number: int) -> str:
        found = self.resolver.facts.players.get(number)
        return found.display_name if found else tr("player {number}", number=number)


HAS_LEFT = mark("The character has left the guild and has no player.")
MEMBER_HAS_LEFT = mark("The member has left the Discord server.")


def changes_since_scan(before: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[str, ...]:
    changes = []
    if before.get("note") != now.get("note"):
        note = before.get("note")
        if note is None:
            changes.append(tr("At the last scan the note said nothing that was seen."))
        elif not note:
            changes.append(tr("At the last scan the note said nothing."))
        else:
            changes.append(tr("At the last scan the note said “{note}”.", note=note))
    if before.get("player") != now.get("player") and before.get("player"):
        changes.append(tr("At the last scan the player was {player}.", player=before["player"]))
    if not changes and dict(before) != dict(now):
        changes.append(tr("The data has changed since the last scan. This page shows the current state."))
    return tuple(changes)


def note_evidence(known: Known, character: KnownCharacter) -> list[Evidence]:
    """Return the note and how it is read, with officers' rejections."""
    if character.note is None:
        sentence = tr(
            "The note of {character} is unknown. No addon export has included it yet.", character=character.label
        )
        return [Evidence(Source.NOTE, sentence)]
    if not character.note:
        return [Evidence(Source.NOTE, tr("The note of {character} is empty.", character=character.label))]
    first = Evidence(
        Source.NOTE, tr("The note of {character} says “{note}”.", character=character.label, note=character.note)
    )
    decision = known.resolver.resolve(character)
    rejected_player = rejected_by_officers(known, character)
    if not rejected_player or decision.target is not None:
        return [first, *(Evidence(Source.NOTE, each) for each in meaning_of(decision))]
    evidence = [first, *(Evidence(Source.NOTE, candidate.evidence) for candidate, _ in rejected_player)]
    evidence += [
        Evidence(Source.OFFICER, word.sentence(character.label, candidate.label)) for candidate, word in rejected_player
    ]
    others = meaning_of(decision) if decision.candidates else []
    return [*evidence, *(Evidence(Source.NOTE, each) for each in others)]


def rejected_by_officers(known: Known, character: KnownCharacter) -> list[tuple[Candidate, RejectionFact]]:
    """Return who the note would mean without officers' rejections, each with the rejection."""
    if not known.rejections:
        return []
    words = {word.player_id: word for word in known.rejections}
    freely = known.resolver.resolve_allowing(character, frozenset(words))
    return [
        (candidate, words[number])
        for candidate in freely.candidates
        if (number := candidate.person.player_id) is not None and number in words
    ]


def reading_in_words(decision: Decision) -> str:
    """Return the player that a note means and why, or why it is not certain."""
    target = decision.target
    if target is None:
        return decision.why_not_stronger or ""
    return tr("Means {target}: {evidence}", target=target.label, evidence=target.evidence)


def meaning_of(decision: Decision) -> list[str]:
    """Return how a note is read: what each name in it is, and who it means therefore."""
    if decision.target is not None:
        target = decision.target
        if target.person.player_id is not None:
            so = tr("So it means the player {player}.", player=target.label)
        elif target.person.member_id is not None:
            so = tr("So it means the Discord member {member}, who has no player yet.", member=target.label)
        else:
            so = tr("So it means the character {character}, which has no player yet.", character=target.label)
        return [f"{target.evidence} {so}"]
    evidence = list(dict.fromkeys(candidate.evidence for candidate in decision.candidates))
    return [*evidence[:NAMES_IN_A_SENTENCE], decision.why_not_stronger or ""]


def link_evidence(known: Known, character: KnownCharacter) -> Evidence:
    if known.shared is not None:
        return Evidence(Source.OFFICER, known.shared.sentence(character.label))
    if character.player_id is None or known.link is None:
        return Evidence(Source.RECORD, tr("{character} has no player.", character=character.label))
    player, how = known.player(character.player_id), known.link.sentence
    told = tr("{character} is linked to {player}, {how}", character=character.label, player=player, how=how)
    return Evidence(Source.RECORD, with_reason(told, known.link.evidence))


def basis_evidence(known: Known, character: KnownCharacter) -> Iterator[Evidence]:
    """Yield what the link rests on, and whether the note has changed since it was made."""
    if character.player_id is None or known.link is None:
        return
    yield Evidence(Source.RECORD, tr("The link is based on {basis}.", basis=known.link.rests_on))
    if character.basis == "account" and not character.is_decided:
        if not reads_for_officers():
            yield Evidence(Source.ACCOUNT, tr(WITHHELD))
        elif known.resolver.accounts.of(character.id) is None:
            yield Evidence(Source.ACCOUNT, tr("The account is not known any more."))
    changed = has_changed(character.note, character.basis_note)
    if changed is False:
        yield Evidence(
            Source.NOTE, tr("The note has not changed since {character} was linked.", character=character.label)
        )
    elif changed and character.basis_note:
        yield Evidence(
            Source.NOTE,
            tr(
                "When {character} was linked, the note said “{note}”.",
                character=character.label,
                note=character.basis_note,
            ),
        )


def review_of_rank(character: str, weight: str) -> str:
    """Return why automation leaves a character of such a rank alone; `weight` is what its rank gives."""
    return tr(
        "{character} has the rank {weight}, so changing its player needs an officer.",
        character=character,
        weight=weight,
    )


def review_of_spelling(named: str | None, label: str) -> str:
    """Return why automation leaves a name to an officer that the note spells differently."""
    return tr(
        "The note says “{named}”, another spelling of {label}, so an officer should check it.", named=named, label=label
    )


def rank_review_reason(facts: GuildFacts, characters: Iterable[KnownCharacter]) -> str | None:
    """Return why automation leaves a decision about these characters to an officer, because of a rank; else None."""
    weights = ((character.label, facts.grant_of(character)) for character in characters)
    return next((review_of_rank(label, weight) for label, weight in weights if weight), None)
