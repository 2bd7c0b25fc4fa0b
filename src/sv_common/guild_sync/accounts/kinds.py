"""The kinds of account evidence. A character has one of them, and what two kinds say is never compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

from sv_common.guild_sync.accounts.earned import Earned
from sv_common.guild_sync.accounts.sketch import Sketch
from sv_common.guild_sync.core.language import mark

Kept: TypeAlias = Sketch | Earned
"""What is kept of one reading."""

Kind: TypeAlias = Literal["pets", "achievements"]

WHY: Final[Mapping[Kind, str]] = {
    "pets": mark("They own the same battle pets."),
    "achievements": mark("They earned the same achievements in the same minutes."),
}
"""Why characters are of one account."""
