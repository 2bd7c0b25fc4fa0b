"""What stands for a link, on every page: how it is drawn, and what it is called. One table for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from sv_common.guild_sync.core.basis import Basis
from sv_common.guild_sync.core.language import mark, tr
from sv_common.guild_sync.insights.everyone.filters import PROOFS as LABELS

Shown: TypeAlias = Basis | Literal["suggested"]


@dataclass(frozen=True, slots=True)
class Proof:
    """How a proof is drawn: how style names it, and its sign; and what it is called."""

    style: str
    sign: str
    _label: str
    _word: str

    @property
    def label(self) -> str:
        """What it is called where it stands alone."""
        return tr(self._label)

    @property
    def word(self) -> str:
        """What it is called within a line."""
        return tr(self._word)


PROOFS: Final[Mapping[Shown, Proof]] = {
    "proven": Proof("battlenet", "verified", LABELS["proven"], mark("verified by Battle.net")),
    "officer": Proof("officer", "officer", LABELS["officer"], mark("officer")),
    "account": Proof("account", "account", LABELS["account"], mark("same account")),
    "note": Proof("note", "note", LABELS["note"], mark("note")),
    "name": Proof("name", "name", LABELS["name"], mark("Discord name")),
    "suggested": Proof("suggested", "question", mark("Suggested"), mark("suggested")),
}
"""The strongest first."""

_UNKNOWN = Proof("none", "question", mark("Unknown"), mark("unknown"))


def proof(basis: Shown | None) -> Proof:
    """Return how pages show what a link rests on; None: nobody knows."""
    return _UNKNOWN if basis is None else PROOFS[basis]
