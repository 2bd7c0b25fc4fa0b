"""Texts that the program itself keeps in the database in English, whatever the guild's language, and says anew where they are shown.

What automation says of a guild, and a text with a value in it, is kept in the guild's language; what a person wrote, as it is.
"""

from __future__ import annotations

from sv_common.guild_sync.core.language import mark, tr
from sv_common.guild_sync.core.text import name_of

NO_LONGER_FOUND = mark("No longer found.")
SUBJECT_GONE = mark("The character or member has left.")
DISMISSAL_ENDED = mark("The dismissal has ended.")
UNDONE = mark("Undone.")
DECISION = mark("An officer’s decision.")
REOPENED = mark("Reopened by an officer.")
CUT_OFF = mark("The run was cut off; it is tried again.")
TOO_LATE = mark("Given up: no worker was running for a day. Start one (patt serve or patt worker), then try again.")

_KEPT = frozenset({NO_LONGER_FOUND, SUBJECT_GONE, DISMISSAL_ENDED, UNDONE, DECISION, REOPENED, CUT_OFF, TOO_LATE})


def fixed_by(actor: str | None) -> str:
    """Return the reason that is kept for an issue which a fix has resolved."""
    return f"Fixed by {actor}."


def told(text: str, actor: str | None = None) -> str:
    """Return a text that was kept as it is shown; `actor` is who caused it. What a person wrote stays as it is."""
    if actor is not None and text == fixed_by(actor):
        return tr("Fixed by {who}.", who=name_of(actor))
    return tr(text) if text in _KEPT else text
