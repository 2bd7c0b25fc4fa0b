"""Hashes that nobody can search through: made with a secret that stands beside the database, not in it.

Numbers of Battle.net are short enough to be guessed one by one. Who reads only the database, or a backup of it, learns
nothing from such a hash, and cannot compare those of one guild with those of another.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Literal, TypeAlias

Purpose: TypeAlias = Literal["battle.net account", "account evidence", "account objection"]


@dataclass(frozen=True, slots=True, repr=False)
class InstallationSecret:
    """The secret of an installation, of at least 32 characters. It is never shown: not by `repr` either."""

    value: str


def keyed_hash(secret: InstallationSecret, purpose: Purpose, guild_id: int, *parts: str) -> bytes:
    """Return 32 bytes that stand for the parts, of no use for another purpose or another guild.

    Where each part begins counts: ("ab", "c") and ("a", "bc") have different hashes.
    """
    message = b"".join(
        len(part).to_bytes(4, "big") + part for part in map(str.encode, (purpose, str(guild_id), *parts))
    )
    return hmac.new(secret.value.encode(), message, hashlib.sha256).digest()
