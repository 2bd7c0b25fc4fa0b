"""What every sentence for an officer must have, and what it must never hold."""

from __future__ import annotations

import re

from sv_common.guild_sync.simulators import GuildSimulator

_REMEDY = re.compile(
    r"\b(try again|check|copy|switch|invite|map|choose|report|sync|give|move|set|look|come back)\b", re.IGNORECASE
)
_FOREIGN = re.compile(r"[<>{}]|Traceback|\bhtml\b.*\bbody\b|None\b")
LONGEST = 500

SECRETS = (GuildSimulator.client_secret, GuildSimulator.discord_token)


def faults_of(sentence: str, source: str) -> list[str]:
    """What is wrong with a sentence about a source, in words; nothing when it is right."""
    found = {
        f"does not name {source}": source not in sentence,
        "does not say what to do": not _REMEDY.search(sentence),
        "does not end like a sentence": not sentence.rstrip().endswith("."),
        "holds a page, JSON or Python": bool(_FOREIGN.search(sentence)),
        "holds a secret": any(secret in sentence for secret in SECRETS),
        f"is longer than {LONGEST} letters": len(sentence) > LONGEST,
    }
    return [fault for fault, is_so in found.items() if is_so]
