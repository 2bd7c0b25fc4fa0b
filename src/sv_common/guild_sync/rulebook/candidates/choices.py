"""What an officer decides about a candidate: that it is them, that it is not, or that it may be after all."""

from __future__ import annotations

from sv_common.guild_sync.identity.decisions import (
    AllowLink,
    AllowMember,
    LinkCharacter,
    LinkCharacterToMember,
    LinkMember,
    RejectLink,
    RejectMember,
)
from sv_common.guild_sync.issues.explanation import CandidateKind, WeighedCandidate
from sv_common.guild_sync.issues.model import SubjectKind


def choose(
    kind: SubjectKind, number: int, found: WeighedCandidate
) -> LinkCharacter | LinkMember | LinkCharacterToMember | None:
    """Return the decision that the subject is this candidate's; None for one that is ruled out or linked already."""
    if found.is_rejected:
        return None
    subject, theirs = f"#{number}", f"#{found.id}"
    match kind, found.kind:
        case SubjectKind.DISCORD_MEMBER, CandidateKind.PLAYER:
            return LinkMember(player=theirs, member=subject)
        case SubjectKind.DISCORD_MEMBER, CandidateKind.CHARACTER:
            return LinkCharacterToMember(character=theirs, member=subject)
        case SubjectKind.CHARACTER, CandidateKind.MEMBER:
            return LinkCharacterToMember(character=subject, member=theirs)
        case SubjectKind.PLAYER, CandidateKind.MEMBER:
            return LinkMember(player=subject, member=theirs)
        case SubjectKind.CHARACTER, CandidateKind.PLAYER if found.needs_word or not found.is_linked:
            return LinkCharacter(character=subject, player=theirs, remember_note=found.needs_word)
    return None


def reject(kind: SubjectKind, number: int, found: WeighedCandidate) -> RejectLink | RejectMember | None:
    """Return the decision that it is not this candidate; only a player can be ruled out, or a member for a player."""
    if found.is_rejected:
        return None
    if kind is SubjectKind.PLAYER and found.kind is CandidateKind.MEMBER:
        return RejectMember(player=f"#{number}", member=f"#{found.id}")
    if found.kind is not CandidateKind.PLAYER:
        return None
    if kind is SubjectKind.DISCORD_MEMBER:
        return RejectMember(player=f"#{found.id}", member=f"#{number}")
    return RejectLink(character=f"#{number}", player=f"#{found.id}") if kind is SubjectKind.CHARACTER else None


def allow(kind: SubjectKind, number: int, found: WeighedCandidate) -> AllowLink | AllowMember | None:
    """Return the decision that takes back that it is not this candidate; None where no one said so."""
    if not found.is_rejected:
        return None
    if kind is SubjectKind.PLAYER and found.kind is CandidateKind.MEMBER:
        return AllowMember(player=f"#{number}", member=f"#{found.id}")
    if found.kind is not CandidateKind.PLAYER:
        return None
    if kind is SubjectKind.DISCORD_MEMBER:
        return AllowMember(player=f"#{found.id}", member=f"#{number}")
    return AllowLink(character=f"#{number}", player=f"#{found.id}") if kind is SubjectKind.CHARACTER else None
