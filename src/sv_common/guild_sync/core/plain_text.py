"""What a text may hold that a person hands in: the same for the command line, the API and the forms of pages."""

from __future__ import annotations

import unicodedata

from sv_common.guild_sync.core.errors import BadInput
from sv_common.guild_sync.core.language import number, tr

LONGEST_TEXT = 500
"""Letters of a reason, and of any other text of which nothing else is said."""

_BREAKS = "\t\n\r"
_MOST_SHOWN = 40


def fault_of_text(text: str, longest: int = LONGEST_TEXT) -> str | None:
    """Return what keeps a text from being used, as a sentence without its end mark; None where nothing does."""
    if len(text) > longest:
        return tr("it has {n} letters, more than the {most} allowed", n=number(len(text)), most=number(longest))
    if "\x00" in text:
        return tr("it contains a NUL character, which cannot be stored")
    for sign in text:
        match unicodedata.category(sign):
            case "Cs":
                return tr("it contains bytes that are not UTF-8 text")
            case "Cc" if sign not in _BREAKS:
                return tr("it contains a control character (number {code})", code=ord(sign))
    return None


def checked_reason(reason: str) -> str:
    """Return a reason without outer blanks. Raises `BadInput` where it cannot be used."""
    if (fault := fault_of_text(reason.strip())) is not None:
        raise BadInput(tr("The reason cannot be used: {fault}.", fault=fault))
    return reason.strip()


def shown(text: str) -> str:
    """Return the beginning of any text so that it can be printed anywhere: on one line, and without what steers a terminal."""
    start = text[:_MOST_SHOWN] + ("…" if len(text) > _MOST_SHOWN else "")
    return "".join(sign if sign.isprintable() else "�" for sign in start)
