"""What a link rests on: of a character to its player, or of a player to the Discord member that it is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from sv_common.guild_sync.core.language import day, tr
from sv_common.guild_sync.core.names import name_key
from sv_common.guild_sync.core.text import name_of

Basis = Literal["proven", "officer", "account", "note", "name"]
"""Strongest first: the game's own sign-in, an officer's word, the same account, a guild note, the same name on Discord."""

LinkEvidence = Literal["account", "note", "name"]
"""What a link rests on that no person has made."""


def is_confirmed(basis: str | None, confirmed_by: str | None) -> bool:
    """Whether a person, or the game itself, stands for a link: only then does it give a right."""
    return basis == "proven" or confirmed_by is not None


def proof_of(basis: Basis | None, confirmed_by: str | None) -> Basis | None:
    """Return what stands for a link now: the game's proof, else an officer's word, else what it was made on."""
    return "officer" if confirmed_by is not None and basis != "proven" else basis


def basis_in_words(
    basis: str | None, note: str | None = None, confirmed_by: str | None = None, confirmed_at: datetime | None = None
) -> str:
    """Say what a link rests on: the rest of a sentence that begins with “It rests on”."""
    if basis == "proven":
        return tr("a Battle.net sign-in")
    if confirmed_by is not None:
        if confirmed_at is None:
            return tr("a decision by {officer}", officer=name_of(confirmed_by))
        return tr("a decision by {officer} on {day}", officer=name_of(confirmed_by), day=day(confirmed_at))
    if basis == "account":
        return tr("the account, which had other characters of this player then (not confirmed)")
    if basis == "name":
        return tr("the Discord name alone (not confirmed)")
    if basis is None:
        return tr("unknown evidence (not confirmed)")
    return tr("the note “{note}” alone (not confirmed)", note=note) if note else tr("a note alone (not confirmed)")


def counts_by_account_in_words(anchor: Mapping[str, Any]) -> str:
    """Say of a link by the account why it counts like a confirmed one: `anchor` is the character whose link stands for that."""
    return tr(
        "It counts by the same account as {other}, whose link is based on {basis}.",
        other=anchor["character"],
        basis=basis_in_words(anchor["basis"], None, anchor["confirmed_by"]),
    )


def has_changed(note: str | None, note_then: str | None) -> bool | None:
    """Whether a note is another one than that under which a link was made; None where that one is not known.

    Case and outer blanks do not count: who writes “mito” for “Mito” has changed nothing.
    """
    if note_then is None:
        return None
    return name_key(note or "") != name_key(note_then)
