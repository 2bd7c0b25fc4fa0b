"""How many may be gone from one list of a source to the next, and what is kept of a list that was refused for it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from sv_common.guild_sync.core.errors import SuspiciousSource

LossSource = Literal["battlenet", "discord"]
SOURCES: tuple[LossSource, ...] = get_args(LossSource)

LARGEST_SHARE = 0.3
"""Share of the known that may be gone from one list to the next; beyond it the fetch is taken for a failed one."""

FEWEST = 3
"""How many must be gone at least: in a guild of three, one who leaves is a third of it and no failed fetch."""


def is_suspicious(gone: int, known: int) -> bool:
    return gone >= FEWEST and gone > known * LARGEST_SHARE


@dataclass(frozen=True, slots=True)
class Loss:
    """Whom a list would have marked as gone, by their rows, and how many were known before it."""

    source: LossSource
    subject_ids: Sequence[int]
    known: int

    @property
    def key(self) -> str:
        """What names exactly these; an officer who releases them sends it back."""
        return hashlib.sha256(f"{self.source}:{','.join(map(str, sorted(self.subject_ids)))}".encode()).hexdigest()


class GreatLossError(SuspiciousSource):
    """A list in which too many are missing. `loss` says who; nothing was changed."""

    def __init__(self, message: str, loss: Loss) -> None:
        super().__init__(message)
        self.loss = loss
