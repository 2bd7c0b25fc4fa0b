"""What every sentence for an officer must have, and what it must never hold."""

from __future__ import annotations

import re

from sv_common.guild_sync.simulators import GuildSimulator

_REMEDY = re.compile(
    r"\b(try again|check|copy|switch|invite|map|choose|report|sync|give|move|set|look|come back)\b", re.IGNORECASE
)
_FOREIGN = re.compile(r"[<>{}]|Traceback|None\b")
LONGEST = 500

_SECRET = re.compile(
    "|".join([re.escape(GuildSimulator.client_secret), re.escape(GuildSimulator.discord_token), r"[\w-]{32,}"])
)
"""The simulators' secrets, and whatever is as long as an access token."""


def holds_a_secret(text: str) -> bool:
    return _SECRET.search(text) is not None


def faults_of(sentence: str, source: str) -> list[str]:
    """What is wrong with a sentence about a source, in words; nothing when it is right."""
    found = {
        f"does not name {source}": source not in sentence,
        "does not say what to do": not _REMEDY.search(sentence),
        "does not end like a sentence": not sentence.rstrip().endswith("."),
        "holds a page, JSON or Python": bool(_FOREIGN.search(sentence)),
        "holds a secret": holds_a_secret(sentence),
        f"is longer than {LONGEST} letters": len(sentence) > LONGEST,
    }
    return [fault for fault, is_so in found.items() if is_so]
