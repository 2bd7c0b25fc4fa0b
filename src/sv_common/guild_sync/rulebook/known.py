"""What a story is told from: everybody the guild knows, and what is remembered about the subject of a finding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sv_common.guild_sync.core.basis import basis_in_words
from sv_common.guild_sync.identity.facts import KnownCharacter, KnownMember
from sv_common.guild_sync.identity.resolver import Directory

HOW_LINKED: Mapping[str, str] = {
    "manual": "by hand",
    "officer_fix": "by a fix",
    "bulk_fix": "by a fix of many at once",
    "auto_fix": "by an automatic fix",
    "full_match": "by a full match",
}


@dataclass(frozen=True, slots=True)
class LinkFact:
    """Who linked the character to its player, how, when and why."""

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
        """What the link rests on, in words."""
        return basis_in_words(self.basis, self.basis_note, self.confirmed_by, self.confirmed_at)

    @property
    def sentence(self) -> str:
        """The rest of a sentence that begins with the link: “by a full match of alice on 2026-11-23”."""
        how = HOW_LINKED.get(self.link_source, self.link_source)
        return f"{how} ({self.linked_by}, {self.at:%Y-%m-%d})"


@dataclass(frozen=True, slots=True)
class RejectionFact:
    """An officer's word that the character is not a player's."""

    player_id: int
    rejected_by: str
    at: datetime
    reason: str | None

    def sentence(self, character: str, player: str) -> str:
        """Say who said it, when and why."""
        why = f": {self.reason}" if self.reason and self.reason != "an officer says so." else "."
        return f"{self.rejected_by} said on {self.at:%Y-%m-%d} that {character} does not belong to {player}{why}"


@dataclass(frozen=True, slots=True)
class UnlinkFact:
    """The last time that a person took the character from a player."""

    player: str
    actor: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Known:
    """All that a story may say. What is about a character is there only where the subject is one."""

    directory: Directory
    now: datetime
    rank: str | None = None
    link: LinkFact | None = None
    unlinked: UnlinkFact | None = None
    rejections: Sequence[RejectionFact] = field(default=())

    def character(self, number: int) -> KnownCharacter | None:
        """Return a character that is in the guild, or linked; None for another."""
        return self.directory.facts.characters.get(number)

    def member(self, number: int) -> KnownMember | None:
        """Return a Discord member; None for one who has left and is no player."""
        return self.directory.facts.members.get(number)

    def player(self, number: int) -> str:
        """Return a player's name."""
        found = self.directory.facts.players.get(number)
        return found.display_name if found else f"player {number}"
