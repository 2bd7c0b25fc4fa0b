"""What a note says about whose character it is on: how sure, who it may mean, and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from sv_common.guild_sync.core.language import mark, tr
from sv_common.guild_sync.core.text import with_or
from sv_common.guild_sync.notes import Mention, NoteKind, ParsedNote


class Verdict(StrEnum):
    CONFIDENT = "confident"
    AMBIGUOUS = "ambiguous"
    SUGGESTED = "suggested"
    UNKNOWN = "unknown"
    NOBODY = "nobody"


class Person(NamedTuple):
    """A person a note can mean: a player, else a Discord member without a player, else a character without a player.

    A named tuple, since thousands are made and compared to weigh who could be meant.
    """

    player_id: int | None = None
    member_id: int | None = None
    character_id: int | None = None

    @property
    def key(self) -> str:
        """Who it is by number, whatever their names: “player 12”."""
        if self.player_id is not None:
            return f"player {self.player_id}"
        return f"member {self.member_id}" if self.member_id is not None else f"character {self.character_id}"


@dataclass(frozen=True, slots=True)
class Candidate:
    """One person a note may mean, and the sentence that says why.

    `is_other_spelling`: the note writes the name without its accents, in another case or script, which an officer may take
    for the name, and automation may not.
    """

    person: Person
    label: str
    evidence: str
    is_other_spelling: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """What a note says about whose character it is on. `mention` is what it decided by; `target` only when confident.

    `is_doubtful`: the name may be a mere word, so the decision is never confident.
    """

    verdict: Verdict
    parsed: ParsedNote
    mention: Mention | None = None
    candidates: tuple[Candidate, ...] = ()
    is_doubtful: bool = False

    @property
    def named(self) -> str | None:
        return self.mention.text if self.mention else None

    @property
    def target(self) -> Candidate | None:
        return self.candidates[0] if self.verdict is Verdict.CONFIDENT else None

    @property
    def why_not_stronger(self) -> str | None:
        """The sentence that says why the note does not mean one person for certain; None where it does."""
        labels = with_or(candidate.label for candidate in self.candidates)
        match self.verdict:
            case Verdict.CONFIDENT:
                return None
            case Verdict.AMBIGUOUS if len(self.candidates) == 1:
                return tr("“{word}” is also a common word, so it may not mean {names}.", word=self.named, names=labels)
            case Verdict.AMBIGUOUS:
                return tr("“{word}” could mean {names}.", word=self.named, names=labels)
            case Verdict.SUGGESTED if self.mention is not None:
                return " ".join([*(each.evidence for each in self.candidates), tr("Similar, not identical.")])
            case Verdict.SUGGESTED:
                return tr("The note may mean {names}, but that is not certain.", names=labels)
            case Verdict.UNKNOWN:
                return tr("No one here is named “{word}”.", word=self.named)
            case Verdict.NOBODY:
                return tr(_WHY_NOBODY[self.parsed.kind])


OWN_NAME = mark("The note gives the character's own name, so it is a main.")

_WHY_NOBODY = {
    NoteKind.NAMES: OWN_NAME,
    NoteKind.EMPTY: mark("The note is empty."),
    NoteKind.PROFESSION: mark("The note is about a profession, specialization, class or role."),
    NoteKind.BANK: mark("The note marks a bank, but names no owner."),
    NoteKind.DATE: mark("The note is a date."),
    NoteKind.MACHINE: mark("A program wrote the note."),
    NoteKind.DITTO: mark("The note refers to another note, but not clearly which."),
    NoteKind.MARKER: mark("The note marks a main or an alt, but names no owner."),
    NoteKind.NOISE: mark("The note names no one."),
}
