"""What officers read on Discord: a short summary after a sync, and only when there is something to say."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from sv_common.guild_sync.domain.report import CheckReport, FixOutcome, FixReport, RuleCheck
from sv_common.guild_sync.ports import Announcement, Announcer
from sv_common.guild_sync.store.guilds import Guild

LONGEST_BODY = 4000
"""Characters; Discord allows 4096 in an embed's description."""

_MARKDOWN = re.compile(r"([\\*_`~|>\[\]()#@-])")


async def send_sync_summary(
    announcer: Announcer | None, guild: Guild, title: str, check: CheckReport, fixes: FixReport, *, run_id: int
) -> bool:
    """Post a summary to the guild's audit channel if it is notable and there is a channel; say whether it was posted.

    Raises a `SourceError` when Discord cannot be reached.
    """
    body = summary_text(check, fixes)
    if announcer is None or guild.audit_channel_id is None or body is None:
        return False
    await announcer.announce(guild.audit_channel_id, Announcement(title, body, nonce=f"patt-sync-{run_id}"))
    return True


def summary_text(check: CheckReport, fixes: FixReport) -> str | None:
    """Return the summary, or None when nothing opened, closed, was fixed, failed or is held."""
    lines = [
        *(line for each in check.checks if (line := _line(each))),
        *_fix_lines(fixes),
        *(f"⚠ {plain(error)}" for error in check.errors),
    ]
    return "\n".join(lines)[:LONGEST_BODY] or None


def plain(text: str) -> str:
    """Return text so that Discord shows it as it is: no formatting, no mention."""
    return _MARKDOWN.sub(r"\\\1", text)


def _line(check: RuleCheck) -> str | None:
    moves = check.moves
    parts = [
        f"{count} {word}"
        for count, word in (
            (moves.opened, "new"),
            (moves.reopened, "back again"),
            (moves.woken, "woken"),
            (moves.resolved, "resolved"),
        )
        if count
    ]
    return f"**{plain(check.issue_type)}**: {', '.join(parts)}" if parts else None


def _fix_lines(fixes: FixReport) -> Sequence[str]:
    words = {
        FixOutcome.FIXED: "fixed by itself",
        FixOutcome.HELD: "held for an officer",
        FixOutcome.FAILED: "could not be fixed",
    }
    counts = Counter((r.issue_type, r.outcome) for r in fixes.results if r.outcome in words)
    return [
        f"**{plain(issue_type)}**: {count} {words[outcome]}" for (issue_type, outcome), count in sorted(counts.items())
    ]
